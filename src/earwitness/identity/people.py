"""People: adults and children, owners and members. A child is never an owner.

Erasing a person is the vault's doing; here an erased person is a row with ``erased_at`` and no name.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pyrage
from sqlalchemy import Connection, Row, insert, select, update

from earwitness.identity.changes import TOMBSTONE_SIZE
from earwitness.identity.households import household_row
from earwitness.identity.names import clean_name, find_one
from earwitness.identity.sealing import Sealer, open_fields, seal_fields
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.kernel.ids import HouseholdId, RandomBytes, new_id
from earwitness.storage.database import Database
from earwitness.storage.schema import person


class Standing(StrEnum):
    """What a person is in the household: an owner manages it."""

    OWNER = "owner"
    MEMBER = "member"


class Age(StrEnum):
    """Of children nothing is kept."""

    ADULT = "adult"
    CHILD = "child"


@dataclass(frozen=True, slots=True)
class Person:
    """A person; ``name`` is None once they are erased, ``recipient`` is their age public key."""

    id: str
    household: str
    standing: Standing
    age: Age
    name: str | None
    recipient: str | None
    created_at: int
    erased_at: int | None = None

    @property
    def role(self) -> Role:
        """The role under which this person asks for things."""
        return Role.CHILD if self.age is Age.CHILD else Role(str(self.standing))

    def actor(self, second_factor_at: int | None = None) -> Actor:
        """Return this person as one who asks; authenticating them is the caller's duty."""
        return Actor(self.id, self.role, HouseholdId(self.household), second_factor_at)


class People:
    """The people of this installation."""

    def __init__(
        self, database: Database, sealer: Sealer, clock: Clock, random: RandomBytes = secrets.token_bytes
    ) -> None:
        """Names are sealed by ``sealer`` under the person as subject."""
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._random = random

    def add(
        self,
        household: str,
        name: str,
        standing: Standing = Standing.MEMBER,
        age: Age = Age.ADULT,
        *,
        recipient: str | None = None,
    ) -> Person:
        """Add a person, who has agreed to nothing yet; their keys are durable before their row.

        Raises:
            NotFound: there is no such household.
            BadInput: the name or the recipient is no good, or a child was to be an owner.
        """
        if age is Age.CHILD and standing is Standing.OWNER:
            raise BadInput("A child cannot be an owner.", next_step="Add the child as a member.")
        name, recipient = clean_name(name), recipient and valid_recipient(recipient)
        with self._database.read() as tx:
            household_row(tx, household)
        person_id = new_id("person", self._random)
        self._sealer.create_subject(person_id)
        row = {
            "id": person_id,
            "household_id": household,
            "role": str(standing),
            "age": str(age),
            "sealed": self._seal(person_id, name),
            "recipient": recipient,
            "created_at": self._clock.now_ms(),
            "tombstone": self._random(TOMBSTONE_SIZE),
        }
        with self._database.write() as tx:
            tx.execute(insert(person), [row])
        return self.get(person_id)

    def get(self, person_id: str) -> Person:
        """Return one person, erased or not.

        Raises:
            NotFound: there is none with this id.
        """
        with self._database.read() as tx:
            row = tx.execute(select(person).where(person.c.id == person_id)).first()
        if row is None:
            raise NotFound("There is no such person.", next_step="earwitness person list shows who is here.")
        return self._read(row)

    def list(self, household: str | None = None, *, erased: bool = False) -> Sequence[Person]:
        """Return the people of a household, or of all, oldest first; the erased only if asked for."""
        query = select(person).order_by(person.c.created_at, person.c.id)
        query = query if household is None else query.where(person.c.household_id == household)
        query = query if erased else query.where(person.c.erased_at.is_(None))
        with self._database.read() as tx:
            rows = tx.execute(query).all()
        return [self._read(row) for row in rows]

    def find(self, text: str, household: str | None = None) -> Person:
        """Find a person, not an erased one, by id or name: a household is small, so each name is opened.

        Raises:
            NotFound: there is none.
            BadInput: several have the name; their ids are listed.
        """
        return find_one(self.list(household), text, "person", lambda each: [each.name])

    def rename(self, person_id: str, name: str) -> Person:
        """Give a person another name.

        Raises:
            NotFound: there is none with this id, or they were erased.
            BadInput: the name is no good.
        """
        sealed = self._seal(person_id, clean_name(name)) if self._living(person_id) else b""
        return self._change(person_id, sealed=sealed)

    def set_recipient(self, person_id: str, recipient: str) -> Person:
        """Enrol the age public key to which this person's exports are encrypted.

        Raises:
            NotFound: there is none with this id, or they were erased.
            BadInput: it is no age recipient.
        """
        return self._change(person_id, recipient=valid_recipient(recipient))

    def set_standing(self, person_id: str, standing: Standing) -> Person:
        """Make a person an owner or a member.

        Raises:
            NotFound: there is none with this id, or they were erased.
            BadInput: a child cannot be an owner.
        """
        if self._living(person_id).age is Age.CHILD and standing is Standing.OWNER:
            raise BadInput("A child cannot be an owner.")
        return self._change(person_id, role=str(standing))

    def _living(self, person_id: str) -> Person:
        found = self.get(person_id)
        if found.erased_at is not None:
            raise NotFound("This person was erased.")
        return found

    def _change(self, person_id: str, **values: Any) -> Person:
        with self._database.write() as tx:
            person_row(tx, person_id)
            tx.execute(update(person).where(person.c.id == person_id).values(**values))
        return self.get(person_id)

    def _seal(self, person_id: str, name: str) -> bytes:
        return seal_fields(self._sealer, person_id, f"person/{person_id}", {"name": name})

    def _read(self, row: Row[Any]) -> Person:
        fields = open_fields(self._sealer, row.id, f"person/{row.id}", row.sealed)
        return Person(
            id=row.id,
            household=row.household_id,
            standing=Standing(row.role),
            age=Age(row.age),
            name=fields["name"] if fields else None,
            recipient=row.recipient,
            created_at=row.created_at,
            erased_at=row.erased_at,
        )


def person_row(tx: Connection, person_id: str) -> Row[Any]:
    """Return the row of a person who is not erased.

    Raises:
        NotFound: there is none with this id, or they were erased.
    """
    row = tx.execute(select(person).where(person.c.id == person_id, person.c.erased_at.is_(None))).first()
    if row is None:
        raise NotFound("There is no such person.", next_step="earwitness person list shows who is here.")
    return row


def valid_recipient(text: str) -> str:
    """Return the age recipient (``age1…``, X25519; age-encryption.org/v1) without spaces around it.

    Raises:
        BadInput: it is not one; the text is not repeated, for it may be a secret key given by mistake.
    """
    try:
        return str(pyrage.x25519.Recipient.from_str(text.strip()))
    except pyrage.RecipientError as error:
        raise BadInput(
            "That is not an age public key.", next_step="It begins with age1; age-keygen makes a pair."
        ) from error
