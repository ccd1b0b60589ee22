"""A snapshot: which recordings are learned from, by id, and their content in memory for as long as it takes.

In this order: recordings with a correction or an annotation that still stand and were not forgotten; the
consents, asked of policy.access person by person (an entry in each one's log before anything is opened); the content,
read under that grant; once more which recordings stand, for that took a while; the split by person; the rows. For a
household's own layer a person's own corrections count without a yes to training. What is shared takes the yes.
"""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select

from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import (
    AccessDenied,
    BlobCorrupt,
    BlobMissing,
    GrantInvalid,
    KeyringError,
    NotFound,
    RowCorrupt,
)
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.learning.corrections import read_correction
from earwitness.learning.examples import Account, Example, Source, of_annotation, of_correction
from earwitness.learning.kinds import ANNOTATION, WAKE_WINDOW
from earwitness.learning.split import Side, sides
from earwitness.ledger.merkle import CompactRange, leaf_hash
from earwitness.policy.access import Grant, Program
from earwitness.policy.facts import CORRECTION
from earwitness.policy.purposes import Purpose
from earwitness.storage.database import Database
from earwitness.storage.schema import artefact, household, recording
from earwitness.storage.schema.learning import learning_example, learning_forgotten, learning_snapshot
from earwitness.vault.intake import AUDIO
from earwitness.vault.kinds import TRANSCRIPT
from earwitness.vault.reading import Item, Reading

