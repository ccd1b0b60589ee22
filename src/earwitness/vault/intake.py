"""Intake: how a recording comes to be kept.

For each group of recordings that wait at the same time, inside one write transaction: what may be
kept is decided (policy.keeping); audio and other large artefacts are sealed and written to the blob
store, fsynced; the recording keys become durable in the keyring; rows and ledger leaves are written;
and **the transaction's commit is the commit point**. A consent that is withdrawn meanwhile waits for
it; on PostgreSQL, where it need not, it is looked at again behind the log's lock. What a crash leaves
before it is a sealed blob without a row, or a key without a row: nothing can read either, and the
sweep removes both. Nobody has been told "kept" before the commit point.

Callers wait in line and the first takes everybody's recordings with it (group commit), so that one
fsync serves many; there is no thread of its own.
"""

import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from earwitness.kernel.actors import Actor
from earwitness.kernel.audio import Clip
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput, ConsentMissing, EarwitnessError, KeyringError
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.policy.keeping import KeepDecision
from earwitness.policy.retention import IDENTITY_LIMIT_MS, expiry
from earwitness.storage.blobs import BlobStore, batch_names
from earwitness.storage.database import Database
from earwitness.storage.files import FolderLock
from earwitness.storage.schema import artefact, recording
from earwitness.vault import envelope
from earwitness.vault.artefacts import ArtefactRegistry
from earwitness.vault.audit import Audit, Event
from earwitness.vault.keyring import Keyring
from earwitness.vault.sealing import seal_artefact

LARGEST_GROUP = 64
GATHER_SECONDS = 0.002
AUDIO = "audio"

MayKeep = Callable[[Connection, str | None, str | None], KeepDecision]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A recording on its way in, cut to the utterance. ``artefacts`` maps further kinds to their bytes."""

    clip: Clip
    started_at: int
    actor: Actor
    device: str | None = None
    person: str | None = None
    artefacts: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept, where its log entry stands and until when it stays."""

    recording: str
    subject: str
    expires_at: int
    entry: int


@dataclass(slots=True)
class _Prepared:
    """One sealed recording of a group, between the decision and the commit point."""

    incoming: Incoming
    future: Future[Kept]
    decision: KeepDecision
    recording: str
    key: bytes
    artefacts: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)


