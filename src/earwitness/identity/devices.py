"""Devices and their declared mode, which decides whose a recording is and whether any is kept.

personal: one adult's, who confirms it; before that nothing is kept. shared: the household's; nothing is
kept until every adult agreed to this device, and again nothing when another adult joins, until they
agree too. guest, child: nothing is kept.

A mode that ends, a device that is removed and an agreement that is withdrawn are buried in the log,
so that a restored backup does not bring them back.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from earwitness.identity.agreements import end_agreements
from earwitness.identity.changes import TOMBSTONE_SIZE, Bury
from earwitness.identity.device_rows import DeviceMode, agreed_people, device_row, standing_device
from earwitness.identity.households import household_row
from earwitness.identity.names import clean_name, find_one
from earwitness.identity.people import Age, person_row
from earwitness.identity.sealing import Sealer, open_fields, seal_fields
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.storage.database import Database
from earwitness.storage.schema import device


@dataclass(frozen=True, slots=True)
class Device:
    """A device that is here; ``label`` is None once the household's key is gone."""

    id: str
    household: str
    mode: DeviceMode
    person: str | None
    label: str | None
    confirmed_at: int | None
    agreed: tuple[str, ...]
    created_at: int


class Devices:
    """The devices of this installation."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        clock: Clock,
        bury: Bury,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Labels are sealed under the household; a declared mode that ends goes to ``bury``."""
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._bury = bury
        self._random = random

    def add(self, household: str, label: str, mode: DeviceMode, person: str | None = None) -> Device:
        """Add a device; a personal one names its adult, who has still to confirm.

        Raises:
            NotFound: no such household or person.
            BadInput: the label is no good, or mode and person do not fit.
        """
        device_id, label = new_id("device", self._random), clean_name(label, what="label")
        with self._database.read() as tx:
            household_row(tx, household)
        sealed = seal_fields(self._sealer, household, f"device/{device_id}", {"label": label})
        row = {"id": device_id, "household_id": household, "sealed": sealed, "created_at": self._clock.now_ms()}
        with self._database.write() as tx:
            tx.execute(insert(device), [row | self._declared(tx, household, mode, person)])
        return self.get(device_id)

    def get(self, device_id: str) -> Device:
        """Return one device.

        Raises:
            NotFound: there is none with this id, or it was removed.
        """
        with self._database.read() as tx:
            return self._read(tx, device_row(tx, device_id))

    def list(self, household: str) -> Sequence[Device]:
        """Return the household's devices, oldest first."""
        query = select(device).where(device.c.household_id == household, standing_device())
        with self._database.read() as tx:
            rows = tx.execute(query.order_by(device.c.created_at, device.c.id)).all()
            return [self._read(tx, row) for row in rows]

    def find(self, household: str, text: str) -> Device:
        """Find a device of the household by id or label.

        Raises:
            NotFound: there is none.
            BadInput: several have the label; their ids are listed.
        """
        return find_one(self.list(household), text, "device", lambda each: [each.label])

    def rename(self, device_id: str, label: str) -> Device:
        """Give a device another label.

        Raises:
            NotFound: there is none with this id.
            BadInput: the label is no good.
        """
        fields = {"label": clean_name(label, what="label")}
        sealed = seal_fields(self._sealer, self.get(device_id).household, f"device/{device_id}", fields)
        with self._database.write() as tx:
            tx.execute(update(device).where(device.c.id == device_id).values(sealed=sealed))
        return self.get(device_id)

    def change_mode(self, device_id: str, mode: DeviceMode, person: str | None = None) -> Device:
        """Declare another mode: every earlier confirmation ends, and so do agreements if it is shared anew.

        Agreements to a shared mode that ends are left: who had agreed may still hear what it had kept.

        Raises:
            NotFound: no such device or person.
            BadInput: mode and person do not fit.
        """
        with self._database.write() as tx:
            self._database.serialize(tx, f"device/{device_id}")
            row = device_row(tx, device_id)
            values = self._declared(tx, row.household_id, mode, person)
            self._bury(tx, [row.tombstone])
            if mode is DeviceMode.SHARED:
                end_agreements(tx, device_id, self._bury, self._clock.now_ms())
            tx.execute(update(device).where(device.c.id == device_id).values(**values))
        return self.get(device_id)

    def remove(self, device_id: str) -> None:
        """Remove a device: it keeps nothing more. What it kept stays until it expires or is erased.

        Raises:
            NotFound: there is none with this id.
        """
        with self._database.write() as tx:
            self._database.serialize(tx, f"device/{device_id}")
            row = device_row(tx, device_id)
            self._bury(tx, [row.tombstone])
            tx.execute(update(device).where(device.c.id == device_id).values(removed_at=self._clock.now_ms()))

    def _declared(self, tx: Connection, household: str, mode: DeviceMode, person: str | None) -> dict[str, Any]:
        if (mode is DeviceMode.PERSONAL) != (person is not None):
            raise BadInput("A personal device names its one adult, and no other does.")
        if person is not None:
            row = person_row(tx, person)
            if row.household_id != household or row.age != Age.ADULT:
                raise BadInput("A personal device belongs to an adult of its household.")
        fresh = self._random(TOMBSTONE_SIZE)
        return {"mode": str(mode), "person_id": person, "confirmed_at": None, "tombstone": fresh}

    def _read(self, tx: Connection, row: Row[Any]) -> Device:
        fields = open_fields(self._sealer, row.household_id, f"device/{row.id}", row.sealed)
        return Device(
            id=row.id,
            household=row.household_id,
            mode=DeviceMode(row.mode),
            person=row.person_id,
            label=fields["label"] if fields else None,
            confirmed_at=row.confirmed_at,
            agreed=tuple(sorted(agreed_people(tx, row.id))),
            created_at=row.created_at,
        )
