"""Recognisers behind the port of ``speech.asr``."""
