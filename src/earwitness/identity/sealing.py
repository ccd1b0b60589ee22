"""Sealed names: a small JSON object under its subject's key, bound to the table and row it stands in."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from earwitness.kernel.errors import KeyDestroyed, RowCorrupt


class Sealer(Protocol):
    """Seals under a subject's key; the vault's keyring is one. Safe from many threads."""

    def create_subject(self, subject: str) -> None:
        """Make the subject's keys; durable when it returns."""
        ...

    def seal(self, subject: str, label: str, plaintext: bytes) -> bytes:
        """Return ciphertext that opens only for this subject and label.

        Raises:
            KeyDestroyed: the subject has no keys any more.
        """
        ...

    def open(self, subject: str, label: str, sealed: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            KeyDestroyed: the subject's key is gone.
            KeyringError: it was sealed for something else, or damaged.
        """
        ...


def seal_fields(sealer: Sealer, subject: str, label: str, fields: Mapping[str, Any]) -> bytes:
    """Seal a row's private fields; ``label`` names the table and the row, e.g. ``person/person_abc…``."""
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return sealer.seal(subject, label, text.encode())


def open_fields(sealer: Sealer, subject: str, label: str, sealed: bytes | None) -> dict[str, Any] | None:
    """Open a row's private fields; None if the row was erased or its key is gone.

    Raises:
        RowCorrupt: it opens, but is not what was sealed.
    """
    if sealed is None:
        return None
    try:
        fields = json.loads(sealer.open(subject, label, sealed))
    except KeyDestroyed:
        return None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RowCorrupt(f"The row {label} is damaged.", next_step="Restore a backup.") from error
    if not isinstance(fields, dict):
        raise RowCorrupt(f"The row {label} is damaged.", next_step="Restore a backup.")
    return fields
