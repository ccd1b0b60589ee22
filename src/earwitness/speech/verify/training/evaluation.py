"""Speaker-disjoint figures of a verifier: every recording is scored by a network that never heard its speaker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from earwitness.speech.verify.features import Array
from earwitness.speech.verify.network import Network
from earwitness.speech.verify.training.examples import Example
from earwitness.speech.verify.training.fitting import Fit, fit_network

THRESHOLDS = (0.4, 0.5, 0.6, 0.65, 0.7, 0.8)


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares at a threshold, by kind of example: positives found (first stage included), negatives let through."""

    threshold: float
    passed: dict[str, float]
    fired: dict[str, int]


def fit_examples(examples: Sequence[Example], fit: Fit, progress: Callable[[int, float], None]) -> dict[str, Array]:
    """Fit a network to examples."""
    importance = np.array([example.importance for example in examples], np.float32)
    return fit_network(
        np.stack([example.features for example in examples]),
        np.array([example.label for example in examples], np.float32),
        importance / importance.mean(),
        fit,
        progress,
    )


def cross_validate(
    examples: Sequence[Example], folds: int, fit: Fit, progress: Callable[[int, float], None]
) -> tuple[list[Figures], list[Network]]:
    """Return the figures over all groups, each scored out of fold, and the networks of the folds."""
    fold_of = group_folds(examples, folds)
    scored: list[tuple[Example, float]] = []
    networks = []
    for fold in range(folds):
        training = [example for example in examples if fold_of.get(example.group) != fold]
        network = Network(fit_examples(training, fit, progress), 0.5)
        networks.append(network)
        held = [example for example in examples if fold_of.get(example.group) == fold]
        scores = network.scores(np.stack([example.features for example in held]))
        scored += [(example, float(score)) for example, score in zip(held, scores, strict=True)]
    return [_figures(scored, threshold) for threshold in THRESHOLDS], networks


def group_folds(examples: Sequence[Example], folds: int) -> dict[str, int]:
    """Deal the groups out evenly at random (seeded); renderings have no group and are in every training set."""
    groups = sorted({example.group for example in examples} - {""})
    np.random.default_rng(3).shuffle(groups)
    return {group: number % folds for number, group in enumerate(groups)}


def _figures(scored: list[tuple[Example, float]], threshold: float) -> Figures:
    passed: dict[str, float] = {}
    fired: dict[str, int] = {}
    for kind in sorted({example.kind for example, _ in scored}):
        rows = [(example, score) for example, score in scored if example.kind == kind]
        fired[kind] = sum(example.fired for example, _ in rows)
        passed[kind] = sum(example.fired and score > threshold for example, score in rows) / len(rows)
    return Figures(threshold, passed, fired)
