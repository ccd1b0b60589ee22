"""Timers in the database: a row each until it is over. Name and message are sealed for their subject.

Every change names the state it starts from, so that two programs that see the same timer end it once.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update

from earwitness.identity.sealing import Sealer, open_fields, seal_fields
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.skills.timers.model import Kind, State, Timer
from earwitness.storage.database import Database
from earwitness.storage.schema.voice import timer

MOST = 100  # of one household; more is a fault or a prank


class Timers:
    """The timers of all households; safe from many threads."""

    def __init__(self, database: Database, sealer: Sealer, random: RandomBytes = secrets.token_bytes) -> None:
        """Seal names with ``sealer``."""
        self._database = database
        self._sealer = sealer
        self._random = random

    def add(self, wanted: Timer) -> Timer:
        """Keep a timer; its id is given here. Durable when it returns."""
        made = replace(wanted, id=new_id("timer", self._random))
        with self._database.write() as tx:
            tx.execute(insert(timer), [self._row(made)])
        return made

    def change(self, changed: Timer, *, was: State) -> bool:
        """Write a timer as it is now, unless it is no longer in the state it ``was`` in; return whether it was."""
        row = self._row(changed)
        mine = timer.c.id == changed.id, timer.c.state == str(was)
        with self._database.write() as tx:
            return tx.execute(update(timer).where(*mine).values(**row)).rowcount > 0

    def end(self, timer_id: str) -> bool:
        """Delete a timer; return whether it was there."""
        with self._database.write() as tx:
            return tx.execute(delete(timer).where(timer.c.id == timer_id)).rowcount > 0

    def of(self, household: str, device: str, subjects: Sequence[str] = ()) -> list[Timer]:
        """What one may ask about at a device: set there, or belonging to one of these subjects; soonest first."""
        theirs = or_(timer.c.device_id == device, timer.c.subject_id.in_(subjects))
        return self._list(and_(timer.c.household_id == household, theirs))

    def ringing(self, device: str) -> list[Timer]:
        """What rings on a device."""
        return self._list(and_(timer.c.device_id == device, timer.c.state == str(State.RINGING)))

    def due(self, now: int) -> list[Timer]:
        """What has to ring by ``now``, or does already."""
        running = and_(timer.c.state == str(State.RUNNING), timer.c.due_at <= now)
        return self._list(or_(running, timer.c.state == str(State.RINGING)))

    def next_due(self, now: int) -> int | None:
        """When the next one rings after ``now``; None if nothing is set."""
        waiting = select(func.min(timer.c.due_at)).where(timer.c.state == str(State.RUNNING), timer.c.due_at > now)
        with self._database.read() as tx:
            found: int | None = tx.scalar(waiting)
        return found

    def names(self, household: str) -> tuple[str, ...]:
        """What timers of the household are called right now."""
        named = self._list(and_(timer.c.household_id == household, timer.c.kind == str(Kind.TIMER)))
        return tuple(dict.fromkeys(each.name for each in named if each.name))

    def count(self, household: str) -> int:
        """How many there are of a household."""
        with self._database.read() as tx:
            return tx.scalar(select(func.count()).select_from(timer).where(timer.c.household_id == household)) or 0

    def _list(self, which: ColumnElement[bool]) -> list[Timer]:
        query = select(timer).where(which).order_by(timer.c.due_at, timer.c.id)
        with self._database.read() as tx:
            rows = tx.execute(query).all()
        return [each for row in rows if (each := self._read(row))]

    def _row(self, made: Timer) -> dict[str, Any]:
        fields = {"name": made.name, "message": made.message}
        return {
            "id": made.id,
            "subject_id": made.subject,
            "household_id": made.household,
            "device_id": made.device,
            "kind": str(made.kind),
            "state": str(made.state),
            "due_at": made.due_at,
            "left_ms": made.left_ms,
            "length_ms": made.length_ms,
            "days": made.days,
            "minute": made.minute,
            "sealed": seal_fields(self._sealer, made.subject, f"timer/{made.id}", fields),
            "created_at": made.created_at,
            "rung_at": made.rung_at,
        }

    def _read(self, row: Row[Any]) -> Timer | None:
        fields = open_fields(self._sealer, row.subject_id, f"timer/{row.id}", row.sealed)
        if fields is None:
            return None  # its person was erased; the row follows
        return Timer(
            row.id,
            row.subject_id,
            row.household_id,
            row.device_id,
            Kind(row.kind),
            State(row.state),
            row.due_at,
            row.created_at,
            fields["name"],
            fields["message"],
            row.left_ms,
            row.length_ms,
            row.days,
            row.minute,
            row.rung_at,
        )
