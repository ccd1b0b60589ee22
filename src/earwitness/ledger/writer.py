"""Writes the files of a published log so that a power cut leaves the old head or the new one, whole.

Order: every new file is written beside and fsynced, then renamed, then its folder fsynced; heads are
replaced after all of that. The fsyncs of one batch run side by side, which the file system
commits together. The caller holds the folder's lock.
"""

import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import TypeVar

from earwitness.storage.files import NEW_FILE, make_folder, os_errors, sync_folder, write_all, write_durably

TEMPORARY = ".tmp"
LOCK = ".lock"
PUBLIC_MODE = 0o644
PUBLIC_FOLDER_MODE = 0o755
PRIVATE_MODE = 0o600
BATCH_BYTES = 4 * 1024 * 1024
WORKERS = 8

Item = TypeVar("Item")


class FolderWriter:
    """Writes below one folder. Used by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Write below ``folder``, which is made if need be."""
        self.folder = folder
        self._waiting: dict[str, tuple[bytes, int]] = {}
        self._waiting_bytes = 0
        self._renamed: set[Path] = set()
        self._known: set[Path] = set()

    def begin(self) -> None:
        """Make the folder and throw away what a crash left beside the log.

        Raises:
            StorageError: the folder cannot be written.
        """
        make_folder(self.folder, PUBLIC_FOLDER_MODE)
        with os_errors(self.folder):
            shutil.rmtree(self.folder / TEMPORARY, ignore_errors=True)
            (self.folder / TEMPORARY).mkdir(mode=0o700)

    def add(self, name: str, data: bytes, mode: int = PUBLIC_MODE) -> None:
        """Write a file some time before :meth:`settle` returns, replacing one of that name.

        Raises:
            StorageError: the folder cannot be written.
        """
        self._waiting[name] = (data, mode)
        self._waiting_bytes += len(data)
        if self._waiting_bytes >= BATCH_BYTES:
            self._flush()

    def settle(self) -> None:
        """Return when everything added is on the disk under its name.

        Raises:
            StorageError: the disk failed; nothing that was there before is gone.
        """
        self._flush()
        _side_by_side(sync_folder, sorted(self._renamed))
        self._renamed.clear()

    def replace_head(self, name: str, data: bytes) -> None:
        """Replace a head, whole or not at all; on the disk when this returns. Call after :meth:`settle`.

        Raises:
            StorageError: the disk failed.
        """
        make_folder((self.folder / name).parent, PUBLIC_FOLDER_MODE)
        write_durably(self.folder / name, data, PUBLIC_MODE)

    def remove_partials(self, names: Iterable[str]) -> None:
        """Remove the folders of partial tiles ``<name>.p``; what is not there is fine.

        It need not last: a partial tile that a crash brings back is still the beginning of its full one.

        Raises:
            StorageError: the folder cannot be changed.
        """
        for name in names:
            path = self.folder / f"{name}.p"
            with os_errors(path):
                if path.is_dir():
                    shutil.rmtree(path)

    def _flush(self) -> None:
        beside = {name: self.folder / TEMPORARY / str(number) for number, name in enumerate(self._waiting)}
        with os_errors(self.folder):
            for name, path in beside.items():
                _write(path, *self._waiting[name])
            _side_by_side(_sync_file, list(beside.values()))
        for name, path in beside.items():
            target = self.folder / PurePosixPath(name)
            self._make_folder(target.parent)
            with os_errors(target):
                os.replace(path, target)  # noqa: PTH105 - the system calls in plain sight
            self._renamed.add(target.parent)
        self._waiting.clear()
        self._waiting_bytes = 0

    def _make_folder(self, path: Path) -> None:
        if path in self._known:
            return
        if not path.is_dir():
            self._make_folder(path.parent)
            with os_errors(path):
                path.mkdir(PUBLIC_FOLDER_MODE, exist_ok=True)
            self._renamed.add(path.parent)
        self._known.add(path)


def _write(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, NEW_FILE, mode)
    try:
        os.fchmod(descriptor, mode)
        write_all(descriptor, data)
    finally:
        os.close(descriptor)


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _side_by_side(action: Callable[[Item], None], items: list[Item]) -> None:
    if len(items) <= 1:
        for item in items:
            action(item)
        return
    with ThreadPoolExecutor(min(WORKERS, len(items))) as pool:
        for done in pool.map(action, items):
            assert done is None  # noqa: S101 - the loop is there to raise what a worker raised
