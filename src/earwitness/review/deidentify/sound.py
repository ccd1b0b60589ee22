"""Masking in the sound: a tone where a detail was said, so that nothing of it is left to be heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from earwitness.kernel.audio import SAMPLE_RATE, Clip
from earwitness.review.deidentify.voice import Floats, change_voice

MARGIN_MS: Final = 80
TONE_HZ: Final = 620
LOUDNESS: Final = 0.06
EDGE: Final = SAMPLE_RATE * 5 // 1000  # samples over which the tone begins and ends, so that it does not click
_FULL: Final = 32_767.0


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of sound in milliseconds, ``end`` not included."""

    start: int
    end: int


def disguise(clip: Clip, spans: Sequence[Span], alpha: float) -> Clip:
    """Return the clip with another voice and a tone over each span, which is silent before the voice is changed."""
    samples = np.frombuffer(clip.pcm, "<i2").astype(np.float64) / _FULL
    places = [_place(span, len(samples)) for span in spans]
    for start, end in places:
        samples[start:end] = 0.0
    changed = change_voice(samples, alpha)
    for start, end in places:
        changed[start:end] = _tone(end - start)
    return Clip((np.clip(changed, -1.0, 1.0) * _FULL).astype("<i2").tobytes())


def _place(span: Span, length: int) -> tuple[int, int]:
    start = max(0, (span.start - MARGIN_MS) * SAMPLE_RATE // 1000)
    return start, min(length, (span.end + MARGIN_MS) * SAMPLE_RATE // 1000)


def _tone(length: int) -> Floats:
    tone = LOUDNESS * np.sin(2 * np.pi * TONE_HZ * np.arange(length) / SAMPLE_RATE)
    edge = min(EDGE, length // 2)
    tone[:edge] *= np.linspace(0.0, 1.0, edge)
    tone[length - edge :] *= np.linspace(1.0, 0.0, edge)
    return np.asarray(tone, dtype=np.float64)
