"""How long recordings are kept: each adult chooses, three months where nothing was chosen.

A choice that is followed by a shorter one is buried in the log. After a restore of a backup from
before, the buried choice has ended but what was chosen instead is unknown: then nothing new is kept
until the person chooses again. The default has a tombstone too, derived from the person's own.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from earwitness.identity.changes import TOMBSTONE_SIZE, Bury, Change, ChangeRecord, RecordChange
from earwitness.identity.device_rows import buried
from earwitness.identity.people import Age, person_row
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import DAY, Clock
from earwitness.kernel.errors import AccessDenied
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.policy.consent import require_answerer
from earwitness.storage.database import Database
from earwitness.storage.schema import person, retention_choice, tombstone

IDENTITY_LIMIT_MS = 183 * DAY
"""After this time only the de-identified copy of a recording is left."""

UNTIL_DELETED_MS = 36_525 * DAY
"""A hundred years: every record has a moment at which it expires."""


class RetentionChoice(StrEnum):
    """What a person can choose, shortest first."""

    NOTHING = "nothing"
    DAY = "day"
    THREE_MONTHS = "three_months"
    EIGHTEEN_MONTHS = "eighteen_months"
    UNTIL_DELETED = "until_deleted"

    @property
    def lifetime_ms(self) -> int:
        """How long a recording is kept, in milliseconds."""
        return _LIFETIMES[self]

    @property
    def in_words(self) -> str:
        """The choice as it is said to a person."""
        return _WORDS[self]


_LIFETIMES = {
    RetentionChoice.NOTHING: 0,
    RetentionChoice.DAY: DAY,
    RetentionChoice.THREE_MONTHS: 92 * DAY,
    RetentionChoice.EIGHTEEN_MONTHS: 549 * DAY,
    RetentionChoice.UNTIL_DELETED: UNTIL_DELETED_MS,
}
_WORDS = {
    RetentionChoice.NOTHING: "nothing",
    RetentionChoice.DAY: "a day",
    RetentionChoice.THREE_MONTHS: "3 months",
    RetentionChoice.EIGHTEEN_MONTHS: "18 months",
    RetentionChoice.UNTIL_DELETED: "until deleted",
}

DEFAULT = RetentionChoice.THREE_MONTHS


@dataclass(frozen=True, slots=True)
class Chosen:
    """What counts for a person; ``lost`` says that a restore lost the choice, so it is ``nothing``."""

    choice: RetentionChoice
    lost: bool = False


@dataclass(frozen=True, slots=True)
class RetentionChange:
    """One choice of the history; ``ended_at`` is None while it stands. Moments in ms since the epoch."""

    id: str
    person: str
    choice: RetentionChoice
    at: int
    ended_at: int | None


def expiry(kept_at: int, lifetime_ms: int) -> int:
    """Return the moment (ms since the epoch) at which a recording kept at ``kept_at`` expires."""
    return kept_at + lifetime_ms


def chosen(tx: Connection, people: Iterable[str]) -> dict[str, Chosen]:
    """Return what counts for each of these people."""
    wanted = list(people)
    standing = select(retention_choice.c.person_id, retention_choice.c.choice).where(
        retention_choice.c.person_id.in_(wanted),
        retention_choice.c.ended_at.is_(None),
        ~buried(retention_choice.c.tombstone),
    )
    found = {row.person_id: Chosen(RetentionChoice(row.choice)) for row in tx.execute(standing)}
    silent = [each for each in wanted if each not in found]
    if silent:
        lost = _lost(tx, silent)
        found |= {
            each: Chosen(RetentionChoice.NOTHING, lost=True) if each in lost else Chosen(DEFAULT) for each in silent
        }
    return found


def default_tombstone(person_tombstone: bytes) -> bytes:
    """Return the tombstone (16 bytes) of a person's unspoken default choice."""
    return hashlib.sha256(b"earwitness/retention-default/v1\n" + person_tombstone).digest()[:TOMBSTONE_SIZE]


class Retention:
    """Takes the choice and keeps its history."""

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

    def choose(self, tx: Connection, actor: Actor, person_id: str, choice: RetentionChoice) -> RetentionChange:
        """Record a choice; the vault re-dates what is kept in the same transaction.

        Raises:
            NotFound: there is no such person.
            AccessDenied: it is somebody else's choice, or a child's, of whom nothing is kept.
        """
        self._database.serialize(tx, f"retention/{person_id}")
        require_answerer(tx, actor, person_id, None)
        row = person_row(tx, person_id)
        if row.age != Age.ADULT:
            raise AccessDenied("Nothing of a child is kept, so there is nothing to choose.")
        self._end_earlier(tx, person_id, row.tombstone, choice)
        made = RetentionChange(new_id("choice", self._random), person_id, choice, self._clock.now_ms(), None)
        values = {"id": made.id, "person_id": person_id, "choice": str(choice), "at": made.at}
        tx.execute(insert(retention_choice), [values | {"tombstone": self._random(TOMBSTONE_SIZE)}])
        self._record_change(tx, ChangeRecord(person_id, actor, Change.RETENTION_CHOSEN, str(choice), made.at))
        return made

    def current(self, tx: Connection, person_id: str) -> Chosen:
        """Return what counts for one person."""
        return chosen(tx, [person_id])[person_id]

    def history(self, tx: Connection, person_id: str) -> Sequence[RetentionChange]:
        """Return every choice the person ever made, oldest first."""
        query = select(retention_choice).where(retention_choice.c.person_id == person_id)
        return [
            RetentionChange(row.id, row.person_id, RetentionChoice(row.choice), row.at, row.ended_at)
            for row in tx.execute(query.order_by(retention_choice.c.at, retention_choice.c.id))
        ]

    def _end_earlier(self, tx: Connection, person_id: str, own_tombstone: bytes, choice: RetentionChoice) -> None:
        """Bury every longer choice there ever was, for a backup may hold any of them as the one that stands."""
        own = retention_choice.c.person_id == person_id
        rows = tx.execute(select(retention_choice.c.choice, retention_choice.c.tombstone).where(own)).all()
        longer = [row.tombstone for row in rows if RetentionChoice(row.choice).lifetime_ms > choice.lifetime_ms]
        if DEFAULT.lifetime_ms > choice.lifetime_ms:
            longer.append(default_tombstone(own_tombstone))
        if fresh := _unburied(tx, longer):
            self._bury(tx, fresh)
        unended = own & retention_choice.c.ended_at.is_(None)
        tx.execute(update(retention_choice).where(unended).values(ended_at=self._clock.now_ms()))


def _unburied(tx: Connection, ids: Sequence[bytes]) -> list[bytes]:
    there = set(tx.scalars(select(tombstone.c.id).where(tombstone.c.id.in_(ids))))
    return [each for each in ids if each not in there]


def _lost(tx: Connection, people: Sequence[str]) -> frozenset[str]:
    """Tell of people without a standing choice whose earlier one, or whose default, has ended."""
    rows: Sequence[Any] = tx.execute(select(person.c.id, person.c.tombstone).where(person.c.id.in_(people))).all()
    defaults = {default_tombstone(row.tombstone): row.id for row in rows}
    ended = set(tx.scalars(select(tombstone.c.id).where(tombstone.c.id.in_(list(defaults)))))
    earlier = select(retention_choice.c.person_id).where(retention_choice.c.person_id.in_(people))
    return frozenset(tx.scalars(earlier)) | {defaults[each] for each in ended}
