"""The queue of a reviewer: which clips they may be given, on lease.

Never two clips that may have one person's voice to one reviewer within the window, neither heard nor waiting fetched;
never more of a person than their listening budget. A lease is a row, so it outlives every process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, insert, or_, select, update

from earwitness.kernel.clock import DAY, MINUTE, Clock
from earwitness.kernel.errors import LeaseEnded
from earwitness.review.budget import ListeningBudgets
from earwitness.storage.database import Database
from earwitness.storage.schema.review import review_clip, review_draw, review_hearing, review_person

LEASE_MS: Final = 20 * MINUTE
AT_ONCE: Final = 3
WINDOW_MS: Final = 90 * DAY
LOOKED_AT: Final = 50


@dataclass(frozen=True, slots=True)
class Lease:
    """A clip on lease until ``until`` (ms since the epoch)."""

    clip: str
    until: int


class Queue:
    """Leases clips; safe from many threads and several processes."""

    def __init__(
        self,
        database: Database,
        budgets: ListeningBudgets,
        clock: Clock,
        *,
        window_ms: int = WINDOW_MS,
        trial: str = "",
    ) -> None:
        """``window_ms``: how long nobody gets a second clip of one person; ``trial``: clips of this trial alone."""
        self._trial = trial
        self._database = database
        self._budgets = budgets
        self._clock = clock
        self._window_ms = window_ms

    def lease(self, reviewer: str, count: int = AT_ONCE) -> list[Lease]:
        """Return the reviewer's clips, those they had first, with fresh ones up to ``count`` (at most 3)."""
        now = self._clock.now_ms()
        with self._database.write() as tx:
            self._database.serialize(tx, "review/queue")
            held = list(tx.scalars(_held(reviewer, now)))
            for row in tx.execute(self._free(reviewer, now)).all():
                if len(held) >= min(count, AT_ONCE):
                    break
                if self._fits(tx, row, held):
                    held.append(row.id)
            until = now + LEASE_MS
            taken = {"state": "leased", "lease_by": reviewer, "lease_until": until}
            tx.execute(update(review_clip).where(review_clip.c.id.in_(held)).values(**taken))
        return [Lease(clip, until) for clip in held]

    def waiting(self) -> int:
        """Count the clips that are ready for somebody."""
        with self._database.read() as tx:
            return tx.scalar(select(func.count()).where(review_clip.c.state == "ready", of_draws(self._trial))) or 0

    def held(self, tx: Connection, reviewer: str, clip: str) -> Row[Any]:
        """Return the row of a clip that the reviewer has on lease.

        Raises:
            LeaseEnded: they have not, or not any more.
        """
        mine = _held(reviewer, self._clock.now_ms()).with_only_columns(*review_clip.c)
        row = tx.execute(mine.where(review_clip.c.id == clip)).first()
        if row is None:
            raise LeaseEnded("This clip is not yours any more.", next_step="Go on with the next one.")
        return row

    def hear(self, tx: Connection, reviewer: str, clip: str) -> None:
        """Write down that a copy is about to leave for the reviewer; again changes nothing.

        Raises:
            LeaseEnded: it is not theirs, or hearing it would break the window or somebody's budget.
        """
        now = self._clock.now_ms()
        row = self.held(tx, reviewer, clip)
        people = people_of_clip(tx, clip)
        mine = review_hearing.c.clip_id == clip, review_hearing.c.reviewer_id == reviewer
        if tx.execute(select(review_hearing.c.clip_id).where(*mine)).first() is not None:
            return
        if not people or self._met(tx, reviewer, people, now) or not self._budgets.may_be_heard(tx, people, clip):
            raise LeaseEnded("This clip may not be heard any more.", next_step="Go on with the next one.")
        rows = [{"clip_id": clip, "person_id": who, "reviewer_id": reviewer, "at": now} for who in people]
        tx.execute(insert(review_hearing), rows)
        if row.heard_at is None:
            tx.execute(update(review_clip).where(review_clip.c.id == clip).values(heard_at=now))

    def end(self, tx: Connection, reviewer: str, clip: str, state: str, reason: str | None = None) -> None:
        """Take a clip out of the queue.

        Raises:
            LeaseEnded: it is not the reviewer's.
        """
        self.held(tx, reviewer, clip)
        values = {"state": state, "reason": reason, "lease_until": None, "ended_at": self._clock.now_ms()}
        tx.execute(update(review_clip).where(review_clip.c.id == clip).values(**values))

    def ended(self, reviewer: str, clip: str, state: str, reason: str | None = None) -> bool:
        """Say whether the reviewer ended a clip so before: who heard no answer, for a program died, asks again."""
        same = review_clip.c.id == clip, review_clip.c.lease_by == reviewer, review_clip.c.state == state
        why = review_clip.c.reason.is_(None) if reason is None else review_clip.c.reason == reason
        with self._database.read() as tx:
            return tx.execute(select(review_clip.c.id).where(*same, why)).first() is not None

    def put_back(self, reviewer: str) -> None:
        """Give up all leases of a reviewer who stops; what they fetched ahead goes to others."""
        mine = review_clip.c.state == "leased", review_clip.c.lease_by == reviewer
        values = {"state": "ready", "lease_by": None, "lease_until": None}
        with self._database.write() as tx:
            tx.execute(update(review_clip).where(*mine).values(**values))

    def _free(self, reviewer: str, now: int) -> Select[Any]:
        """Clips that nobody has, of nobody whom this reviewer met within the window; oldest first."""
        free = or_(
            review_clip.c.state == "ready", and_(review_clip.c.state == "leased", review_clip.c.lease_until <= now)
        )
        met = exists().where(
            review_person.c.clip_id == review_clip.c.id,
            review_hearing.c.person_id == review_person.c.person_id,
            review_hearing.c.reviewer_id == reviewer,
            review_hearing.c.clip_id != review_clip.c.id,
            review_hearing.c.at > now - self._window_ms,
        )
        query = select(review_clip).where(free, review_clip.c.recording_id.is_not(None), ~met, of_draws(self._trial))
        return query.order_by(review_clip.c.drawn_at, review_clip.c.id).limit(LOOKED_AT)

    def _fits(self, tx: Connection, row: Row[Any], held: Sequence[str]) -> bool:
        """Whether nobody of this clip is on one that the reviewer holds, and nobody's budget is used up."""
        people = people_of_clip(tx, row.id)
        beside = select(review_person.c.clip_id).where(
            review_person.c.clip_id.in_(held), review_person.c.person_id.in_(people)
        )
        if not people or tx.execute(beside).first() is not None:
            return False
        return self._budgets.may_be_heard(tx, people, row.id)

    def _met(self, tx: Connection, reviewer: str, people: Sequence[str], now: int) -> bool:
        met = select(review_hearing.c.clip_id).where(
            review_hearing.c.reviewer_id == reviewer,
            review_hearing.c.person_id.in_(people),
            review_hearing.c.at > now - self._window_ms,
        )
        return tx.execute(met).first() is not None


def of_draws(trial: str) -> ColumnElement[bool]:
    """Say in SQL that a clip is of this trial; with none named, that it is of no trial."""
    if trial:
        return review_clip.c.draw_id == trial
    trials = select(review_draw.c.id).where(review_draw.c.trial.is_(True))
    return review_clip.c.draw_id.not_in(trials)


def people_of_clip(tx: Connection, clip: str) -> list[str]:
    """Whose voices may be on a clip."""
    return list(tx.scalars(select(review_person.c.person_id).where(review_person.c.clip_id == clip)))


def _held(reviewer: str, now: int) -> Select[Any]:
    mine = review_clip.c.state == "leased", review_clip.c.lease_by == reviewer, review_clip.c.lease_until > now
    return select(review_clip.c.id).where(*mine).order_by(review_clip.c.drawn_at, review_clip.c.id)
