"""What is known of a device: what it said of itself when it was here last, and what its household chose for it.

A device's report is its own word: it is shown as such, and decides nothing. The names of a room and of a
microphone may be somebody's ("Ana's headset"), so they are sealed as the device's label is.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, insert, select, update

from earwitness.identity.device_rows import device_row
from earwitness.identity.names import clean_name
from earwitness.identity.sealing import Sealer, open_fields, seal_fields
from earwitness.kernel.clock import Clock
from earwitness.protocol.device.bounds import PROGRAM
from earwitness.protocol.device.messages import Listens
from earwitness.storage.database import Database
from earwitness.storage.schema.devices import device_choice, device_report

LEAVE: Final = object()
_NUMBERS = re.compile(r"\d{1,6}(?:\.\d{1,6}){0,3}")


@dataclass(frozen=True, slots=True)
class Report:
    """What a device said of itself; ``seen_at`` is in ms, and 0 in one that is about to be noted."""

    program: str
    version: str
    listens: Listens
    radios: tuple[str, ...] = ()
    wake_words: tuple[str, ...] = ()
    muted: bool = False
    microphone: str | None = None
    seen_at: int = 0

    def older_than(self, version: str) -> bool | None:
        """Say whether it runs an older Earwitness than ``version``; None if that cannot be told."""
        mine, other = _numbers(self.version), _numbers(version)
        return mine < other if self.program == PROGRAM and mine and other else None


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for a device: its wake word, and the room it stands in as the home calls it."""

    wake_word: str | None = None
    area: str | None = None


class DeviceFacts:
    """Reports and choices. Safe from many threads."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        """Names are sealed under the device's household."""
        self._database = database
        self._sealer = sealer
        self._clock = clock

    def note(self, device_id: str, report: Report) -> None:
        """Write down what a device says of itself now.

        Raises:
            NotFound: there is no such device.
        """
        sealed = self._seal(device_id, device_report, {"microphone": report.microphone})
        values = {
            "program": report.program,
            "version": report.version,
            "listens": str(report.listens),
            "radios": json.dumps(report.radios),
            "wake_words": json.dumps(report.wake_words),
            "muted": report.muted,
            "sealed": sealed,
            "seen_at": self._clock.now_ms(),
        }
        with self._database.write() as tx:
            self._put(tx, device_report, device_id, values)

    def saw(self, device_id: str, *, muted: bool | None = None) -> None:
        """Write down that a device is here, and whether it is muted if that is told."""
        values: dict[str, Any] = {"seen_at": self._clock.now_ms()}
        if muted is not None:
            values["muted"] = muted
        with self._database.write() as tx:
            tx.execute(update(device_report).where(device_report.c.device_id == device_id).values(**values))

    def choose(self, device_id: str, *, wake_word: Any = LEAVE, area: Any = LEAVE) -> Choice:
        """Choose a wake word or a room, None to have none; what is left out stays.

        Raises:
            NotFound: there is no such device.
            BadInput: a name that is no good.
        """
        chosen = self.chosen(device_id)
        if area is not LEAVE:
            chosen = replace(chosen, area=None if area is None else clean_name(area, what="room"))
        if wake_word is not LEAVE:
            word = None if wake_word is None else clean_name(wake_word, what="wake word").lower()
            chosen = replace(chosen, wake_word=word)
        sealed = self._seal(device_id, device_choice, {"area": chosen.area})
        with self._database.write() as tx:
            self._put(tx, device_choice, device_id, {"wake_word": chosen.wake_word, "sealed": sealed})
        return chosen

    def report(self, device_id: str) -> Report | None:
        """Return what a device said of itself; None if it was never here."""
        row, fields = self._get(device_id, device_report)
        if row is None:
            return None
        return Report(
            program=row.program,
            version=row.version,
            listens=Listens(row.listens),
            radios=tuple(json.loads(row.radios)),
            wake_words=tuple(json.loads(row.wake_words)),
            muted=row.muted,
            microphone=fields.get("microphone"),
            seen_at=row.seen_at,
        )

    def chosen(self, device_id: str) -> Choice:
        """Return what was chosen for a device."""
        row, fields = self._get(device_id, device_choice)
        return Choice(row.wake_word, fields.get("area")) if row is not None else Choice()

    def _get(self, device_id: str, table: Table) -> tuple[Row[Any] | None, dict[str, Any]]:
        with self._database.read() as tx:
            household = device_row(tx, device_id).household_id
            row = tx.execute(select(table).where(table.c.device_id == device_id)).first()
        if row is None:
            return None, {}
        return row, open_fields(self._sealer, household, _label(table, device_id), row.sealed) or {}

    def _seal(self, device_id: str, table: Table, fields: dict[str, Any]) -> bytes:
        with self._database.read() as tx:
            household = device_row(tx, device_id).household_id
        return seal_fields(self._sealer, household, _label(table, device_id), fields)

    def _put(self, tx: Connection, table: Table, device_id: str, values: dict[str, Any]) -> None:
        self._database.serialize(tx, f"device/{device_id}")
        device_row(tx, device_id)
        changed = tx.execute(update(table).where(table.c.device_id == device_id).values(**values))
        if not changed.rowcount:
            tx.execute(insert(table), [{"device_id": device_id, **values}])


def _label(table: Table, device_id: str) -> str:
    return f"{table.name}/{device_id}"


def _numbers(version: str) -> tuple[int, ...] | None:
    match = _NUMBERS.match(version)
    return tuple(int(part) for part in match[0].split(".")) if match else None
