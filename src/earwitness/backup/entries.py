"""Giving the log entries of the gap back to their people.

The second copy holds the sealed bytes of every leaf, but not whose they are. An entry opens only with
its subject's audit key and as the next of that subject's chain, so trying finds the owner; whoever
wrote last is tried first. Bytes that nobody's key opens are not kept.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, insert, select

from earwitness.backup.progress import Progress
from earwitness.identity.changes import Change
from earwitness.kernel.clock import parse_rfc3339
from earwitness.ledger.commitments import SALT_SIZE, entry_commitment
from earwitness.ledger.rows import LeafRow, clear_sealed, leaf_chunks, tombstones_between
from earwitness.policy.retention import RetentionChoice
from earwitness.storage.schema import audit_entry, audit_head, household, person
from earwitness.vault.audit import NO_ENTRY, NONCE_SIZE, associated
from earwitness.vault.keyring import Keyring, audit_key_id

PAGE = 1_000


@dataclass(slots=True)
class Recovered:
    """What the entries of the gap told; moments in ms since the epoch.

    ``erasures``: tombstone → the erasure's id and its moment. ``choices``: person → their choices of
    how long to keep, each with its moment, the last one last. ``unopened``: entries that nobody's key opens.
    """

    given_back: int = 0
    unopened: int = 0
    erasures: dict[bytes, tuple[str, int]] = field(default_factory=dict)
    choices: dict[str, list[tuple[RetentionChoice, int]]] = field(default_factory=dict)


@dataclass(slots=True)
class _Chain:
    """One subject's chain of entries as far as it is known."""

    subject: str
    cipher: AESGCM
    seq: int
    head: bytes
    rows: list[dict[str, Any]] = field(default_factory=list)

    def open(self, index: int, commitment: bytes, sealed: bytes) -> Mapping[str, Any] | None:
        """Take an entry if it is this subject's next; return its body."""
        try:
            opened = self.cipher.decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], associated(self.subject, self.seq))
        except (InvalidTag, ValueError):
            return None
        if entry_commitment(opened[:SALT_SIZE], opened[SALT_SIZE:]) != commitment:
            return None
        self.rows.append({"subject_id": self.subject, "seq": self.seq, "idx": index})
        self.seq, self.head = self.seq + 1, commitment
        body: Mapping[str, Any] = json.loads(opened[SALT_SIZE:])
        return body


def give_back(tx: Connection, keyring: Keyring, added: range, progress: Progress) -> Recovered:
    """Find whose the added leaves' entries are, and read what was erased and chosen in the gap."""
    found = Recovered()
    if not added:
        return found
    chains = list(_chains(tx, keyring))
    buried = {each.index: each.id for each in tombstones_between(tx, added.start, added.stop)}
    lost: list[int] = []
    for rows in leaf_chunks(tx, added.start, added.stop, sealed=True):
        for row in rows:
            _take(row, chains, buried, found, lost)
        progress("entries", rows[-1][0] - added.start + 1, len(added))
    clear_sealed(tx, lost)
    found.unopened = len(lost)
    _store(tx, [chain for chain in chains if chain.rows])
    return found


def _take(row: LeafRow, chains: list[_Chain], buried: Mapping[int, bytes], found: Recovered, lost: list[int]) -> None:
    index, commitment, sealed = row
    if not sealed:
        return
    for place, chain in enumerate(chains):
        body = chain.open(index, commitment, sealed)
        if body is not None:
            chains.insert(0, chains.pop(place))
            found.given_back += 1
            _read(chain.subject, index, body, buried, found)
            return
    lost.append(index)


def _read(subject: str, index: int, body: Mapping[str, Any], buried: Mapping[int, bytes], found: Recovered) -> None:
    """Note an erasure, whose tombstones stand right before its entry, or a choice."""
    details, at = body.get("details", {}), parse_rfc3339(body["at"])
    if "erasure" in details:
        place = index - 1
        while place in buried:
            found.erasures[buried[place]] = (str(details["erasure"]), at)
            place -= 1
    elif body["action"] == Change.RETENTION_CHOSEN:
        found.choices.setdefault(subject, []).append((RetentionChoice(details["detail"]), at))


def _chains(tx: Connection, keyring: Keyring) -> Iterator[_Chain]:
    heads = {row.subject_id: (row.seq, bytes(row.head)) for row in tx.execute(select(audit_head))}
    subjects = sorted(
        {
            *heads,
            *tx.scalars(select(person.c.id).where(person.c.erased_at.is_(None))),
            *tx.scalars(select(household.c.id)),
        }
    )
    for start in range(0, len(subjects), PAGE):
        part = subjects[start : start + PAGE]
        keys = keyring.keys([audit_key_id(subject) for subject in part])
        for subject in part:
            if (key := keys.get(audit_key_id(subject))) is not None:
                yield _Chain(subject, AESGCM(key), *heads.get(subject, (0, NO_ENTRY)))


def _store(tx: Connection, chains: Sequence[_Chain]) -> None:
    for chain in chains:
        tx.execute(insert(audit_entry), chain.rows)
        tx.execute(delete(audit_head).where(audit_head.c.subject_id == chain.subject))
        tx.execute(insert(audit_head), [{"subject_id": chain.subject, "seq": chain.seq, "head": chain.head}])
