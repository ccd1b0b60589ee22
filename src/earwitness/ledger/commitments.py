"""What a leaf of the tree is: 32 bytes that commit to an entry, or to a tombstone.

Format: docs/formats/ledger.md, section 1.
"""

import hashlib
from dataclasses import dataclass

COMMITMENT_SIZE = 32
SALT_SIZE = 32
TOMBSTONE_ID_SIZE = 16
ENTRY_LABEL = b"earwitness/entry/v1\n"
TOMBSTONE_LABEL = b"earwitness/tombstone/v1\n"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf as the log takes it: the public commitment (32 bytes) and the entry sealed for its person."""

    commitment: bytes
    sealed: bytes


def entry_commitment(salt: bytes, entry: bytes) -> bytes:
    """Commit to an entry under a random salt of 32 bytes; 32 bytes that say nothing without the salt."""
    return hashlib.sha256(ENTRY_LABEL + salt + entry).digest()


def tombstone_commitment(id: bytes) -> bytes:  # noqa: A002 - the house's name for it
    """Commit to a tombstone's 16 random bytes."""
    return hashlib.sha256(TOMBSTONE_LABEL + id).digest()


def opens(commitment: bytes, extra: bytes) -> bool:
    """Say whether ``extra`` (salt and entry, or a tombstone's id) is what ``commitment`` commits to."""
    if len(extra) == TOMBSTONE_ID_SIZE:
        return tombstone_commitment(extra) == commitment
    return len(extra) >= SALT_SIZE and entry_commitment(extra[:SALT_SIZE], extra[SALT_SIZE:]) == commitment
