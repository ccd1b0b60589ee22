"""Objects as files, written so that they survive a power cut.

A file is created under its own name, which nobody is told before the call returns; so no temporary
file and no renaming is needed, and the content of every file of a batch and the folder with their
names are fsynced side by side, in one wait for the disk. A crash may leave a part of an object under
a name that nothing refers to: that is for the vault's sweep. A batch whose names come from
:func:`batch_names` touches one folder.

Measured on ext4 (100 KB each, batches of 8 to 64): 256, 16 and one folder differ by less than the
noise, because the journal is shared; 256 is kept for the sake of folders with millions of names.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from earwitness.kernel.errors import BlobCorrupt, BlobMissing, StorageError
from earwitness.storage.blobs.port import check_name, check_range, is_name
from earwitness.storage.files import (
    NEW_FILE,
    make_folder,
    os_errors,
    side_by_side,
    storage_error,
    sync_folder,
    write_all,
)

FOLDER_LENGTH = 2
READ_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW


class LocalBlobs:
    """The port ``BlobStore`` on a folder of the local disk; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``; it is made if it is not there.

        Raises:
            StorageError: it cannot be made.
        """
        self._folder = folder
        self._durable_folders: set[Path] = set()
        make_folder(folder)

    def put(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Store one object; see the port."""
        self._put([(name, (data,) if isinstance(data, bytes) else data)])

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Store several objects, all or none; see the port."""
        self._put([(name, (data,)) for name, data in items])

    def get(self, name: str) -> bytes:
        """Return a whole object; see the port."""
        descriptor = self._open(name)
        with open(descriptor, "rb") as file, os_errors(self._folder):  # noqa: PTH123 - a descriptor
            return file.read()

    def get_range(self, name: str, start: int, end: int) -> bytes:
        """Return a part of an object; see the port."""
        check_range(start, end)
        descriptor = self._open(name)
        try:
            with os_errors(self._folder):
                return _read_exactly(descriptor, name, start, end)
        finally:
            os.close(descriptor)

    def size(self, name: str) -> int:
        """Return an object's length in bytes; see the port."""
        try:
            return (self._folder / check_name(name)).stat().st_size
        except FileNotFoundError as error:
            raise BlobMissing(f"The stored object {name} is gone.") from error

    def path(self, name: str) -> Path:
        """Return where an object lies or would lie. Its file never changes, so a backup may hard-link it."""
        return self._folder / check_name(name)

    def delete_many(self, names: Sequence[str]) -> None:
        """Remove objects durably; see the port."""
        folders: set[str] = set()
        for name in names:
            path = self._folder / check_name(name)
            with os_errors(self._folder), suppress(FileNotFoundError):
                path.unlink()
                folders.add(name[:FOLDER_LENGTH])
        for folder in folders:
            sync_folder(self._folder / folder)

    def names(self) -> Iterator[str]:
        """Stream the names of all objects; see the port."""
        with os_errors(self._folder), os.scandir(self._folder) as entries:
            folders = [entry.name for entry in entries if entry.is_dir() and len(entry.name) == FOLDER_LENGTH]
        for folder in folders:
            with os_errors(self._folder), os.scandir(self._folder / folder) as entries:
                for entry in entries:
                    if is_name(name := f"{folder}/{entry.name}"):
                        yield name

    def _open(self, name: str) -> int:
        try:
            return os.open(self._folder / check_name(name), READ_FLAGS)
        except FileNotFoundError as error:
            raise BlobMissing(f"The stored object {name} is gone.") from error
        except OSError as error:
            raise storage_error(error, self._folder) from error

    def _put(self, items: Sequence[tuple[str, Iterable[bytes]]]) -> None:
        if not items:
            return
        paths = [self._folder / check_name(name) for name, _ in items]
        with os_errors(self._folder):
            for folder in {path.parent for path in paths}:
                self._make_durable(folder)
            made: list[int] = []
            try:
                for path in paths:
                    made.append(_create(path))  # noqa: PERF401 - what was made before a failure is to be known
                side_by_side(_fill, made, [content for _, content in items])
                for folder in {path.parent for path in paths}:
                    sync_folder(folder)
            except BaseException:
                for path in paths[: len(made)]:
                    with suppress(OSError):
                        path.unlink()
                raise
            finally:
                for descriptor in made:
                    os.close(descriptor)

    def _make_durable(self, folder: Path) -> None:
        """Make a folder and its name durable.

        One that is there may have been made a moment ago by another process that was not yet able
        to sync it; so the first use by this one syncs it again.
        """
        if folder not in self._durable_folders:
            folder.mkdir(0o700, exist_ok=True)
            sync_folder(self._folder)
            self._durable_folders.add(folder)


def _create(path: Path) -> int:
    try:
        return os.open(path, NEW_FILE, 0o600)
    except FileExistsError as error:
        raise StorageError(f"A stored object {path.name} exists already.") from error


def _fill(descriptor: int, content: Iterable[bytes]) -> None:
    for piece in content:
        write_all(descriptor, piece)
    os.fsync(descriptor)


def _read_exactly(descriptor: int, name: str, start: int, end: int) -> bytes:
    pieces: list[bytes] = []
    while start < end:
        piece = os.pread(descriptor, end - start, start)
        if not piece:
            raise BlobCorrupt(f"The stored object {name} is shorter than what was written.")
        pieces.append(piece)
        start += len(piece)
    return b"".join(pieces)
