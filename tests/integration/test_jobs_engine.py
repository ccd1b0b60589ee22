"""Procrastinate in our database: its schema, its trigger, its dead workers; and runners that are killed."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, make_url, text

from earwitness.jobs import work
from earwitness.jobs.leases import LEASE_MS
from earwitness.jobs.runners import engine_schema
from earwitness.jobs.runners.embedded import EmbeddedRunner
from earwitness.jobs.runners.engine_schema import SCHEMA, install, migrations, run_engine_sql
from earwitness.jobs.runners.procrastinate import ProcrastinateRunner
from earwitness.jobs.work import Handlers, State, enqueue
from earwitness.kernel.clock import DAY, SystemClock
from earwitness.kernel.errors import BadInput, SchemaTooNew
from earwitness.kernel.ids import new_id
from earwitness.storage.database import Database
from earwitness.testing.clock import VirtualClock

PATIENCE = 30.0


@pytest.fixture
def handlers() -> Handlers:
    handlers = Handlers()
    handlers.add("test.note", lambda _: None)
    return handlers


def engine_jobs(database: Database) -> int:
    with database.read() as tx:
        return tx.execute(text(f"SELECT count(*) FROM {SCHEMA}.procrastinate_jobs")).scalar_one()  # noqa: S608 - a constant


def note(tx: Connection, clock: SystemClock | VirtualClock) -> str:
    return enqueue(tx, "test.note", {"recording": new_id("rec")}, now=clock.now_ms())


def test_it_needs_postgresql(sqlite_database: Database, handlers: Handlers) -> None:
    with pytest.raises(BadInput):
        ProcrastinateRunner(sqlite_database, handlers, SystemClock())


def test_sqlite_installations_never_load_the_engine() -> None:
    code = "import sys, earwitness.jobs.runners.embedded; print('procrastinate' in sys.modules)"
    seen = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert seen.stdout.strip() == "False"


def test_installing_again_and_at_the_same_time_changes_nothing(postgresql_database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(install, [postgresql_database] * 4))
    install(postgresql_database)
    with postgresql_database.read() as tx:
        tables = tx.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = :s"), {"s": SCHEMA}).scalar_one()
        strays = tx.execute(text("SELECT to_regclass('public.procrastinate_jobs')")).scalar_one()
    assert (tables, strays) == (5, None)


def test_an_older_engine_is_migrated(postgresql_database: Database, handlers: Handlers) -> None:
    old = "03.01.00_50_post_add_heartbeat.sql"
    folder = Path(SchemaManager.get_migrations_path())
    with postgresql_database.write() as tx:
        tx.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        tx.execute(text(f"CREATE TABLE {SCHEMA}.installed (part text PRIMARY KEY, version text NOT NULL)"))
        tx.execute(text(f"INSERT INTO {SCHEMA}.installed VALUES ('tables', :old)"), {"old": old})  # noqa: S608 - a constant
    for name in [name for name in migrations() if name <= old]:  # each alone: enum values need a commit
        with postgresql_database.write() as tx:
            run_engine_sql(tx, (folder / name).read_text())
    clock = SystemClock()
    runner = ProcrastinateRunner(postgresql_database, handlers, clock)
    with postgresql_database.write() as tx:
        note(tx, clock)
    assert runner.run_due() == 1
    with postgresql_database.read() as tx:
        version = tx.execute(text(f"SELECT version FROM {SCHEMA}.installed WHERE part = 'tables'")).scalar_one()  # noqa: S608 - a constant
    assert version == migrations()[-1] > old


def test_a_newer_engine_is_refused(postgresql_database: Database) -> None:
    install(postgresql_database)
    with postgresql_database.write() as tx:
        tx.execute(text(f"UPDATE {SCHEMA}.installed SET version = '99.00.00_01_new.sql' WHERE part = 'tables'"))  # noqa: S608 - a constant
    with pytest.raises(SchemaTooNew):
        install(postgresql_database)


def test_the_engine_gets_a_row_when_its_transaction_commits(postgresql_database: Database) -> None:
    install(postgresql_database)
    clock = SystemClock()
    with postgresql_database.write() as tx:
        note(tx, clock)
        assert engine_jobs(postgresql_database) == 0
    assert engine_jobs(postgresql_database) == 1


def test_rows_from_before_the_engine_are_run(postgresql_database: Database, handlers: Handlers) -> None:
    clock = SystemClock()
    with postgresql_database.write() as tx:
        note(tx, clock)
    assert ProcrastinateRunner(postgresql_database, handlers, clock).run_due() == 1


def test_the_engine_keeps_nothing_of_what_is_done(postgresql_database: Database, handlers: Handlers) -> None:
    clock = SystemClock()
    runner = ProcrastinateRunner(postgresql_database, handlers, clock)
    with postgresql_database.write() as tx:
        for _ in range(3):
            note(tx, clock)
    assert runner.run_due() == 3
    assert engine_jobs(postgresql_database) == 0


def test_both_runners_may_share_a_database(postgresql_database: Database, handlers: Handlers) -> None:
    clock = SystemClock()
    engine = ProcrastinateRunner(postgresql_database, handlers, clock)
    embedded = EmbeddedRunner(postgresql_database, handlers, clock)
    with postgresql_database.write() as tx:
        for _ in range(4):
            note(tx, clock)
    assert embedded.run_due(2) == 2
    assert engine.run_due() == 2
    assert engine_jobs(postgresql_database) == 0


def test_a_role_that_may_only_write_work_needs_no_right_on_the_engine(
    postgresql_database: Database, handlers: Handlers
) -> None:
    clock = SystemClock()
    runner = ProcrastinateRunner(postgresql_database, handlers, clock)
    with postgresql_database.write() as tx:
        tx.execute(text("CREATE ROLE clerk LOGIN"))
        tx.execute(text("GRANT INSERT, SELECT ON work TO clerk"))
    conninfo = make_url(postgresql_database.url).set(drivername="postgresql", username="clerk")
    try:
        with psycopg.connect(conninfo.render_as_string(hide_password=False)) as clerk:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                clerk.execute(f"SELECT * FROM {SCHEMA}.procrastinate_jobs")  # noqa: S608 - a constant
            clerk.rollback()
            clerk.execute(
                "INSERT INTO work (id, kind, payload, state, run_at, attempts, created_at)"
                " VALUES ('work_abcdefghijklmnopqrstuvwxyz', 'test.note', '{}', 'ready', 0, 0, 0)"
            )
        assert runner.run_due() == 1
    finally:
        with postgresql_database.write() as tx:
            tx.execute(text("DROP OWNED BY clerk"))
            tx.execute(text("DROP ROLE clerk"))


def test_new_rows_wake_the_engine_of_another_process(postgresql_database: Database) -> None:
    happened = threading.Semaphore(0)
    handlers = Handlers()
    handlers.add("test.note", lambda _: happened.release())
    clock = SystemClock()
    runner = ProcrastinateRunner(postgresql_database, handlers, clock)
    runner.start()
    try:
        with postgresql_database.write() as tx:
            note(tx, clock)
        assert happened.acquire(timeout=PATIENCE)
    finally:
        runner.stop()


def test_a_broken_connection_is_mended(postgresql_database: Database) -> None:
    happened = threading.Semaphore(0)
    handlers = Handlers()
    handlers.add("test.note", lambda _: happened.release())
    clock = SystemClock()
    runner = ProcrastinateRunner(postgresql_database, handlers, clock)
    runner.start()
    try:
        with postgresql_database.write() as tx:
            note(tx, clock)
        assert happened.acquire(timeout=PATIENCE)
        with postgresql_database.write() as tx:
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            tx.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
        with postgresql_database.write() as tx:
            note(tx, clock)
        assert happened.acquire(timeout=PATIENCE)
    finally:
        runner.stop()


WORKER = """
import sys, threading
from earwitness.jobs.runners.{module} import {runner}
from earwitness.jobs.work import Handlers
from earwitness.kernel.clock import SystemClock
from earwitness.storage.database import Database

