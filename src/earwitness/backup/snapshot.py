"""One consistent snapshot of the database, as an SQLite file whatever engine it comes from."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, NullPool, create_engine, make_url, select, union_all

from earwitness.backup.copying import copy_rows
from earwitness.backup.progress import Progress
from earwitness.storage.database import BUSY_SECONDS, Database, sqlite_url
from earwitness.storage.failures import translated
from earwitness.storage.files import os_errors
from earwitness.storage.schema import artefact, deidentified, recording

NAMES = 1_000


def take(database: Database, target: Path, progress: Progress) -> None:
    """Write a snapshot to ``target``; its content is on the disk when this returns.

    Pages that were freed, and what they still hold, are not copied.

    Raises:
        StorageFull: no space.
        StorageError: the database or the target failed.
    """
    progress("database", 0, 0)
    if database.dialect == "sqlite":
        _vacuum(Path(str(make_url(database.url).database)), target)
    else:
        _copy(database, target, progress)
    with os_errors(target):
        target.chmod(0o600)
        with target.open("rb+") as file:
            os.fsync(file.fileno())


@contextmanager
def opened(path: Path) -> Iterator[Connection]:
    """Open a snapshot for reading; nothing is written beside it, so it may lie on a read-only medium.

    Raises:
        RowCorrupt: it is damaged, or no database.
    """
    uri = f"file:{quote(str(path))}?mode=ro&immutable=1"
    engine = create_engine("sqlite+pysqlite://", creator=lambda: sqlite3.connect(uri, uri=True), poolclass=NullPool)
    with translated(path), closing(engine.connect()) as connection:
        yield connection


def named_objects(tx: Connection) -> Iterator[str]:
    """Yield the names of the sealed objects that standing rows name."""
    standing = artefact.join(recording, recording.c.id == artefact.c.recording_id)
    query = union_all(
        select(artefact.c.blob)
        .select_from(standing)
        .where(artefact.c.blob.is_not(None), recording.c.state != "erased"),
        select(deidentified.c.blob).where(deidentified.c.blob.is_not(None)),
    )
    yield from tx.scalars(query, execution_options={"yield_per": NAMES})


def _vacuum(source: Path, target: Path) -> None:
    uri = f"file:{quote(str(source))}?mode=ro"
    with (
        translated(target),
        closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS)) as connection,
    ):
        connection.execute("VACUUM INTO ?", (str(target),))


def _copy(database: Database, target: Path, progress: Progress) -> None:
    copy = Database.open(sqlite_url(target))
    try:
        with database.read() as source, copy.write() as rows:
            copy_rows(source, rows, progress)
    finally:
        copy.close()
    with translated(target), closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    with os_errors(target):
        target.with_name(f"{target.name}-open").unlink(missing_ok=True)
