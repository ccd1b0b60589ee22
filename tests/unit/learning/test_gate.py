"""Comparing in pairs, and what the gate makes of it."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.learning.gate import Judged, Verdict, judge, overall
from earwitness.learning.paired import Trial, compare, mcnemar


def crowd(people: int, each: int, before: float, after: float, seed: int = 5) -> list[Trial]:
    """Clips of one difficulty each: who manages the harder ones manages the easier ones too."""
    draw = random.Random(seed)
    hard = [(f"p{person}", draw.random()) for person in range(people) for _ in range(each)]
    return [Trial(person, how < before, how < after) for person, how in hard]


def test_what_is_clearly_better_is_let_through() -> None:
    found = judge([compare("in quiet", crowd(10, 20, 0.9, 0.9)), compare("in noise", crowd(10, 20, 0.4, 0.8))])
    assert found.verdict is Verdict.BETTER
    assert "in noise" in found.why
    assert "10 other people" in found.why


def test_what_is_worse_in_one_condition_is_refused_whatever_it_gains_in_another() -> None:
    found = judge([compare("in quiet", crowd(10, 20, 0.9, 0.6)), compare("in noise", crowd(10, 20, 0.4, 0.9))])
    assert found.verdict is Verdict.WORSE


@pytest.mark.parametrize(("people", "each"), [(1, 200), (2, 100), (4, 4), (0, 0)])
def test_a_small_home_is_told_that_there_is_not_enough_evidence(people: int, each: int) -> None:
    found = judge([compare("in quiet", crowd(people, each, 0.2, 0.9))])
    assert found.verdict is Verdict.NOT_ENOUGH
    assert "not enough evidence" in found.why


def test_without_a_difference_there_is_not_enough_evidence() -> None:
    assert judge([compare("in quiet", crowd(8, 20, 0.7, 0.7))]).verdict is Verdict.NOT_ENOUGH


def test_a_gain_beside_a_loss_that_may_be_chance_is_not_enough() -> None:
    lost = compare("in quiet", [Trial(f"p{n % 4}", n % 9 != 0, n % 9 != 1 and n % 11 != 2) for n in range(40)])
    gained = compare("in noise", crowd(10, 20, 0.4, 0.8))
    assert lost.low < 0 < lost.high
    assert lost.difference < -0.03
    assert judge([lost, gained]).verdict is Verdict.NOT_ENOUGH


def test_no_condition_is_no_evidence() -> None:
    assert judge([]).verdict is Verdict.NOT_ENOUGH


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Sixty samples from the same two systems, whose difference is .1; people differ as well."""
    held = 0
    for seed in range(60):
        draw = random.Random(seed)
        trials = []
        for person in range(12):
            hard = draw.uniform(-0.2, 0.2)
            chances = 0.5 + hard, 0.6 + hard
            trials += [Trial(f"p{person}", *(draw.random() < each for each in chances)) for _ in range(15)]
        found = compare("x", trials)
        held += found.low <= 0.1 <= found.high
    assert held >= 50


@given(st.lists(st.builds(Trial, st.sampled_from(["a", "b", "c"]), st.booleans(), st.booleans()), max_size=40))
def test_the_figures_agree_with_each_other(trials: list[Trial]) -> None:
    found = compare("x", trials)
    assert -1 <= found.low <= found.high <= 1
    assert found.gained - found.lost == pytest.approx(found.difference * max(1, found.trials))
    swapped = compare("x", [Trial(each.person, each.after, each.before) for each in trials])
    assert (swapped.gained, swapped.p) == (found.lost, found.p)
    assert swapped.difference == pytest.approx(-found.difference)


def test_mcnemar_counts_only_where_they_differ() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(10, 0) == pytest.approx(2 / 2**10)
    assert mcnemar(3, 1) == mcnemar(1, 3) == pytest.approx(2 * (1 + math.comb(4, 1)) / 2**4)


def test_one_better_part_is_enough_for_a_release() -> None:
    worse, better = Judged(Verdict.WORSE, ""), Judged(Verdict.BETTER, "")
    assert overall([worse, better]) is Verdict.BETTER
    assert overall([worse, Judged(Verdict.OWN_WORDS, "")]) is Verdict.OWN_WORDS
    assert overall([]) is Verdict.NOT_ENOUGH
