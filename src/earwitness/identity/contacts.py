"""A person's contacts: whom they may write to, and the ways to say their names."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from earwitness.identity.names import clean_name, find_one, spoken_variants
from earwitness.identity.people import person_row
from earwitness.identity.sealing import Sealer, open_fields, seal_fields
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.storage.database import Database
from earwitness.storage.schema import contact

LONGEST_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact of one person; ``variants`` are the further ways to say the name, normalised."""

    id: str
    subject: str
    name: str
    variants: tuple[str, ...]
    address: str


class Contacts:
    """The contacts of the people here."""

    def __init__(self, database: Database, sealer: Sealer, random: RandomBytes = secrets.token_bytes) -> None:
        """All of a contact is sealed by ``sealer`` under its person as subject."""
        self._database = database
        self._sealer = sealer
        self._random = random

    def add(self, person: str, name: str, variants: Iterable[str] = (), address: str = "") -> Contact:
        """Add a contact of a person.

        Raises:
            NotFound: there is no such person.
            BadInput: the name, a variant or the address is no good.
        """
        with self._database.read() as tx:
            person_row(tx, person)
        name = clean_name(name)
        made = Contact(
            new_id("contact", self._random), person, name, spoken_variants(name, variants), _address(address)
        )
        with self._database.write() as tx:
            tx.execute(insert(contact), [{"id": made.id, "subject_id": person, "sealed": self._seal(made)}])
        return made

    def list(self, person: str) -> Sequence[Contact]:
        """Return the person's contacts in the order of their ids; none once the person's key is gone."""
        with self._database.read() as tx:
            rows = tx.execute(select(contact).where(contact.c.subject_id == person).order_by(contact.c.id)).all()
        return [each for row in rows if (each := self._read(row))]

    def get(self, contact_id: str) -> Contact:
        """Return one contact.

        Raises:
            NotFound: there is none with this id.
        """
        with self._database.read() as tx:
            row = tx.execute(select(contact).where(contact.c.id == contact_id)).first()
        found = self._read(row) if row is not None else None
        if found is None:
            raise NotFound("There is no such contact.")
        return found

    def find(self, person: str, text: str) -> Contact:
        """Find a contact of the person by its id or any way to say its name.

        Raises:
            NotFound: there is none.
            BadInput: several are called that; their ids are listed.
        """
        return find_one(self.list(person), text, "contact", lambda each: (each.name, *each.variants))

    def rename(self, contact_id: str, name: str, variants: Iterable[str] | None = None) -> Contact:
        """Give a contact another name, and other variants if given.

        Raises:
            NotFound: there is none with this id.
            BadInput: the name or a variant is no good.
        """
        old, name = self.get(contact_id), clean_name(name)
        said = spoken_variants(name, old.variants if variants is None else variants)
        made = replace(old, name=name, variants=said)
        with self._database.write() as tx:
            tx.execute(update(contact).where(contact.c.id == contact_id).values(sealed=self._seal(made)))
        return made

    def remove(self, contact_id: str) -> None:
        """Remove a contact.

        Raises:
            NotFound: there is none with this id.
        """
        self.get(contact_id)
        with self._database.write() as tx:
            tx.execute(delete(contact).where(contact.c.id == contact_id))

    def _seal(self, made: Contact) -> bytes:
        fields = {"name": made.name, "variants": list(made.variants), "address": made.address}
        return seal_fields(self._sealer, made.subject, f"contact/{made.id}", fields)

    def _read(self, row: Row[Any]) -> Contact | None:
        fields = open_fields(self._sealer, row.subject_id, f"contact/{row.id}", row.sealed)
        if fields is None:
            return None
        return Contact(row.id, row.subject_id, fields["name"], tuple(fields["variants"]), fields["address"])


def _address(text: str) -> str:
    cleaned = text.strip()
    if len(cleaned) > LONGEST_ADDRESS or not cleaned.isprintable():
        raise BadInput("The address is too long or holds control characters.", next_step="Give a plain address.")
    return cleaned
