"""What identity and policy tell the floors above: changes for the log, ids for its tombstones.

Both are called inside the write transaction that makes the change, so that a change without its
entry, or an ended yes without its tombstone, cannot exist.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import Clock
from earwitness.kernel.ids import RandomBytes
from earwitness.storage.database import Database

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


class AnswerTaker:
    """What takes answers of people, and takes them back, begins with this."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bury: Bury,
        record_change: RecordChange,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """``bury`` and ``record_change`` are called inside the transaction of the change."""
        self._database = database
        self._clock = clock
        self._bury = bury
        self._record_change = record_change
        self._random = random
