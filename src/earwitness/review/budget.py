"""The listening budget: how many clips of a person may be heard by others in a year; 10 unless they chose less.

A lower choice buries the earlier ones in the log, the unspoken default too. After a restore of a backup from before,
the buried choice has ended and what was chosen instead is unknown: then nobody hears anything until they choose
again. The budget counts from the draw on, so that what waits in a queue cannot exceed it either.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, func, insert, or_, select, update

from earwitness.identity.changes import TOMBSTONE_SIZE, Bury, Change, ChangeRecord, RecordChange
from earwitness.identity.device_rows import buried
from earwitness.identity.people import Age, person_row
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import DAY, Clock
from earwitness.kernel.errors import AccessDenied, BadInput
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.policy.consent import require_answerer
from earwitness.storage.database import Database
from earwitness.storage.schema import person, tombstone
from earwitness.storage.schema.review import listening_budget, review_clip, review_hearing, review_person

DEFAULT: Final = 10
MOST: Final = 10
YEAR_MS: Final = 365 * DAY


class ListeningBudgets:
    """What each adult chose, and what is left of it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bury: Bury,
        record_change: RecordChange,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """``bury`` and ``record_change`` are called inside the transaction of the change."""
        self._database = database
        self._clock = clock
        self._bury = bury
        self._record_change = record_change
        self._random = random

    def choose(self, tx: Connection, actor: Actor, person_id: str, clips: int) -> None:
        """Choose how many clips a year others may hear, 0 to 10; counts from the next draw and the next hearing on.

        Raises:
            NotFound: there is no such person.
            AccessDenied: it is somebody else's choice, or a child's, whom nobody hears.
            BadInput: more than 10, or less than none.
        """
        self._database.serialize(tx, f"listening/{person_id}")
        require_answerer(tx, actor, person_id, None)
        row = person_row(tx, person_id)
        if row.age != Age.ADULT:
            raise AccessDenied("Nobody hears a child, so there is nothing to choose.")
        if not 0 <= clips <= MOST:
            raise BadInput(f"A listening budget is 0 to {MOST} clips a year.", next_step="Choose one of those.")
        self._end_earlier(tx, person_id, row.tombstone, clips)
        values = {"id": new_id("budget", self._random), "person_id": person_id, "clips": clips}
        values |= {"at": self._clock.now_ms(), "tombstone": self._random(TOMBSTONE_SIZE)}
        tx.execute(insert(listening_budget), [values])
        self._record_change(
            tx, ChangeRecord(person_id, actor, Change.LISTENING_CHOSEN, str(clips), self._clock.now_ms())
        )

    def chosen(self, tx: Connection, people: Iterable[str]) -> dict[str, int]:
        """Return what counts for each of these people: clips a year."""
        wanted = list(people)
        standing = select(listening_budget.c.person_id, listening_budget.c.clips).where(
            listening_budget.c.person_id.in_(wanted),
            listening_budget.c.ended_at.is_(None),
            ~buried(listening_budget.c.tombstone),
        )
        found: dict[str, int] = {row.person_id: row.clips for row in tx.execute(standing)}
        silent = [each for each in wanted if each not in found]
        lost = _lost(tx, silent)
        return found | {each: 0 if each in lost else DEFAULT for each in silent}

    def left(self, tx: Connection, people: Iterable[str]) -> dict[str, int]:
        """Return how many more clips of each of these people may be drawn now."""
        wanted = list(people)
        since = self._clock.now_ms() - YEAR_MS
        counts = review_clip.c.state.not_in(["withheld", "withdrawn"]) | review_clip.c.heard_at.is_not(None)
        query = (
            select(review_person.c.person_id, func.count().label("clips"))
            .join(review_clip, review_clip.c.id == review_person.c.clip_id)
            .where(review_person.c.person_id.in_(wanted), counts)
            .where(or_(review_person.c.drawn_at > since, review_clip.c.heard_at > since))
            .group_by(review_person.c.person_id)
        )
        used: dict[str, int] = {row.person_id: row.clips for row in tx.execute(query)}
        return {who: max(0, clips - used.get(who, 0)) for who, clips in self.chosen(tx, wanted).items()}

    def may_be_heard(self, tx: Connection, people: Sequence[str], clip: str) -> bool:
        """Say whether one more clip of all these people may be heard now; one that was heard before may be again."""
        since = self._clock.now_ms() - YEAR_MS
        query = (
            select(review_hearing.c.person_id, func.count(func.distinct(review_hearing.c.clip_id)).label("clips"))
            .where(review_hearing.c.person_id.in_(people), review_hearing.c.at > since)
            .where(review_hearing.c.clip_id != clip)
            .group_by(review_hearing.c.person_id)
        )
        heard: dict[str, int] = {row.person_id: row.clips for row in tx.execute(query)}
        return all(heard.get(who, 0) < clips for who, clips in self.chosen(tx, people).items())

    def _end_earlier(self, tx: Connection, person_id: str, own: bytes, clips: int) -> None:
        """Bury every larger choice there ever was, for a backup may hold any of them as the one that stands."""
        mine = listening_budget.c.person_id == person_id
        rows = tx.execute(select(listening_budget.c.clips, listening_budget.c.tombstone).where(mine)).all()
        larger = [row.tombstone for row in rows if row.clips > clips]
        if clips < DEFAULT:
            larger.append(default_tombstone(own))
        there = set(tx.scalars(select(tombstone.c.id).where(tombstone.c.id.in_(larger))))
        if fresh := [each for each in larger if each not in there]:
            self._bury(tx, fresh)
        unended = mine & listening_budget.c.ended_at.is_(None)
        tx.execute(update(listening_budget).where(unended).values(ended_at=self._clock.now_ms()))


def default_tombstone(person_tombstone: bytes) -> bytes:
    """Return the tombstone (16 bytes) of a person's unspoken default budget."""
    return hashlib.sha256(b"earwitness/listening-default/v1\n" + person_tombstone).digest()[:TOMBSTONE_SIZE]


def _lost(tx: Connection, people: Sequence[str]) -> frozenset[str]:
    """Tell of people without a standing choice whose earlier one, or whose default, has ended."""
    rows = tx.execute(select(person.c.id, person.c.tombstone).where(person.c.id.in_(people))).all()
    defaults: dict[bytes, str] = {default_tombstone(row.tombstone): row.id for row in rows}
    ended = set(tx.scalars(select(tombstone.c.id).where(tombstone.c.id.in_(list(defaults)))))
    earlier = select(listening_budget.c.person_id).where(listening_budget.c.person_id.in_(people))
    return frozenset(tx.scalars(earlier)) | {defaults[each] for each in ended}
