"""Writes the files of a published log so that a power cut leaves the old head or the new one, whole.

Order: every new file is written beside and fsynced, then renamed, then its folder fsynced; heads are
replaced after all of that. The fsyncs of one batch run side by side, which the file system
commits together. The caller holds the folder's lock.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from pathlib import Path, PurePosixPath

from earwitness.ledger.tiles import NAME_DIGITS, numbered
from earwitness.storage.files import NEW_FILE, make_folder, os_errors, sync_folder, write_all, write_durably

TEMPORARY = ".tmp"
LOCK = ".lock"
PUBLIC_MODE = 0o644
PUBLIC_FOLDER_MODE = 0o755
PRIVATE_MODE = 0o600
BATCH_BYTES = 4 * 1024 * 1024
WORKERS = 8


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
        beside = self.folder / TEMPORARY
        with os_errors(beside):
            beside.mkdir(mode=0o700, exist_ok=True)
            for left in beside.iterdir():
                left.unlink()

    def add(self, name: str, data: bytes, mode: int = PUBLIC_MODE) -> None:
        """Write a file some time before :meth:`finish` returns, replacing one of that name.

        Raises:
            StorageError: the folder cannot be written.
        """
        self._waiting[name] = (data, mode)
        self._waiting_bytes += len(data)
        if self._waiting_bytes >= BATCH_BYTES:
            self._place(self._stage())

    def finish(self, heads: Sequence[tuple[str, bytes]]) -> None:
        """Put everything added on the disk, then the heads, one after the other in this order.

        Raises:
            StorageError: the disk failed; the heads that were there before still stand, or the new ones
                up to one of them.
        """
        for name, data in heads:
            self._waiting[name] = (data, PUBLIC_MODE)
        beside = self._stage()
        last = [(name, beside.pop(name)) for name, _ in heads]
        self._place(beside)
        self._sync_folders()
        for name, path in last:
            self._place({name: path})
            self._sync_folders()

    def replace_head(self, name: str, data: bytes) -> None:
        """Replace a head alone, whole or not at all; on the disk when this returns.

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
        paths = [self.folder / f"{name}.p" for name in names]
        with os_errors(self.folder):
            _side_by_side(shutil.rmtree, [path for path in paths if path.is_dir()])

    def remove_leftovers(self, prefix: str, index: int) -> None:
        """Remove partial files that a crash spared although their full ones are there.

        Looks where the last publication can have left them: the folder of file ``index``, the last
        of ``prefix``, and the one before it.

        Raises:
            StorageError: the folder cannot be changed.
        """
        for near in {index, max(0, index - NAME_DIGITS)}:
            parent = (self.folder / numbered(prefix, near)).parent
            with os_errors(parent):
                for path in parent.glob("*.p"):
                    if path.with_suffix("").is_file():
                        shutil.rmtree(path)

    def _stage(self) -> dict[str, Path]:
        """Write what is waiting beside the log, on the disk when this returns."""
        beside = {name: self.folder / TEMPORARY / str(number) for number, name in enumerate(self._waiting)}
        with os_errors(self.folder):
            for name, path in beside.items():
                _write(path, *self._waiting[name])
            _side_by_side(_sync_file, list(beside.values()))
        self._waiting.clear()
        self._waiting_bytes = 0
        return beside

    def _place(self, beside: Mapping[str, Path]) -> None:
        """Give staged files their names; their folders are still to be synced."""
        for name, path in beside.items():
            target = self.folder / PurePosixPath(name)
            self._make_folder(target.parent)
            with os_errors(target):
                os.replace(path, target)  # noqa: PTH105 - the system calls in plain sight
            self._renamed.add(target.parent)

    def _sync_folders(self) -> None:
        _side_by_side(sync_folder, sorted(self._renamed))
        self._renamed.clear()

    def _make_folder(self, path: Path) -> None:
        if path in self._known:
            return
        if path != self.folder:
            self._make_folder(path.parent)
            with os_errors(path):
                path.mkdir(PUBLIC_FOLDER_MODE, exist_ok=True)
            # Even if it was there: whoever made it may have been killed before its name was synced.
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


def _side_by_side(action: Callable[[Path], None], paths: Sequence[Path]) -> None:
    """Do the same to every path, waiting for the disk side by side; raise what the first failure raised."""
    if len(paths) <= 1:
        for path in paths:
            action(path)
        return
    waiting = [_pool().submit(action, path) for path in paths]
    wait(waiting)
    for done in waiting:
        done.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WORKERS, "ledger-disk")


os.register_at_fork(after_in_child=_pool.cache_clear)  # a child has none of its parent's threads