def hang(payload):
    print("running", flush=True)
    threading.Event().wait()

handlers = Handlers()
handlers.add("test.note", hang)
{runner}(Database.open(sys.argv[1]), handlers, SystemClock()).run_due()
"""


@pytest.mark.parametrize("runner_class", [EmbeddedRunner, ProcrastinateRunner])
def test_a_killed_process_loses_its_job_to_another(
    postgresql_database: Database,
    handlers: Handlers,
    runner_class: type[EmbeddedRunner | ProcrastinateRunner],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = VirtualClock(SystemClock().now_ms())
    with postgresql_database.write() as tx:
        identifier = note(tx, clock)
    module = runner_class.__module__.rpartition(".")[2]
    code = WORKER.format(module=module, runner=runner_class.__name__)
    process = subprocess.Popen([sys.executable, "-c", code, postgresql_database.url], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "running\n"
    process.kill()
    process.communicate()
    runner = runner_class(postgresql_database, handlers, clock)
    assert runner.run_due() == 0
    # The engine's own heartbeats go by the server's clock, which no test can move.
    monkeypatch.setattr("earwitness.jobs.runners.procrastinate.STALLED_SECONDS", 0.0)
    clock.jump_to(SystemClock().now_ms() + LEASE_MS + DAY)
    assert runner.run_due() == 1
    with postgresql_database.read() as tx:
        row = work.inspect(tx, identifier)
    assert (row.state, row.attempts) == (State.DONE, 2)
    if runner_class is ProcrastinateRunner:
        assert engine_jobs(postgresql_database) == 0


def test_the_sweep_hands_over_what_is_due_and_nothing_twice(postgresql_database: Database) -> None:
    install(postgresql_database)
    clock = VirtualClock(SystemClock().now_ms() + DAY)
    with postgresql_database.write() as tx:
        note(tx, clock)  # due by our clock, not by the server's
        assert engine_schema.sweep(tx, ["test.other"], clock.now_ms()) == 0
        assert engine_schema.sweep(tx, ["test.note"], clock.now_ms()) == 1
        assert engine_schema.sweep(tx, ["test.note"], clock.now_ms()) == 0
    assert engine_jobs(postgresql_database) == 1
