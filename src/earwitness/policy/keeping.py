"""May this recording be kept, and for how long? Decided from the database alone, inside the caller's transaction.

In this order: a device that is not here keeps nothing; a guest's or a child's device keeps nothing; a
personal device keeps for its adult once that adult confirmed it and said yes to assist and history;
a shared device keeps for the household once every adult agreed to it and said yes to both, as long
as the shortest of their choices. Without a device (a file given by hand) it is as on a personal one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from earwitness.identity.device_rows import DeviceMode, agreed_people, living_adults, standing_device
from earwitness.policy.answers import purposes_of, standing_answers
from earwitness.policy.purposes import NEEDED_TO_KEEP
from earwitness.policy.retention import Chosen, RetentionChoice, chosen
from earwitness.storage.schema import device, person


@dataclass(frozen=True, slots=True)
class KeepDecision:
    """Whose the recording is and whether it is kept.

    ``subject`` and ``household`` are empty where nobody's; ``lifetime_ms`` is 0 if it is not kept.
    ``reason`` goes on after "Kept:" or "Not kept:", and has no full stop.
    """

    subject: str
    household: str
    keep: bool
    lifetime_ms: int
    reason: str


def may_keep(tx: Connection, device_id: str | None, person_id: str | None) -> KeepDecision:
    """Decide for what one device heard, or for what one person gives by hand."""
    if device_id is None:
        return _for_person(tx, person_id, "given by hand") if person_id else _no("", "", "nobody said whose it is")
    row = tx.execute(select(device).where(device.c.id == device_id, standing_device())).first()
    if row is None:
        return _no("", "", "the device is not known here, or its mode has ended")
    match DeviceMode(row.mode):
        case DeviceMode.PERSONAL:
            return _on_personal(tx, row, person_id)
        case DeviceMode.SHARED:
            return _on_shared(tx, row)
        case DeviceMode.GUEST | DeviceMode.CHILD:
            return _no("", row.household_id, f"of a {row.mode} device nothing is kept")


def _on_personal(tx: Connection, row: Row[Any], person_id: str | None) -> KeepDecision:
    if row.confirmed_at is None:
        return _no(row.person_id, row.household_id, "the device's adult has not confirmed that it is theirs")
    if person_id not in {None, row.person_id}:
        return _no(row.person_id, row.household_id, "the device is personal to somebody else")
    return _for_person(tx, row.person_id, "the device is personal")


def _for_person(tx: Connection, person_id: str, because: str) -> KeepDecision:
    row = tx.execute(select(person).where(person.c.id == person_id, person.c.erased_at.is_(None))).first()
    if row is None:
        return _no("", "", "the person is not known here")
    if row.age != "adult":
        return _no(row.id, row.household_id, "of a child nothing is kept")
    if no := _missing(tx, [person_id]):
        return _no(row.id, row.household_id, no)
    shortest = _shortest(chosen(tx, [person_id]).values())
    return _within(row.id, row.household_id, shortest, f"{because}, and its adult said yes")


def _on_shared(tx: Connection, row: Row[Any]) -> KeepDecision:
    adults = living_adults(tx, [row.household_id])[row.household_id]
    silent = adults - agreed_people(tx, row.id)
    if silent or not adults:
        return _no(row.household_id, row.household_id, f"{len(silent)} adult(s) have not agreed to this shared device")
    if no := _missing(tx, adults):
        return _no(row.household_id, row.household_id, no)
    shortest = _shortest(chosen(tx, adults).values())
    return _within(row.household_id, row.household_id, shortest, "the device is shared, and every adult agreed")


def _missing(tx: Connection, people: Iterable[str]) -> str:
    """Say which purposes somebody has not said yes to; empty if none."""
    answers = standing_answers(tx, people).values()
    missing = {purpose for each in answers for purpose in NEEDED_TO_KEEP - purposes_of(each)}
    return f"no yes to {' and '.join(sorted(missing))}" if missing else ""


def _shortest(choices: Iterable[Chosen]) -> Chosen:
    return min(choices, key=lambda each: (each.choice.lifetime_ms, not each.lost))


def _within(subject: str, household: str, shortest: Chosen, because: str) -> KeepDecision:
    if shortest.lost:
        return _no(subject, household, "a restore lost how long to keep; it has to be chosen again")
    if shortest.choice is RetentionChoice.NOTHING:
        return _no(subject, household, "the choice is to keep nothing")
    until = shortest.choice.in_words
    duration = until if shortest.choice is RetentionChoice.UNTIL_DELETED else f"for {until}"
    return KeepDecision(subject, household, True, shortest.choice.lifetime_ms, f"{because}; {duration}")


def _no(subject: str, household: str, reason: str) -> KeepDecision:
    return KeepDecision(subject, household, False, 0, reason)