class Intake:
    """Keeps recordings; safe from many threads and several processes."""

    def __init__(  # noqa: PLR0913, PLR0917 - the vault's parts are handed down one by one, so that each can be seen
        self,
        database: Database,
        blobs: BlobStore,
        keyring: Keyring,
        audit: Audit,
        registry: ArtefactRegistry,
        may_keep: MayKeep,
        clock: Clock,
        lock_file: Path,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """``lock_file`` is held shared while a group is under way, so that the sweep leaves it alone."""
        self._database = database
        self._blobs = blobs
        self._keyring = keyring
        self._audit = audit
        self._registry = registry
        self._may_keep = may_keep
        self._clock = clock
        self._lock_file = lock_file
        self._random = random
        self._waiting: deque[tuple[Incoming, Future[Kept]]] = deque()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="intake-keys")
        self._line = threading.Condition()
        self._led = False
        self._together = 1

    def keep(self, incoming: Incoming) -> Kept:
        """Keep one recording; it is durable when this returns.

        Raises:
            ConsentMissing: policy says that it may not be kept; nothing of it was stored.
            BadInput: an artefact kind that nobody registered.
            StorageFull: no space; nothing of it was kept.
        """
        for kind in incoming.artefacts:
            self._registry[kind]
        if not incoming.clip.pcm:
            raise BadInput("The recording holds no sound.")
        future: Future[Kept] = Future()
        with self._line:
            self._waiting.append((incoming, future))
            self._line.notify_all()
        while not future.done():
            group = self._next_group(future)
            if group:
                self._lead(group)
        return future.result()

    def _next_group(self, own: Future[Kept]) -> list[tuple[Incoming, Future[Kept]]]:
        """Wait until ``own`` is settled by somebody else (nothing is returned) or it is our turn to lead.

        Whoever leads waits a moment for as many as came together last time: those who were served
        together come back together, and without that moment the first of them would go alone.
        """
        with self._line:
            self._line.wait_for(lambda: own.done() or not self._led)
            if own.done():
                return []
            self._led = True
            self._line.wait_for(lambda: len(self._waiting) >= self._together, GATHER_SECONDS)
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_GROUP))]

    def _lead(self, group: Sequence[tuple[Incoming, Future[Kept]]]) -> None:
        try:
            with FolderLock(self._lock_file, exclusive=False):
                self._keep_all(group)
        except BaseException as error:
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            if not isinstance(error, Exception):
                raise
        finally:
            with self._line:
                self._led, self._together = False, len(group)
                self._line.notify_all()

    def _keep_all(self, group: Sequence[tuple[Incoming, Future[Kept]]]) -> None:
        """Keep a group, or, if somebody's key is damaged or gone, each by itself: the others lose nothing by it."""
        try:
            self._keep_group(group)
        except KeyringError:
            left = [each for each in group if not each[1].done()]
            if len(left) == 1:
                raise
            for each in left:
                try:
                    self._keep_group([each])
                except EarwitnessError as error:
                    each[1].set_exception(error)

    def _keep_group(self, group: Sequence[tuple[Incoming, Future[Kept]]]) -> None:
        prepared: list[_Prepared] = []
        try:
            with self._database.write() as tx:
                prepared += self._allowed(tx, group)
                kept = self._write(tx, prepared) if prepared else {}
        except BaseException:
            self._discard(prepared)
            raise
        self._discard([item for item in prepared if item.recording not in kept])
        for item in prepared:
            if item.recording in kept:
                item.future.set_result(kept[item.recording])
            else:
                item.future.set_exception(ConsentMissing("Not kept: the consent was withdrawn meanwhile."))

    def _allowed(self, tx: Connection, group: Sequence[tuple[Incoming, Future[Kept]]]) -> Iterator[_Prepared]:
        """Seal what may be kept, and tell the others that it may not be."""
        decisions = self._decide(tx, [incoming for incoming, _ in group])
        for (incoming, future), decision in zip(group, decisions, strict=True):
            if decision.keep:
                yield self._seal(incoming, future, decision)
            else:
                future.set_exception(ConsentMissing(f"Not kept: {decision.reason}."))

    def _write(self, tx: Connection, prepared: Sequence[_Prepared]) -> dict[str, Kept]:
        """Write blobs and keys, durably, and then the rows, which the end of the transaction commits."""
        blobs = [(row, blob) for item in prepared for row, blob in item.artefacts if blob]
        names = batch_names(len(blobs), self._random)
        for (row, _), name in zip(blobs, names, strict=True):
            row["blob"] = name
        contents = [(name, blob) for name, (_, blob) in zip(names, blobs, strict=True)]
        keys = [(item.decision.subject, item.recording, item.key) for item in prepared]
        # Blobs and keys wait for the disk side by side: the sweep takes either away without the other.
        adding = self._pool.submit(self._keyring.add_keys, keys)
        try:
            self._blobs.put_many(contents)
        finally:
            adding.result()
        standing = self._standing(tx, prepared)
        if not standing:
            return {}
        now = self._clock.now_ms()
        rows = [self._recording_row(item, now) for item in standing]
        tx.execute(insert(recording), rows)
        tx.execute(insert(artefact), [row for item in standing for row, _ in item.artefacts])
        indexes = self._audit.append(tx, [_kept_event(item, now) for item in standing])
        return {
            row["id"]: Kept(row["id"], row["subject_id"], row["expires_at"], index)
            for row, index in zip(rows, indexes, strict=True)
        }

    def _standing(self, tx: Connection, prepared: Sequence[_Prepared]) -> Sequence[_Prepared]:
        """Return what may still be kept: on PostgreSQL others have committed while the disk was waited for.

        Whoever takes a yes back writes to the log; behind its lock the second look is the last word.
        """
        if self._database.dialect != "postgresql":
            return prepared
        self._database.serialize(tx, "ledger")
        decisions = self._decide(tx, [item.incoming for item in prepared])
        return [
            replace(item, decision=decision)
            for item, decision in zip(prepared, decisions, strict=True)
            if decision.keep and decision.subject == item.decision.subject
        ]

    def _decide(self, tx: Connection, group: Sequence[Incoming]) -> list[KeepDecision]:
        known: dict[tuple[str | None, str | None], KeepDecision] = {}
        for incoming in group:
            who = (incoming.device, incoming.person)
            if who not in known:
                known[who] = self._may_keep(tx, *who)
        return [known[incoming.device, incoming.person] for incoming in group]

    def _seal(self, incoming: Incoming, future: Future[Kept], decision: KeepDecision) -> _Prepared:
        item = _Prepared(incoming, future, decision, new_id("rec", self._random), self._random(32))
        now = self._clock.now_ms()
        for kind, plaintext in {AUDIO: incoming.clip.to_wav(), **incoming.artefacts}.items():
            context = envelope.Context(decision.subject, item.recording, kind, 1)
            item.artefacts.append(seal_artefact(item.key, context, plaintext, now, self._random))
        return item

    def _recording_row(self, item: _Prepared, now: int) -> dict[str, Any]:
        return {
            "id": item.recording,
            "subject_id": item.decision.subject,
            "household_id": item.decision.household,
            "device_id": item.incoming.device,
            "started_at": item.incoming.started_at,
            "kept_at": now,
            "expires_at": expiry(now, item.decision.lifetime_ms),
            "identity_until": now + IDENTITY_LIMIT_MS,
            "duration_ms": item.incoming.clip.duration_ms,
            "state": "kept",
            "tombstone": self._random(16),
        }

    def _discard(self, prepared: Sequence[_Prepared]) -> None:
        """Take back what was written before a commit that did not happen.

        A commit whose answer was lost may have happened: only what has no row is taken back, and if
        even that cannot be asked now, the sweep does it later.
        """
        if not prepared:
            return
        try:
            ids = [item.recording for item in prepared]
            with self._database.read() as tx:
                committed = set(tx.scalars(select(recording.c.id).where(recording.c.id.in_(ids))))
            lost = [item for item in prepared if item.recording not in committed]
            self._keyring.destroy_keys([item.recording for item in lost])
            self._blobs.delete_many([row["blob"] for item in lost for row, blob in item.artefacts if blob])
        except EarwitnessError:
            return


def _kept_event(item: _Prepared, now: int) -> Event:
    return Event(
        subject=item.decision.subject,
        at=now,
        actor=item.incoming.actor,
        action="recording:keep",
        purpose="assist",
        resources=(item.recording,),
        details={"because": item.decision.reason},
    )
