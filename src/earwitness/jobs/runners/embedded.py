"""The runner that needs nothing but the database: one thread that claims, runs and settles.

The outcome of one job and the claim of the next share a transaction, so a job costs one commit. An
idle runner only reads.
"""

import logging
import secrets
import threading

from earwitness.jobs.execution import Executor, Pace
from earwitness.jobs.housekeeping import Housekeeping
from earwitness.jobs.work import Handlers
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import JobError
from earwitness.kernel.ids import RandomBytes
from earwitness.storage.database import Database

logger = logging.getLogger(__name__)

BATCH = 100
USUAL = Pace()


class EmbeddedRunner:
    """The port :class:`earwitness.jobs.runners.Runner` on SQLite and PostgreSQL.

    ``run_due`` may be called from several threads, and beside the background thread, which runs one
    job at a time whatever ``pace.concurrency`` says.
    """

    def __init__(
        self,
        database: Database,
        handlers: Handlers,
        clock: Clock,
        pace: Pace = USUAL,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Prepare; nothing runs before :meth:`run_due` or :meth:`start`."""
        self._executor = Executor(database, handlers, clock, pace, random)
        self._poll_seconds = pace.poll_seconds
        self._housekeeping = Housekeeping(database, clock)
        self._housekeeping_turn = threading.Lock()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def run_due(self, limit: int = 100) -> int:
        """Run up to ``limit`` due jobs in this thread; see the port."""
        with self._housekeeping_turn:
            self._housekeeping.tick()
        if limit <= 0 or not self._executor.any_due():
            return 0
        ran = 0
        lease = self._executor.advance(None, claim=True)
        while lease is not None:
            outcome = self._executor.execute(lease)
            ran += 1
            lease = self._executor.advance(outcome, claim=ran < limit and not self._stopping.is_set())
        return ran

    def start(self) -> None:
        """Run jobs in a thread of this process; see the port."""
        if self._thread is not None:
            raise JobError("The runner was started already.")
        self._thread = threading.Thread(target=self._loop, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the running job and end the thread; see the port."""
        if self._thread is None:
            return
        self._stopping.set()
        self._woken.set()
        self._thread.join()
        self._thread = None
        self._stopping.clear()

    def wake(self) -> None:
        """End the wait of the background thread; see the port."""
        self._woken.set()

    def _loop(self) -> None:
        while True:
            # Cleared before looking: what is enqueued after the look wakes the wait below.
            self._woken.clear()
            if self._stopping.is_set():
                return
            if self._run_batch() < BATCH:
                self._woken.wait(self._poll_seconds)

    def _run_batch(self) -> int:
        try:
            return self.run_due(BATCH)
        except Exception as error:  # noqa: BLE001 - the loop must outlive whatever one round met
            logger.error("jobs wait: %s", type(error).__name__)  # noqa: TRY400 - its text may say too much
            return 0
