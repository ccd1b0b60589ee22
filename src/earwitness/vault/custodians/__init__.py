"""Who holds the root key of an epoch: a key file, a passphrase, or HashiCorp Vault's Transit engine.

The keyring asks a custodian to wrap one key, the epoch's KEK, and to open it again. Ending an epoch
means that its custodian destroys the root key; see docs/formats/envelope.md, "Custodians".
"""

from pathlib import Path
from typing import Protocol


class Custodian(Protocol):
    """Holds one root key an epoch and never lets it out.

    Every call is synchronous, may be repeated with the same effect, may be made from several threads
    and by several processes, and is durable when it returns. Errors are :class:`KeyringError`
    (``CustodianUnavailable`` where asking again may help) or :class:`StorageError`.
    """

    delay_ms: int
    """How long after :meth:`destroy` a copy of the root key may still exist, as far as is known (milliseconds)."""

    statement: str
    """One honest sentence about what destroying does not cover; receipts quote it."""

    def create(self, epoch: int) -> None:
        """Make a root key for ``epoch``. One that is there already stays, where its holder can't tell."""
        ...

    def wrap(self, epoch: int, key: bytes) -> bytes:
        """Wrap a 32-byte key under the epoch's root key.

        Raises:
            KeyDestroyed: the epoch has no root key, or no longer.
            KeyCorrupt: the root key is damaged.
        """
        ...

    def unwrap(self, epoch: int, wrapped: bytes) -> bytes:
        """Open what :meth:`wrap` returned for the same epoch.

        Raises:
            KeyDestroyed: the epoch has no root key, or no longer.
            KeyCorrupt: the root key or the wrapped bytes are damaged.
            WrongPassphrase: the passphrase is not the one that the epoch was made with.
        """
        ...

    def destroy(self, epoch: int) -> None:
        """Destroy the epoch's root key; fine if there is none."""
        ...

    def export(self, epoch: int, folder: Path) -> None:
        """Put into ``folder`` whatever a key backup needs to open this epoch later; possibly nothing."""
        ...

    def close(self) -> None:
        """Let go of connections and of what is held in memory."""
        ...
