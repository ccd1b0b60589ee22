"""Where a restore puts things: a folder that gets its name last, and stores that must be empty before."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

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
from earwitness.vault.rings import RingSchemas

RESTORING = ".restoring"
MARK = "restoring"
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


def put_database(target: Target, snapshot: Path, progress: Progress) -> bool:
    """Put the snapshot's rows into the target's database, which must be empty.

    Returns:
        Whether an unfinished restore to the same folder was cleared away first.

    Raises:
        BadInput: the database holds an installation.
        SchemaTooNew: the backup was made by a newer Earwitness.
        StorageFull: no space.
    """
    if not target.settings.database_url:
        copy_file(snapshot, target.work / DATABASE)
        return False
    scratch = target.work / "import.db"
    copy_file(snapshot, scratch)
    source, database = Database.open(sqlite_url(scratch)), Database.open(target.settings.database_url)
    try:
        with database.write() as tx:
            again = _claim(tx, target)
        with source.write() as tx:
            tx.execute(delete(meta).where(meta.c.key == MARK))
        with source.read() as rows, database.write() as tx:
            copy_rows(rows, tx, progress)
    finally:
        source.close()
        database.close()
    for path in target.work.glob("import.db*"):
        remove_durably(path)
    return again


def unmark(target: Target) -> None:
    """Say in a database of its own that the restore is complete."""
    if target.settings.database_url:
        database = Database.open(target.settings.database_url)
        try:
            with database.write() as tx:
                tx.execute(delete(meta).where(meta.c.key == MARK))
        finally:
            database.close()


def _claim(tx: Connection, target: Target) -> bool:
    """Clear what an unfinished restore to the same folder left, and refuse anything else."""
    mark, place = tx.scalar(select(meta.c.value).where(meta.c.key == MARK)), str(target.final.resolve())
    tables = list(reversed(metadata.sorted_tables))
    if mark == place:
        for table in tables:
            tx.execute(delete(table))
    elif any(tx.execute(select(table).limit(1)).first() is not None for table in tables):
        raise BadInput("The database is not empty.", next_step="Give an empty database of its own.")
    tx.execute(insert(meta), [{"key": MARK, "value": place}])
    return mark == place


def empty_objects(target: Target, blobs: BlobStore, *, again: bool) -> None:
    """Require an empty object store; after an unfinished restore, empty it.

    Raises:
        BadInput: there are objects in it.
    """
    if next(iter(blobs.names()), None) is None:
        return
    if not again:
        raise BadInput(
            f"The object store of {target.settings.installation} is not empty.",
            next_step="Give an empty bucket: what it holds may belong to a house that is running.",
        )
    blobs.delete_many(list(blobs.names()))


def put_keys(target: Target, backup: KeyBackup) -> int:
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
            epoch = _into_schemas(target, scratch)
        else:
            epoch = Keyring.restore_snapshot(scratch, target.keys)
        put_log_key(backup, target.keys)
    finally:
        _shred_all(scratch)
    return epoch


def _into_schemas(target: Target, scratch: Path) -> int:
    store = RingSchemas(target.settings.keys_url)
    try:
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
