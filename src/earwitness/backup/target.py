"""Where a restore puts things: a folder that gets its name last, and stores that must be empty before."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from earwitness.backup.copying import copy_file, copy_rows
from earwitness.backup.keycopies import KeyBackup, put_log_key
from earwitness.backup.making import DATABASE
from earwitness.backup.places import settle
from earwitness.backup.progress import Progress
from earwitness.kernel.errors import BadInput
from earwitness.settings import Settings
from earwitness.storage.blobs import BlobStore
from earwitness.storage.database import Database, sqlite_url
from earwitness.storage.files import FolderLock, make_folder, os_errors, remove_durably
from earwitness.storage.schema import meta, metadata
from earwitness.vault import snapshots
from earwitness.vault.custodians.rootfiles import copy_root, shred
from earwitness.vault.keyring import Keyring
from earwitness.vault.rings.schemas import RingSchemas

RESTORING = ".restoring"
MARK = "restoring"
KEYS_MARK, OBJECTS_MARK = "restoring.keys", "restoring.objects"
"""Rows of ``meta``: an unfinished restore to a folder; that it found the keys database, the object store, empty."""

FOLDERS = ("blobs", "log", "run", "keys")


@dataclass(frozen=True, slots=True)
class Target:
    """A data folder to be; everything is made in ``work`` and gets the name ``final`` at the end."""

    final: Path
    work: Path
    settings: Settings

    @property
    def keys(self) -> Path:
        """The keys folder while it is made."""
        return self.work / "keys"


@contextmanager
def prepared(final: Path, settings: Settings) -> Iterator[Target]:
    """Yield a fresh place to work in; it gets its name, durably, when the ``with`` ends well.

    On an error nothing is left in the file system, and what a crash left is removed at the next try.

    Raises:
        BadInput: something is in the folder already.
        StorageBusy: another restore to the same place is running.
    """
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        raise BadInput(f"{final} is not empty.", next_step="Restore into a new folder.")
    make_folder(final.parent)
    work = final.with_name(final.name + RESTORING)
    with FolderLock(final.parent, exclusive=True, wait=False):
        _discard(work)
        for name in FOLDERS:
            make_folder(work / name)
        try:
            yield Target(final, work, settings)
            settle(work, final)
        except BaseException:
            _discard(work)
            raise


def put_database(target: Target, snapshot: Path, progress: Progress) -> frozenset[str]:
    """Put the snapshot's rows into the target's database, which must be empty.

    Returns:
        The marks of an unfinished restore to the same folder, which was cleared away first.

    Raises:
        BadInput: the database holds an installation.
        SchemaTooNew: the backup was made by a newer Earwitness.
        StorageFull: no space.
    """
    if not target.settings.database_url:
        copy_file(snapshot, target.work / DATABASE)
        return frozenset()
    scratch = target.work / "import.db"
    copy_file(snapshot, scratch)
    source, database = Database.open(sqlite_url(scratch)), Database.open(target.settings.database_url)
    try:
        with database.write() as tx:
            marks = _claim(tx, target)
        with source.write() as tx:
            tx.execute(delete(meta).where(_is_mark()))
        with source.read() as rows, database.write() as tx:
            copy_rows(rows, tx, progress)
    finally:
        source.close()
        database.close()
    for path in target.work.glob("import.db*"):
        remove_durably(path)
    return marks


def unmark(target: Target) -> None:
    """Say in a database of its own that the restore is complete."""
    _in_server(target, lambda tx: tx.execute(delete(meta).where(_is_mark())))


def _claim(tx: Connection, target: Target) -> frozenset[str]:
    """Clear what an unfinished restore to the same folder left, and refuse anything else."""
    found = {row.key: row.value for row in tx.execute(select(meta).where(_is_mark()))}
    place = str(target.final.resolve())
    tables = list(reversed(metadata.sorted_tables))
    if found.get(MARK) == place:
        for table in tables:
            tx.execute(delete(table))
    elif any(tx.execute(select(table).limit(1)).first() is not None for table in tables):
        raise BadInput("The database is not empty.", next_step="Give an empty database of its own.")
    marks = frozenset(found) | {MARK}
    tx.execute(insert(meta), [{"key": mark, "value": place} for mark in sorted(marks)])
    return marks


def _note(target: Target, mark: str, marks: frozenset[str]) -> None:
    """Remember, durably and before anything is put there, that a store was found empty."""
    if mark not in marks:
        row = {"key": mark, "value": str(target.final.resolve())}
        _in_server(target, lambda tx: tx.execute(insert(meta), [row]))


def _in_server(target: Target, change: Callable[[Connection], object]) -> None:
    """Change the database if it is not a file in the folder, which needs no marks."""
    if target.settings.database_url:
        database = Database.open(target.settings.database_url)
        try:
            with database.write() as tx:
                change(tx)
        finally:
            database.close()


def _is_mark() -> ColumnElement[bool]:
    return meta.c.key.in_([MARK, KEYS_MARK, OBJECTS_MARK])


def empty_objects(target: Target, blobs: BlobStore, marks: frozenset[str]) -> None:
    """Require an empty object store; empty it if an unfinished restore had found it so.

    Raises:
        BadInput: there are objects in it.
    """
    if next(iter(blobs.names()), None) is None:
        _note(target, OBJECTS_MARK, marks)
    elif OBJECTS_MARK in marks:
        blobs.delete_many(list(blobs.names()))
    else:
        raise BadInput(
            f"The object store of {target.settings.installation} is not empty.",
            next_step="Give an empty bucket: what it holds may belong to a house that is running.",
        )


def put_keys(target: Target, backup: KeyBackup, marks: frozenset[str]) -> int:
    """Put a key backup's keys where the settings say; return the epoch they open.

    Worked on in a copy, because opening a ring writes beside it.

    Raises:
        BadInput: there are keys in the keys database.
        KeyCorrupt: the key backup's ring is damaged.
    """
    scratch = target.work / "key-backup"
    make_folder(scratch)
    try:
        for name in backup.manifest.files:
            copy_file(backup.folder / name, scratch / Path(name).name)
        if target.settings.keys_url:
            epoch = _into_schemas(target, scratch, marks)
        else:
            epoch = Keyring.restore_snapshot(scratch, target.keys)
        put_log_key(backup, target.keys)
    finally:
        _shred_all(scratch)
    return epoch


def _into_schemas(target: Target, scratch: Path, marks: frozenset[str]) -> int:
    store = RingSchemas(target.settings.keys_url)
    try:
        if store.current() is None:
            _note(target, KEYS_MARK, marks)
        elif KEYS_MARK in marks:
            with store.rotating():
                store.switch(0)  # what the unfinished restore put there is nobody's: it is made anew
        epoch = snapshots.restore(scratch, store)
    finally:
        store.close()
    for path in scratch.glob("root-*"):
        copy_root(path, target.keys)
    return epoch


def _discard(work: Path) -> None:
    """Remove what was worked on, keys first and overwritten."""
    if not work.exists():
        return
    _shred_all(work / "keys")
    _shred_all(work / "key-backup")
    with os_errors(work):
        shutil.rmtree(work)


def _shred_all(folder: Path) -> None:
    if folder.is_dir():
        for path in [each for each in folder.rglob("*") if each.is_file()]:
            shred(path, secrets.token_bytes)
        with os_errors(folder):
            shutil.rmtree(folder)
