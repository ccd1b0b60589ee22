"""The yes to a device: the one adult of a personal device confirms it, every adult agrees to a shared one.

Each yes and its end is recorded in the log of who gave it; an end is buried as well, so that a
restored backup does not bring the yes back.
"""

from typing import Any

from sqlalchemy import Connection, insert, select, update

from earwitness.identity.changes import TOMBSTONE_SIZE, AnswerTaker, Bury, Change, ChangeRecord
from earwitness.identity.device_rows import DeviceMode, agreed_people, buried, device_row
from earwitness.identity.people import Age, person_row
from earwitness.kernel.actors import Actor
from earwitness.kernel.errors import AccessDenied, BadInput, NotFound
from earwitness.storage.schema import device, device_agreement


class Agreements(AnswerTaker):
    """Takes people's yes to devices, and takes it back."""

    def confirm(self, actor: Actor, device_id: str) -> None:
        """Confirm, as its one adult, that a device is personal to oneself. Saying it twice is once.

        Raises:
            NotFound: there is no such device.
            BadInput: the device is not personal.
            AccessDenied: it is somebody else's.
        """
        with self._database.write() as tx:
            self._database.serialize(tx, f"device/{device_id}")
            row = device_row(tx, device_id)
            if row.mode != DeviceMode.PERSONAL:
                raise BadInput(
                    "Only a personal device is confirmed.", next_step="A shared one needs every adult's yes."
                )
            if actor.id != row.person_id:
                raise AccessDenied("Only the adult whose device it is can confirm it.")
            person_row(tx, row.person_id)
            if row.confirmed_at is None:
                tx.execute(update(device).where(device.c.id == device_id).values(confirmed_at=self._clock.now_ms()))
                self._tell(tx, actor, Change.DEVICE_CONFIRMED, device_id)

    def agree(self, actor: Actor, device_id: str) -> None:
        """Agree, as an adult of the household, that a shared device keeps recordings.

        Raises:
            NotFound: there is no such device.
            BadInput: the device is not shared.
            AccessDenied: the actor is no adult of its household.
        """
        with self._database.write() as tx:
            self._require_adult(tx, actor, device_id)
            if actor.id not in agreed_people(tx, device_id):
                end_agreements(tx, device_id, self._bury, self._clock.now_ms(), actor.id)
                self._write(tx, device_id, actor.id)
                self._tell(tx, actor, Change.DEVICE_AGREED, device_id)

    def withdraw(self, actor: Actor, device_id: str) -> None:
        """Take one's yes back: the device keeps nothing more, and what it kept is closed to the actor.

        Raises:
            NotFound: there is no such device.
            BadInput: the device is not shared.
            AccessDenied: the actor is no adult of its household.
        """
        with self._database.write() as tx:
            self._require_adult(tx, actor, device_id)
            if actor.id in agreed_people(tx, device_id):
                end_agreements(tx, device_id, self._bury, self._clock.now_ms(), actor.id)
                self._tell(tx, actor, Change.AGREEMENT_WITHDRAWN, device_id)

    def _require_adult(self, tx: Connection, actor: Actor, device_id: str) -> None:
        self._database.serialize(tx, f"device/{device_id}")
        row = device_row(tx, device_id)
        if row.mode != DeviceMode.SHARED:
            raise BadInput("Only a shared device is agreed to.", next_step="A personal one is confirmed.")
        try:
            who = person_row(tx, actor.id)
        except NotFound as error:
            raise AccessDenied("Only an adult of the household can agree.") from error
        if who.household_id != row.household_id or who.age != Age.ADULT:
            raise AccessDenied("Only an adult of the household can agree.")

    def _write(self, tx: Connection, device_id: str, person_id: str) -> None:
        place = (device_agreement.c.device_id == device_id) & (device_agreement.c.person_id == person_id)
        values: dict[str, Any] = {
            "agreed_at": self._clock.now_ms(),
            "withdrawn_at": None,
            "tombstone": self._random(TOMBSTONE_SIZE),
        }
        if tx.execute(update(device_agreement).where(place).values(**values)).rowcount == 0:
            tx.execute(insert(device_agreement), [{"device_id": device_id, "person_id": person_id, **values}])

    def _tell(self, tx: Connection, actor: Actor, what: Change, device_id: str) -> None:
        self._record_change(tx, ChangeRecord(actor.id, actor, what, device_id, self._clock.now_ms()))


def end_agreements(tx: Connection, device_id: str, bury: Bury, now: int, person_id: str | None = None) -> None:
    """End the standing agreements to a device, one person's or all, and bury them."""
    place = (device_agreement.c.device_id == device_id) & device_agreement.c.withdrawn_at.is_(None)
    if person_id is not None:
        place &= device_agreement.c.person_id == person_id
    rows = tx.execute(select(device_agreement.c.tombstone).where(place, ~buried(device_agreement.c.tombstone))).all()
    if rows:
        bury(tx, [row.tombstone for row in rows])
    tx.execute(update(device_agreement).where(place).values(withdrawn_at=now))
