"""Run one leased row: the handler in this thread, the lease kept alive from another.

The lease is renewed each third of its length while the handler works, so that a lease can be short
(a dead worker's job is taken over within a minute) and a job long. What a handler raises becomes the
class name in the row and one log line without its text.
"""

import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from earwitness.jobs.leases import LEASE_MS, Lease, Leases, Outcome
from earwitness.jobs.work import Handlers
from earwitness.kernel.clock import SECOND, Clock
from earwitness.kernel.errors import StorageError
from earwitness.kernel.ids import RandomBytes
from earwitness.storage.database import Database

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a runner works: the length of a lease, how often it looks for work, jobs at a time."""

    lease_ms: int = LEASE_MS
    poll_seconds: float = 1.0
    concurrency: int = 2


class Executor:
    """Claims, runs and settles rows of one database; any number of threads may use one."""

    def __init__(
        self,
        database: Database,
        handlers: Handlers,
        clock: Clock,
        pace: Pace,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Take what a runner was given."""
        self._database = database
        self._handlers = handlers
        self._clock = clock
        self._renew_seconds = pace.lease_ms / 3 / SECOND
        self._leases = Leases(handlers, lease_ms=pace.lease_ms, random=random)

    def any_due(self) -> bool:
        """Say whether there is something to run; takes no write lock."""
        with self._database.read() as tx:
            return self._leases.any_due(tx, self._clock.now_ms())

    def advance(self, outcome: Outcome | None, *, claim: bool, identifier: str | None = None) -> Lease | None:
        """Settle one job and claim the next in one transaction.

        Args:
            outcome: of the job that was run before, if any.
            claim: whether another is wanted.
            identifier: which one; any if left out.

        Raises:
            StorageError: nothing was settled or claimed.
        """
        now = self._clock.now_ms()
        with self._database.write() as tx:
            if outcome is not None and not self._leases.settle(tx, outcome, now):
                logger.warning("job %s was finished by a worker whose lease had ended", outcome.lease.id)
            return self._leases.claim(tx, now, identifier=identifier) if claim else None

    def execute(self, lease: Lease) -> Outcome:
        """Run a lease's handler and say how it ended; never raises what the handler raised.

        What is no ``Exception`` (an interrupt, the interpreter's end) passes through: the lease then
        runs out as if the process had died.
        """
        try:
            with self._kept(lease):
                self._handlers[lease.kind].handler(lease.payload)
        except Exception as error:  # noqa: BLE001 - a handler may raise anything; its row must say so
            name = type(error).__name__
            logger.warning("job %s of kind %s, attempt %d: %s", lease.id, lease.kind, lease.attempts, name)
            return Outcome(lease, name)
        return Outcome(lease, None)

    @contextmanager
    def _kept(self, lease: Lease) -> Iterator[None]:
        """Renew the lease until the ``with`` ends."""
        finished = threading.Event()
        name = f"lease of {lease.id}"
        keeper = threading.Thread(target=self._keep, args=(lease, finished), name=name, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            finished.set()
            keeper.join()

    def _keep(self, lease: Lease, finished: threading.Event) -> None:
        while not finished.wait(self._renew_seconds):
            try:
                with self._database.write() as tx:
                    held = self._leases.renew(tx, lease, self._clock.now_ms())
            except StorageError as error:  # busy or full now; the next third may go better
                logger.warning("the lease of job %s could not be renewed: %s", lease.id, type(error).__name__)
                continue
            if not held:
                logger.warning("the lease of job %s was lost while it ran", lease.id)
                return
