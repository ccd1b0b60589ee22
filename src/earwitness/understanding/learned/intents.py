"""The intent classifier: TF-IDF of words, pairs and pieces, one linear score an intent, a calibrated answer.

Trained by scikit-learn (LinearSVC); used without it, so that the hub starts quickly: the model is three
vocabularies with their weights, and answering is one sparse product. Whether a sentence belongs to no
intent at all is decided from the best score, the second and the score of the out-of-scope class, by a
logistic curve fitted on sentences the scores were not trained on.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earwitness.understanding.learned.features import BLOCKS

OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Guess:
    """The best intents with the probability (0..1) that the first of them is right; ``scores`` are raw."""

    ranked: tuple[str, ...]
    scores: tuple[float, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logistic curve over (best, best minus second, best minus out-of-scope) and the least probability taken."""

    weights: tuple[float, float, float]
    bias: float
    least: float

    def probability(self, evidence: Sequence[float]) -> float:
        """From the evidence to a probability."""
        logit = self.bias + sum(weight * value for weight, value in zip(self.weights, evidence, strict=True))
        return 1 / (1 + math.exp(-max(min(logit, 30.0), -30.0)))


@dataclass(frozen=True, slots=True)
class IntentModel:
    """``vocabularies`` map a feature to its row; ``idf`` (rows) and ``weights`` (rows x intents) belong to it."""

    intents: tuple[str, ...]
    vocabularies: tuple[Mapping[str, int], ...]
    idf: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    calibration: Calibration

    def scores(self, text: str) -> npt.NDArray[np.float32]:
        """One raw score an intent."""
        rows: list[int] = []
        values: list[float] = []
        for block, vocabulary in zip(BLOCKS, self.vocabularies, strict=True):
            counts = Counter(vocabulary[each] for each in block(text) if each in vocabulary)
            weighed = {row: (1 + math.log(count)) * float(self.idf[row]) for row, count in counts.items()}
            length = math.sqrt(sum(value * value for value in weighed.values())) or 1.0
            rows += weighed
            values += [value / length for value in weighed.values()]
        found: npt.NDArray[np.float32] = np.asarray(values, np.float32) @ self.weights[rows] + self.bias
        return found

    def guess(self, text: str) -> Guess:
        """The intents in order with the probability of the first."""
        return ranked(self.intents, self.scores(text), self.calibration)


def evidence(scores: npt.NDArray[np.float32], out_of_scope: int | None) -> tuple[float, float, float]:
    """What the calibration looks at: best, lead over the second, lead over the out-of-scope class."""
    inside = scores if out_of_scope is None else np.delete(scores, out_of_scope)
    second, best = np.partition(inside, -2)[-2:] if inside.size > 1 else (-1.0, inside[0])
    outside = float(scores[out_of_scope]) if out_of_scope is not None else 0.0
    return float(best), float(best - second), float(best) - outside


def ranked(intents: Sequence[str], scores: npt.NDArray[np.float32], calibration: Calibration) -> Guess:
    """The guess from raw scores; the out-of-scope class itself is never among the answers."""
    out = intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in intents else None
    order = [int(at) for at in np.argsort(-scores, kind="stable") if at != out]
    return Guess(
        tuple(intents[at] for at in order),
        tuple(float(scores[at]) for at in order),
        calibration.probability(evidence(scores, out)),
    )
