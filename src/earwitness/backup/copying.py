"""Copying rows, sealed objects and files; what never changes is hard-linked where the file system lets it."""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Table, insert, select

from earwitness.backup.progress import Progress
from earwitness.kernel.errors import BlobMissing
from earwitness.storage.blobs import BlobStore, LocalBlobs, check_name
from earwitness.storage.files import make_folder, os_errors, sync_folder
from earwitness.storage.schema import metadata


class Objects(Protocol):
    """Where sealed objects are read from."""

    def get(self, name: str) -> bytes:
        """Return a whole object.

        Raises:
            BlobMissing: there is none of that name.
        """
        ...


class FolderObjects:
    """The objects of a backup, read without changing anything beside them."""

    def __init__(self, folder: Path) -> None:
        """Read below ``folder``."""
        self._folder = folder

    def path(self, name: str) -> Path:
        """Return where an object lies."""
        return self._folder / check_name(name)

    def get(self, name: str) -> bytes:
        """Return a whole object.

        Raises:
            BlobMissing: there is none of that name.
        """
        path = self.path(name)
        if not path.is_file():
            raise BlobMissing(f"The backup has no object {name}.")
        with os_errors(path):
            return path.read_bytes()


ROWS = 2_000
OBJECTS = 64
AT_ONCE = 8


def copy_rows(source: Connection, target: Connection, progress: Progress) -> None:
    """Copy every table of the schema into empty ones, in an order that foreign keys allow."""
    tables: Sequence[Table] = metadata.sorted_tables
    for number, table in enumerate(tables):
        progress("tables", number, len(tables))
        query = select(table).order_by(*table.primary_key.columns)
        with source.execute(query, execution_options={"yield_per": ROWS}) as rows:
            for part in rows.mappings().partitions():
                target.execute(insert(table), [dict(row) for row in part])


def link_file(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where that cannot be; its content is on the disk when this returns.

    Raises:
        StorageFull: no space.
        StorageError: the source cannot be read, or the target cannot be written.
    """
    make_folder(target.parent)
    with suppress(OSError):
        os.link(source, target)
        _sync(target)
        return
    copy_file(source, target)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, durable but for its name; for files that may change where they are.

    Raises:
        StorageFull: no space.
        StorageError: the source cannot be read, or the target cannot be written.
    """
    make_folder(target.parent)
    with os_errors(target):
        shutil.copyfile(source, target)
        target.chmod(0o600)
        _sync(target)


def copy_objects(names: Iterable[str], source: Objects, target: BlobStore, progress: Progress) -> list[str]:
    """Copy sealed objects, durably; return the names that the source does not have.

    Raises:
        StorageFull: no space.
        StorageError: a store failed.
    """
    lost: list[str] = []
    walk, done = iter(names), 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while batch := list(islice(walk, OBJECTS)):
            rest = _linked(batch, source, target)
            found = list(zip(rest, pool.map(lambda name: _get(source, name), rest), strict=True))
            target.put_many([(name, data) for name, data in found if data is not None])
            lost += [name for name, data in found if data is None]
            done += len(batch)
            progress("objects", done, 0)
    return lost


def _linked(batch: Sequence[str], source: Objects, target: BlobStore) -> list[str]:
    """Hard-link what can be, and return the names of what cannot."""
    if not (isinstance(source, LocalBlobs | FolderObjects) and isinstance(target, LocalBlobs)):
        return list(batch)
    rest, folders = [], set()
    for name in batch:
        place = target.path(name)
        make_folder(place.parent)
        try:
            os.link(source.path(name), place)
            folders.add(place.parent)
        except OSError:
            rest.append(name)
    for folder in folders:
        sync_folder(folder)
    return rest


def _get(source: Objects, name: str) -> bytes | None:
    try:
        return source.get(name)
    except BlobMissing:
        return None


def files_below(folder: Path) -> Iterator[str]:
    """Yield the paths of all files below a folder, relative to it, sorted."""
    with os_errors(folder):
        yield from sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
