"""A ring file under construction: no journal, one fsync at its end; a crash leaves a file to be removed."""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from earwitness.storage.files import os_errors, sync_folder, write_new_file
from earwitness.vault.rings.rows import Head, KeyRow, SubjectRow
from earwitness.vault.rings.sqlite import SqliteSql, ring_errors

CACHE_KIB = 32 * 1024
SETTINGS = (
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA secure_delete = ON",
    f"PRAGMA cache_size = -{CACHE_KIB}",
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


class FileBuilder:
    """A ring file that is being filled, without a journal: after a crash it is removed whole."""

    def __init__(self, path: Path, head: Head) -> None:
        """Create ``path`` (0600) with empty tables.

        Raises:
            StorageError: it is there already, or cannot be made.
        """
        self._path = path
        with os_errors(path), ring_errors(path):
            write_new_file(path, b"", 0o600)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                for statement in SETTINGS:
                    self._connection.execute(statement)
                self._connection.executescript(TABLES)
                values = (head.epoch, head.wrapped_kek, head.opened_at, head.next, head.ended)
                self._connection.execute("INSERT INTO head VALUES (?, ?, ?, ?, ?)", values)
            except BaseException:
                self._connection.close()
                raise
        self._sql = SqliteSql(self._connection)

    def fill(self, subjects: Iterable[SubjectRow], keys: Iterable[KeyRow]) -> None:
        """Add rows in one transaction.

        Raises:
            StorageError: no space, or the file failed.
        """
        with ring_errors(self._path):
            self._connection.execute("BEGIN")
            self._sql.many("INSERT INTO subject (no, id, wrapped) VALUES (?, ?, ?)", subjects)
            self._sql.many("INSERT INTO key (no, id, subject, wrapped) VALUES (?, ?, ?, ?)", keys)
            self._connection.execute("COMMIT")

    def subjects(self, numbers: list[int]) -> list[SubjectRow]:
        """Return subjects by number."""
        with ring_errors(self._path):
            statement = "SELECT no, id, wrapped FROM subject WHERE no IN (?)"
            return self._sql.rows(statement, [self._sql.listed(numbers)])

    def index(self) -> None:
        """Index the key ids and let the disk catch up, so that :meth:`finish` has little left to write."""
        with ring_errors(self._path):
            self._connection.execute(KEY_INDEX)
            self._sync()

    def remove(self, subjects: list[int], keys: list[int]) -> None:
        """Remove rows; their pages are zeroed."""
        with ring_errors(self._path):
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
        with ring_errors(self._path):
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
