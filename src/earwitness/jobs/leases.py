"""Leases: who runs a row now, until when, and whose word about it counts.

A claim writes a fresh random token and a time into the row. Whoever holds the token may renew it or
settle the row; when the time has passed the row is for the next claimer, and the old token is worth
nothing. The claim itself counts as an attempt, so that a job that kills its process fails in the end.
Nothing here reads a clock: on several machines the clocks may differ by less than a lease.
"""

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, Row, Select, and_, exists, or_, select, update

from earwitness.jobs.payload import Value, decode
from earwitness.jobs.retries import LONGEST_DELAY
from earwitness.jobs.work import Handlers, State
from earwitness.kernel.clock import HOUR, MINUTE
from earwitness.kernel.errors import RowCorrupt
from earwitness.kernel.ids import RandomBytes
from earwitness.storage.schema import work

LEASE_MS = MINUTE
LONGEST_LEASE = HOUR
"""A lease that ends later than this was written under a clock that was wrong."""

LEASE_LOST = "LeaseLost"
"""``last_error`` of a job whose worker never came back, on its last attempt."""

FREE = {"lease_token": None, "lease_until": None}


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to run one row until ``until`` (ms); ``attempts`` counts this run."""

    id: str
    kind: str
    payload: dict[str, Value]
    token: str
    attempts: int
    until: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the run of a lease ended; ``error`` is the class name of what was raised, None if nothing."""

    lease: Lease
    error: str | None


class Leases:
    """Claims, renews and settles rows of the kinds that ``handlers`` has. Holds no state of its own.

    Every method takes an open transaction and the present moment (ms); what it says holds once that
    transaction commits.
    """

    def __init__(
        self, handlers: Handlers, *, lease_ms: int = LEASE_MS, random: RandomBytes = secrets.token_bytes
    ) -> None:
        """Take what can be run, the length of a lease (at most an hour) and where tokens come from."""
        self._handlers = handlers
        self._lease_ms = min(lease_ms, LONGEST_LEASE)
        self._random = random

    def any_due(self, tx: Connection, now: int) -> bool:
        """Say whether a claim would find something; costs no write."""
        ready = and_(work.c.state == State.READY, work.c.run_at <= now)
        abandoned = and_(work.c.state == State.LEASED, work.c.lease_until <= now)
        mine = work.c.kind.in_(self._handlers.kinds())
        return bool(tx.execute(select(exists().where(or_(ready, abandoned), mine))).scalar_one())

    def claim(self, tx: Connection, now: int, *, identifier: str | None = None) -> Lease | None:
        """Lease a due row: abandoned ones first, then the one that waits longest; None if there is none.

        Two claimers never get one row: SQLite's write transaction is exclusive, PostgreSQL skips rows
        that another claimer has locked. With ``identifier`` it is this row or none.
        """
        while (row := self._next(tx, now, identifier)) is not None:
            if row.state == State.LEASED and row.attempts >= self._handlers[row.kind].retries.attempts:
                _fail(tx, row.id, LEASE_LOST, now)
                continue
            try:
                payload = decode(row.payload)
            except RowCorrupt as error:
                _fail(tx, row.id, type(error).__name__, now)
                continue
            token, until = self._random(16).hex(), now + self._lease_ms
            lease = Lease(row.id, row.kind, payload, token, row.attempts + 1, until)
            held = {"lease_token": token, "lease_until": until, "attempts": lease.attempts}
            tx.execute(update(work).where(work.c.id == row.id).values(state=State.LEASED, **held))
            return lease
        return None

    def renew(self, tx: Connection, lease: Lease, now: int) -> bool:
        """Extend a lease that is still held; False if another has taken over or the row is settled."""
        return _with_token(tx, lease, lease_until=now + self._lease_ms)

    def settle(self, tx: Connection, outcome: Outcome, now: int) -> bool:
        """Write down how a run ended: done, ready again later, or failed.

        Returns:
            False if the lease was lost meanwhile: the word of its late holder is refused.
        """
        lease, retries = outcome.lease, self._handlers[outcome.lease.kind].retries
        if outcome.error is None:
            return _with_token(tx, lease, state=State.DONE, done_at=now, last_error=None, **FREE)
        if lease.attempts >= retries.attempts:
            return _with_token(tx, lease, state=State.FAILED, done_at=now, last_error=outcome.error, **FREE)
        again = now + retries.delay_ms(lease.attempts, self._random)
        return _with_token(tx, lease, state=State.READY, run_at=again, last_error=outcome.error, **FREE)

    def _next(self, tx: Connection, now: int, identifier: str | None) -> Row[tuple[object, ...]] | None:
        # Two queries, not one with OR: each walks the index (state, run_at) and stops at its first row.
        abandoned = select(work).where(work.c.state == State.LEASED, work.c.lease_until <= now)
        waiting = select(work).where(work.c.state == State.READY, work.c.run_at <= now).order_by(work.c.run_at)
        return self._first(tx, abandoned, identifier) or self._first(tx, waiting, identifier)

    def _first(
        self, tx: Connection, query: Select[tuple[object, ...]], identifier: str | None
    ) -> Row[tuple[object, ...]] | None:
        query = query.where(work.c.kind.in_(self._handlers.kinds()))
        if identifier is not None:
            query = query.where(work.c.id == identifier)
        return tx.execute(query.limit(1).with_for_update(skip_locked=True)).one_or_none()


def heal(tx: Connection, now: int) -> int:
    """Free rows that a clock which was wrong put out of reach, and return how many.

    A lease that ends further ahead than leases last, and a retry further ahead than retries wait,
    were written before the clock was set back. What was asked for at a late time is not touched.
    """
    lost = work.c.state == State.LEASED, work.c.lease_until > now + LONGEST_LEASE
    late = work.c.state == State.READY, work.c.attempts > 0, work.c.run_at > now + LONGEST_DELAY
    healed = tx.execute(update(work).where(*lost).values(lease_until=now)).rowcount
    return healed + tx.execute(update(work).where(*late).values(run_at=now)).rowcount


def _fail(tx: Connection, identifier: str, error: str, now: int) -> None:
    failed = update(work).where(work.c.id == identifier)
    tx.execute(failed.values(state=State.FAILED, done_at=now, last_error=error, **FREE))


def _with_token(tx: Connection, lease: Lease, **values: object) -> bool:
    mine = work.c.id == lease.id, work.c.state == State.LEASED, work.c.lease_token == lease.token
    return tx.execute(update(work).where(*mine).values(**values)).rowcount == 1
