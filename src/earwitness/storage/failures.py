"""What the database drivers complain about, in the project's own error tree.

Only failures of the medium are translated: no space, a lock that did not come free, a damaged file,
a server that does not answer. A broken constraint (``IntegrityError``) and a wrong statement pass
through, the first because callers act on it, the second because it is a fault of ours. No text of
the driver is taken over: it may quote a value.
"""

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import exc

from earwitness.kernel.errors import RowCorrupt, StorageBusy, StorageError, StorageFull

if TYPE_CHECKING:
    import psycopg

LOW_SPACE = 64 * 1024
PRIMARY = 0xFF  # SQLite: the low byte of an extended result code is its primary code
PG_FULL = ("53100", "53200")
PG_BUSY = ("40001", "40P01", "55P03", "53300", "57P03")
PG_CORRUPT = ("XX001", "XX002")


@contextmanager
def translated(place: Path | str) -> Iterator[None]:
    """Raise the medium's failures inside as :class:`StorageError`.

    Args:
        place: the SQLite file, or the words that name the server (no password).

    Raises:
        StorageFull: no space left.
        StorageBusy: another process held the lock for too long, or no connection came free.
        RowCorrupt: the file is damaged or is no database.
        StorageError: the file or the server cannot be reached.
    """
    try:
        yield
    except (exc.IntegrityError, sqlite3.IntegrityError):
        raise
    except _media_errors() as error:
        ours = _translate(error, place)
        if ours is None:
            raise
        raise ours from error


def _translate(error: Exception, place: Path | str) -> StorageError | None:
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    if isinstance(cause, sqlite3.Error) and isinstance(place, Path):
        return _sqlite(cause, place)
    if isinstance(cause, _psycopg()):
        return _postgresql(cause, str(place))
    if isinstance(error, exc.TimeoutError):
        return StorageBusy("Every database connection is in use.", next_step="Try again in a moment.")
    return None


def _media_errors() -> tuple[type[Exception], ...]:
    return (exc.DBAPIError, exc.TimeoutError, sqlite3.Error, *_psycopg())


def _psycopg() -> "tuple[type[psycopg.Error], ...]":
    """Return the driver's errors if it is loaded; none of them can be under way before that."""
    driver = sys.modules.get("psycopg")
    return (driver.Error,) if driver else ()


def _sqlite(error: sqlite3.Error, path: Path) -> StorageError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by Python's module itself, without a code
        return _damaged(path) if "decode to UTF-8" in str(error) else None
    say = _SQLITE.get(code & PRIMARY)
    return say(path) if say else None


def _postgresql(error: "psycopg.Error", place: str) -> StorageError | None:
    state = error.sqlstate or ""
    if state in PG_FULL:
        return StorageFull(f"{place} has no space left.", next_step="Free space on the server and try again.")
    if state in PG_BUSY:
        return StorageBusy(f"{place} is busy with another transaction.", next_step="Try again.")
    if state in PG_CORRUPT:
        return RowCorrupt(f"{place} reports damaged data.", next_step="Restore a backup: earwitness restore.")
    if isinstance(error, sys.modules["psycopg"].OperationalError):
        return StorageError(
            f"{place} does not answer.",
            next_step="Check that the server runs and that database_url in the settings is right.",
        )
    return None


def _full(path: Path) -> StorageFull:
    return StorageFull(
        f"No space is left to write {path}; nothing was kept of this step.",
        next_step="Free space on that disk and try again.",
    )


def _damaged(path: Path) -> RowCorrupt:
    return RowCorrupt(
        f"{path.name} is damaged, or is not a database.",
        next_step="Restore a backup: earwitness restore.",
    )


def _locked(path: Path) -> StorageBusy:
    return StorageBusy(
        f"{path.name} is held by another process.",
        next_step="Wait for the other command to finish and try again.",
    )


def _disk_error(path: Path) -> StorageError:
    """SQLite reports a full disk as an I/O error where it grows its shared memory file."""
    return _full(path) if _space(path) < LOW_SPACE else _unreachable(path)


def _unreachable(path: Path) -> StorageError:
    return StorageError(
        f"{path} cannot be read or written.",
        next_step="Check that the folder exists and belongs to the user that runs Earwitness.",
    )


def _space(path: Path) -> int:
    """Bytes left to an ordinary user on the medium of ``path``."""
    try:
        state = os.statvfs(path.parent)
    except OSError:
        return LOW_SPACE
    return state.f_bavail * state.f_frsize


_SQLITE: dict[int, Callable[[Path], StorageError]] = {
    sqlite3.SQLITE_FULL: _full,
    sqlite3.SQLITE_BUSY: _locked,
    sqlite3.SQLITE_LOCKED: _locked,
    sqlite3.SQLITE_CORRUPT: _damaged,
    sqlite3.SQLITE_NOTADB: _damaged,
    sqlite3.SQLITE_IOERR: _disk_error,
    sqlite3.SQLITE_CANTOPEN: _unreachable,
    sqlite3.SQLITE_READONLY: _unreachable,
    sqlite3.SQLITE_PERM: _unreachable,
}
