"""The answers that stand: who has said yes to what, and not taken it back.

An answer whose tombstone is in the log has ended whatever its row says: that is how a restored backup
is kept from bringing it back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from earwitness.identity.device_rows import buried
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema import consent, person


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes to a purpose; with ``toward``, to being heard by that one adult (purpose history only)."""

    purpose: Purpose
    toward: str | None = None


_STANDING = (
    select(consent.c.person_id, consent.c.purpose, consent.c.toward)
    .join(person, person.c.id == consent.c.person_id)
    .where(
        consent.c.person_id.in_(bindparam("people", expanding=True)),
        consent.c.given.is_(True),
        consent.c.ended_at.is_(None),
        ~buried(consent.c.tombstone),
        person.c.erased_at.is_(None),
    )
)


def standing_answers(tx: Connection, people: Iterable[str]) -> dict[str, frozenset[Answer]]:
    """Return what each of these people has said yes to and still stands; nothing for the erased."""
    found: dict[str, set[Answer]] = {each: set() for each in people}
    if found:
        for row in tx.execute(_STANDING, {"people": list(found)}):
            found[row.person_id].add(Answer(Purpose(row.purpose), row.toward))
    return {each: frozenset(answers) for each, answers in found.items()}


def purposes_of(answers: Iterable[Answer]) -> frozenset[Purpose]:
    """Return the purposes that were said yes to in general, not just towards one person."""
    return frozenset(each.purpose for each in answers if each.toward is None)


def hearers_of(answers: Iterable[Answer]) -> frozenset[str]:
    """Return the people who were allowed by name to hear."""
    return frozenset(each.toward for each in answers if each.toward is not None)
