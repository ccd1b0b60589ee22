"""The second verification of the wake word, fitted again with what people and reviewers said of wakes.

The shipped network goes on from its weights, with people's windows (was it the wake word or not) and
espeak-ng's voices saying the word and what sounds like it, so that it does not unlearn what it knew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from earwitness.learning.adapt.material import Lesson, Material
from earwitness.speech.verify.features import Array, window_features
from earwitness.speech.verify.learned import MODELS
from earwitness.speech.verify.network import Network, forward, load_network, sigmoid

FEWEST: Final = 10  # windows, of at least two people, and both answers among them
FEWEST_PEOPLE: Final = 2
ROUNDS: Final = 200
RATE: Final = 0.05
KEEP: Final = 0.02  # how strongly the shipped weights are held to
WORD: Final = "alexa"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Windows:
    """Features (n, 148, 32), answers (0 or 1) and whose each is."""

    features: Array
    labels: Array
    people: tuple[str, ...]


def windows_of(lessons: Sequence[Lesson]) -> Windows:
    """The windows about which somebody said whether it was the wake word."""
    said = [each for each in lessons if each.example.window and each.example.account.wake is not None]
    if not said:
        return Windows(np.zeros((0, 148, 32), np.float32), np.zeros(0, np.float32), ())
    features = np.stack([window_features(each.example.window) for each in said])
    labels = np.array([float(bool(each.example.account.wake)) for each in said], np.float32)
    return Windows(features, labels, tuple(each.person for each in said))


def shipped_network(word: str = WORD) -> Network:
    """The network that ships for a wake word.

    Raises:
        BadInput: there is none.
    """
    return load_network(MODELS / f"{word.replace(' ', '_')}.npz")


def fit_wake(material: Material, word: str = WORD, progress: Progress = lambda _done, _all: None) -> Network | None:
    """Fit the last layers to people's windows; None where there are too few, or only one answer."""
    windows = windows_of(material.learn())
    people = len(set(windows.people))
    if len(windows.labels) < FEWEST or people < max(FEWEST_PEOPLE, material.fewest) or len(set(windows.labels)) == 1:
        return None
    network = shipped_network(word)
    weights = dict(network.weights)
    hidden = forward(weights, windows.features)[5]
    balance = np.where(windows.labels > 0, 0.5 / windows.labels.mean(), 0.5 / (1 - windows.labels.mean()))
    out, bias = weights["out"].astype(np.float64), weights["bias4"].astype(np.float64)
    first_out, first_bias = out.copy(), bias.copy()
    for step in range(ROUNDS):
        scores = sigmoid((hidden @ out + bias)[:, 0].astype(np.float32))
        wrong = (scores - windows.labels) * balance / len(hidden)
        out -= RATE * (hidden.T @ wrong[:, None] + KEEP * (out - first_out))
        bias -= RATE * (wrong.sum(keepdims=True) + KEEP * (bias - first_bias))
        progress(step + 1, ROUNDS)
    weights |= {"out": out.astype(np.float32), "bias4": bias.astype(np.float32)}
    return Network(weights, network.threshold)
