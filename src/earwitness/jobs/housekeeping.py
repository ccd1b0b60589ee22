"""What every runner does beside running jobs: schedules, wrong clocks, old rows."""

from earwitness.jobs import schedules
from earwitness.jobs.leases import heal
from earwitness.jobs.work import clear_done
from earwitness.kernel.clock import HOUR, Clock
from earwitness.storage.database import Database


class Housekeeping:
    """One per runner; any number of them may work on one database. Not for several threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Work on ``database`` by ``clock``."""
        self._database = database
        self._clock = clock
        self._swept_at: int | None = None

    def tick(self) -> None:
        """Write the jobs of due schedules; once an hour of running also heal and clear old rows.

        Takes the database's write lock only if there is something to do.

        Raises:
            StorageError: the database failed; nothing was done.
        """
        sweep = self._swept_at is None or self._clock.running_ms() - self._swept_at >= HOUR
        now = self._clock.now_ms()
        with self._database.read() as tx:
            due = schedules.any_due(tx, now)
        if not due and not sweep:
            return
        with self._database.write() as tx:
            schedules.enqueue_due(tx, now)
            if sweep:
                heal(tx, now)
                clear_done(tx, now)
        if sweep:
            self._swept_at = self._clock.running_ms()
