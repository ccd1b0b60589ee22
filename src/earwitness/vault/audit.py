"""The sealed entries of the log: who opened or changed what, for its person alone to read.

The ledger takes a 32-byte commitment and sealed bytes and knows no keys; this module makes both.
An entry is canonical JSON (sorted keys, no spaces, UTF-8) with a sequence number per subject and
the commitment of that subject's previous entry, so that an omission shows. It is sealed with
AES-256-GCM under the subject's audit key. Format: docs/formats/ledger.md, "Entries".
"""

import json
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, insert, select, update

from earwitness.identity.changes import ChangeRecord
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import rfc3339
from earwitness.kernel.errors import LogCorrupt
from earwitness.kernel.ids import RandomBytes
from earwitness.ledger.commitments import entry_commitment
from earwitness.ledger.log import Leaf, Log
from earwitness.policy.access import AccessRecord
from earwitness.storage.database import Database
from earwitness.storage.schema import audit_entry, audit_head
from earwitness.vault.keyring import Keyring, audit_key_id

SALT_SIZE = 32
NONCE_SIZE = 12
NO_ENTRY = bytes(32)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a subject's data, before it is numbered and sealed."""

    subject: str
    at: int
    actor: Actor
    action: str
    purpose: str = ""
    resources: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """An entry as its person reads it; ``index`` is the leaf in the public log."""

    index: int
    seq: int
    body: Mapping[str, Any]
    commitment: bytes
    salt: bytes
    text: bytes


