"""The learned verifier's network: two strided convolutions over time, a hidden layer, one answer.

Weights live in an ``.npz`` of plain arrays (never pickle); loading checks every shape. Inference is a handful of
matrix products in numpy, about a millisecond for a window.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from earwitness.kernel.errors import BadInput
from earwitness.speech.verify.features import BANDS, Array

FRAMES = 148  # 1.5 s of features
TAPS = 5
STRIDE = 2
LARGEST_FILE = 4 * 1024 * 1024
NAMES = ("conv1", "bias1", "conv2", "bias2", "dense", "bias3", "out", "bias4")


@dataclass(frozen=True, slots=True)
class Network:
    """The arrays by name, and ``threshold``: a score above it is the wake word."""

    weights: dict[str, Array]
    threshold: float

    def scores(self, features: Array) -> Array:
        """Return the score (0 to 1) of each window: n x 148 x 32 in, n out."""
        return sigmoid(forward(self.weights, features)[-1])

    def score(self, features: Array) -> float:
        """Return one window's score: 148 x 32 in."""
        return float(self.scores(features[None])[0])


def unfold(inputs: Array) -> Array:
    """Lay the taps of a strided convolution beside each other: n x t x c to n x t' x (taps * c)."""
    view = np.lib.stride_tricks.sliding_window_view(inputs, TAPS, axis=1)[:, ::STRIDE]
    return np.ascontiguousarray(view.transpose(0, 1, 3, 2)).reshape(view.shape[0], view.shape[1], -1)


def forward(weights: dict[str, Array], features: Array) -> tuple[Array, ...]:
    """Return every layer's values, the answers (before the sigmoid) last; training walks back through them."""
    taps1 = unfold(features.astype(np.float32))
    layer1 = np.maximum(taps1 @ weights["conv1"] + weights["bias1"], 0)
    taps2 = unfold(layer1)
    layer2 = np.maximum(taps2 @ weights["conv2"] + weights["bias2"], 0)
    flat = layer2.reshape(len(layer2), -1)
    layer3 = np.maximum(flat @ weights["dense"] + weights["bias3"], 0)
    answer = (layer3 @ weights["out"] + weights["bias4"])[:, 0]
    return taps1, layer1, taps2, layer2, flat, layer3, answer


def sigmoid(values: Array) -> Array:
    """Return 1 / (1 + exp(-x)), without overflow."""
    result: Array = 0.5 * (1.0 + np.tanh(0.5 * values))
    return result


def save_network(path: Path, network: Network) -> None:
    """Write the weights (as float16) and the threshold."""
    arrays: dict[str, Any] = {name: network.weights[name].astype(np.float16) for name in NAMES}
    np.savez_compressed(path, threshold=np.float32(network.threshold), **arrays)


def load_network(path: Path) -> Network:
    """Read what :func:`save_network` wrote.

    Raises:
        BadInput: not such a file.
    """
    try:
        with path.open("rb") as file:
            _refuse_bombs(path, file)
            with np.load(file, allow_pickle=False) as arrays:
                weights = {name: np.asarray(arrays[name], dtype=np.float32) for name in NAMES}
                threshold = float(arrays["threshold"])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise _wrong(path) from error
    if not _fits(weights) or not 0 < threshold < 1:
        raise _wrong(path)
    return Network(weights, threshold)


def _refuse_bombs(path: Path, file: BinaryIO) -> None:
    """Add up what the archive would unpack to, before anything is unpacked."""
    with zipfile.ZipFile(file) as archive:
        if sum(member.file_size for member in archive.infolist()) > LARGEST_FILE:
            raise _wrong(path)
    file.seek(0)


def _fits(weights: dict[str, Array]) -> bool:
    try:
        answer = forward(weights, np.zeros((1, FRAMES, BANDS), np.float32))[-1]
    except (ValueError, IndexError):
        return False
    return answer.shape == (1,) and all(bool(np.isfinite(array).all()) for array in weights.values())


def _wrong(path: Path) -> BadInput:
    return BadInput(f"{path.name} is not a verifier model.", next_step="Train it again, or take the shipped one.")
