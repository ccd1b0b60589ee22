"""Drawing is deterministic, within quotas, and has the chances it says it has."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.review.frame import Drawn, Row, draw, root

SEED = bytes(range(32))


def rows(count: int, *, groups: int = 0, quota: int = 10, seed: int = 1) -> list[Row]:
    dice = random.Random(seed)
    return [
        Row(dice.randbytes(16), at % groups if groups else at, quota, dice.randrange(0, 1001)) for at in range(count)
    ]


def test_the_same_comes_out_again_and_another_seed_gives_another_choice() -> None:
    frame = rows(500)
    assert draw(frame, SEED, 60) == draw(frame, SEED, 60)
    assert draw(frame, SEED, 60) != draw(frame, bytes(32), 60)


def test_the_order_of_other_rows_changes_nobodys_luck() -> None:
    frame = rows(200)
    chosen = {row.handle for row, each in zip(frame, draw(frame, SEED, 40), strict=True) if each.chosen}
    turned = frame[::-1]
    assert {row.handle for row, each in zip(turned, draw(turned, SEED, 40), strict=True) if each.chosen} == chosen


@given(
    st.integers(0, 60), st.integers(1, 6), st.integers(1, 4), st.integers(1, 100), st.binary(min_size=32, max_size=32)
)
def test_no_group_gets_more_than_its_quota(count: int, groups: int, quota: int, expected: int, seed: bytes) -> None:
    frame = rows(count, groups=groups, quota=quota)
    drawn = draw(frame, seed, expected)
    taken = Counter(row.group for row, each in zip(frame, drawn, strict=True) if each.chosen)
    assert all(number <= quota for number in taken.values())
    assert all(0.0 <= each.pi <= 1.0 for each in drawn)
    assert all(each.pi > 0.0 for each in drawn if each.chosen)


def test_about_as_many_as_wanted_are_drawn_and_their_chances_weigh_them_right() -> None:
    frame = rows(120, groups=30, quota=2)
    runs, total, expanded, unsure = 600, 0, 0.0, 0.0
    for run in range(runs):
        drawn = draw(frame, run.to_bytes(32, "big"), 24)
        total += sum(each.chosen for each in drawn)
        expanded += sum(1 / each.pi for each in drawn if each.chosen)
        unsure += sum(row.unsure / each.pi for row, each in zip(frame, drawn, strict=True) if each.chosen)
    assert total / runs == pytest.approx(24, rel=0.05)
    assert expanded / runs == pytest.approx(len(frame), rel=0.05)
    assert unsure / runs == pytest.approx(sum(row.unsure for row in frame), rel=0.05)


def test_what_is_unsure_is_drawn_more_often_and_what_is_sure_is_drawn_too() -> None:
    frame = [Row(bytes([at]) * 16, at, 1, 1000 if at < 10 else 0) for at in range(100)]
    chances = [each.pi for each in draw(frame, SEED, 20)]
    assert chances[0] == 1.0
    assert chances[99] == pytest.approx(0.08)


def test_more_wanted_than_there_is_takes_all() -> None:
    assert draw(rows(5), SEED, 50) == [Drawn(1.0, chosen=True)] * 5


def test_nothing_to_draw_from() -> None:
    assert draw([], SEED, 5) == []
    assert root([]).hex().startswith("e3b0c442")


def test_the_root_commits_to_every_field() -> None:
    one = Row(bytes(16), 1, 2, 3)
    others = [Row(b"\1" * 16, 1, 2, 3), Row(bytes(16), 0, 2, 3), Row(bytes(16), 1, 1, 3), Row(bytes(16), 1, 2, 4)]
    assert len({root([each]) for each in [one, *others]}) == 5
