"""A clip whose worker was killed is taken again; one that ends every worker is withheld, and the others go on."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from earwitness.kernel.audio import Clip
from earwitness.review.deidentify.worker import LEASE_MS, MOST_TAKEN
from earwitness.speech.asr.port import Word
from earwitness.storage.schema import review as tables
from earwitness.testing.clock import VirtualClock
from earwitness.testing.review import EvenAligner, ReviewHouse


class Killed(BaseException):
    """What ends a worker without another word."""


@dataclass
class Deadly(EvenAligner):
    """Ends whoever aligns these words."""

    word: str = "gong"

    def align(self, clip: Clip, tokens: Sequence[str]) -> list[Word]:
        """See the port."""
        if self.word in tokens:
            raise Killed
        return EvenAligner.align(self, clip, tokens)


def states(reviewed: ReviewHouse) -> list[tuple[str, str | None]]:
    query = select(tables.review_clip.c.state, tables.review_clip.c.reason).order_by(tables.review_clip.c.state)
    with reviewed.house.database.read() as tx:
        return [(row.state, row.reason) for row in tx.execute(query)]


def works_until_killed(reviewed: ReviewHouse) -> bool:
    """Whether a worker was killed; time passes until what it held is free."""
    try:
        reviewed.deidentifier().work()
    except Killed:
        assert isinstance(reviewed.house.clock, VirtualClock)
        reviewed.house.clock.advance(LEASE_MS)
        return True
    return False


def test_a_clip_that_ends_every_worker_is_withheld(reviewed: ReviewHouse) -> None:
    reviewed.keep(reviewed.adult(), "strike the gong")
    reviewed.keep(reviewed.adult())
    reviewed.aligner = Deadly()
    reviewed.draw()
    kills = 0
    while works_until_killed(reviewed):
        kills += 1
    assert kills == MOST_TAKEN
    assert states(reviewed) == [("ready", None), ("withheld", "failed")]


@pytest.mark.parametrize("kills", [1, MOST_TAKEN - 1])
def test_a_clip_whose_worker_was_killed_now_and_then_is_copied(reviewed: ReviewHouse, kills: int) -> None:
    reviewed.keep(reviewed.adult(), "strike the gong")
    reviewed.aligner = Deadly()
    reviewed.draw()
    for _ in range(kills):
        assert works_until_killed(reviewed)
    reviewed.aligner = EvenAligner()
    assert not works_until_killed(reviewed)
    assert states(reviewed) == [("ready", None)]
