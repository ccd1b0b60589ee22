"""Rings as SQLite files in the keys folder: ``ring-<n>.db``, ``CURRENT`` and three lock files.

WAL with ``synchronous=FULL`` and ``secure_delete``, one fsync a commit. A ring under construction is
written without a journal, fsynced once at its end, and becomes visible when CURRENT is replaced.
Locks and the turnstile: docs/formats/envelope.md, "The ring".
"""

import json
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from earwitness.kernel.errors import EarwitnessError, KeyCorrupt, KeyringError, NotFound, RowCorrupt, StorageBusy
from earwitness.storage.failures import translated
from earwitness.storage.files import (
    FolderLock,
    make_folder,
    os_errors,
    sync_folder,
    write_durably,
    write_new_file,
)
from earwitness.vault.rings.port import Place
from earwitness.vault.rings.rows import Head, KeyRow, Ring, SubjectRow

T = TypeVar("T")

BUSY_MS = 10_000
BUILD_CACHE_KIB = 32 * 1024
SUFFIXES = ("", "-wal", "-shm", "-journal")
OPEN = (f"PRAGMA busy_timeout = {BUSY_MS}", "PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON")
BUILD = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA secure_delete = ON",
    f"PRAGMA cache_size = -{BUILD_CACHE_KIB}",
)
TABLES = """
CREATE TABLE head (
    epoch INTEGER NOT NULL, wrapped_kek BLOB NOT NULL, opened_at INTEGER NOT NULL, next INTEGER, ended INTEGER NOT NULL
);
CREATE TABLE subject (no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, wrapped BLOB NOT NULL);
CREATE TABLE key (
    no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, subject INTEGER NOT NULL, wrapped BLOB NOT NULL
);
CREATE TABLE gone (what TEXT NOT NULL, no INTEGER NOT NULL);
"""
KEY_INDEX = "CREATE UNIQUE INDEX key_id ON key (id)"
_RING = re.compile(r"ring-([1-9][0-9]*)\.db").fullmatch
_NUMBER = re.compile(rb"(0|[1-9][0-9]{0,8})\n").fullmatch


