"""A folder as plain values: what a disk holds at one moment, to be compared, hashed and laid out."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER_MODE = 0o700


@dataclass(frozen=True, slots=True)
class Entry:
    """A file (``data`` is its content) or a folder (``data`` is None) with its permission bits."""

    mode: int
    data: bytes | None


Image = Mapping[str, Entry]
"""Path below the folder, with slashes → entry. The folder itself is not in it."""

Passing = Callable[[str], bool]


def passing_by_default(path: str) -> bool:
    """Say whether a file need not survive: SQLite rebuilds its shared memory index from the log."""
    return path.endswith("-shm")


def read_image(folder: Path, passing: Passing = passing_by_default) -> dict[str, Entry]:
    """Read a folder, leaving out what need not survive."""
    image: dict[str, Entry] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if passing(name):
            continue
        mode = path.stat().st_mode & 0o7777
        image[name] = Entry(mode, None if path.is_dir() else path.read_bytes())
    return image


def lay_out(image: Image, folder: Path) -> None:
    """Make the folder hold exactly this image; whatever was there before is removed.

    Nothing is synced: a laid out state lives on a scratch medium.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=FOLDER_MODE)
    for name, entry in sorted(image.items()):
        path = folder / name
        if entry.data is None:
            path.mkdir()
        else:
            path.write_bytes(entry.data)
        path.chmod(entry.mode)


def digest_of(entries: Mapping[str, tuple[int, bytes]]) -> bytes:
    """Hash paths, modes and content digests to one digest of the whole state."""
    total = hashlib.blake2b(digest_size=16)
    for name, (mode, content) in sorted(entries.items()):
        total.update(os.fsencode(f"{len(name)}:{name}:{mode:o}:") + content)
    return total.digest()


def content_digest(data: bytes | bytearray | None) -> bytes:
    """Hash a file's content; a folder (None) hashes to a mark of its own."""
    return b"folder" if data is None else hashlib.blake2b(data, digest_size=16).digest()


def image_digest(image: Image) -> bytes:
    """Hash an image; equal images, and only they, have equal digests."""
    return digest_of({name: (entry.mode, content_digest(entry.data)) for name, entry in image.items()})


def difference(left: Image, right: Image) -> str:
    """Say in one line where two images differ first; empty if they are equal."""
    for name in sorted({*left, *right}):
        one, other = left.get(name), right.get(name)
        if one == other:
            continue
        if one is None or other is None:
            return f"{name} is only in the {'second' if one is None else 'first'}"
        if one.mode != other.mode:
            return f"{name} has mode {one.mode:o} in the first and {other.mode:o} in the second"
        return f"{name} differs in its content ({_size(one)} and {_size(other)})"
    return ""


def _size(entry: Entry) -> str:
    return "a folder" if entry.data is None else f"{len(entry.data)} bytes"