class Audit:
    """Seals events into the log and opens them again for their subject."""

    def __init__(
        self, database: Database, log: Log, keyring: Keyring, random: RandomBytes = secrets.token_bytes
    ) -> None:
        """Write to ``log`` inside transactions of ``database`` under keys of ``keyring``."""
        self._database = database
        self._log = log
        self._keyring = keyring
        self._random = random

    def append(self, tx: Connection, events: Sequence[Event]) -> list[int]:
        """Append events in order inside the caller's write transaction; return their leaf indexes.

        Durable when the transaction commits.

        Raises:
            KeyDestroyed: a subject's audit key is gone.
        """
        if not events:
            return []
        self._database.serialize(tx, "ledger")
        subjects = sorted({event.subject for event in events})
        keys = self._audit_keys(subjects)
        heads = self._heads(tx, subjects)
        fresh = {subject for subject in subjects if subject not in heads}
        leaves, rows = [], []
        for event in events:
            seq, head = heads.get(event.subject, (0, NO_ENTRY))
            leaf = self._seal(event, seq, head, keys[event.subject])
            heads[event.subject] = (seq + 1, leaf.commitment)
            leaves.append(leaf)
            rows.append({"subject_id": event.subject, "seq": seq})
        indexes = list(self._log.append(tx, leaves))
        for row, index in zip(rows, indexes, strict=True):
            row["idx"] = index
        tx.execute(insert(audit_entry), rows)
        self._store_heads(tx, heads, fresh)
        return indexes

    def record_access(self, records: Sequence[AccessRecord]) -> None:
        """Append the entries of a grant, durably, before the grant exists (policy.access calls this)."""
        with self._database.write() as tx:
            self.append(tx, [_access_event(record) for record in records])

    def record_change(self, tx: Connection, record: ChangeRecord) -> None:
        """Append a change of consent or choice in the same transaction as the change."""
        self.append(
            tx,
            [
                Event(
                    subject=record.subject,
                    at=record.at,
                    actor=record.actor,
                    action=str(record.what),
                    details={"detail": record.detail},
                )
            ],
        )

    def entries(
        self, subject: str, *, newest_first: bool = False, limit: int | None = None, before: int | None = None
    ) -> list[OpenedEntry]:
        """Open the subject's entries; with ``before`` only those whose number is smaller.

        Raises:
            KeyDestroyed: the audit key is gone with its subject.
            LogCorrupt: an entry does not open or does not match its public commitment.
        """
        with self._database.read() as tx:
            return self._entries(tx, subject, newest_first=newest_first, limit=limit, before=before)

    def chain_breaks(self, subject: str) -> Iterator[int]:
        """Yield the sequence numbers at which the subject's chain of entries is broken.

        The chain has to end where its head says, so that the newest entries cannot be left out either.
        """
        with self._database.read() as tx:
            entries = self._entries(tx, subject)
            end = self._heads(tx, [subject]).get(subject, (0, NO_ENTRY))
        head, expected = NO_ENTRY, 0
        for entry in entries:
            if entry.seq != expected or entry.body["prev"] != head.hex():
                yield entry.seq
            head, expected = entry.commitment, entry.seq + 1
        if (expected, head) != end:
            yield min(expected, end[0])

    def require_whole(self, subject: str) -> None:
        """Check that no entry is missing from the subject's chain.

        Raises:
            LogCorrupt: one is; its number is named.
        """
        for seq in self.chain_breaks(subject):
            raise LogCorrupt(f"Your chain of entries is broken at number {seq}.", next_step="Run earwitness verify.")

    def newest(self, subject: str) -> int:
        """Return how many entries the subject has; nothing is opened for it."""
        with self._database.read() as tx:
            return self._heads(tx, [subject]).get(subject, (0, NO_ENTRY))[0]

    def _entries(
        self,
        tx: Connection,
        subject: str,
        *,
        newest_first: bool = False,
        limit: int | None = None,
        before: int | None = None,
    ) -> list[OpenedEntry]:
        cipher = self._audit_keys([subject])[subject]
        order = audit_entry.c.seq.desc() if newest_first else audit_entry.c.seq
        query = select(audit_entry.c.seq, audit_entry.c.idx).where(audit_entry.c.subject_id == subject).order_by(order)
        if before is not None:
            query = query.where(audit_entry.c.seq < before)
        rows = tx.execute(query.limit(limit)).all()
        sealed = self._log.leaves(tx, [row.idx for row in rows])
        return [self._open(subject, row.seq, row.idx, leaf, cipher) for row, leaf in zip(rows, sealed, strict=True)]

    def _audit_keys(self, subjects: Sequence[str]) -> dict[str, AESGCM]:
        return {subject: AESGCM(self._keyring.key(audit_key_id(subject))) for subject in subjects}

    def _seal(self, event: Event, seq: int, head: bytes, cipher: AESGCM) -> Leaf:
        salt, nonce = self._random(SALT_SIZE), self._random(NONCE_SIZE)
        text = _encode(event, seq, head)
        sealed = nonce + cipher.encrypt(nonce, salt + text, associated(event.subject, seq))
        return Leaf(commitment=entry_commitment(salt, text), sealed=sealed)

    def _open(self, subject: str, seq: int, index: int, leaf: Leaf, cipher: AESGCM) -> OpenedEntry:
        try:
            opened = cipher.decrypt(leaf.sealed[:NONCE_SIZE], leaf.sealed[NONCE_SIZE:], associated(subject, seq))
        except InvalidTag as error:
            raise LogCorrupt(f"Entry {index} of the log is damaged.", next_step="Run earwitness verify.") from error
        salt, text = opened[:SALT_SIZE], opened[SALT_SIZE:]
        if entry_commitment(salt, text) != leaf.commitment:
            raise LogCorrupt(f"Entry {index} is not what the log committed to.", next_step="Run earwitness verify.")
        return OpenedEntry(index, seq, json.loads(text), leaf.commitment, salt, text)

    @staticmethod
    def _heads(tx: Connection, subjects: Sequence[str]) -> dict[str, tuple[int, bytes]]:
        rows = tx.execute(select(audit_head).where(audit_head.c.subject_id.in_(subjects))).all()
        return {row.subject_id: (row.seq, row.head) for row in rows}

    @staticmethod
    def _store_heads(tx: Connection, heads: Mapping[str, tuple[int, bytes]], fresh: set[str]) -> None:
        rows: dict[bool, list[dict[str, Any]]] = defaultdict(list)
        for subject, (seq, head) in heads.items():
            rows[subject in fresh].append({"s": subject, "seq": seq, "head": head})
        if rows[True]:
            tx.execute(
                insert(audit_head), [{"subject_id": r["s"], "seq": r["seq"], "head": r["head"]} for r in rows[True]]
            )
        if rows[False]:
            query = update(audit_head).where(audit_head.c.subject_id == bindparam("s"))
            tx.execute(
                query.values(seq=bindparam("new_seq"), head=bindparam("new_head")),
                [{"s": r["s"], "new_seq": r["seq"], "new_head": r["head"]} for r in rows[False]],
            )


def _access_event(record: AccessRecord) -> Event:
    return Event(
        subject=record.subject,
        at=record.at,
        actor=record.actor,
        action=str(record.action),
        purpose=str(record.purpose),
        resources=record.resources,
        details={"grant": record.grant, "until": rfc3339(record.expires_at)},
    )


def _encode(event: Event, seq: int, prev: bytes) -> bytes:
    actor = {"id": event.actor.id, "role": str(event.actor.role)}
    if event.actor.role.is_staff:
        actor |= {"employer": event.actor.employer, "country": event.actor.country}
    body = {
        "v": 1,
        "seq": seq,
        "prev": prev.hex(),
        "at": rfc3339(event.at),
        "actor": actor,
        "action": event.action,
        "purpose": event.purpose,
        "resources": list(event.resources),
        **({"details": dict(event.details)} if event.details else {}),
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def associated(subject: str, seq: int) -> bytes:
    """Return what binds a sealed entry to its subject and place: only they open it, as that entry."""
    return f"earwitness/entry/v1\n{subject}\n{seq}".encode()
