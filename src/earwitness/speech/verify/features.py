"""Log-mel features of a window, for the learned verifier: 32 bands, every 10 ms, mean and spread removed.

What is removed makes loudness, microphone and steady noise matter less; what stays is how the sound moves.
"""

from functools import cache
from typing import Any

import numpy as np

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.speech.ring import samples_of
from earwitness.speech.verify.port import WINDOW_MS

BANDS = 32
STEP = 160
FRAME = 400
SPECTRUM = 512
LOWEST_HZ, HIGHEST_HZ = 80.0, 7_600.0
RANGE_DB = 60.0  # anything further below the loudest is silence

Array = np.ndarray[Any, np.dtype[np.float32]]


def log_mel(pcm: bytes | bytearray) -> Array:
    """Return the features of 16 kHz mono s16le sound: frames x 32, float32."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768.0
    if len(samples) < FRAME:
        samples = np.pad(samples, (0, FRAME - len(samples)))
    samples = np.append(samples[:1], samples[1:] - 0.97 * samples[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::STEP] * _window()
    power = np.abs(np.fft.rfft(frames, SPECTRUM)) ** 2
    decibels = 10.0 * np.log10(power @ _filters() + 1e-9)
    decibels = np.maximum(decibels, decibels.max() - RANGE_DB)
    centred = decibels - decibels.mean(axis=0)
    spread: Array = (centred / (decibels.std() + 3.0)).astype(np.float32)
    return spread


def window_features(window: bytes | bytearray) -> Array:
    """Return the features of a window; what is missing of 1.5 s is silence before it, what is more is cut before."""
    size = samples_of(WINDOW_MS) * SAMPLE_WIDTH
    return log_mel(bytes(window[-size:]).rjust(size, b"\0"))


@cache
def _window() -> Array:
    return np.hanning(FRAME).astype(np.float32)


@cache
def _filters() -> Array:
    """Return triangular filters, evenly spaced on the mel scale: spectrum bins x bands."""
    edges = _hertz(np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), BANDS + 2))
    bins = np.arange(SPECTRUM // 2 + 1) * SAMPLE_RATE / SPECTRUM
    rising = (bins[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


def _mel(hertz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hertz / 700.0))


def _hertz(mel: Array | np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return 700.0 * (10.0 ** (np.asarray(mel, dtype=np.float64) / 2595.0) - 1.0)
