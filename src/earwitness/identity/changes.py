"""What identity and policy tell the floors above: changes for the log, ids for its tombstones.

Both are called inside the write transaction that makes the change, so that a change without its
entry, or an ended yes without its tombstone, cannot exist.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from earwitness.kernel.actors import Actor

TOMBSTONE_SIZE = 16

Bury = Callable[[Connection, Sequence[bytes]], object]
"""Appends tombstones (16 bytes each, each only once) to the log; ``ledger.log.Log.bury`` fits."""


class Change(StrEnum):
    """What a person, or a parent for a child, can change about what is kept and used."""

    CONSENT_GIVEN = "consent:give"
    CONSENT_WITHDRAWN = "consent:withdraw"
    RETENTION_CHOSEN = "retention:choose"
    LISTENING_CHOSEN = "listening:choose"
    DEVICE_CONFIRMED = "device:confirm"
    DEVICE_AGREED = "device:agree"
    AGREEMENT_WITHDRAWN = "device:disagree"


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One change, for the log of ``subject``.

    ``detail`` says to what: a purpose, ``purpose toward person id``, a retention choice or a device id.
    ``at`` is in milliseconds since the epoch.
    """

    subject: str
    actor: Actor
    what: Change
    detail: str
    at: int


RecordChange = Callable[[Connection, ChangeRecord], object]
"""Appends the change to the subject's log, durable when the transaction commits."""
