"""How long recordings are kept: each adult chooses, three months where nothing was chosen.

Where a restore lost the choice (:mod:`earwitness.policy.choices`) nothing new is kept until the person chooses again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, select

from earwitness.identity.changes import TOMBSTONE_SIZE, AnswerTaker, Change, ChangeRecord
from earwitness.identity.people import Age, person_row
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import AccessDenied
from earwitness.kernel.ids import new_id
from earwitness.policy.choices import Choices
from earwitness.policy.consent import require_answerer
from earwitness.storage.schema import retention_choice

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


CHOICES = Choices(
    "retention", retention_choice.c.choice, DEFAULT, read=RetentionChoice, amount=lambda choice: choice.lifetime_ms
)


def chosen(tx: Connection, people: Iterable[str]) -> dict[str, Chosen]:
    """Return what counts for each of these people."""
    return {
        who: Chosen(RetentionChoice.NOTHING, lost=True) if choice is None else Chosen(choice)
        for who, choice in CHOICES.chosen(tx, people).items()
    }


class Retention(AnswerTaker):
    """Takes the choice and keeps its history."""

    def choose(self, tx: Connection, actor: Actor, person_id: str, choice: RetentionChoice) -> RetentionChange:
        """Record a choice; the vault re-dates what is kept in the same transaction.

        Raises:
            NotFound: there is no such person.
            AccessDenied: it is somebody else's choice, or a child's, of whom nothing is kept.
        """
        self._database.serialize(tx, f"retention/{person_id}")
        require_answerer(tx, actor, person_id, None)
        if person_row(tx, person_id).age != Age.ADULT:
            raise AccessDenied("Nothing of a child is kept, so there is nothing to choose.")
        made = RetentionChange(new_id("choice", self._random), person_id, choice, self._clock.now_ms(), None)
        row = {"id": made.id, "person_id": person_id, "choice": str(choice), "at": made.at}
        CHOICES.replace(tx, self._bury, row | {"tombstone": self._random(TOMBSTONE_SIZE)}, choice)
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
