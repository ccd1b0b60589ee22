"""One database behind two dialects: SQLite in the data folder, PostgreSQL beyond one machine.

``write()`` is the only way to change anything. On SQLite it is ``BEGIN IMMEDIATE``, so the writers
of all processes queue; ``synchronous=FULL`` makes a commit survive a power cut. On PostgreSQL it is
a ``READ COMMITTED`` transaction, and what must not overlap asks for :meth:`Database.serialize`.
``read()`` is a snapshot on both. The driver's own idea of when to begin is switched off (SQLAlchemy,
"Enabling Non-Legacy SQLite Transactional Modes").
"""

import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url, text

from earwitness.kernel.errors import BadInput, StorageBusy, StorageError
from earwitness.storage.failures import translated
from earwitness.storage.files import NEW_FILE, FolderLock, make_folder, os_errors, sync_folder
from earwitness.storage.migration import migrate

BUSY_SECONDS = 10.0
POOL_SIZE = 5
POOL_OVERFLOW = 35  # the web's threads; beyond them a caller waits
PRAGMAS = (
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA wal_autocheckpoint=4000",  # pages; moving 16 MB at a time costs fewer waits than 4
    "PRAGMA temp_store=MEMORY",  # sorting must not spill rows into a folder nobody erases
)


class Database:
    """The installation's database; one instance a process, used by any number of threads."""

    url: str
    dialect: str

    def __init__(self, engine: Engine, place: Path | str) -> None:
        """Take a prepared engine; use :meth:`open`."""
        self.url = engine.url.render_as_string(hide_password=False)
        self.dialect = engine.dialect.name
        self._engine = engine
        self._place = place
        if self.dialect == "sqlite":
            self._turn: _Turn | _NoTurn = _Turn()
            self._writer: Engine = engine.execution_options(earwitness_begin="BEGIN IMMEDIATE")
            self._reader: Engine = engine
        else:
            self._turn = _NoTurn()
            self._writer = engine
            self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @classmethod
    def open(cls, url: str) -> "Database":
        """Open the database at ``url``; create it or bring it to this release's schema first.

        Safe while other processes open the same one.

        Raises:
            BadInput: not a URL of a SQLite file or of PostgreSQL through psycopg.
            SchemaTooNew: a newer Earwitness wrote it.
            RowCorrupt: the file is no database, or another program's.
            StorageError: it cannot be reached, or there is no space.
        """
        parsed = _parse(url)
        if parsed.get_backend_name() == "sqlite":
            return _open_sqlite(cls, parsed, Path(str(parsed.database)))
        return _open_postgresql(cls, parsed)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction: committed and durable when the ``with`` ends, rolled back on an error.

        Raises:
            StorageFull: no space; nothing was kept.
            StorageBusy: others hold the lock for longer than ten seconds.
            StorageError: this thread has a write transaction open already, or the medium failed.
        """
        with self._turn, translated(self._place), self._writer.begin() as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot: every query inside sees the same moment, undisturbed by writers.

        Raises:
            StorageError: the medium failed.
        """
        with translated(self._place), self._reader.begin() as tx:
            yield tx

    def serialize(self, tx: Connection, name: str) -> None:
        """Let only one transaction at a time past this point, until it ends.

        On SQLite a write transaction is alone already.

        Args:
            tx: an open :meth:`write` transaction.
            name: what is guarded, e.g. ``"ledger"``; the same in every process and release.
        """
        if self.dialect == "postgresql":
            tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key(name)})

    def close(self) -> None:
        """Close every connection; on SQLite this folds the write-ahead log into the file."""
        self._engine.dispose()


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file, whatever characters its path holds."""
    return URL.create("sqlite+pysqlite", database=str(path)).render_as_string(hide_password=False)


def lock_key(name: str) -> int:
    """Return PostgreSQL's 64-bit signed advisory lock number for a name."""
    return int.from_bytes(hashlib.sha256(b"earwitness/lock/" + name.encode()).digest()[:8], "big", signed=True)


class _Turn:
    """The writers' queue inside one process, so that threads do not poll SQLite's file lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None

    def __enter__(self) -> None:
        me = threading.get_ident()
        if self._holder == me:
            raise StorageError("A write transaction is open in this thread already.")
        if not self._lock.acquire(timeout=BUSY_SECONDS):
            raise StorageBusy("Another write takes too long.", next_step="Try again in a moment.")
        self._holder = me

    def __exit__(self, *_: object) -> None:
        self._holder = None
        self._lock.release()


class _NoTurn:
    """PostgreSQL orders its writers itself."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise BadInput("The database URL cannot be read.", next_step=_URL_HELP) from error
    if parsed.drivername in {"postgresql", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"} and parsed.database not in {None, "", ":memory:"}:
        return parsed.set(drivername="sqlite+pysqlite")
    raise BadInput("The database URL names no database Earwitness works with.", next_step=_URL_HELP)


_URL_HELP = "Write sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME."


def _open_sqlite(make: Callable[[Engine, Path], Database], url: URL, path: Path) -> Database:
    make_folder(path.parent)
    engine = create_engine(
        url,
        connect_args={"isolation_level": None, "timeout": BUSY_SECONDS, "cached_statements": 256},
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    database = make(engine, path)
    # Switching a new file to WAL does not wait for other openers as SQLite's locks do elsewhere.
    with FolderLock(path.with_name(path.name + "-open"), exclusive=True), _closing_on_error(database):
        _create_file(path)
        with translated(path):
            _use_wal(engine)
        with database.write() as tx:
            migrate(tx)
    return database


def _create_file(path: Path) -> None:
    """Make the file ours alone before SQLite sees it; its -wal and -shm take the same mode.

    An existing file is never opened here: closing it would drop SQLite's locks in this process.
    """
    if path.exists():
        return
    with os_errors(path):
        os.close(os.open(path, NEW_FILE, 0o600))
        sync_folder(path.parent)


def _use_wal(engine: Engine) -> None:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        mode = cursor.fetchone()
        cursor.close()
    finally:
        connection.close()
    if mode != ("wal",):
        raise StorageError("SQLite cannot keep a write-ahead log here.", next_step="Use a folder on a local disk.")


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("earwitness_begin", "BEGIN"))


def _open_postgresql(make: Callable[[Engine, str], Database], url: URL) -> Database:
    engine = create_engine(
        url, pool_size=POOL_SIZE, max_overflow=POOL_OVERFLOW, pool_pre_ping=True, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_postgresql)
    database = make(engine, f"PostgreSQL at {url.host or 'the local socket'}")
    with _closing_on_error(database), database.write() as tx:
        database.serialize(tx, "schema")
        migrate(tx)
    return database


def _prepare_postgresql(connection: Any, _: Any) -> None:
    """Undo a database default that would acknowledge a commit before it is on the disk."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()


@contextmanager
def _closing_on_error(database: Database) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise
