"""Procrastinate's tables in a schema of their own, and the trigger that connects work rows to them.

The engine's own files make and migrate its tables; which of them have been applied stands in the
table ``installed``. A trigger on ``work`` hands each row that becomes ready to the engine inside the
transaction that wrote it: whoever writes work rows knows nothing of the engine, and a rollback takes
both. The trigger's function runs as its owner with a fixed search path, so that database roles which
may only write work rows need no right on the engine's tables.
"""

import hashlib
from collections.abc import Iterator
from importlib import resources
from pathlib import PurePath

from sqlalchemy import Connection, text

from earwitness.kernel.errors import SchemaTooNew, StorageError
from earwitness.storage.database import Database

SCHEMA = "earwitness_engine"
TASK = "earwitness.work"
SWEEP_BATCH = 1_000

# A row has at most one waiting engine job (queueing_lock is unique among those): a second deferral
# moves it. Jobs that run already are not counted, so a retry written from inside one finds its place.
CONNECTION = f"""
CREATE OR REPLACE FUNCTION {SCHEMA}.defer_work(work_id text, kind text, at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = {SCHEMA}, pg_temp AS $$
BEGIN
    PERFORM procrastinate_defer_jobs_v1(ARRAY[ROW(
        kind, '{TASK}', 0, NULL, work_id, jsonb_build_object('work', work_id), at
    )::procrastinate_job_to_defer_v1]);
EXCEPTION WHEN unique_violation THEN
    UPDATE procrastinate_jobs SET scheduled_at = at WHERE queueing_lock = work_id AND status = 'todo';
END $$;
CREATE OR REPLACE FUNCTION {SCHEMA}.defer_ready_work() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {SCHEMA}, pg_temp AS $$
BEGIN
    PERFORM defer_work(NEW.id, NEW.kind, to_timestamp(NEW.run_at / 1000.0));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER earwitness_defer AFTER INSERT OR UPDATE OF state, run_at ON work
FOR EACH ROW WHEN (NEW.state = 'ready') EXECUTE FUNCTION {SCHEMA}.defer_ready_work();
"""  # noqa: S608 - constants of this module

# What the trigger did not hand over: rows older than the engine, rows whose lease ran out, rows that
# our clock calls due and the server's clock does not yet, rows that a backup brought back.
SWEEP = f"""
SELECT count({SCHEMA}.defer_work(id, kind, NULL)) FROM (
    SELECT id, kind FROM work
    WHERE kind = ANY(:kinds)
      AND ((state = 'ready' AND run_at <= :now) OR (state = 'leased' AND lease_until <= :now))
      AND NOT EXISTS (
          SELECT 1 FROM {SCHEMA}.procrastinate_jobs AS job
          WHERE job.queueing_lock = work.id AND job.status = 'todo'
            AND (job.scheduled_at IS NULL OR job.scheduled_at <= now()))
    LIMIT :most
) AS missed
"""  # noqa: S608 - constants of this module


def install(database: Database) -> None:
    """Make or migrate the engine's schema and connect it to ``work``; does nothing if all is there.

    Safe in several processes. One transaction: a crash leaves the old state or the new one.

    Raises:
        SchemaTooNew: a newer Earwitness installed a newer engine.
        StorageError: the database failed.
    """
    with database.write() as tx:
        database.serialize(tx, "jobs-engine")
        tx.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        tx.execute(
            text(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.installed (part text PRIMARY KEY, version text NOT NULL)")
        )
        _install_tables(tx)
        _install_connection(tx)


def sweep(tx: Connection, kinds: list[str], now: int) -> int:
    """Hand due rows to the engine that it does not know of, and return how many."""
    return int(tx.execute(text(SWEEP), {"kinds": kinds, "now": now, "most": SWEEP_BATCH}).scalar_one())


def migrations() -> list[str]:
    """Return the names of the engine's migration files in the order they apply."""
    return sorted(entry.name for entry in _files().joinpath("migrations").iterdir() if _is_sql(entry.name))


def run_engine_sql(tx: Connection, script: str) -> None:
    """Run a script of the engine's, which names its tables without a schema, in ours."""
    before = tx.execute(text("SELECT current_setting('search_path')")).scalar_one()
    set_path = text("SELECT set_config('search_path', :path, true)")
    tx.execute(set_path, {"path": SCHEMA})
    tx.exec_driver_sql(script, execution_options={"no_parameters": True})
    tx.execute(set_path, {"path": before})


def _install_tables(tx: Connection) -> None:
    present, known = _version(tx, "tables"), migrations()
    if present == known[-1]:
        return
    if present is None:
        run_engine_sql(tx, _files().joinpath("schema.sql").read_text(encoding="utf-8"))
    elif present > known[-1]:
        raise SchemaTooNew(
            "The job engine's tables were written by a newer Earwitness.",
            next_step="Start the newer Earwitness, or restore a backup made by this one.",
        )
    else:
        for script in _after(present, known):
            run_engine_sql(tx, script)
    _record(tx, "tables", known[-1])


def _install_connection(tx: Connection) -> None:
    version = hashlib.sha256(CONNECTION.encode()).hexdigest()
    if _version(tx, "connection") != version:
        tx.exec_driver_sql(CONNECTION, execution_options={"no_parameters": True})
        _record(tx, "connection", version)


def _after(present: str, known: list[str]) -> Iterator[str]:
    for name in known:
        if name > present:
            yield _files().joinpath("migrations", name).read_text(encoding="utf-8")


def _files() -> resources.abc.Traversable:
    try:
        return resources.files("procrastinate") / "sql"
    except ModuleNotFoundError as error:
        raise StorageError(
            "The job engine Procrastinate is not installed.", next_step="Install Earwitness with its dependencies."
        ) from error


def _is_sql(name: str) -> bool:
    return PurePath(name).suffix == ".sql"


def _version(tx: Connection, part: str) -> str | None:
    query = text(f"SELECT version FROM {SCHEMA}.installed WHERE part = :part")  # noqa: S608 - a constant
    return tx.execute(query, {"part": part}).scalar_one_or_none()


def _record(tx: Connection, part: str, version: str) -> None:
    statement = text(
        f"INSERT INTO {SCHEMA}.installed VALUES (:part, :version)"  # noqa: S608 - a constant
        " ON CONFLICT (part) DO UPDATE SET version = excluded.version"
    )
    tx.execute(statement, {"part": part, "version": version})