LEARNER: Final = Actor(Program.LEARNER, Role.PROGRAM)
SHARED: Final = "learning"
"""The subject whose layer everybody uses."""
TOGETHER: Final = 200
UNREADABLE: Final = (NotFound, GrantInvalid, KeyringError, BlobCorrupt, BlobMissing, RowCorrupt)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was taken: ``examples`` in memory, ``side_of`` each subject; ``root`` commits to the ids."""

    id: str
    subject: str
    examples: tuple[Example, ...]
    side_of: Mapping[str, Side]
    root: str

    @property
    def people(self) -> int:
        """How many subjects it learns from or tests on."""
        return len(self.side_of)


class Snapshots:
    """Takes snapshots."""

    def __init__(
        self, database: Database, reading: Reading, clock: Clock, random: RandomBytes = secrets.token_bytes
    ) -> None:
        """Read through the vault alone."""
        self._database = database
        self._reading = reading
        self._clock = clock
        self._random = random

    def take(self, subject: str = SHARED) -> Snapshot:
        """Take one for a household's own layer, or for what all share.

        Raises:
            NotFound: there is no such household.
            EarwitnessError: the log could not be told; nothing was opened.
        """
        with self._database.read() as tx:
            candidates = self._candidates(tx, subject)
        opened = [example for group in candidates.values() for example in self._open(group, subject)]
        with self._database.write() as tx:
            self._database.serialize(tx, "ledger")  # who takes back what they taught is before this or after it
            standing = {name for group in self._candidates(tx, subject).values() for name in group}
            examples = tuple(each for each in opened if each.recording in standing)
            salt = self._random(32)
            side_of = sides(salt, (each.subject for each in examples))
            taken = Snapshot(new_id("snap", self._random), subject, examples, side_of, _root(salt, examples))
            self._write(tx, taken, salt)
        return taken

    def learned_from(self, snapshot_id: str) -> frozenset[str]:
        """The subjects that a snapshot was learned from, tested ones left out."""
        query = select(learning_example.c.subject_id).where(
            learning_example.c.snapshot_id == snapshot_id, learning_example.c.side == str(Side.LEARN)
        )
        with self._database.read() as tx:
            return frozenset(tx.scalars(query))

    def _candidates(self, tx: Connection, subject: str) -> dict[str, list[str]]:
        """Recordings by subject, without those that somebody took back."""
        if subject != SHARED and tx.scalar(select(household.c.id).where(household.c.id == subject)) is None:
            raise NotFound("There is no such household.", next_step="earwitness household list")
        said = func.max(artefact.c.created_at)
        query = (
            select(recording.c.id, recording.c.subject_id)
            .join(artefact, artefact.c.recording_id == recording.c.id)
            .join(learning_forgotten, learning_forgotten.c.subject_id == recording.c.subject_id, isouter=True)
            .join(household, household.c.id == recording.c.household_id)
            .where(
                artefact.c.kind.in_([CORRECTION, ANNOTATION]),
                recording.c.state == "kept",
                recording.c.expires_at > self._clock.now_ms(),
            )
            .group_by(recording.c.id, recording.c.subject_id, learning_forgotten.c.at)
            .having(said > func.coalesce(learning_forgotten.c.at, -1))
            .order_by(recording.c.id)
        )
        if subject != SHARED:
            query = query.where(recording.c.household_id == subject)
        else:  # what the promises' checks say teaches nobody
            query = query.where(household.c.kind != "canary")
        found: dict[str, list[str]] = {}
        for row in tx.execute(query):
            found.setdefault(row.subject_id, []).append(row.id)
        return found

    def _open(self, ids: Sequence[str], layer: str) -> Iterator[Example]:
        for start in range(0, len(ids), TOGETHER):
            items = self._reading.find_many(ids[start : start + TOGETHER])
            try:
                grant, shared = self._reading.study(LEARNER, items, Purpose.TRAINING), True
            except (AccessDenied, NotFound):
                yield from self._corrected(items) if layer != SHARED else ()
                continue
            for item in items:
                yield from self._example(grant, item, shared=shared)

    def _corrected(self, items: Sequence[Item]) -> Iterator[Example]:
        """A person's own corrections teach their own household without a yes to training."""
        for item in items:
            try:
                grant = self._reading.study(LEARNER, [item], Purpose.ASSIST)
            except (AccessDenied, NotFound):
                continue
            yield from self._example(grant, item, shared=False)

    def _example(self, grant: Grant, item: Item, *, shared: bool) -> Iterator[Example]:
        try:
            heard = (self._reading.artefact(grant, item, TRANSCRIPT) or b"").decode()
            said = self._account(grant, item, heard, annotated=shared)
            if said is None:
                return
            pcm = self._reading.artefact(grant, item, AUDIO) or b""
            window = self._reading.artefact(grant, item, WAKE_WINDOW) or b""
        except UNREADABLE:  # erased or taken back meanwhile, or damaged: it teaches nothing
            return
        source, account = said
        yield Example(item.id, item.subject, item.household, source, account, heard, shared, pcm, window)

    def _account(self, grant: Grant, item: Item, heard: str, *, annotated: bool) -> tuple[Source, Account] | None:
        corrected = self._reading.artefact(grant, item, CORRECTION)
        if corrected is not None:
            return Source.CORRECTION, of_correction(read_correction(corrected), heard)
        reviewed = self._reading.artefact(grant, item, ANNOTATION) if annotated else None
        return (Source.ANNOTATION, of_annotation(reviewed, heard)) if reviewed is not None else None

    def _write(self, tx: Connection, taken: Snapshot, salt: bytes) -> None:
        row: dict[str, Any] = {"id": taken.id, "subject_id": taken.subject, "salt": salt}
        rows = [
            {
                "snapshot_id": taken.id,
                "recording_id": each.recording,
                "subject_id": each.subject,
                "source": str(each.source),
                "side": str(taken.side_of[each.subject]),
            }
            for each in taken.examples
        ]
        tx.execute(insert(learning_snapshot), [row | {"made_at": self._clock.now_ms()}])
        if rows:
            tx.execute(insert(learning_example), rows)


def _root(salt: bytes, examples: Sequence[Example]) -> str:
    """The tree over salted commitments to the ids, in order of the commitments."""
    tree = CompactRange()
    for each in sorted(commitment(salt, each.recording) for each in examples):
        tree.append(leaf_hash(each))
    return tree.root().hex()


def commitment(salt: bytes, recording_id: str) -> bytes:
    """What stands for a recording's id in a manifest; whoever has the salt can tell that it was there."""
    return hashlib.sha256(b"earwitness/example/v1\n" + salt + recording_id.encode()).digest()
