"""Voice activity: a port, Silero behind it, and a pool, so that idle streams cost nothing."""

from earwitness.speech.vad.pool import VoicePool
from earwitness.speech.vad.port import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, VoiceDetector
from earwitness.speech.vad.silero import SileroVoice

__all__ = ["FRAME_BYTES", "FRAME_MS", "FRAME_SAMPLES", "SileroVoice", "VoiceDetector", "VoicePool"]
