"""The runner on PostgreSQL: the engine Procrastinate wakes and shares out, the work row stays the truth.

An engine job carries a row's id and nothing else, and is deleted once it ran. Running it means: claim
that row, run its handler, settle. So an engine job too many is harmless, and one too few is made up
for by a sweep, which also frees what a dead worker left in the engine. Leases, retries, schedules
and outcomes are those of the rows, the same as with the embedded runner. Why this engine:
``docs/jobs.md``.
"""

import asyncio
import contextlib
import logging
import secrets
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.jobs import Status
from procrastinate.worker import Worker
from sqlalchemy import make_url

from earwitness.jobs.execution import Executor, Pace
from earwitness.jobs.housekeeping import Housekeeping
from earwitness.jobs.runners.engine_schema import SCHEMA, TASK, install, sweep
from earwitness.jobs.work import Handlers
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput, EarwitnessError, JobError, StorageError
from earwitness.kernel.ids import RandomBytes
from earwitness.storage.database import Database

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 5.0
STALLED_SECONDS = 30.0
USUAL = Pace()


class ProcrastinateRunner:
    """The port :class:`earwitness.jobs.runners.Runner` on PostgreSQL.

    Jobs run in threads, ``pace.concurrency`` at a time in the background and one at a time in ``run_due``.
    ``run_due`` drives an event loop of its own: call it from a thread that has none.
    """

    def __init__(
        self,
        database: Database,
        handlers: Handlers,
        clock: Clock,
        pace: Pace = USUAL,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Install the engine's schema where it is missing.

        Raises:
            BadInput: the database is not PostgreSQL.
            SchemaTooNew: a newer Earwitness installed the engine.
            StorageError: the database failed.
        """
        if database.dialect != "postgresql":
            raise BadInput("Procrastinate runs on PostgreSQL only.", next_step="Use the embedded runner.")
        self._database = database
        self._handlers = handlers
        self._clock = clock
        self._pace = pace
        self._executor = Executor(database, handlers, clock, pace, random)
        self._housekeeping = Housekeeping(database, clock)
        self._turn = threading.Lock()
        self._background: _Background | None = None
        install(database)

    def run_due(self, limit: int = 100) -> int:
        """Let the engine run up to ``limit`` due jobs in the caller's time; see the port."""
        self._tick()
        counter = _Counter(limit)
        if limit > 0:
            asyncio.run(self._drain(counter))
        return counter.ran

    def start(self) -> None:
        """Run the engine's worker in a thread of this process; see the port."""
        if self._background is not None:
            raise JobError("The runner was started already.")
        self._background = _Background(self._serve)

    def stop(self) -> None:
        """Finish the running jobs and end the thread; see the port."""
        if self._background is not None:
            self._background.stop()
            self._background = None

    def wake(self) -> None:
        """Sweep now; new rows wake the engine by themselves. See the port."""
        if self._background is not None:
            self._background.wake()

    async def _drain(self, counter: "_Counter") -> None:
        app = self._app(counter)
        with _storage_errors():
            async with app.open_async():
                await _free_stalled(app)
                await app.run_worker_async(
                    **self._options(), concurrency=1, wait=False, listen_notify=False, worker_middleware=[counter.watch]
                )

    async def _serve(self, background: "_Background") -> None:
        """Run the worker and the sweep side by side until asked to stop."""
        app = self._app(_Counter())
        async with app.open_async():
            worker = asyncio.ensure_future(
                app.run_worker_async(
                    **self._options(),
                    concurrency=self._pace.concurrency,
                    fetch_job_polling_interval=self._pace.poll_seconds,
                )
            )
            try:
                while not worker.done() and not background.stopping:
                    await _free_stalled(app)
                    await asyncio.to_thread(self._tick)
                    await background.pause(SWEEP_SECONDS)
            finally:
                worker.cancel()  # it lets running jobs finish first
                with contextlib.suppress(asyncio.CancelledError):
                    await worker

    def _tick(self) -> None:
        with self._turn:
            self._housekeeping.tick()
            with self._database.write() as tx:
                sweep(tx, self._handlers.kinds(), self._clock.now_ms())

    def _perform(self, work: str, counter: "_Counter") -> None:
        """Run one row; not a word of what goes wrong reaches the engine, which would log its text."""
        try:
            lease = self._executor.advance(None, claim=True, identifier=work)
            if lease is None:
                return
            counter.add()
            self._executor.advance(self._executor.execute(lease), claim=False)
        except EarwitnessError as error:
            logger.warning("job %s waits for the storage: %s", work, type(error).__name__)

    def _app(self, counter: "_Counter") -> procrastinate.App:
        conninfo = make_url(self._database.url).set(drivername="postgresql").render_as_string(hide_password=False)
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo, configure=_use_schema, min_size=1, max_size=self._pace.concurrency + 2
        )
        app = procrastinate.App(connector=connector)
        app.task(name=TASK)(lambda work: self._perform(work, counter))
        return app

    def _options(self) -> dict[str, Any]:
        # A queue per kind: a process fetches only what it has handlers for.
        return {
            "queues": self._handlers.kinds(),
            "delete_jobs": "always",
            "install_signal_handlers": False,
            "stalled_worker_timeout": STALLED_SECONDS,
        }


class _Counter:
    """How many handlers were called; asks the engine's worker to stop at the limit."""

    def __init__(self, limit: int | None = None) -> None:
        self.ran = 0
        self._limit = limit
        self._lock = threading.Lock()

    def add(self) -> None:
        with self._lock:
            self.ran += 1

    async def watch(self, run: Callable[[], Awaitable[Any]], _: JobContext, worker: Worker) -> Any:
        result = await run()
        if self._limit is not None and self.ran >= self._limit:
            worker.stop()  # type: ignore[no-untyped-call]
        return result


class _Background:
    """A thread with an event loop that serves until stopped, and again when the database failed."""

    def __init__(self, serve: Callable[["_Background"], Awaitable[None]]) -> None:
        self.stopping = False
        self._serve = serve
        self._changed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.stopping = True
        self._changed.set()
        self._thread.join()

    def wake(self) -> None:
        self._changed.set()

    async def pause(self, seconds: float) -> None:
        """Wait until woken, stopped or the time has passed."""
        await asyncio.to_thread(self._changed.wait, seconds)
        self._changed.clear()

    def _run(self) -> None:
        while not self.stopping:
            try:
                with _storage_errors():
                    asyncio.run(self._serve_once())
            except Exception as error:  # noqa: BLE001 - the loop must outlive whatever one round met
                logger.error("jobs wait: %s", type(error).__name__)  # noqa: TRY400 - its text may say too much
                self._changed.wait(SWEEP_SECONDS)

    async def _serve_once(self) -> None:
        await self._serve(self)


async def _use_schema(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute(f"SET search_path = {SCHEMA}")
    await connection.commit()


async def _free_stalled(app: procrastinate.App) -> None:
    """Delete what dead workers left running in the engine; the rows' leases say when they run again."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        if job.id is not None:
            await app.job_manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)


@contextlib.contextmanager
def _storage_errors() -> Any:
    try:
        yield
    except (ConnectorException, psycopg.Error) as error:
        raise StorageError(
            "The job engine lost its database.", next_step="Check that the PostgreSQL server runs."
        ) from error
