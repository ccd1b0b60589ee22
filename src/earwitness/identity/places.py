"""Places a household names ("home", "the office"), with the ways to say them."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from earwitness.identity.households import household_row
from earwitness.identity.names import clean_name, find_one, spoken_variants
from earwitness.identity.sealing import Sealer, open_fields, seal_fields
from earwitness.kernel.errors import NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.storage.database import Database
from earwitness.storage.schema import place


@dataclass(frozen=True, slots=True)
class Place:
    """A place; ``variants`` are the further ways to say it, normalised."""

    id: str
    household: str
    name: str
    variants: tuple[str, ...]


class Places:
    """The households' places."""

    def __init__(self, database: Database, sealer: Sealer, random: RandomBytes = secrets.token_bytes) -> None:
        """Names are sealed by ``sealer`` under the household as subject."""
        self._database = database
        self._sealer = sealer
        self._random = random

    def add(self, household: str, name: str, variants: Iterable[str] = ()) -> Place:
        """Add a place.

        Raises:
            NotFound: there is no such household.
            BadInput: the name or a variant is no good.
        """
        with self._database.read() as tx:
            household_row(tx, household)
        name = clean_name(name)
        made = Place(new_id("place", self._random), household, name, spoken_variants(name, variants))
        row = {"id": made.id, "household_id": household, "sealed": self._seal(made)}
        with self._database.write() as tx:
            tx.execute(insert(place), [row])
        return made

    def list(self, household: str) -> Sequence[Place]:
        """Return the household's places in the order of their ids; none once its key is gone."""
        with self._database.read() as tx:
            rows = tx.execute(select(place).where(place.c.household_id == household).order_by(place.c.id)).all()
        return [each for row in rows if (each := self._read(row))]

    def get(self, place_id: str) -> Place:
        """Return one place.

        Raises:
            NotFound: there is none with this id.
        """
        with self._database.read() as tx:
            row = tx.execute(select(place).where(place.c.id == place_id)).first()
        found = self._read(row) if row is not None else None
        if found is None:
            raise NotFound("There is no such place.")
        return found

    def find(self, household: str, text: str) -> Place:
        """Find a place of the household by its id or any way to say it.

        Raises:
            NotFound: there is none.
            BadInput: several are called that; their ids are listed.
        """
        return find_one(self.list(household), text, "place", lambda each: (each.name, *each.variants))

    def rename(self, place_id: str, name: str, variants: Iterable[str] | None = None) -> Place:
        """Give a place another name, and other variants if given.

        Raises:
            NotFound: there is none with this id.
            BadInput: the name or a variant is no good.
        """
        old, name = self.get(place_id), clean_name(name)
        said = spoken_variants(name, old.variants if variants is None else variants)
        made = Place(old.id, old.household, name, said)
        with self._database.write() as tx:
            tx.execute(update(place).where(place.c.id == place_id).values(sealed=self._seal(made)))
        return made

    def remove(self, place_id: str) -> None:
        """Remove a place.

        Raises:
            NotFound: there is none with this id.
        """
        self.get(place_id)
        with self._database.write() as tx:
            tx.execute(delete(place).where(place.c.id == place_id))

    def _seal(self, made: Place) -> bytes:
        fields = {"name": made.name, "variants": list(made.variants)}
        return seal_fields(self._sealer, made.household, f"place/{made.id}", fields)

    def _read(self, row: Row[Any]) -> Place | None:
        fields = open_fields(self._sealer, row.household_id, f"place/{row.id}", row.sealed)
        return Place(row.id, row.household_id, fields["name"], tuple(fields["variants"])) if fields else None
