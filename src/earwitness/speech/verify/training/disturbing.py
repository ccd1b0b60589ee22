"""What a room, a microphone and a household do to speech: noise, echo, loudness, speed, talk before and after.

Also how the benchmarks mix noise: the signal-to-noise ratio counts *active* speech, not the pauses around it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from earwitness.kernel.audio import SAMPLE_RATE

FRAME = 320  # 20 ms
ACTIVE_BELOW_PEAK = 10**-2.5  # frames within 25 dB of the loudest are speech
FULL_SCALE = 32767.0

Samples = np.ndarray[Any, np.dtype[np.float32]]


def resample(samples: Samples, ratio: float) -> Samples:
    """Return ``samples`` at ``ratio`` times their rate, by cutting or padding the spectrum."""
    length = round(len(samples) * ratio)
    if length == len(samples) or not len(samples):
        return samples
    spectrum = np.fft.rfft(samples)
    wanted = np.zeros(length // 2 + 1, spectrum.dtype)
    shared = min(len(spectrum), len(wanted))
    wanted[:shared] = spectrum[:shared]
    return as_samples(np.fft.irfft(wanted, length) * (length / len(samples)))


def active_power(samples: Samples) -> float:
    """Return the mean power of the active frames."""
    power = _frame_power(samples)
    return float(power[power >= power.max() * ACTIVE_BELOW_PEAK].mean()) if len(power) else 0.0


def trimmed(samples: Samples) -> Samples:
    """Return the active part with 60 ms on both sides."""
    power = _frame_power(samples)
    if not len(power) or not power.max():
        return samples
    active = np.flatnonzero(power > power.max() * ACTIVE_BELOW_PEAK)
    return samples[max(0, active[0] - 3) * FRAME : (active[-1] + 4) * FRAME]


def mix_noise(samples: Samples, noises: Sequence[Samples], decibels: float, random: np.random.Generator) -> Samples:
    """Add a piece of one of ``noises`` at a ratio of ``decibels`` over the active speech; never clips."""
    piece = _piece(noises, len(samples), random)
    power = float((piece**2).mean())
    if power == 0.0:
        return samples
    mixed = samples + piece * np.sqrt(active_power(samples) / 10 ** (decibels / 10) / power)
    return as_samples(mixed * min(1.0, FULL_SCALE / max(1.0, float(np.abs(mixed).max()))))


def _piece(noises: Sequence[Samples], length: int, random: np.random.Generator) -> Samples:
    """Cut a piece, wrapped around at its end, and not one of the silent parts of a clap or a bark."""
    piece: Samples = np.zeros(length, np.float32)
    for _ in range(20):
        noise = noises[int(random.integers(len(noises)))]
        piece = np.resize(np.roll(noise, -int(random.integers(len(noise)))), length)
        if (piece**2).mean() > max(1.0, 0.05 * float((noise**2).mean())):
            break
    return piece


def echoed(samples: Samples, response: Samples) -> Samples:
    """Convolve with a room's impulse response, its tail cut to 200 ms beyond the sound."""
    length = 1 << (len(samples) + len(response)).bit_length()  # a power of two transforms fast
    wet = np.fft.irfft(np.fft.rfft(samples, length) * np.fft.rfft(response, length), length)
    return as_samples(wet[: len(samples) + SAMPLE_RATE // 5] / np.sqrt(float((response**2).sum()) + 1e-9))


def embedded(samples: Samples, talk: Sequence[Samples], random: np.random.Generator) -> Samples:
    """Put talk after the speech, and half of the time before it, with gaps as people leave them."""
    word = trimmed(samples)
    level = np.sqrt(active_power(word))
    parts = [word, _gap(0.35, random), _talk(talk, level, random)]
    before = [_talk(talk, level, random), _gap(0.25, random)] if random.random() < 0.5 else [_gap(0.5, random)]  # noqa: PLR2004 - half of the time
    return as_samples(np.concatenate([*before, *parts]))


def leveled(samples: Samples, random: np.random.Generator) -> Samples:
    """Bring the loudest sample to somewhere between 2 % and 90 % of full scale."""
    wanted = 10 ** random.uniform(-1.6, -0.05) * FULL_SCALE
    return as_samples(samples * (wanted / (float(np.abs(samples).max()) + 1.0)))


def as_samples(values: np.ndarray[Any, Any]) -> Samples:
    """Return ``values`` as float32."""
    samples: Samples = values.astype(np.float32)
    return samples


def from_pcm(pcm: bytes | bytearray) -> Samples:
    """Return s16le bytes as float32, at the scale of the integers."""
    return as_samples(np.frombuffer(pcm, "<i2"))


def to_pcm(samples: Samples) -> bytes:
    """Return s16le bytes, clipped."""
    return np.clip(samples, -32768, 32767).astype("<i2").tobytes()


def _talk(talk: Sequence[Samples], level: float, random: np.random.Generator) -> Samples:
    clip = talk[int(random.integers(len(talk)))]
    start = int(random.integers(max(1, len(clip) - SAMPLE_RATE)))
    piece = clip[start : start + SAMPLE_RATE]
    loudness = max(30.0, float(np.sqrt((piece**2).mean())))
    return as_samples(piece * (level / loudness * 10 ** random.uniform(-0.3, 0.2)))


def _gap(longest: float, random: np.random.Generator) -> Samples:
    return np.zeros(int(random.uniform(0, longest) * SAMPLE_RATE), np.float32)


def _frame_power(samples: Samples) -> np.ndarray[Any, np.dtype[np.float64]]:
    count = len(samples) // FRAME
    frames = samples[: count * FRAME].astype(np.float64).reshape(count, FRAME)
    power: np.ndarray[Any, np.dtype[np.float64]] = (frames**2).mean(axis=1)
    return power
