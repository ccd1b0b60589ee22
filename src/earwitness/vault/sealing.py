"""From plaintext to an artefact row: sealed in the row when small, a blob beside it when large."""

from typing import Any

from earwitness.kernel.ids import RandomBytes
from earwitness.vault import envelope

INLINE_LIMIT = 8 * 1024
"""Artefacts up to this many bytes rest in their row; a file each would cost more than they hold."""


def seal_artefact(
    key: bytes, context: envelope.Context, plaintext: bytes, now: int, random: RandomBytes
) -> tuple[dict[str, Any], bytes]:
    """Seal one artefact; return its row and the bytes for the blob store (empty if it rests in the row).

    A row with a blob still lacks the blob's name, which the caller chooses for a whole batch.
    """
    sealed = envelope.seal(key, context, plaintext, random)
    inline = len(plaintext) <= INLINE_LIMIT
    row = {
        "recording_id": context.recording,
        "kind": context.kind,
        "version": context.version,
        "size": len(plaintext),
        "sealed": sealed if inline else None,
        "blob": None,
        "created_at": now,
    }
    return row, b"" if inline else sealed
