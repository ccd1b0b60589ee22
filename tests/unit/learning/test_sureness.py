"""How far the best reading stands out: fitted to clips, and never at the price of wrong acts."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput
from earwitness.learning.adapt.language import Meaning
from earwitness.learning.adapt.sureness import FEWEST, Read, fit_sharpness
from earwitness.understanding.taught import Taught, read_taught, sharpened, together
from earwitness.understanding.values import Hypothesis

ON: Meaning = ("On", frozenset())
OFF: Meaning = ("Off", frozenset())


def understand(readings: Sequence[Hypothesis]) -> Meaning | None:
    """Sure from .6 on, as the matcher is."""
    best = max(readings, key=lambda each: each.score)
    return None if best.score < 0.6 else (ON if best.text == "on" else OFF)


def clip(on: float, meant: Meaning) -> Read:
    return Read((Hypothesis("on", on), Hypothesis("off", 1 - on)), meant)


def test_where_the_best_is_right_it_is_let_stand_out() -> None:
    assert fit_sharpness([clip(0.55, ON)] * FEWEST, understand) == 3.0


def test_where_the_best_is_wrong_the_house_goes_on_asking() -> None:
    assert fit_sharpness([clip(0.55, ON)] * FEWEST + [clip(0.55, OFF)] * FEWEST, understand) == 1.0


def test_what_is_sure_already_and_what_is_too_little_change_nothing() -> None:
    assert fit_sharpness([clip(0.9, ON)] * FEWEST, understand) == 1.0
    assert fit_sharpness([clip(0.55, ON)] * (FEWEST - 1), understand) == 1.0


scores = st.lists(st.floats(0.01, 1), min_size=1, max_size=5)


@given(scores, st.sampled_from([0.5, 1.0, 2.0, 4.0]))
def test_the_order_and_the_whole_stay(given: list[float], power: float) -> None:
    made = sharpened([Hypothesis("x", each) for each in given], power)
    assert sum(each.score for each in made) == pytest.approx(sum(given))
    ranked = sorted(range(len(given)), key=given.__getitem__)
    assert [made[at].score for at in ranked] == sorted(each.score for each in made)


def test_one_reading_is_as_sure_as_it_was() -> None:
    assert [each.score for each in sharpened([Hypothesis("x", 0.4)], 4.0)] == pytest.approx([0.4])
    assert sharpened([], 4.0) == []


def test_it_is_kept_with_what_was_taught() -> None:
    assert read_taught(Taught(sharpness=2.0).to_bytes()).sharpness == 2.0
    assert together([Taught(), Taught(sharpness=3.0), Taught(sharpness=2.0)]).sharpness == 3.0
    with pytest.raises(BadInput):
        read_taught(Taught(sharpness=50.0).to_bytes())
