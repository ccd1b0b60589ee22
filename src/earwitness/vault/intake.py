"""Intake: how a recording comes to be kept.

Order of writes, per group of recordings that wait at the same time: what may be kept is decided
(policy.keeping); audio and other large artefacts are sealed and written to the blob store, fsynced;
the recording keys become durable in the keyring; then **one database transaction (rows and ledger
leaves) is the commit point**. What a crash leaves before it is a sealed blob without a row, or a
key without a row: nothing can read either, and the sweep removes both. Nobody has been told "kept"
before the commit point.

Callers wait in line and the first takes everybody's recordings with it (group commit), so that one
fsync serves many; there is no thread of its own.
"""

import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from earwitness.kernel.actors import Actor
from earwitness.kernel.audio import Clip
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput, ConsentMissing, EarwitnessError
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.policy.keeping import KeepDecision
from earwitness.policy.retention import IDENTITY_LIMIT_MS, expiry
from earwitness.storage.blobs import BlobStore
from earwitness.storage.database import Database
from earwitness.storage.files import FolderLock
from earwitness.storage.schema import artefact, recording
from earwitness.vault import envelope
from earwitness.vault.artefacts import ArtefactRegistry
from earwitness.vault.audit import Audit, Event
from earwitness.vault.keyring import Keyring
from earwitness.vault.sealing import seal_artefact

LARGEST_GROUP = 64
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
    decision: KeepDecision
    recording: str
    key: bytes
    rows: list[dict[str, Any]] = field(default_factory=list)
    blobs: list[tuple[str, bytes]] = field(default_factory=list)


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
        self._turn = threading.Lock()

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
        self._waiting.append((incoming, future))
        with self._turn:
            while not future.done():
                self._keep_waiting()
        return future.result()

    def _keep_waiting(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), LARGEST_GROUP))]
        try:
            with FolderLock(self._lock_file, exclusive=False):
                self._keep_group(group)
        except BaseException as error:
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            if not isinstance(error, EarwitnessError):
                raise

    def _keep_group(self, group: Sequence[tuple[Incoming, Future[Kept]]]) -> None:
        with self._database.read() as tx:
            decisions = self._decide(tx, [incoming for incoming, _ in group])
        futures: dict[str, Future[Kept]] = {}
        prepared = []
        for (incoming, future), decision in zip(group, decisions, strict=True):
            if not decision.keep:
                future.set_exception(ConsentMissing(f"Not kept: {decision.reason}."))
                continue
            sealed = self._seal(incoming, decision)
            futures[sealed.recording] = future
            prepared.append(sealed)
        if not prepared:
            return
        try:
            self._blobs.put_many([blob for item in prepared for blob in item.blobs])
            self._keyring.add_keys([(item.decision.subject, item.recording, item.key) for item in prepared])
            kept = self._commit(prepared)
        except BaseException:
            self._discard(prepared)
            raise
        refused = [item for item in prepared if item.recording not in kept]
        if refused:
            self._discard(refused)
        for name, future in futures.items():
            if name in kept:
                future.set_result(kept[name])
            else:
                future.set_exception(ConsentMissing("Not kept: the consent was withdrawn meanwhile."))

    def _decide(self, tx: Connection, group: Sequence[Incoming]) -> list[KeepDecision]:
        known: dict[tuple[str | None, str | None], KeepDecision] = {}
        for incoming in group:
            who = (incoming.device, incoming.person)
            if who not in known:
                known[who] = self._may_keep(tx, *who)
        return [known[incoming.device, incoming.person] for incoming in group]

    def _seal(self, incoming: Incoming, decision: KeepDecision) -> _Prepared:
        item = _Prepared(incoming, decision, new_id("rec", self._random), self._random(32))
        now = self._clock.now_ms()
        for kind, plaintext in {AUDIO: incoming.clip.to_wav(), **incoming.artefacts}.items():
            row, blob = seal_artefact(
                item.key, envelope.Context(decision.subject, item.recording, kind, 1), plaintext, now, self._random
            )
            item.rows.append(row)
            if blob:
                item.blobs.append((row["blob"], blob))
        return item

    def _commit(self, prepared: Sequence[_Prepared]) -> dict[str, Kept]:
        now = self._clock.now_ms()
        with self._database.write() as tx:
            decisions = self._decide(tx, [item.incoming for item in prepared])
            # A yes that was withdrawn, or is now about somebody else, since the first look is a no.
            standing = [
                (item, decision)
                for item, decision in zip(prepared, decisions, strict=True)
                if decision.keep and decision.subject == item.decision.subject
            ]
            if not standing:
                return {}
            rows = [self._recording_row(item, decision, now) for item, decision in standing]
            tx.execute(insert(recording), rows)
            tx.execute(insert(artefact), [row for item, _ in standing for row in item.rows])
            indexes = self._audit.append(tx, [_kept_event(item, now) for item, _ in standing])
        return {
            row["id"]: Kept(row["id"], row["subject_id"], row["expires_at"], index)
            for row, index in zip(rows, indexes, strict=True)
        }

    def _recording_row(self, item: _Prepared, decision: KeepDecision, now: int) -> dict[str, Any]:
        return {
            "id": item.recording,
            "subject_id": decision.subject,
            "household_id": decision.household,
            "device_id": item.incoming.device,
            "started_at": item.incoming.started_at,
            "kept_at": now,
            "expires_at": expiry(now, decision.lifetime_ms),
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
        try:
            ids = [item.recording for item in prepared]
            with self._database.read() as tx:
                committed = set(tx.scalars(select(recording.c.id).where(recording.c.id.in_(ids))))
            lost = [item for item in prepared if item.recording not in committed]
            self._keyring.destroy_keys([item.recording for item in lost])
            self._blobs.delete_many([name for item in lost for name, _ in item.blobs])
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
