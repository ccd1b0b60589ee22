"""Fits the verifier's network: Adam on logistic loss, windows shifted and bands masked at random as it goes.

Deterministic for a seed. Plain numpy: a minute for ten thousand windows on one
core (set OMP_NUM_THREADS=1: the products are too small to share).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from earwitness.speech.verify.features import BANDS, Array
from earwitness.speech.verify.network import FRAMES, STRIDE, TAPS, forward, sigmoid


@dataclass(frozen=True, slots=True)
class Fit:
    """How to fit. ``shift`` is in frames (10 ms) to either side."""

    channels: int = 32
    hidden: int = 48
    epochs: int = 20
    batch: int = 128
    rate: float = 2e-3
    decay: float = 5e-3
    shift: int = 8
    drop: float = 0.4
    seed: int = 1


def fit_network(
    features: Array, labels: Array, importance: Array, fit: Fit, progress: Callable[[int, float], None]
) -> dict[str, Array]:
    """Return the weights fitted to windows (n x 148 x 32), labels 0/1 and the importance of each."""
    random = np.random.default_rng(fit.seed)
    weights = _start(fit, random)
    first = {name: np.zeros_like(value) for name, value in weights.items()}
    second = {name: np.zeros_like(value) for name, value in weights.items()}
    step = 0
    for epoch in range(fit.epochs):
        order, total = random.permutation(len(features)), 0.0
        rate = fit.rate * 0.5 * (1 + np.cos(np.pi * epoch / fit.epochs))
        for at in range(0, len(order), fit.batch):
            rows = order[at : at + fit.batch]
            batch = _disturb(features[rows].astype(np.float32), fit, random)
            loss, slopes = _slopes(weights, batch, labels[rows], importance[rows], fit, random)
            step, total = step + 1, total + loss * len(rows)
            for name, slope in slopes.items():
                first[name] += 0.1 * (slope - first[name])
                second[name] += 0.001 * (slope**2 - second[name])
                move = first[name] / (1 - 0.9**step) / (np.sqrt(second[name] / (1 - 0.999**step)) + 1e-7)
                shrink = fit.decay * weights[name] if weights[name].ndim > 1 else 0.0
                weights[name] -= rate * (move + shrink)
        progress(epoch, total / len(order))
    return weights


def _start(fit: Fit, random: np.random.Generator) -> dict[str, Array]:
    def layer(inputs: int, outputs: int) -> Array:
        return random.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(np.float32)

    after1 = (FRAMES - TAPS) // STRIDE + 1
    after2 = (after1 - TAPS) // STRIDE + 1
    return {
        "conv1": layer(TAPS * BANDS, fit.channels),
        "bias1": np.zeros(fit.channels, np.float32),
        "conv2": layer(TAPS * fit.channels, fit.channels),
        "bias2": np.zeros(fit.channels, np.float32),
        "dense": layer(after2 * fit.channels, fit.hidden),
        "bias3": np.zeros(fit.hidden, np.float32),
        "out": layer(fit.hidden, 1),
        "bias4": np.zeros(1, np.float32),
    }


def _disturb(batch: Array, fit: Fit, random: np.random.Generator) -> Array:
    """Shift each window in time, hide a few bands, add a little noise."""
    for row, shift in zip(batch, random.integers(-fit.shift, fit.shift + 1, len(batch)), strict=True):
        row[:] = np.roll(row, shift, axis=0)
        if shift > 0:
            row[:shift] = row[shift]
        elif shift < 0:
            row[shift:] = row[shift - 1]
        if random.random() < 0.5:  # noqa: PLR2004 - every second one
            at = random.integers(BANDS - 5)
            row[:, at : at + random.integers(1, 6)] = 0.0
    batch += random.standard_normal(batch.shape, np.float32) * np.float32(0.08)
    return batch


def _slopes(  # noqa: PLR0913, PLR0917 - one step of fitting needs all of it
    weights: dict[str, Array], batch: Array, labels: Array, importance: Array, fit: Fit, random: np.random.Generator
) -> tuple[float, dict[str, Array]]:
    taps1, layer1, taps2, layer2, flat, _, _ = forward(weights, batch)
    kept = np.where(random.random(flat.shape) >= fit.drop, np.float32(1 / (1 - fit.drop)), np.float32(0))
    flat = flat * kept
    layer3 = np.maximum(flat @ weights["dense"] + weights["bias3"], 0)
    answer = (layer3 @ weights["out"] + weights["bias4"])[:, 0]
    chance = sigmoid(answer)
    loss = float((importance * (np.logaddexp(0, answer) - labels * answer)).mean())
    slopes: dict[str, Array] = {}
    back = ((chance - labels) * importance / len(batch)).astype(np.float32)[:, None]
    slopes["out"], slopes["bias4"] = layer3.T @ back, back.sum(0)
    back = (back @ weights["out"].T) * (layer3 > 0)
    slopes["dense"], slopes["bias3"] = flat.T @ back, back.sum(0)
    back = ((back @ weights["dense"].T) * kept).reshape(layer2.shape) * (layer2 > 0)
    slopes["conv2"] = np.tensordot(taps2, back, ((0, 1), (0, 1)))
    slopes["bias2"] = back.sum((0, 1))
    back = _fold(back @ weights["conv2"].T, layer1.shape) * (layer1 > 0)
    slopes["conv1"] = np.tensordot(taps1, back, ((0, 1), (0, 1)))
    slopes["bias1"] = back.sum((0, 1))
    return loss, slopes


def _fold(taps: Array, shape: tuple[int, ...]) -> Array:
    """Undo :func:`~earwitness.speech.verify.network.unfold`, adding up where taps overlap."""
    result = np.zeros(shape, np.float32)
    steps, channels = taps.shape[1], shape[2]
    for tap in range(TAPS):
        part = taps[:, :, tap * channels : (tap + 1) * channels]
        result[:, tap : tap + STRIDE * (steps - 1) + 1 : STRIDE] += part
    return result
