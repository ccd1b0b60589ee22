"""The key file custodian: ``root-<n>.key`` in the keys folder, readable by its owner alone."""

import base64
import binascii
import secrets
from pathlib import Path

from earwitness.kernel.ids import RandomBytes
from earwitness.vault.custodians.rootfiles import copy_root, damaged, read_root, shred, unwrap_key, wrap_key, write_root

MAGIC = "EARWITNESS-ROOT-1"
ROOT = 32


class KeyFile:
    """A random root key an epoch, in a file beside the ring. Whoever reads both files reads everything."""

    delay_ms = 0
    statement = (
        "The root key file was overwritten and removed; what the disk itself keeps of overwritten blocks "
        "(flash cells, snapshots, copies made earlier) is not covered."
    )

    def __init__(self, folder: Path, random: RandomBytes = secrets.token_bytes) -> None:
        """Keep root keys in ``folder``, which must exist."""
        self._folder = folder
        self._random = random

    def path(self, epoch: int) -> Path:
        """Return where the root key of ``epoch`` is or was."""
        return self._folder / f"root-{epoch}.key"

    def create(self, epoch: int) -> None:
        """Write a fresh root key, unless the epoch has one.

        Raises:
            StorageError: the folder cannot be written.
        """
        if not self.path(epoch).exists():
            write_root(self.path(epoch), [MAGIC, str(epoch), base64.b64encode(self._random(ROOT)).decode()])

    def wrap(self, epoch: int, key: bytes) -> bytes:
        """Wrap ``key`` with AES key wrap (RFC 3394).

        Raises:
            KeyDestroyed, KeyCorrupt, StorageError: as the port says.
        """
        return wrap_key(self._root(epoch), key)

    def unwrap(self, epoch: int, wrapped: bytes) -> bytes:
        """Open what :meth:`wrap` returned.

        Raises:
            KeyDestroyed, KeyCorrupt, StorageError: as the port says.
        """
        return unwrap_key(self._root(epoch), wrapped)

    def destroy(self, epoch: int) -> None:
        """Overwrite, fsync, unlink, fsync the folder.

        Raises:
            StorageError: the file cannot be written or removed.
        """
        shred(self.path(epoch), self._random)

    def export(self, epoch: int, folder: Path) -> None:
        """Copy the root key file.

        Raises:
            KeyDestroyed, StorageError: it is gone, or cannot be copied.
        """
        copy_root(self.path(epoch), folder)

    def close(self) -> None:
        """Nothing is held between calls."""

    def _root(self, epoch: int) -> bytes:
        path = self.path(epoch)
        match read_root(path, epoch):
            case [magic, _, encoded] if magic == MAGIC:
                try:
                    root = base64.b64decode(encoded, validate=True)
                except binascii.Error:
                    raise damaged(path) from None
                if len(root) == ROOT:
                    return root
        raise damaged(path)
