"""Connections to ring files: settings, a small pool, and what the driver's complaints mean here."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from earwitness.kernel.errors import KeyCorrupt, KeyringError, RowCorrupt
from earwitness.storage.failures import translated

BUSY_MS = 10_000
SETTINGS = (f"PRAGMA busy_timeout = {BUSY_MS}", "PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON")


class Pool:
    """Idle connections to the one ring that was used last."""

    def __init__(self) -> None:
        """Start with none."""
        self._lock = threading.Lock()
        self._epoch = 0
        self._idle: list[sqlite3.Connection] = []

    def take(self, epoch: int) -> sqlite3.Connection | None:
        """Return an idle connection to that ring, or None; idle ones to another ring are closed."""
        with self._lock:
            stale = self._turn_to(epoch)
            taken = self._idle.pop() if self._idle else None
        _close(stale)
        return taken

    def give(self, epoch: int, connection: sqlite3.Connection) -> bool:
        """Keep a connection for the next use; False if its ring is not the one in use any more."""
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


class SqliteSql:
    """One SQLite connection as :class:`earwitness.vault.rings.rows.Sql`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Run on ``connection``, whose transactions are the caller's."""
        self._connection = connection

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return all its rows."""
        return self._connection.execute(_listing(statement), values).fetchall()

    def run(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Run a statement."""
        self._connection.execute(_listing(statement), values)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row."""
        self._connection.executemany(statement, rows)

    def listed(self, values: Sequence[Any]) -> str:
        """Pack values for ``IN (?)`` as the JSON that ``json_each`` takes apart."""
        return json.dumps(list(values))


@lru_cache(maxsize=64)
def _listing(statement: str) -> str:
    return statement.replace("IN (?)", "IN (SELECT value FROM json_each(?))")


def open_ring(path: Path) -> sqlite3.Connection:
    """Open a ring that is there.

    Raises:
        KeyCorrupt: it is not there.
        sqlite3.Error: it cannot be opened; :func:`ring_errors` says so in our words.
    """
    if not path.exists():
        raise KeyCorrupt(
            f"{path} is missing, though CURRENT names it.", next_step="Put it back from the newest key backup."
        )
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        for statement in SETTINGS:
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _close(connections: list[sqlite3.Connection]) -> None:
    for connection in connections:
        connection.close()


@contextmanager
def ring_errors(path: Path) -> Iterator[None]:
    """Say in the project's words what the driver complains of inside, naming the file.

    Raises:
        KeyCorrupt: the file is damaged or is no ring.
        KeyringError: an id exists already.
        StorageError: no space, no lock in time, no access.
    """
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
