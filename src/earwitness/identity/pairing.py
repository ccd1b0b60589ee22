"""Pairing: the token by which a device shows which one it is (docs/formats/device-protocol.md, "Connecting").

A token is 256 random bits, shown once, and rests as its SHA-256: there is nothing to guess, so no slow hash is
needed, and who reads the database cannot be a device. A pairing that ends is buried in the log, so that a restored
backup does not let a lost device in again.
"""

import base64
import hashlib
import re
import secrets
from typing import Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from earwitness.identity.changes import TOMBSTONE_SIZE, Bury
from earwitness.identity.device_rows import buried, device_row, standing_device
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import AccessDenied
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.storage.database import Database
from earwitness.storage.schema import device
from earwitness.storage.schema.devices import device_pairing

PREFIX: Final = "ewd1_"
TOKEN_BYTES: Final = 32
_TOKEN = re.compile(r"ewd1_([a-z2-7]{52})")


class Pairings:
    """The tokens of this installation's devices. Safe from many threads."""

    def __init__(self, database: Database, clock: Clock, bury: Bury, random: RandomBytes = secrets.token_bytes) -> None:
        """A pairing that ends goes to ``bury``."""
        self._database = database
        self._clock = clock
        self._bury = bury
        self._random = random

    def pair(self, device_id: str) -> str:
        """Return a new token for a device; the one before it ends. It is stored nowhere.

        Raises:
            NotFound: there is no such device.
        """
        secret = self._random(TOKEN_BYTES)
        row = {
            "id": new_id("pairing", self._random),
            "device_id": device_id,
            "token_hash": _hash(secret),
            "paired_at": self._clock.now_ms(),
            "tombstone": self._random(TOMBSTONE_SIZE),
        }
        with self._database.write() as tx:
            self._database.serialize(tx, f"device/{device_id}")
            device_row(tx, device_id)
            self._end(tx, device_id)
            tx.execute(insert(device_pairing), [row])
        return PREFIX + base64.b32encode(secret).decode().rstrip("=").lower()

    def unpair(self, device_id: str) -> bool:
        """End a device's pairing; return whether there was one.

        Raises:
            NotFound: there is no such device.
        """
        with self._database.write() as tx:
            self._database.serialize(tx, f"device/{device_id}")
            device_row(tx, device_id)
            return self._end(tx, device_id)

    def device_of(self, token: str) -> str:
        """Return the id of the device that a token belongs to.

        Raises:
            AccessDenied: it is no token, none of this hub, or its pairing has ended.
        """
        match = _TOKEN.fullmatch(token)
        found = self._standing(base64.b32decode(match[1].upper() + "====")) if match else None
        if found is None:
            raise AccessDenied(
                "The pairing token is not known here, or not any more.", next_step="earwitness device pair LABEL"
            )
        return found

    def paired_at(self, device_id: str) -> int | None:
        """Return since when a device is paired, in ms; None if it is not."""
        query = select(device_pairing.c.paired_at).where(device_pairing.c.device_id == device_id, _stands())
        with self._database.read() as tx:
            return tx.scalars(query).first()

    def _standing(self, secret: bytes) -> str | None:
        query = (
            select(device_pairing.c.device_id)
            .join(device, device.c.id == device_pairing.c.device_id)
            .where(device_pairing.c.token_hash == _hash(secret), _stands(), standing_device())
        )
        with self._database.read() as tx:
            return tx.scalars(query).first()

    def _end(self, tx: Connection, device_id: str) -> bool:
        mine = select(device_pairing).where(device_pairing.c.device_id == device_id, _stands())
        rows = tx.execute(mine).all()
        if rows:
            self._bury(tx, [row.tombstone for row in rows])
            ended = device_pairing.c.id.in_([row.id for row in rows])
            tx.execute(update(device_pairing).where(ended).values(ended_at=self._clock.now_ms()))
        return bool(rows)


def _stands() -> ColumnElement[bool]:
    return device_pairing.c.ended_at.is_(None) & ~buried(device_pairing.c.tombstone)


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(b"earwitness/device-token/v1\n" + secret).digest()
