"""Spoken replies: a port, its engines, and a cache for short ones.

espeak-ng is the default. It is GPL and runs as a process of its own, started for each reply; nothing of
it is linked. A reply streams: its first sound can be sent while the rest is being made.
"""

from earwitness.speech.tts.cache import CachedSynthesizer
from earwitness.speech.tts.port import Sound, Synthesizer

__all__ = ["CachedSynthesizer", "Sound", "Synthesizer"]
