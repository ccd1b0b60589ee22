"""Who heard no answer, for a program was killed between the act and the answer, asks again; it happens once."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from earwitness.kernel.actors import Actor
from earwitness.kernel.errors import LeaseEnded
from earwitness.review.desk import Desk
from earwitness.review.withdrawal import Voice
from earwitness.storage.schema import review as tables
from earwitness.testing.review import RIGHT, ReviewHouse

WAYS: dict[str, Callable[[Desk, Actor, str], None]] = {
    "answered": lambda desk, reviewer, clip: desk.answer(reviewer, clip, RIGHT),
    "skipped": lambda desk, reviewer, clip: desk.skip(reviewer, clip),
    "escalated": lambda desk, reviewer, clip: desk.escalate(reviewer, clip, "danger", "a note"),
    "withdrawn": lambda desk, reviewer, clip: desk.withdraw(reviewer, clip, Voice.CHILD),
}


def states(reviewed: ReviewHouse) -> list[tuple[str, str | None]]:
    query = select(tables.review_clip.c.state, tables.review_clip.c.reason).order_by(tables.review_clip.c.id)
    with reviewed.house.database.read() as tx:
        return [(row.state, row.reason) for row in tx.execute(query)]


@pytest.mark.parametrize("way", WAYS)
def test_a_clip_may_be_ended_twice_in_one_way(reviewed: ReviewHouse, way: str) -> None:
    for _ in range(2):
        reviewed.keep(reviewed.adult())
    reviewed.drawn_and_copied()
    desk, reviewer = reviewed.house.review.desk, reviewed.reviewer()
    clip, other = (each.clip for each in desk.next(reviewer))
    WAYS[way](desk, reviewer, clip)
    before = states(reviewed)
    WAYS[way](desk, reviewer, clip)
    assert states(reviewed) == before
    for another in WAYS.keys() - {way}:
        with pytest.raises(LeaseEnded):
            WAYS[another](desk, reviewer, clip)
    with pytest.raises(LeaseEnded):
        WAYS[way](desk, reviewed.reviewer(), clip)
    desk.sound(reviewer, other)
