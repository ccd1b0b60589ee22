"""Changing a voice with the McAdams coefficient, after Patino et al., Interspeech 2021.

Each short window is split into what the vocal tract shapes (poles of a linear prediction) and what excites it; the
angle of each complex pole is raised to the power of alpha, which moves the formants; then both are put together again.
It hides a voice from casual recognition only; docs/formats/review.md says how much.
"""

import secrets
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.signal.windows import hann

from earwitness.kernel.audio import SAMPLE_RATE

Floats = NDArray[np.float64]

ORDER: Final = 20
WINDOW: Final = SAMPLE_RATE * 20 // 1000
HOP: Final = SAMPLE_RATE * 10 // 1000
RANGES: Final = ((0.60, 0.85), (1.15, 1.40))
"""Where alpha may lie: nearer to 1 changes too little, further away is hard to understand."""
LOADING: Final = 1e-3  # of the energy, so that silence has a prediction too
LARGEST_RADIUS: Final = 0.995
NO_ANGLE: Final = 1e-9
_FINE: Final = 1 << 30


def random_alpha() -> float:
    """Draw a coefficient from the system's random source; the caller throws it away."""
    low, high = RANGES[secrets.randbelow(len(RANGES))]
    return low + (high - low) * secrets.randbelow(_FINE) / _FINE


def change_voice(samples: Floats, alpha: float) -> Floats:
    """Return the sound (-1 to 1, 16 kHz) with another voice, as long and about as loud.

    Args:
        samples: shape (n,).
        alpha: the exponent of the poles' angles; 1 changes nothing.
    """
    if len(samples) < WINDOW:
        return samples.copy()
    shape = np.sqrt(hann(WINDOW, sym=False))
    padded = np.concatenate([np.zeros(HOP), samples, np.zeros(WINDOW)])
    starts = np.arange(0, len(padded) - WINDOW, HOP)
    frames = padded[starts[:, None] + np.arange(WINDOW)] * shape
    predictors = predict(frames)
    moved = move_poles(predictors, alpha)
    changed = np.zeros_like(padded)
    for start, frame, before, after in zip(starts, frames, predictors, moved, strict=True):
        voice = lfilter([1.0], after, lfilter(before, [1.0], frame))
        changed[start : start + WINDOW] += _as_loud(voice, frame) * shape
    cut: Floats = np.clip(changed[HOP : HOP + len(samples)], -1.0, 1.0)
    return cut


def predict(frames: Floats) -> Floats:
    """Linear predictors of the windows, shape (m, 21), first coefficient 1: Levinson-Durbin, all windows at once."""
    spectrum = np.fft.rfft(frames, 2 * WINDOW)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:, : ORDER + 1]
    correlation[:, 0] = correlation[:, 0] * (1.0 + LOADING) + 1e-9
    predictors = np.zeros((len(frames), ORDER + 1))
    predictors[:, 0] = 1.0
    error = correlation[:, 0].copy()
    for order in range(1, ORDER + 1):
        reach = correlation[:, order:0:-1]
        reflection = -np.einsum("ij,ij->i", predictors[:, :order], reach) / error
        predictors[:, 1 : order + 1] += reflection[:, None] * predictors[:, order - 1 :: -1][:, :order]
        error *= 1.0 - reflection**2
    return predictors


def move_poles(predictors: Floats, alpha: float) -> Floats:
    """The predictors with the angle of each complex pole raised to the power of ``alpha``; same shape."""
    count, order = predictors.shape[0], predictors.shape[1] - 1
    companion = np.zeros((count, order, order))
    companion[:, np.arange(1, order), np.arange(order - 1)] = 1.0
    companion[:, 0, :] = -predictors[:, 1:]
    poles = np.linalg.eigvals(companion).astype(np.complex128)
    angles = np.angle(poles)
    turned = np.sign(angles) * np.minimum(np.abs(angles) ** alpha, np.pi)
    radii = np.minimum(np.abs(poles), LARGEST_RADIUS)
    on_axis = np.clip(poles.real, -LARGEST_RADIUS, LARGEST_RADIUS)
    poles = np.where(np.abs(poles.imag) > NO_ANGLE, radii * np.exp(1j * turned), on_axis)
    moved = np.zeros((count, order + 1), np.complex128)
    moved[:, 0] = 1.0
    for at in range(order):
        moved[:, 1 : at + 2] -= poles[:, at, None] * moved[:, : at + 1]
    return np.ascontiguousarray(moved.real)


def _as_loud(voice: Floats, like: Floats) -> Floats:
    energy = float(np.dot(voice, voice))
    return voice * np.sqrt(float(np.dot(like, like)) / energy) if energy > 0.0 else voice
