"""Where backups lie: fresh folders that get their name when they are complete, and never keys beside data."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from earwitness.backup.manifest import FILES, KEY_MANIFEST, MANIFEST
from earwitness.kernel.errors import BadInput
from earwitness.storage.files import FolderLock, make_folder, os_errors, sync_folder

DATA_PREFIX, KEYS_PREFIX = "earwitness-", "earwitness-keys-"
PARTIAL = ".partial"
SETTINGS = "earwitness.toml"


@contextmanager
def staged(destination: Path, prefix: str, now: int) -> Iterator[tuple[Path, Path]]:
    """Yield a temporary folder and the name it gets, durably, when the ``with`` ends well.

    On an error nothing is left; what a crash left is removed by the next call for the same place.

    Raises:
        StorageBusy: another backup is being written there.
        StorageError: the place cannot be written.
    """
    make_folder(destination)
    with FolderLock(destination, exclusive=True, wait=False):
        _remove_leftovers(destination)
        final = _fresh(destination, prefix, now)
        staging = destination / f".{final.name}-{secrets.token_hex(4)}{PARTIAL}"
        make_folder(staging)
        try:
            yield staging, final
            settle(staging, final)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise


def settle(staging: Path, final: Path) -> None:
    """Make every name below ``staging`` durable and give it its own.

    Raises:
        StorageError: the disk failed.
    """
    for folder, _, _ in os.walk(staging, topdown=False):
        sync_folder(Path(folder))
    with os_errors(final):
        staging.rename(final)
    sync_folder(final.parent)


def is_data_backup(folder: Path) -> bool:
    """Say whether a folder is, or was, a data backup."""
    return (folder / MANIFEST).is_file() and (folder / FILES).is_file()


def is_key_backup(folder: Path) -> bool:
    """Say whether a folder is, or was, a key backup."""
    return (folder / KEY_MANIFEST).is_file() and (folder / "keys").is_dir()


def refuse_keys_at(destination: Path, data: Path) -> None:
    """Refuse a place where a key backup would lie with the data it opens.

    Raises:
        BadInput: it is inside or around the data folder or a data backup.
    """
    _refuse(destination, data, _holds(destination, DATA_PREFIX, is_data_backup), "a data backup")


def refuse_data_at(destination: Path, data: Path) -> None:
    """Refuse a place where a data backup would lie with the keys that open it.

    Raises:
        BadInput: it is inside or around the data folder or a key backup.
    """
    _refuse(destination, data, _holds(destination, KEYS_PREFIX, is_key_backup), "a key backup")


def _refuse(destination: Path, data: Path, other: bool, what: str) -> None:  # noqa: FBT001 - found by the callers
    place, house = destination.resolve(), data.resolve()
    if place == house or house in place.parents or place in house.parents:
        raise BadInput(
            f"{destination} is inside or around the data folder.", next_step="Give a folder elsewhere, on another disk."
        )
    if other:
        raise BadInput(
            f"{destination} is inside or around {what}.",
            next_step="Keep keys and data apart: whoever finds both can read everything. Give another folder.",
        )


def _holds(destination: Path, prefix: str, is_one: Callable[[Path], bool]) -> bool:
    place = destination.resolve()
    if any(is_one(each) for each in (place, *place.parents)):
        return True
    return any(is_one(each) for depth in ("", "*/") for each in place.glob(f"{depth}{prefix}*"))


def _remove_leftovers(destination: Path) -> None:
    for path in destination.glob(f".{DATA_PREFIX}*{PARTIAL}"):
        with os_errors(path):
            shutil.rmtree(path)


def _fresh(destination: Path, prefix: str, now: int) -> Path:
    name = prefix + datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    path, number = destination / name, 1
    while path.exists():
        number += 1
        path = destination / f"{name}-{number}"
    return path
