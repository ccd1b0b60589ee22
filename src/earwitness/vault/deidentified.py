"""What is left after the identity limit: a copy that nobody here can link to its person.

The copy gets a key of its own under the subject ``deidentified`` and a random handle of 32 bytes. The
row holds the handle's hash, and the handle itself encrypted to the person's age recipient. Age hides
to whom it is encrypted, so rows of one person do not show that they belong together. Whoever holds
the age key can open the handles of their rows, and whoever shows a handle can have its copy erased.
A person without an age key could never reach such a copy again; nothing is left of theirs.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyrage
from sqlalchemy import Connection, Row, delete, insert, select, update

from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import (
    AccessDenied,
    BadInput,
    BlobCorrupt,
    BlobMissing,
    KeyCorrupt,
    KeyDestroyed,
    NotFound,
)
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.ledger.log import Log
from earwitness.policy.access import Access, Action, Program, Resource
from earwitness.policy.purposes import Purpose
from earwitness.storage.blobs import BlobStore, batch_names
from earwitness.storage.database import Database
from earwitness.storage.files import FolderLock
from earwitness.storage.schema import artefact, deidentified, person, recording
from earwitness.vault import envelope
from earwitness.vault.artefacts import ArtefactRegistry
from earwitness.vault.keyring import Keyring
from earwitness.vault.sealing import seal_artefact

SUBJECT = "deidentified"
WEEK = 7 * DAY
BATCH = 1_000
RETENTION = Actor(Program.RETENTION, Role.PROGRAM)
DAMAGE = (BlobCorrupt, BlobMissing, KeyCorrupt)


@dataclass(frozen=True, slots=True)
class Copy:
    """A de-identified copy, as the holder of its handle sees it."""

    id: str
    handle: bytes
    kind: str
    size: int
    kept_week_at: int
    expires_at: int


class Deidentified:
    """Takes copies over at the identity limit; lists and erases them for whoever holds the handle."""

    def __init__(  # noqa: PLR0913, PLR0917 - the vault's parts are handed down one by one, so that each can be seen
        self,
        database: Database,
        blobs: BlobStore,
        keyring: Keyring,
        log: Log,
        registry: ArtefactRegistry,
        access: Access,
        lock_file: Path,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Keep copies under keys of the subject ``deidentified``.

        ``access`` tells the person's log that their recording was opened for it; ``lock_file`` is the intake's.
        """
        self._database = database
        self._blobs = blobs
        self._keyring = keyring
        self._log = log
        self._registry = registry
        self._access = access
        self._lock_file = lock_file
        self._random = random

    def take_over(self, row: Row[Any]) -> int:
        """Re-seal the surviving copies of a recording; return how many there were.

        Keys and blobs first, then one transaction with the new rows and the recording's mark: a crash
        before it leaves orphans for the sweep, and after it nothing is taken over twice. What was erased
        meanwhile is not taken over. A copy that is damaged cannot go on; it is removed with the rest.
        """
        copies = list(self._copies(row))
        prepared = [self._prepare(kind, plaintext, row, recipient) for kind, plaintext, recipient in copies]
        with FolderLock(self._lock_file, exclusive=False):  # so that the sweep leaves keys and blobs alone
            for values, key, blob in prepared:
                if blob:
                    self._blobs.put(values["blob"], blob)
                self._keyring.add_keys([(SUBJECT, values["id"], key)])
            with self._database.write() as tx:
                taken = self._mark(tx, row.id)
                if taken and prepared:
                    tx.execute(insert(deidentified), [values for values, _, _ in prepared])
            if not taken:
                self._keyring.destroy_keys([values["id"] for values, _, _ in prepared])
                self._blobs.delete_many([values["blob"] for values, _, _ in prepared if values["blob"]])
        return len(prepared) if taken else 0

    def _mark(self, tx: Connection, name: str) -> bool:
        """Mark a recording as taken over; False if it, or its person, was erased, or another process was first."""
        self._database.serialize(tx, "ledger")
        gone = select(person.c.id).where(person.c.id == recording.c.subject_id, person.c.erased_at.is_not(None))
        standing = recording.c.id == name, recording.c.state == "kept", ~gone.exists()
        return tx.execute(update(recording).where(*standing).values(state="deidentified")).rowcount == 1

    def _copies(self, row: Row[Any]) -> Iterator[tuple[str, bytes, str]]:
        """Open the copies that may survive, with the recipient whose handle they get; none without one."""
        kinds = [kind.name for kind in self._registry if kind.survives_identity_limit]
        with self._database.read() as tx:
            recipient = tx.scalar(select(person.c.recipient).where(person.c.id == row.subject_id))
            query = select(artefact).where(artefact.c.recording_id == row.id, artefact.c.kind.in_(kinds))
            stored = tx.execute(query).all()
        if not stored or recipient is None:
            return
        resource = Resource(id=row.id, subject=row.subject_id, household=row.household_id)
        with suppress(AccessDenied, NotFound, KeyDestroyed, *DAMAGE):
            self._access.open(RETENTION, Action.RECORDING_DEIDENTIFY, [resource], Purpose.HISTORY)
            key = self._keyring.key(row.id)
            for each in stored:
                with suppress(*DAMAGE):
                    yield each.kind, self._open(key, row, each), recipient

    def _open(self, key: bytes, row: Row[Any], each: Row[Any]) -> bytes:
        context = envelope.Context(row.subject_id, row.id, each.kind, each.version)
        sealed = each.sealed if each.sealed is not None else self._blobs.get(each.blob)
        return envelope.open_all(key, context, sealed)

    def of_holder(self, identity: str) -> Iterator[Copy]:
        """List the copies whose handles this age identity opens.

        Raises:
            BadInput: not an age identity.
        """
        key = _identity(identity)
        with self._database.read() as tx:
            for row in tx.execute(select(deidentified).order_by(deidentified.c.kept_week_at)):
                try:
                    handle = pyrage.decrypt(row.handle_sealed, [key])
                except pyrage.DecryptError:
                    continue
                yield Copy(row.id, handle, row.kind, row.size, row.kept_week_at, row.expires_at)

    def open(self, handle: bytes) -> bytes:
        """Return a copy's content to whoever shows its handle.

        Raises:
            NotFound: no copy has that handle.
        """
        row = self._by_handle(handle)
        sealed = row.sealed if row.sealed is not None else self._blobs.get(row.blob)
        return envelope.open_all(self._keyring.key(row.id), envelope.Context(SUBJECT, row.id, row.kind, 1), sealed)

    def erase(self, handle: bytes) -> str:
        """Erase a copy for whoever shows its handle: tombstone and row first, then key and blob.

        Raises:
            NotFound: no copy has that handle.
        """
        row = self._by_handle(handle)
        with self._database.write() as tx:
            if not tx.execute(delete(deidentified).where(deidentified.c.id == row.id)).rowcount:
                raise _no_copy()  # somebody else was first
            self._log.bury(tx, [row.tombstone])
        self._destroy([row])
        return str(row.id)

    def remove_expired(self, moment: int) -> int:
        """Remove copies whose time has come."""
        removed = 0
        while True:
            with self._database.read() as tx:
                query = select(deidentified).where(deidentified.c.expires_at <= moment)
                rows = tx.execute(query.limit(BATCH)).all()
            if not rows:
                return removed
            self._destroy(rows)
            with self._database.write() as tx:
                tx.execute(delete(deidentified).where(deidentified.c.id.in_([row.id for row in rows])))
            removed += len(rows)

    def _prepare(
        self, kind: str, plaintext: bytes, row: Row[Any], recipient: str
    ) -> tuple[dict[str, Any], bytes, bytes]:
        """Seal a copy anew; return its row, its key and the bytes for the blob store."""
        name, key, handle = new_id("did", self._random), self._random(32), self._random(32)
        sealed, blob = seal_artefact(key, envelope.Context(SUBJECT, name, kind, 1), plaintext, 0, self._random)
        values = {
            "id": name,
            "kind": kind,
            "handle_hash": sha256(handle).digest(),
            "handle_sealed": pyrage.encrypt(handle, [pyrage.x25519.Recipient.from_str(recipient)]),
            "size": len(plaintext),
            "sealed": sealed["sealed"],
            "blob": batch_names(1, self._random)[0] if blob else None,
            "kept_week_at": row.kept_at // WEEK * WEEK,
            "expires_at": row.expires_at // WEEK * WEEK,
            "tombstone": self._random(16),
        }
        return values, key, blob

    def _by_handle(self, handle: bytes) -> Row[Any]:
        with self._database.read() as tx:
            row = tx.execute(select(deidentified).where(deidentified.c.handle_hash == sha256(handle).digest())).first()
        if row is None:
            raise _no_copy()
        return row

    def _destroy(self, rows: Sequence[Row[Any]]) -> None:
        self._keyring.destroy_keys([row.id for row in rows])
        self._blobs.delete_many([row.blob for row in rows if row.blob])


def _no_copy() -> NotFound:
    return NotFound("No de-identified copy has that handle.")


def _identity(text: str) -> "pyrage.x25519.Identity":
    try:
        return pyrage.x25519.Identity.from_str(text.strip())
    except pyrage.IdentityError as error:
        raise BadInput(
            "That is not an age identity.", next_step="It begins with AGE-SECRET-KEY-1 and is the key you alone hold."
        ) from error
