"""Pronunciations: the recogniser's own dictionary first, espeak-ng for names it does not hold."""
