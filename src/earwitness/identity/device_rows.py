"""How a device stands: its mode, and who has agreed to it. What was buried in the log does not count."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select

from earwitness.kernel.errors import NotFound
from earwitness.storage.schema import device, device_agreement, person, tombstone


class DeviceMode(StrEnum):
    """Whose recordings a device makes; of guest and child devices nothing is kept."""

    PERSONAL = "personal"
    SHARED = "shared"
    GUEST = "guest"
    CHILD = "child"


def buried(column: ColumnElement[bytes]) -> ColumnElement[bool]:
    """Say in SQL that this tombstone is in the log: the row was ended, whatever else it says."""
    return select(tombstone.c.idx).where(tombstone.c.id == column).exists()


def standing_device() -> ColumnElement[bool]:
    """Say in SQL that a device was not removed and that its declared mode has not ended."""
    return device.c.removed_at.is_(None) & ~buried(device.c.tombstone)


def standing_agreement() -> ColumnElement[bool]:
    """Say in SQL that an agreement was not withdrawn."""
    return device_agreement.c.withdrawn_at.is_(None) & ~buried(device_agreement.c.tombstone)


def device_row(tx: Connection, device_id: str) -> Row[Any]:
    """Return the row of a device that stands.

    Raises:
        NotFound: there is none with this id, or it was removed.
    """
    row = tx.execute(select(device).where(device.c.id == device_id, standing_device())).first()
    if row is None:
        raise NotFound("There is no such device.", next_step="Pair it first.")
    return row


_AGREEMENTS = (
    select(device_agreement.c.device_id, device_agreement.c.person_id, device_agreement.c.agreed_at)
    .join(person, person.c.id == device_agreement.c.person_id)
    .where(
        device_agreement.c.device_id.in_(bindparam("devices", expanding=True)),
        standing_agreement(),
        person.c.erased_at.is_(None),
    )
)
_ADULTS = select(person.c.id, person.c.household_id).where(
    person.c.household_id.in_(bindparam("households", expanding=True)),
    person.c.age == "adult",
    person.c.erased_at.is_(None),
)


def agreements(tx: Connection, device_ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return, for each device, who has agreed to it and still does, with the moment (ms)."""
    found: dict[str, dict[str, int]] = {each: {} for each in device_ids}
    if found:
        for row in tx.execute(_AGREEMENTS, {"devices": list(found)}):
            found[row.device_id][row.person_id] = row.agreed_at
    return found


def agreed_people(tx: Connection, device_id: str) -> frozenset[str]:
    """Return who has agreed to this device and still does."""
    return frozenset(agreements(tx, [device_id])[device_id])


def living_adults(tx: Connection, households: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return, for each household, its adults who are not erased."""
    found: dict[str, set[str]] = {each: set() for each in households}
    if found:
        for row in tx.execute(_ADULTS, {"households": list(found)}):
            found[row.household_id].add(row.id)
    return {household: frozenset(people) for household, people in found.items()}
