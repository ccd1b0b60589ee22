"""Identifiers: a short prefix that names the kind and 128 random bits in lower-case base32.

Random, not time-ordered: an id that appears in a public tombstone must say nothing about when.
"""

import base64
import secrets
from collections.abc import Callable
from typing import NewType

HouseholdId = NewType("HouseholdId", str)
PersonId = NewType("PersonId", str)
DeviceId = NewType("DeviceId", str)
RecordingId = NewType("RecordingId", str)
SubjectId = NewType("SubjectId", str)
"""Whose keys and whose log entries: a person, or a household for what is shared."""

RandomBytes = Callable[[int], bytes]

RANDOM_BITS_LENGTH = 26


def new_id(prefix: str, random: RandomBytes = secrets.token_bytes) -> str:
    """Return ``prefix_`` followed by 26 base32 characters of 16 random bytes."""
    return f"{prefix}_{base64.b32encode(random(16)).decode().rstrip('=').lower()}"


def is_id(text: str, prefix: str) -> bool:
    """Say whether ``text`` has the form of an id of this kind (not whether it exists)."""
    head, _, tail = text.partition("_")
    return head == prefix and len(tail) == RANDOM_BITS_LENGTH and tail.isalnum() and tail.islower() | tail.isdigit()
