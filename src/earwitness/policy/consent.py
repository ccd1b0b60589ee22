"""Consent per person and purpose, with its whole history: every change is a new row.

Nothing is consented to by default. An adult answers alone; for a child an adult owner of the household
answers, about assist and history only. ``toward`` lets one adult of the same home hear the person's
recordings; in a workplace nobody can be given that, for such a yes would not be free.

The caller brings the write transaction. In it the answer that ends is buried in the log (so that a
restored backup does not bring it back) and the change is recorded in the person's own log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from earwitness.identity.changes import TOMBSTONE_SIZE, AnswerTaker, Change, ChangeRecord
from earwitness.identity.device_rows import buried
from earwitness.identity.households import HouseholdKind, household_row
from earwitness.identity.people import Age, Standing, person_row
from earwitness.kernel.actors import Actor
from earwitness.kernel.errors import AccessDenied, BadInput, NotFound
from earwitness.kernel.ids import new_id
from earwitness.policy.answers import Answer, standing_answers
from earwitness.policy.purposes import NEVER_OF_A_CHILD, Purpose
from earwitness.storage.schema import consent

__all__ = ["ChangeRecord", "ConsentChange", "Consents", "require_answerer"]


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """One row of the history; ``ended_at`` is None while it stands. Moments in ms since the epoch."""

    id: str
    person: str
    purpose: Purpose
    toward: str | None
    given: bool
    at: int
    by: str
    ended_at: int | None


class Consents(AnswerTaker):
    """Takes answers, takes them back, and tells what stands."""

    def record(
        self, tx: Connection, actor: Actor, person: str, purpose: Purpose, toward: str | None = None
    ) -> ConsentChange:
        """Record a yes; one that stands already is returned as it is.

        Raises:
            NotFound: there is no such person.
            AccessDenied: the actor cannot answer for this person.
            BadInput: ``toward`` does not fit.
        """
        return self._answer(tx, actor, person, Answer(purpose, toward), given=True)

    def withdraw(
        self, tx: Connection, actor: Actor, person: str, purpose: Purpose, toward: str | None = None
    ) -> ConsentChange:
        """Record a no; a yes that stood ends now, for every read that follows.

        Raises:
            NotFound: there is no such person.
            AccessDenied: the actor cannot answer for this person.
        """
        return self._answer(tx, actor, person, Answer(purpose, toward), given=False)

    def current(self, tx: Connection, person: str) -> frozenset[Answer]:
        """Return what the person has said yes to and still stands."""
        return standing_answers(tx, [person])[person]

    def is_given(self, tx: Connection, person: str, purpose: Purpose, toward: str | None = None) -> bool:
        """Say whether a yes to exactly this stands."""
        return Answer(purpose, toward) in self.current(tx, person)

    def history(self, tx: Connection, person: str) -> Sequence[ConsentChange]:
        """Return every answer the person ever gave, oldest first."""
        query = select(consent).where(consent.c.person_id == person).order_by(consent.c.at, consent.c.id)
        return [_read(row) for row in tx.execute(query)]

    def _answer(self, tx: Connection, actor: Actor, person: str, answer: Answer, *, given: bool) -> ConsentChange:
        self._database.serialize(tx, f"consent/{person}")
        require_answerer(tx, actor, person, answer.purpose if given else None)
        if given and answer.toward is not None:
            _require_hearer(tx, person, answer)
        standing = self._standing(tx, person, answer)
        if standing is not None and standing.given == given:
            return _read(standing)
        self._end(tx, person, answer)
        made = self._write(tx, actor, person, answer, given=given)
        what = Change.CONSENT_GIVEN if given else Change.CONSENT_WITHDRAWN
        self._record_change(tx, ChangeRecord(person, actor, what, _in_words(answer), made.at))
        return made

    @staticmethod
    def _standing(tx: Connection, person: str, answer: Answer) -> Row[Any] | None:
        return tx.execute(select(consent).where(_unended(person, answer), ~buried(consent.c.tombstone))).first()

    def _end(self, tx: Connection, person: str, answer: Answer) -> None:
        rows = tx.execute(
            select(consent.c.tombstone).where(_unended(person, answer), ~buried(consent.c.tombstone))
        ).all()
        if rows:
            self._bury(tx, [row.tombstone for row in rows])
        tx.execute(update(consent).where(_unended(person, answer)).values(ended_at=self._clock.now_ms()))

    def _write(self, tx: Connection, actor: Actor, person: str, answer: Answer, *, given: bool) -> ConsentChange:
        row = {
            "id": new_id("consent", self._random),
            "person_id": person,
            "purpose": str(answer.purpose),
            "toward": answer.toward,
            "given": given,
            "at": self._clock.now_ms(),
            "by": actor.id,
            "tombstone": self._random(TOMBSTONE_SIZE),
        }
        tx.execute(insert(consent), [row])
        return _read(tx.execute(select(consent).where(consent.c.id == row["id"])).one())


def require_answerer(tx: Connection, actor: Actor, person: str, purpose: Purpose | None) -> None:
    """Let only the adult themself answer, or an adult owner for a child; ``purpose`` None for a no.

    Raises:
        NotFound: there is no such person.
        AccessDenied: the actor cannot answer this for this person.
    """
    subject = person_row(tx, person)
    if subject.age == Age.ADULT:
        if actor.id != person:
            raise AccessDenied("An adult answers for themself alone.", next_step="Ask them to answer.")
        return
    try:
        parent = person_row(tx, actor.id)
    except NotFound as error:
        raise AccessDenied("For a child an adult owner of the household answers.") from error
    owns = parent.age == Age.ADULT and parent.role == Standing.OWNER and parent.household_id == subject.household_id
    if not owns:
        raise AccessDenied("For a child an adult owner of the household answers.")
    if purpose in NEVER_OF_A_CHILD:
        raise AccessDenied(f"Nobody can say yes to {purpose} for a child.")


def _require_hearer(tx: Connection, person: str, answer: Answer) -> None:
    if answer.purpose is not Purpose.HISTORY:
        raise BadInput("Only the history can be opened to a named person.")
    speaker, hearer = person_row(tx, person), person_row(tx, str(answer.toward))
    if speaker.age != Age.ADULT:
        raise AccessDenied("Nobody can open a child's recordings to somebody else.")
    if hearer.id == speaker.id or hearer.age != Age.ADULT or hearer.household_id != speaker.household_id:
        raise BadInput("The history can be opened to another adult of the same household only.")
    if household_row(tx, speaker.household_id).kind == HouseholdKind.WORKPLACE:
        raise BadInput("In a workplace nobody can be given another's recordings to hear.")


def _unended(person: str, answer: Answer) -> Any:
    same = (consent.c.person_id == person) & (consent.c.purpose == str(answer.purpose))
    toward = consent.c.toward.is_(None) if answer.toward is None else consent.c.toward == answer.toward
    return same & toward & consent.c.ended_at.is_(None)


def _in_words(answer: Answer) -> str:
    return str(answer.purpose) if answer.toward is None else f"{answer.purpose} toward {answer.toward}"


def _read(row: Row[Any]) -> ConsentChange:
    return ConsentChange(
        row.id, row.person_id, Purpose(row.purpose), row.toward, row.given, row.at, row.by, row.ended_at
    )
