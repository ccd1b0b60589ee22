"""Scratch folders of runs: locked for as long as whoever works in one lives, so that those of the dead can be told.

What lies in one is sound and models as they are, so one that a killed program left is removed by whoever comes next:
the next run, the nightly sweep, the next start of the hub.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from earwitness.kernel.errors import StorageBusy
from earwitness.storage.files import FolderLock, make_folder


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Make a folder of one's own below ``folder``, gone when the ``with`` ends; those of the dead go first."""
    make_folder(folder)
    clear_away(folder)
    with FolderLock(_door(folder), exclusive=True):
        mine = folder / f"run-{secrets.token_hex(8)}"
        make_folder(mine)
        lock = FolderLock(mine, exclusive=True)
        lock.__enter__()
    try:
        yield mine
    finally:
        shutil.rmtree(mine, ignore_errors=True)
        lock.__exit__(None, None, None)


def clear_away(folder: Path) -> int:
    """Remove the scratch folders below ``folder`` that nobody works in any more; return how many."""
    removed = 0
    if not folder.is_dir():
        return removed
    with FolderLock(_door(folder), exclusive=True):
        for path in folder.glob("run-*"):
            try:
                with FolderLock(path, exclusive=True, wait=False):
                    shutil.rmtree(path, ignore_errors=True)
                    removed += 1
            except StorageBusy:  # a run that is under way, here or in another process
                continue
    return removed


def _door(folder: Path) -> Path:
    """Between making a folder and locking it nobody may look for folders that are not locked."""
    return folder.with_name(f"{folder.name}.lock")
