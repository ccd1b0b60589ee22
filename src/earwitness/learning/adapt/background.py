"""The sound of people's own rooms: taken from between their words, and laid under other clips.

What a recording holds before, between and after the words is the room: a fan, a tap, dishes. Enough of it, louder
than the hiss of a microphone, makes it possible to learn how words sound in that noise from clips that were said in
quiet. Nothing of it is kept beyond the learner's process.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earwitness.kernel.audio import SAMPLE_RATE

Sound = NDArray[np.float32]
Quiet = NDArray[np.bool_]

HOP: Final = SAMPLE_RATE // 100
SHORTEST: Final = 12  # frames between words that are worth taking
MARGIN: Final = 3  # frames beside a word that still belong to it
LOUD_ENOUGH_DB: Final = -27.0  # below the speech; quieter is no noise
ENOUGH: Final = 2 * SAMPLE_RATE
FADE: Final = 80  # samples


def samples(pcm: bytes) -> Sound:
    """s16le as numbers."""
    return np.frombuffer(pcm, "<i2").astype(np.float32)


def to_pcm(sound: Sound) -> bytes:
    """Numbers as s16le."""
    return np.clip(sound, -32768, 32767).astype("<i2").tobytes()


def speech_power(sound: Sound) -> float:
    """Mean power where somebody speaks: 25 ms frames within 30 dB of the loudest hundredth."""
    frames = np.convolve(sound**2, np.ones(400, np.float32) / 400, "same")[::HOP]
    return float(frames[frames >= np.percentile(frames, 99) * 1e-3].mean())


def between_words(sound: Sound, quiet: Quiet) -> list[Sound]:
    """The stretches of a clip without a word that are loud enough to be noise. ``quiet`` is by 10 ms frames."""
    loud = speech_power(sound) * 10 ** (LOUD_ENOUGH_DB / 10)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.astype(np.int8), [0]))))
    found = []
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        first = begin + MARGIN if begin else 0
        last = end - MARGIN if end < len(quiet) else end
        part = sound[first * HOP : last * HOP]
        if last - first >= SHORTEST and float(np.mean(part**2)) >= loud:
            found.append(part)
    return found


def room(stretches: Sequence[Sound]) -> Sound | None:
    """The stretches as one sound, at the same loudness, each faded into the next; None where they are too short."""
    if sum(map(len, stretches)) < ENOUGH:
        return None
    level = float(np.median([np.sqrt(np.mean(part**2)) for part in stretches]))
    ramp = np.linspace(0.0, 1.0, FADE, dtype=np.float32)
    whole = np.zeros(0, np.float32)
    for part in stretches:
        equal = part * np.float32(level / max(1.0, float(np.sqrt(np.mean(part**2)))))
        if len(whole) >= FADE and len(equal) > FADE:
            joint = whole[-FADE:] * (1 - ramp) + equal[:FADE] * ramp
            whole = np.concatenate((whole[:-FADE], joint, equal[FADE:]))
        else:
            whole = np.concatenate((whole, equal))
    return whole


def laid_under(sound: Sound, noise: Sound, level_db: float, name: str) -> Sound:
    """The sound with noise ``level_db`` below its speech; which part of the noise follows from ``name``."""
    begin = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % len(noise)
    part = np.resize(np.roll(noise, -begin), len(sound))
    gain = np.sqrt(speech_power(sound) / max(1e-9, float(np.mean(part**2))) / 10 ** (level_db / 10))
    mixed: Sound = (sound + part * np.float32(gain)).astype(np.float32)
    return mixed
