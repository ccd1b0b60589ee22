"""The estimate is right on average and its interval covers as often as it says, under the design that draws."""

import numpy as np
import pytest

from earwitness.review.estimating import FEWEST, ratio
from earwitness.review.frame import UNIFORM

REPLICATES = 600


def population(seed: int = 7, clips: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Errors, words and uncertainty of clips; what is unsure is wrong more often."""
    dice = np.random.default_rng(seed)
    unsure = dice.beta(1.2, 5.0, clips)
    words = dice.integers(2, 12, clips).astype(float)
    errors = dice.binomial(words.astype(int), np.clip(0.02 + 0.5 * unsure, 0, 1)).astype(float)
    return errors, words, unsure


def chances(unsure: np.ndarray, expected: int) -> np.ndarray:
    share = expected / len(unsure)
    return np.minimum(1.0, UNIFORM * share + (1 - UNIFORM) * expected * unsure / unsure.sum())


@pytest.mark.parametrize(("expected", "response"), [(400, 1.0), (400, 0.7), (1_500, 0.85)])
def test_the_interval_covers_the_truth_as_often_as_it_says(expected: int, response: float) -> None:
    errors, words, unsure = population()
    truth = errors.sum() / words.sum()
    pi = chances(unsure, expected)
    dice = np.random.default_rng(3)
    covered, rates, naive = 0, [], []
    for _ in range(REPLICATES):
        drawn = dice.random(len(pi)) < pi
        answered = drawn & (dice.random(len(pi)) < response)
        weights = 1 / pi[drawn]
        share = (1 / pi[answered]).sum() / weights.sum()
        found = ratio(errors[answered], words[answered], pi[answered], share)
        covered += found.low <= truth <= found.high
        rates.append(found.rate)
        naive.append(errors[answered].sum() / words[answered].sum())
    assert 0.925 <= covered / REPLICATES <= 0.975
    assert np.mean(rates) == pytest.approx(truth, rel=0.02)
    assert np.mean(naive) > 1.2 * truth  # what a plain share of the sample would have said


def test_all_of_them_is_no_estimate() -> None:
    errors, words = np.array([1.0, 0.0, 2.0] * 20), np.array([4.0, 5.0, 6.0] * 20)
    found = ratio(errors, words, np.ones(60))
    assert (found.rate, found.low, found.high) == (0.2, 0.2, 0.2)
    assert found.enough


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_and_one_say_nothing(count: int) -> None:
    found = ratio(np.ones(count), np.ones(count), np.full(count, 0.5))
    assert (found.low, found.high, found.enough) == (0.0, 1.0, False)


def test_few_answers_and_wide_intervals_are_not_enough() -> None:
    few = ratio(np.tile([1.0, 0.0], FEWEST // 2 - 1), np.ones(FEWEST - 2), np.full(FEWEST - 2, 0.5))
    enough = ratio(np.tile([1.0, 0.0], FEWEST), np.ones(2 * FEWEST), np.full(2 * FEWEST, 0.5))
    rare = ratio(np.eye(1, 200)[0], np.ones(200), np.full(200, 0.1))
    assert (few.enough, enough.enough, rare.enough) == (False, True, False)


def test_no_error_seen_is_not_no_error() -> None:
    found = ratio(np.zeros(59), np.ones(59), np.full(59, 0.5))
    assert (found.rate, found.low, found.enough) == (0.0, 0.0, False)
    assert found.high == pytest.approx(0.0495, abs=1e-3)  # the rule of three
