"""How sure a closed recogniser may be: was it a sentence of the grammar at all, and each word.

Scores of the decoder are nats relative to the best state of the model at each frame, so they are already a
comparison of the grammar with the freest competitor there is. :func:`measure` makes them independent of length;
a logistic regression (weights below; docs/speech/recognition.md says how they were found and how
reliable they are on other speakers) makes a probability of them.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

SHORTEST_MS: Final = 150


class Scored(Protocol):
    """A stretch of frames from ``start`` to before ``end`` with its ``score`` in nats."""

    @property
    def start(self) -> int: ...  # noqa: D102 - named in the class
    @property
    def end(self) -> int: ...  # noqa: D102 - named in the class
    @property
    def score(self) -> float: ...  # noqa: D102 - named in the class
    @property
    def spoken(self) -> bool: ...  # noqa: D102 - named in the class


NAMES: Final = ("worst", "silence", "against")
MEANS: Final = (-7.45, 0.325, -0.735)
SCALES: Final = (2.787, 0.165, 1.247)
WEIGHTS: Final = (1.061, -1.267, 3.121)
BIAS: Final = -1.98
LOWEST: Final = -15.0  # a word cannot be worse than wholly wrong
WORD_MIDDLE: Final = -3.0
WORD_SLOPE: Final = 1.0


def measure(segments: Sequence[Scored], against: float) -> NDArray[np.float64]:
    """The figures in :data:`NAMES`, all independent of the length of the utterance.

    The worst word's nats a frame; the share of silence and fillers; ``against``, the path's score beside that of
    any phones, nats a frame.
    """
    words = [each for each in segments if each.spoken]
    if not words:
        return np.array([LOWEST, 1.0, against])
    spoken = sum(each.end - each.start for each in words)
    total = sum(each.end - each.start for each in segments)
    worst = min(each.score / (each.end - each.start) for each in words)
    return np.array([max(worst, LOWEST), 1.0 - spoken / total, against])


def in_grammar(figures: NDArray[np.float64]) -> float:
    """The probability that a sentence of the grammar was said."""
    value = BIAS + float(np.dot(WEIGHTS, (figures - MEANS) / SCALES))
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -30.0, 30.0))))


def of_word(word: Scored) -> float:
    """The probability of one word."""
    rate = word.score / max(1, word.end - word.start)
    return float(1.0 / (1.0 + np.exp(-np.clip(WORD_SLOPE * (rate - WORD_MIDDLE), -30.0, 30.0))))
