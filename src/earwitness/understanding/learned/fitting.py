"""Fit the intent classifier and its calibration (scikit-learn; loaded only when training)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.svm import LinearSVC

from earwitness.understanding.learned.features import BLOCKS
from earwitness.understanding.learned.intents import OUT_OF_SCOPE, Calibration, IntentModel, evidence

PARTS = 4  # of the cross-validation behind the calibration
STRENGTH = 0.5  # LinearSVC's C; .3 to 1 differ by less than half a point
OUTSIDE_FOUND = 0.6  # share of the out-of-scope sentences that the least probability should refuse
LEAST_FLOOR, LEAST_CEILING = 0.15, 0.6  # whatever the sentences say: below is guessing, above is silence
SEED = 7


def fit_intents(
    texts: Sequence[str], labels: Sequence[str], groups: Sequence[str] = (), *, rarest: int = 1
) -> IntentModel:
    """Train on sentences with their intents; those labelled ``out_of_scope`` belong to none.

    Sentences of one group (made from one wording) stay together in the cross-validation, or the calibration
    would believe every wording known. ``rarest`` drops word pieces seen in fewer sentences, for a small model.
    """
    calibration = _calibrate(texts, labels, groups or texts, rarest)
    vectorizers, machine = _fit(texts, labels, rarest)
    vocabularies: list[dict[str, int]] = []
    start = 0
    for each in vectorizers:
        vocabularies.append({term: start + int(at) for term, at in each.vocabulary_.items()})
        start += len(each.vocabulary_)
    idf = np.concatenate([each.idf_ for each in vectorizers]).astype(np.float32)
    intents, weights, bias = _scores_of(machine)
    return IntentModel(intents, tuple(vocabularies), idf, weights, bias, calibration)


def _fit(texts: Sequence[str], labels: Sequence[str], rarest: int) -> tuple[list[TfidfVectorizer], LinearSVC]:
    vectorizers = [
        TfidfVectorizer(analyzer=block, sublinear_tf=True, min_df=1 if at == 0 else max(rarest, at))
        for at, block in enumerate(BLOCKS)
    ]
    matrix = sparse.hstack([each.fit_transform(texts) for each in vectorizers]).tocsr()
    machine = LinearSVC(C=STRENGTH, random_state=SEED)
    machine.fit(matrix, list(labels))
    return vectorizers, machine


def _scores_of(
    machine: LinearSVC,
) -> tuple[tuple[str, ...], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    weights = machine.coef_.T.astype(np.float32)
    bias = machine.intercept_.astype(np.float32)
    if weights.shape[1] == 1:  # two intents share one score
        weights, bias = np.hstack([-weights, weights]), np.concatenate([-bias, bias])
    return tuple(str(each) for each in machine.classes_), np.ascontiguousarray(weights), bias


def _calibrate(texts: Sequence[str], labels: Sequence[str], groups: Sequence[str], rarest: int) -> Calibration:
    """From scores of sentences left out of the training in turn."""
    known = np.asarray(labels)
    sentences = np.asarray(texts, dtype=object)
    seen: list[tuple[float, float, float]] = []
    right: list[bool] = []
    outside: list[bool] = []
    folds = StratifiedGroupKFold(PARTS, shuffle=True, random_state=SEED)
    for train, test in folds.split(sentences, known, np.asarray(groups)):
        vectorizers, machine = _fit(list(sentences[train]), list(known[train]), rarest)
        intents, _, _ = _scores_of(machine)
        matrix = sparse.hstack([each.transform(sentences[test]) for each in vectorizers]).tocsr()
        scores = machine.decision_function(matrix)
        scores = np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores
        out = intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in intents else None
        inside = np.delete(scores, out, axis=1) if out is not None else scores
        names = [name for name in intents if name != OUT_OF_SCOPE]
        seen += [evidence(row.astype(np.float32), out) for row in scores]
        right += [names[at] == label for at, label in zip(inside.argmax(axis=1), known[test], strict=True)]
        outside += [bool(label == OUT_OF_SCOPE) for label in known[test]]
    return _curve(seen, right, outside)


def _curve(seen: list[tuple[float, float, float]], right: list[bool], outside: list[bool]) -> Calibration:
    if len(set(right)) == 1:  # too few sentences to be wrong: no curve to fit
        return Calibration((4.0, 0.0, 0.0), 0.0, LEAST_FLOOR)
    curve = LogisticRegression(C=100.0, max_iter=1_000).fit(np.asarray(seen), np.asarray(right))
    first, second, third = (float(each) for each in curve.coef_[0])
    fitted = Calibration((first, second, third), float(curve.intercept_[0]), 0.0)
    refused = sorted(fitted.probability(each) for each, out in zip(seen, outside, strict=True) if out)
    least = refused[int(OUTSIDE_FOUND * (len(refused) - 1))] if refused else LEAST_FLOOR
    return Calibration(fitted.weights, fitted.bias, min(max(least, LEAST_FLOOR), LEAST_CEILING))
