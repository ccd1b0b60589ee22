"""What the SQLite side promises beyond the common contract."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from earwitness.kernel.errors import RowCorrupt, StorageBusy, StorageError, StorageFull
from earwitness.storage.database import Database, sqlite_url
from earwitness.storage.failures import translated
from earwitness.storage.schema import meta
from earwitness.testing.canary import canary


def pragma(tx: Connection, name: str) -> object:
    return tx.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def put(tx: Connection, key: str, value: str = "") -> None:
    tx.execute(meta.insert(), {"key": key, "value": value})


def test_every_connection_is_durable_and_forgetful(sqlite_database: Database) -> None:
    with sqlite_database.write() as one, sqlite_database.read() as two:
        for tx in (one, two):
            assert pragma(tx, "journal_mode") == "wal"
            assert pragma(tx, "synchronous") == 2
            assert pragma(tx, "foreign_keys") == 1
            assert pragma(tx, "secure_delete") == 1
            assert pragma(tx, "temp_store") == 2
            assert pragma(tx, "busy_timeout") == 10_000


def test_the_files_belong_to_their_owner_alone(sqlite_database: Database, tmp_path: Path) -> None:
    with sqlite_database.write() as tx:
        put(tx, "a")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert {name for name in modes if name.startswith("data.db")} >= {"data.db", "data.db-wal", "data.db-shm"}
    assert set(modes.values()) == {0o600}


def test_a_path_of_any_characters_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "my data%20?#&ä" / "d b.db"
    Database.open(sqlite_url(path)).close()
    assert path.is_file()


def test_a_write_inside_a_write_of_one_thread_is_a_fault_that_is_told(sqlite_database: Database) -> None:
    with sqlite_database.write(), pytest.raises(StorageError, match="open in this thread"), sqlite_database.write():
        pass
    with sqlite_database.write() as tx:
        put(tx, "still works")


def test_another_process_that_writes_for_long_makes_it_busy(sqlite_database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "data.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with sqlite_database.read() as tx:
        tx.exec_driver_sql("PRAGMA busy_timeout=1")  # this connection waits no ten seconds
    with pytest.raises(StorageBusy, match=r"data\.db is held by another process"), sqlite_database.write():
        pass
    other.rollback()
    other.close()
    with sqlite_database.write() as tx:
        put(tx, "a")


def test_without_space_the_transaction_is_gone_and_the_next_works(sqlite_database: Database) -> None:
    with sqlite_database.write() as tx:
        pages = pragma(tx, "page_count")
        tx.exec_driver_sql(f"PRAGMA max_page_count={int(str(pages)) + 4}")
    with pytest.raises(StorageFull, match="Free space"), sqlite_database.write() as tx:
        put(tx, "large", "x" * 100_000)
    with sqlite_database.write() as tx:
        assert tx.execute(text("SELECT count(*) FROM meta")).scalar_one() == 0
        put(tx, "small")


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.db").write_bytes(content)
    with pytest.raises(RowCorrupt, match=r"data\.db is damaged, or is not a database") as damaged:
        Database.open(sqlite_url(tmp_path / "data.db"))
    assert "restore" in damaged.value.next_step
    assert (tmp_path / "data.db").read_bytes() == content


def test_a_damaged_page_is_told_with_the_files_name(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    database = Database.open(sqlite_url(path))
    with database.write() as tx:
        for n in range(200):
            put(tx, f"key {n}", canary("x" * 500))
    database.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        for position in range(size - 20 * 4096, size, 4096):
            file.seek(position)
            file.write(b"\xff" * 64)
    database = Database.open(sqlite_url(path))
    with pytest.raises(RowCorrupt, match=r"data\.db is damaged"), database.read() as tx:
        tx.execute(text("SELECT * FROM meta")).all()
    database.close()


def test_a_text_that_is_no_text_is_damage_and_is_not_quoted(sqlite_database: Database) -> None:
    with sqlite_database.write() as tx:
        tx.execute(
            text("INSERT INTO meta VALUES ('a', CAST(:bytes AS TEXT))"), {"bytes": b"\xff" + canary("x").encode()}
        )
    with pytest.raises(RowCorrupt, match=r"data\.db"), sqlite_database.read() as tx:
        tx.execute(text("SELECT value FROM meta")).all()


def test_a_fault_of_ours_is_not_dressed_as_the_mediums(sqlite_database: Database) -> None:
    with pytest.raises(Exception, match="no such table") as fault, sqlite_database.read() as tx:
        tx.execute(text("SELECT * FROM absent"))
    assert not isinstance(fault.value, StorageError)


def test_no_value_is_quoted_in_a_drivers_error(sqlite_database: Database) -> None:
    with sqlite_database.write() as tx:
        put(tx, "a")
    with pytest.raises(Exception, match="UNIQUE") as fault, sqlite_database.write() as tx:
        put(tx, "a", canary("value"))
    assert "zebrafinch" not in str(fault.value)


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be used"):
        Database.open(sqlite_url(tmp_path / "file" / "data.db"))
    (tmp_path / "data.db").mkdir()
    with pytest.raises(StorageError, match=r"data\.db cannot be read or written"):
        Database.open(sqlite_url(tmp_path / "data.db"))


def test_errors_without_a_code_pass() -> None:
    with pytest.raises(sqlite3.ProgrammingError), translated(Path("data.db")):
        raise sqlite3.ProgrammingError


def test_a_process_killed_in_a_transaction_leaves_what_was_committed(tmp_path: Path) -> None:
    program = f"""
import os, sys
from earwitness.storage.database import Database
from earwitness.storage.schema import meta
database = Database.open({sqlite_url(tmp_path / "data.db")!r})
with database.write() as tx:
    tx.execute(meta.insert(), {{"key": "kept", "value": ""}})
with database.write() as tx:
    tx.execute(meta.insert(), [{{"key": f"lost {{n}}", "value": "x" * 1000}} for n in range(5000)])
    os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, env={**os.environ})
    assert done.returncode == -9
    database = Database.open(sqlite_url(tmp_path / "data.db"))
    with database.read() as tx:
        assert tx.execute(text("SELECT key FROM meta")).scalars().all() == ["kept"]
        assert pragma(tx, "integrity_check") == "ok"
    database.close()


def test_deleted_rows_leave_no_trace_in_the_file_after_it_is_closed(tmp_path: Path) -> None:
    """Closing folds the write-ahead log into the file and removes it."""
    database = Database.open(sqlite_url(tmp_path / "data.db"))
    with database.write() as tx:
        put(tx, "a", canary("to be deleted"))
    with database.write() as tx:
        tx.execute(text("DELETE FROM meta"))
    database.close()
    assert all(b"zebrafinch" not in path.read_bytes() for path in tmp_path.iterdir())
