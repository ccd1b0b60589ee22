"""Households: who lives or works together. A ``canary`` household is the one the promises are tried on."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from earwitness.identity.changes import TOMBSTONE_SIZE
from earwitness.identity.names import clean_name, find_one
from earwitness.identity.sealing import Sealer, open_fields, seal_fields
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.storage.database import Database
from earwitness.storage.schema import household


class HouseholdKind(StrEnum):
    """What a household is; in a workplace nobody may be given another's recordings to hear."""

    HOME = "home"
    WORKPLACE = "workplace"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class Household:
    """A household; ``name`` is None once its key is gone."""

    id: str
    kind: HouseholdKind
    name: str | None
    created_at: int


class Households:
    """The households of this installation."""

    def __init__(
        self, database: Database, sealer: Sealer, clock: Clock, random: RandomBytes = secrets.token_bytes
    ) -> None:
        """Names are sealed by ``sealer`` under the household as subject."""
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._random = random

    def add(self, name: str, kind: HouseholdKind = HouseholdKind.HOME) -> Household:
        """Add a household; its keys are durable before its row.

        Raises:
            BadInput: the name is no good.
        """
        made = Household(new_id("household", self._random), kind, clean_name(name), self._clock.now_ms())
        self._sealer.create_subject(made.id)
        row = {
            "id": made.id,
            "kind": str(kind),
            "sealed": self._seal(made.id, clean_name(name)),
            "created_at": made.created_at,
            "tombstone": self._random(TOMBSTONE_SIZE),
        }
        with self._database.write() as tx:
            tx.execute(insert(household), [row])
        return made

    def get(self, household_id: str) -> Household:
        """Return one household.

        Raises:
            NotFound: there is none with this id.
        """
        with self._database.read() as tx:
            return self._read(household_row(tx, household_id))

    def list(self) -> Sequence[Household]:
        """Return all households, oldest first."""
        with self._database.read() as tx:
            rows = tx.execute(select(household).order_by(household.c.created_at, household.c.id)).all()
        return [self._read(row) for row in rows]

    def find(self, text: str) -> Household:
        """Find a household by its id or its name.

        Raises:
            NotFound: there is none.
            BadInput: several have the name; their ids are listed.
        """
        return find_one(self.list(), text, "household", lambda each: [each.name])

    def rename(self, household_id: str, name: str) -> Household:
        """Give a household another name.

        Raises:
            NotFound: there is none with this id.
            BadInput: the name is no good.
        """
        self.get(household_id)
        sealed = self._seal(household_id, clean_name(name))
        with self._database.write() as tx:
            tx.execute(update(household).where(household.c.id == household_id).values(sealed=sealed))
        return self.get(household_id)

    def _seal(self, household_id: str, name: str) -> bytes:
        return seal_fields(self._sealer, household_id, f"household/{household_id}", {"name": name})

    def _read(self, row: Row[Any]) -> Household:
        fields = open_fields(self._sealer, row.id, f"household/{row.id}", row.sealed)
        return Household(row.id, HouseholdKind(row.kind), fields["name"] if fields else None, row.created_at)


def household_row(tx: Connection, household_id: str) -> Row[Any]:
    """Return the household's row.

    Raises:
        NotFound: there is none with this id.
    """
    row = tx.execute(select(household).where(household.c.id == household_id)).first()
    if row is None:
        raise NotFound("There is no such household.", next_step="earwitness init makes the first.")
    return row