class RingFiles:
    """The ring store of one machine."""

    def __init__(self, folder: Path) -> None:
        """Keep rings in ``folder``, which is made (0700) if it is missing.

        Raises:
            StorageError: the folder cannot be made.
        """
        make_folder(folder)
        self.folder = folder
        self._mutex = threading.Lock()
        self._pool = _Pool()

    def path(self, epoch: int) -> Path:
        """Return the file of a ring."""
        return self.folder / f"ring-{epoch}.db"

    def place(self, epoch: int) -> Place:
        """Name the ring's file and the one that says which is current."""
        return Place(str(self.path(epoch)), str(self.folder / "CURRENT"))

    def current(self) -> int | None:
        """Read CURRENT.

        Raises:
            KeyCorrupt: it does not hold a number.
        """
        path = self.folder / "CURRENT"
        with os_errors(path):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                return None
        if not _NUMBER(data):
            raise KeyCorrupt(
                f"{path} does not name a ring.", next_step="Put the folder back from the newest key backup."
            )
        return int(data)

    def epochs(self) -> list[int]:
        """List the ring files."""
        with os_errors(self.folder):
            names = [path.name for path in self.folder.iterdir()]
        return sorted(int(match[1]) for name in names if (match := _RING(name)))

    def read(self, body: Callable[[Ring], T]) -> T:
        """Run ``body`` in a read transaction, again if CURRENT was replaced meanwhile.

        Raises:
            KeyCorrupt, StorageError: as the port says.
        """
        while True:
            epoch = self._require_current()
            try:
                with self._transaction(epoch, "BEGIN") as ring:
                    return body(ring)
            except EarwitnessError:
                if self.current() == epoch:
                    raise

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[Ring]:
        """Open a write transaction under the folder's lock.

        Raises:
            KeyCorrupt, StorageError: as the port says.
            KeyringError: a key of that id exists.
        """
        with (
            self._mutex,
            self._locked(alone=alone),
            self._transaction(self._require_current(), "BEGIN IMMEDIATE") as ring,
        ):
            yield ring

    @contextmanager
    def rotating(self) -> Iterator[None]:
        """Hold the ``rotation`` lock file.

        Raises:
            StorageBusy: another process rotates, or takes a snapshot.
        """
        try:
            lock = FolderLock(self.folder / "rotation", exclusive=True, wait=False).__enter__()
        except StorageBusy:
            raise StorageBusy(
                "The keys are being rotated or copied by another process.", next_step="Try again when it is done."
            ) from None
        try:
            yield
        finally:
            lock.__exit__(None, None, None)

    @contextmanager
    def build(self, head: Head) -> Iterator["FileBuilder"]:
        """Start the file of ``head.epoch``.

        Raises:
            StorageError: it is there already, or cannot be made.
        """
        builder = FileBuilder(self.path(head.epoch), head)
        try:
            yield builder
        finally:
            builder.close()

    def switch(self, epoch: int) -> None:
        """Replace CURRENT.

        Raises:
            StorageError: the folder cannot be written; the old one stays current.
        """
        write_durably(self.folder / "CURRENT", b"%d\n" % epoch)

    def drop(self, epoch: int) -> None:
        """Unlink a ring with its log and fsync the folder.

        Raises:
            StorageError: it cannot be removed.
        """
        self._pool.forget(epoch)
        path = self.path(epoch)
        with os_errors(path):
            for suffix in SUFFIXES:
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            sync_folder(self.folder)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.forget(None)

    def _require_current(self) -> int:
        epoch = self.current()
        if epoch:
            return epoch
        if epoch is None and self.epochs():
            raise KeyCorrupt(
                f"{self.folder / 'CURRENT'} is missing, though there are rings.",
                next_step="Put the folder back from the newest key backup.",
            )
        raise NotFound(f"There are no keys in {self.folder}.", next_step="Make them: earwitness init.")

    @contextmanager
    def _locked(self, *, alone: bool) -> Iterator[None]:
        with ExitStack() as held:
            with ExitStack() as passing:
                turn = held if alone else passing
                turn.enter_context(FolderLock(self.folder / "turn", exclusive=alone))
                held.enter_context(FolderLock(self.folder / "lock", exclusive=alone))
            yield

    @contextmanager
    def _transaction(self, epoch: int, begin: str) -> Iterator[Ring]:
        path = self.path(epoch)
        with _ring_errors(path):
            connection = self._pool.take(epoch) or _open(path)
            healthy = False
            try:
                connection.execute(begin)
                try:
                    yield Ring(_Sqlite(connection), str(path), epoch)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
                healthy = True
            finally:
                if not (healthy and self._pool.give(epoch, connection)):
                    connection.close()


