"""Root files: one line of text with its own checksum, for its owner alone; written durably, destroyed twice.

Formats: docs/formats/envelope.md, "Custodians". A file that others can read is refused: whoever read
it could open the ring for as long as the epoch lasts.
"""

import hashlib
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from earwitness.kernel.errors import KeyCorrupt, KeyDestroyed
from earwitness.kernel.ids import RandomBytes
from earwitness.storage.files import os_errors, remove_durably, write_all, write_durably

LARGEST = 4096
CHECKSUM = 16  # hexadecimal digits
FOR_OTHERS = 0o077


def write_root(path: Path, fields: list[str]) -> None:
    """Write the fields and their checksum, durably and for the owner alone.

    Raises:
        StorageError: the folder cannot be written.
    """
    line = " ".join(fields)
    write_durably(path, f"{line} {_checksum(line)}\n".encode(), 0o600)


def read_root(path: Path, epoch: int) -> list[str]:
    """Read the fields of a root file, checked.

    Raises:
        KeyDestroyed: there is no such file.
        KeyCorrupt: others can read it, it is damaged, or it belongs to another epoch.
        StorageError: it cannot be read.
    """
    line, _, checksum = _read_private(path, epoch).removesuffix("\n").rpartition(" ")
    fields = line.split(" ")
    if checksum != _checksum(line) or len(fields) < 2 or fields[1] != str(epoch):  # noqa: PLR2004 - magic, epoch
        raise damaged(path)
    return fields


def damaged(path: Path) -> KeyCorrupt:
    """Say that a root file is not what was written."""
    return KeyCorrupt(f"{path} is damaged.", next_step="Put the file back from the newest key backup.")


def shred(path: Path, random: RandomBytes) -> None:
    """Overwrite a file, fsync it, remove it and fsync its folder. A file that is not there is fine.

    Raises:
        StorageError: the file cannot be written or removed.
    """
    with os_errors(path):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return
        try:
            write_all(descriptor, random(os.fstat(descriptor).st_size))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    remove_durably(path)


def wrap_key(root: bytes, key: bytes) -> bytes:
    """Wrap ``key`` under ``root`` with AES key wrap (RFC 3394)."""
    return aes_key_wrap(root, key)


def unwrap_key(root: bytes, wrapped: bytes) -> bytes:
    """Open what :func:`wrap_key` returned.

    Raises:
        KeyCorrupt: the bytes were not wrapped under ``root``, or are damaged.
    """
    try:
        return aes_key_unwrap(root, wrapped)
    except InvalidUnwrap:
        raise KeyCorrupt(
            "The wrapped key of the epoch does not open with its root key.",
            next_step="Put the ring and its root file back from the newest key backup, both from the same one.",
        ) from None


def copy_root(path: Path, folder: Path) -> None:
    """Copy a root file into ``folder`` under its own name.

    Raises:
        KeyDestroyed: there is no such file.
        StorageError: it cannot be read, or the folder cannot be written.
    """
    with os_errors(path):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise _missing(path) from None
    write_durably(folder / path.name, data, 0o600)


def _read_private(path: Path, epoch: int) -> str:
    with os_errors(path):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise _missing(path, epoch) from None
        try:
            if stat.S_IMODE(os.fstat(descriptor).st_mode) & FOR_OTHERS:
                raise KeyCorrupt(
                    f"{path} can be read by other users of this machine, so it is not used.",
                    next_step=f"chmod 600 {path}; if anybody may have read it, rotate the keys.",
                )
            data = os.read(descriptor, LARGEST)
        finally:
            os.close(descriptor)
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise damaged(path) from None


def _missing(path: Path, epoch: int | None = None) -> KeyDestroyed:
    of = "" if epoch is None else f" of epoch {epoch}"
    return KeyDestroyed(f"The root key{of} is gone: there is no {path}.")


def _checksum(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:CHECKSUM]
