"""Work rows: written inside the caller's transaction, looked at by the command line, cleared away.

A row that its caller rolls back never existed, and a committed one is run at least once: handlers
must be idempotent. ``ready`` → ``leased`` → ``done``, back to ``ready`` on an error, ``failed`` when
the attempts are used up. ``last_error`` is an error's class name, because a text may say too much.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Row, Table, delete, func, select, update

from earwitness.jobs.payload import Payload, Value, check_key, check_kind, decode, encode
from earwitness.jobs.retries import Retries
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import JobError, NotFound
from earwitness.kernel.ids import new_id
from earwitness.storage.schema import work

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

KEPT_DONE_MS = 7 * DAY
"""A done row, and with it its key, is remembered this long."""

Handler = Callable[[Payload], None]


class State(StrEnum):
    """Where a row stands."""

    READY = "ready"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Work:
    """One row as the command line shows it; moments in milliseconds since the epoch."""

    id: str
    kind: str
    payload: dict[str, Value]
    key: str | None
    state: State
    run_at: int
    lease_until: int | None
    attempts: int
    last_error: str | None
    created_at: int
    done_at: int | None


@dataclass(frozen=True, slots=True)
class Duty:
    """What a process does for one kind: the handler and how it is tried again."""

    handler: Handler
    retries: Retries


class Handlers:
    """What this process can run: kind → handler. Rows of other kinds are left for other processes."""

    def __init__(self) -> None:
        """Start with none."""
        self._duties: dict[str, Duty] = {}

    def add(self, kind: str, handler: Handler, *, retries: Retries | None = None) -> None:
        """Let ``handler`` run the jobs of ``kind``; it gets the payload, in a worker's thread.

        It may run twice with the same payload, also at the same time when a lease ran out.

        Raises:
            BadInput: ``kind`` is not a short lower-case word.
            JobError: the kind has a handler already.
        """
        if check_kind(kind) in self._duties:
            raise JobError(f"The kind {kind} of jobs has two handlers.")
        self._duties[kind] = Duty(handler, retries or Retries())

    def kinds(self) -> list[str]:
        """Return the kinds, sorted."""
        return sorted(self._duties)

    def __getitem__(self, kind: str) -> Duty:
        """Return what is done for ``kind``."""
        return self._duties[kind]


def enqueue(  # noqa: PLR0913 - a job's whole description
    tx: Connection,
    kind: str,
    payload: Mapping[str, Value],
    *,
    key: str | None = None,
    run_at: int | None = None,
    now: int,
) -> str:
    """Write a job in the caller's transaction and return its id.

    Args:
        tx: an open write transaction; the job exists if and when it commits.
        kind: which handler runs it.
        payload: ids, lists of ids and whole numbers.
        key: at most one row has it. A second call returns the first row's id and changes nothing,
            also when that row is done, until it is cleared away a week later.
        run_at: not before this moment (ms); now if left out.
        now: the present moment (ms).

    Raises:
        BadInput: the kind, the key or the payload could hold something personal.
    """
    identifier = new_id("work")
    values = {
        "id": identifier,
        "kind": check_kind(kind),
        "payload": encode(payload),
        "key": None if key is None else check_key(key),
        "state": State.READY,
        "run_at": now if run_at is None else run_at,
        "attempts": 0,
        "created_at": now,
    }
    new = insert_into(tx, work).values(values).on_conflict_do_nothing(index_elements=["key"]).returning(work.c.id)
    if tx.execute(new).one_or_none() is not None:
        return identifier
    first: str = tx.execute(select(work.c.id).where(work.c.key == key)).scalar_one()
    return first


def insert_into(tx: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """Return an INSERT that can be told what to do on a conflict; each dialect has its own, and is large."""
    if tx.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - loaded for PostgreSQL alone

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - beside the other

    return sqlite.insert(table)


def overview(tx: Connection) -> dict[str, dict[str, int]]:
    """Count the rows: kind → state → number; kinds and states without rows are left out."""
    rows = tx.execute(select(work.c.kind, work.c.state, func.count()).group_by(work.c.kind, work.c.state))
    counts: dict[str, dict[str, int]] = {}
    for kind, state, count in sorted(tuple(row) for row in rows):
        counts.setdefault(kind, {})[state] = count
    return counts


def listing(tx: Connection, *, state: State | None = None, kind: str | None = None, limit: int = 100) -> list[Work]:
    """Return up to ``limit`` rows of a state and a kind, the soonest due first."""
    query = select(work).order_by(work.c.run_at, work.c.id).limit(limit)
    if state is not None:
        query = query.where(work.c.state == state)
    if kind is not None:
        query = query.where(work.c.kind == kind)
    return [_work(row) for row in tx.execute(query)]


def inspect(tx: Connection, identifier: str) -> Work:
    """Return one row.

    Raises:
        NotFound: there is none of this id.
    """
    row = tx.execute(select(work).where(work.c.id == identifier)).one_or_none()
    if row is None:
        raise NotFound("There is no such job.", next_step="List the jobs; done ones are kept for a week.")
    return _work(row)


def overdue(tx: Connection, kinds: list[str], now: int, *, by_ms: int = DAY) -> dict[str, int]:
    """Count due rows that no handler of ``kinds`` will ever take, by kind: is a process not running?"""
    late = work.c.state == State.READY, work.c.run_at <= now - by_ms, work.c.kind.not_in(kinds)
    rows = tx.execute(select(work.c.kind, func.count().label("rows")).where(*late).group_by(work.c.kind))
    return {row.kind: row.rows for row in rows}


def retry(tx: Connection, identifier: str, now: int) -> None:
    """Give a failed job all its attempts again, from now on.

    Raises:
        NotFound: there is no failed job of this id.
    """
    again = update(work).where(work.c.id == identifier, work.c.state == State.FAILED)
    if not tx.execute(again.values(state=State.READY, run_at=now, attempts=0, done_at=None)).rowcount:
        raise NotFound("There is no failed job of this id.", next_step="List the failed jobs first.")


def clear_done(tx: Connection, now: int, *, after_ms: int = KEPT_DONE_MS) -> int:
    """Delete rows that were done before ``now - after_ms`` and return how many; failed ones stay."""
    return tx.execute(delete(work).where(work.c.state == State.DONE, work.c.done_at <= now - after_ms)).rowcount


def _work(row: Row[tuple[object, ...]]) -> Work:
    return Work(
        id=row.id,
        kind=row.kind,
        payload=decode(row.payload),
        key=row.key,
        state=State(row.state),
        run_at=row.run_at,
        lease_until=row.lease_until,
        attempts=row.attempts,
        last_error=row.last_error,
        created_at=row.created_at,
        done_at=row.done_at,
    )
