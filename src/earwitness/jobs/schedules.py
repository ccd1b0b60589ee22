"""Schedules: a job each so many milliseconds, written once however many processes look.

A period that passed while nothing ran is made up for once, not once for each time it was missed, and
no job is written while the last one of its schedule is unfinished. Setting a schedule up again with
another period takes effect at once.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select, update

from earwitness.jobs.payload import check_key, check_kind
from earwitness.jobs.work import State, enqueue, insert_into
from earwitness.kernel.errors import BadInput
from earwitness.storage.schema import schedule, work


@dataclass(frozen=True, slots=True)
class Schedule:
    """One row: ``kind`` is enqueued under ``name`` when ``next_at`` (ms) has come."""

    name: str
    kind: str
    every_ms: int
    next_at: int


def ensure(tx: Connection, name: str, kind: str, every_ms: int, *, now: int) -> None:
    """Set a schedule up, one period from now, or change the kind and period of an existing one.

    Args:
        tx: an open write transaction.
        name: a lower-case word, the same in every process and release.
        kind: of the jobs, which have an empty payload.
        every_ms: the period in milliseconds.
        now: the present moment (ms).

    Raises:
        BadInput: the name or the kind is not a word, or the period is not positive.
    """
    if every_ms <= 0 or ":" in check_key(name):
        raise BadInput("A schedule needs a word for a name and a period above zero.")
    values = {
        "name": name,
        "kind": check_kind(kind),
        "every_ms": every_ms,
        "next_at": now + every_ms,
    }
    present = {"kind": kind, "every_ms": every_ms}
    tx.execute(insert_into(tx, schedule).values(values).on_conflict_do_update(index_elements=["name"], set_=present))


def remove(tx: Connection, name: str) -> None:
    """Forget a schedule; jobs it has written stay. A missing one is fine."""
    tx.execute(delete(schedule).where(schedule.c.name == name))


def listing(tx: Connection) -> list[Schedule]:
    """Return all schedules by name."""
    return [Schedule(*row) for row in tx.execute(select(schedule).order_by(schedule.c.name))]


def any_due(tx: Connection, now: int) -> bool:
    """Say whether :func:`enqueue_due` would change something; costs no write."""
    return tx.execute(select(exists().where(_due(now)))).scalar_one()


def enqueue_due(tx: Connection, now: int) -> list[str]:
    """Write the jobs whose moment has come and return their ids.

    Safe in several processes: a row belongs to who locked it, and the job's key holds its moment.
    """
    rows = tx.execute(select(schedule).where(_due(now)).order_by(schedule.c.name).with_for_update(skip_locked=True))
    written = [_enqueue(tx, Schedule(*row), now) for row in rows.all()]
    return [identifier for identifier in written if identifier is not None]


def _due(now: int) -> ColumnElement[bool]:
    # Further ahead than one period: written before the clock was set back. It would never come.
    return or_(schedule.c.next_at <= now, schedule.c.next_at > now + schedule.c.every_ms)


def _enqueue(tx: Connection, entry: Schedule, now: int) -> str | None:
    missed = max(0, now - entry.next_at) // entry.every_ms
    following = entry.next_at + (missed + 1) * entry.every_ms
    if entry.next_at > now:
        following = now + entry.every_ms
    tx.execute(update(schedule).where(schedule.c.name == entry.name).values(next_at=following))
    if entry.next_at > now or _unfinished(tx, entry.name):
        return None
    return enqueue(tx, entry.kind, {}, key=f"{entry.name}:{entry.next_at}", now=now)


def _unfinished(tx: Connection, name: str) -> bool:
    waiting = work.c.state.in_([State.READY, State.LEASED])
    return tx.execute(select(exists().where(waiting, work.c.key.startswith(f"{name}:", autoescape=True)))).scalar_one()
