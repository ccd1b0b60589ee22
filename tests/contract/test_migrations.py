"""The database that the migrations make is the schema, on both dialects, from every version there is."""

import multiprocessing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect, text

from earwitness.kernel.errors import RowCorrupt, SchemaTooNew
from earwitness.storage.database import Database, sqlite_url
from earwitness.storage.migration import HEAD, version
from earwitness.storage.migrations.upgrade import scripts
from earwitness.storage.schema import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return request.getfixturevalue("empty_postgresql_url")
    return sqlite_url(tmp_path / "data.db")


def run(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as tx:
        for statement in statements:
            tx.execute(text(statement))
    engine.dispose()


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()
    return found


def test_an_empty_database_is_brought_to_the_schema(empty_url: str) -> None:
    database = Database.open(empty_url)
    with database.read() as tx:
        assert version(tx) == HEAD
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    database.close()


def test_the_newest_script_is_the_version_of_this_release() -> None:
    assert scripts().get_heads() == [HEAD]
    numbers = sorted(script.revision for script in scripts().walk_revisions())
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]


def test_a_newer_schema_is_refused_and_left_alone(empty_url: str) -> None:
    Database.open(empty_url).close()
    run(empty_url, "UPDATE alembic_version SET version_num = '9999'", "ALTER TABLE meta ADD COLUMN later TEXT")
    with pytest.raises(SchemaTooNew, match=f"schema 9999; this Earwitness knows schemas up to {HEAD}") as refused:
        Database.open(empty_url)
    assert "newer Earwitness" in refused.value.next_step
    run(empty_url, "SELECT later FROM meta")


def test_another_programs_database_is_refused_and_left_alone(empty_url: str) -> None:
    run(empty_url, "CREATE TABLE person (name TEXT)")
    with pytest.raises(RowCorrupt, match="no Earwitness schema"):
        Database.open(empty_url)
    assert tables(empty_url) == {"person"}


def test_a_migration_that_fails_leaves_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last table of the script cannot be made: those before it must be gone again."""
    make = Operations.create_table

    def fail_at_the_end(self: Operations, name: str, *parts: object, **named: object) -> object:
        if name == list(metadata.tables)[-1]:
            raise InterruptedError
        return make(self, name, *parts, **named)

    monkeypatch.setattr(Operations, "create_table", fail_at_the_end)
    with pytest.raises(InterruptedError):
        Database.open(empty_url)
    assert tables(empty_url) == set()
    monkeypatch.undo()
    Database.open(empty_url).close()
    assert set(metadata.tables) < tables(empty_url)


def open_once(url: str, start: object) -> None:
    start.wait(20)  # type: ignore[attr-defined]
    Database.open(url).close()


def test_processes_that_open_an_empty_database_together_all_succeed(empty_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    processes = [context.Process(target=open_once, args=(empty_url, start)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 3
    database = Database.open(empty_url)
    with database.read() as tx:
        assert version(tx) == HEAD
    database.close()