class FileBuilder:
    """A ring file that is being filled, without a journal: after a crash it is removed whole."""

    def __init__(self, path: Path, head: Head) -> None:
        """Create ``path`` (0600) with empty tables.

        Raises:
            StorageError: it is there already, or cannot be made.
        """
        self._path = path
        with os_errors(path), _ring_errors(path):
            write_new_file(path, b"", 0o600)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                for statement in BUILD:
                    self._connection.execute(statement)
                self._connection.executescript(TABLES)
                values = (head.epoch, head.wrapped_kek, head.opened_at, head.next, head.ended)
                self._connection.execute("INSERT INTO head VALUES (?, ?, ?, ?, ?)", values)
            except BaseException:
                self._connection.close()
                raise
        self._sql = _Sqlite(self._connection)

    def fill(self, subjects: Iterable[SubjectRow], keys: Iterable[KeyRow]) -> None:
        """Add rows in one transaction.

        Raises:
            StorageError: no space, or the file failed.
        """
        with _ring_errors(self._path):
            self._connection.execute("BEGIN")
            self._sql.many("INSERT INTO subject (no, id, wrapped) VALUES (?, ?, ?)", subjects)
            self._sql.many("INSERT INTO key (no, id, subject, wrapped) VALUES (?, ?, ?, ?)", keys)
            self._connection.execute("COMMIT")

    def subjects(self, numbers: list[int]) -> list[SubjectRow]:
        """Return subjects by number."""
        with _ring_errors(self._path):
            statement = "SELECT no, id, wrapped FROM subject WHERE no IN (?)"
            return self._sql.rows(statement, [self._sql.listed(numbers)])

    def index(self) -> None:
        """Index the key ids and let the disk catch up, so that :meth:`finish` has little left to write."""
        with _ring_errors(self._path):
            self._connection.execute(KEY_INDEX)
            self._sync()

    def remove(self, subjects: list[int], keys: list[int]) -> None:
        """Remove rows; their pages are zeroed."""
        with _ring_errors(self._path):
            self._connection.execute("BEGIN")
            self._sql.run("DELETE FROM key WHERE no IN (?)", [self._sql.listed(keys)])
            if subjects:
                self._sql.run("DELETE FROM key WHERE subject IN (?)", [self._sql.listed(subjects)])
                self._sql.run("DELETE FROM subject WHERE no IN (?)", [self._sql.listed(subjects)])
            self._connection.execute("COMMIT")

    def finish(self) -> None:
        """Turn WAL on, close, fsync the file and its name.

        Raises:
            StorageError: no space, or the disk failed.
        """
        with _ring_errors(self._path):
            self._connection.execute("PRAGMA journal_mode = WAL")
            self.close()
            self._sync()
        sync_folder(self._path.parent)

    def close(self) -> None:
        """Close the file; what was not finished is worth nothing."""
        self._connection.close()

    def _sync(self) -> None:
        with os_errors(self._path):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


class _Pool:
    """Idle connections to the one ring that was used last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._epoch = 0
        self._idle: list[sqlite3.Connection] = []

    def take(self, epoch: int) -> sqlite3.Connection | None:
        with self._lock:
            stale = self._turn_to(epoch)
            taken = self._idle.pop() if self._idle else None
        _close(stale)
        return taken

    def give(self, epoch: int, connection: sqlite3.Connection) -> bool:
        with self._lock:
            if epoch != self._epoch:
                return False
            self._idle.append(connection)
            return True

    def forget(self, epoch: int | None) -> None:
        """Close the idle connections of one ring, or of any; those in use close when they are given back."""
        with self._lock:
            stale = self._turn_to(0) if epoch in {None, self._epoch} else []
        _close(stale)

    def _turn_to(self, epoch: int) -> list[sqlite3.Connection]:
        if epoch == self._epoch:
            return []
        stale, self._idle, self._epoch = self._idle, [], epoch
        return stale


class _Sqlite:
    """One SQLite connection as :class:`earwitness.vault.rings.rows.Sql`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(_listing(statement), values).fetchall()

    def run(self, statement: str, values: Sequence[Any] = ()) -> None:
        self._connection.execute(_listing(statement), values)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(statement, rows)

    def listed(self, values: Sequence[Any]) -> str:
        return json.dumps(list(values))


@lru_cache(maxsize=64)
def _listing(statement: str) -> str:
    return statement.replace("IN (?)", "IN (SELECT value FROM json_each(?))")


def _open(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise KeyCorrupt(
            f"{path} is missing, though CURRENT names it.", next_step="Put it back from the newest key backup."
        )
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        for statement in OPEN:
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _close(connections: list[sqlite3.Connection]) -> None:
    for connection in connections:
        connection.close()


@contextmanager
def _ring_errors(path: Path) -> Iterator[None]:
    """Name the file and say what can be done; an id that exists already is the caller's fault."""
    try:
        with translated(path):
            yield
    except RowCorrupt as error:
        raise _damaged(path) from error
    except sqlite3.IntegrityError as error:
        raise KeyringError("A key or a subject of that id exists already; nothing was added.") from error
    except sqlite3.OperationalError as error:
        if "no such table" in str(error) or "no such column" in str(error):
            raise _damaged(path) from error
        raise


def _damaged(path: Path) -> KeyCorrupt:
    return KeyCorrupt(f"{path} is damaged, or is no ring.", next_step="Put it back from the newest key backup.")
