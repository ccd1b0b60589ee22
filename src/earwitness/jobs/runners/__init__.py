"""The port of the programs that run work rows, and its two real implementations.

``embedded`` needs nothing but the database and is what SQLite installations use. ``procrastinate``
lets that engine wake and share out the work between the processes of one PostgreSQL. One contract
suite holds for both (``tests/contract/test_job_runners.py``).
"""

from typing import Protocol


class Runner(Protocol):
    """Runs due work rows, of its own kinds only, each at least once.

    Any number of runners, of both sorts, in any number of processes and threads may work on one
    database: a row is leased to one of them at a time. Rows and outcomes are durable when the
    database is. Handlers that are added before :meth:`start` are known to it. A handler's error is
    written to its row and never raised here.
    """

    def run_due(self, limit: int = 100) -> int:
        """Enqueue due schedules, then run due jobs in the caller's time until none is left or ``limit``.

        Returns:
            How many handlers were called.

        Raises:
            StorageError: the database failed; jobs that were running are retried when their lease ends.
        """
        ...

    def start(self) -> None:
        """Run jobs in the background until :meth:`stop`; a database that fails is tried again.

        Raises:
            JobError: it was started already.
        """
        ...

    def stop(self) -> None:
        """Let the jobs that run now finish, then end the background work; harmless if there is none."""
        ...

    def wake(self) -> None:
        """Look for work now instead of at the next poll; any thread may call it."""
        ...
