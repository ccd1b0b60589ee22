"""Noise as households have it, to lay under speech: recordings, coloured noise, clatter, and these together."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earwitness.kernel.audio import SAMPLE_RATE, read_clip
from earwitness.speech.verify.training.disturbing import Samples, active_power, as_samples, from_pcm

LONGEST_S = 40.0  # a longer recording is drawn no more often


@dataclass(frozen=True, slots=True)
class Noises:
    """Recordings of noise, and how often each is drawn."""

    sounds: tuple[Samples, ...]
    chances: tuple[float, ...]

    @classmethod
    def read(cls, data: Path, without: Collection[str]) -> "Noises":
        """The noise in a folder with labels.jsonl, but for the sets ``without``."""
        rows = [json.loads(line) for line in (data / "labels.jsonl").read_text("utf-8").splitlines()]
        wanted = [row["path"] for row in rows if row["kind"] == "noise" and row["set"] not in without]
        sounds = tuple(from_pcm(read_clip(data / path).pcm) for path in wanted)
        lengths = [min(len(sound) / SAMPLE_RATE, LONGEST_S) + 3.0 for sound in sounds]
        return cls(sounds, tuple(length / sum(lengths) for length in lengths))


def any_noise(noises: Noises, length: int, random: np.random.Generator) -> Samples:
    """Draw so many samples of noise, of unit power."""
    kind = random.random()
    parts = []
    if noises.sounds and kind < 0.65:  # noqa: PLR2004 - recorded, both, or coloured
        sound = noises.sounds[int(random.choice(len(noises.sounds), p=noises.chances))]
        parts.append(_unit(np.resize(np.roll(sound, -int(random.integers(len(sound)))), length)))
    if not parts or kind > 0.5:  # noqa: PLR2004 - likewise
        parts.append(_unit(coloured(length, random)) * 10 ** random.uniform(-0.7, 0.2))
    if random.random() < 0.4:  # noqa: PLR2004 - two in five
        parts.append(_unit(clatter(length, random)) * 10 ** random.uniform(-0.6, 0.4))
    return _unit(as_samples(np.sum(parts, axis=0)))


def coloured(length: int, random: np.random.Generator) -> Samples:
    """Noise with a smooth random spectrum."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    at = np.linspace(0, 1, len(spectrum)) + 1e-3
    shape = np.interp(at, [0, 0.05, 0.12, 0.25, 0.5, 1], random.normal(0, 0.7, 6))
    return as_samples(np.fft.irfft(spectrum * at ** random.uniform(-1.2, 0.2) * np.exp(shape), length))


def clatter(length: int, random: np.random.Generator) -> Samples:
    """Dishes, doors, clicks: resonances that ring and die at random times."""
    out = np.zeros(length, np.float32)
    for _ in range(random.poisson(3 * length / SAMPLE_RATE * random.uniform(0.1, 1))):
        at = int(random.integers(length))
        ringing = _ring(random)[: length - at]
        out[at : at + len(ringing)] += ringing
    return out


def laid_under(sound: Samples, noise: Samples, decibels: float) -> Samples:
    """Speech with noise of unit power that lies so far below it."""
    return as_samples(sound + noise * np.sqrt(active_power(sound) / 10 ** (decibels / 10)))


def _ring(random: np.random.Generator) -> Samples:
    time = np.arange(int(random.uniform(0.02, 0.5) * SAMPLE_RATE)) / SAMPLE_RATE
    sound = random.standard_normal(len(time)) * np.exp(-time / random.uniform(0.002, 0.03)) * random.uniform(0, 2)
    for _ in range(random.integers(2, 7)):
        tone = np.sin(2 * np.pi * random.uniform(300, 7_000) * time + random.uniform(0, 6))
        sound += random.uniform(0.2, 1) * tone * np.exp(-time / random.uniform(0.004, 0.12))
    return as_samples(sound * 10 ** random.uniform(-1, 0.3))


def _unit(sound: Samples) -> Samples:
    return as_samples(sound / np.sqrt(float((sound**2).mean()) + 1e-9))
