"""Adding to what is kept: an artefact that comes later, sealed under its recording's own key.

A correction by its person, a reviewer's annotation, cached features of the learner: whoever adds shows a grant that
opens this recording for writing of that sort. The blob is written first, then one transaction looks whether the
recording still stands, numbers the version, writes the row and tells the log: its commit is the
acknowledgement. A crash before it leaves a blob that the sweep removes. The key is the recording's, so
whatever erases the recording erases this, here and in every backup.
"""

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import EarwitnessError, GrantInvalid, NotFound
from earwitness.kernel.ids import RandomBytes
from earwitness.policy.access import Access, Action, Grant
from earwitness.storage.blobs import BlobStore, batch_names
from earwitness.storage.database import Database
from earwitness.storage.files import FolderLock
from earwitness.storage.schema import artefact, person, recording
from earwitness.vault import envelope
from earwitness.vault.artefacts import ArtefactRegistry
from earwitness.vault.audit import Audit, Event
from earwitness.vault.keyring import Keyring
from earwitness.vault.sealing import seal_artefact

WRITES = frozenset(
    {Action.RECORDING_CORRECT, Action.RECORDING_REVIEW, Action.RECORDING_DEIDENTIFY, Action.RECORDING_LEARN}
)
"""The actions whose grants let something be added."""

Beside = Callable[[Connection, Mapping[str, int]], None]
"""Writes what belongs to the artefacts that were added, whose version numbers it is given."""


class Adding:
    """Adds artefacts to recordings that stand; safe from many threads and several processes."""

    def __init__(  # noqa: PLR0913, PLR0917 - the vault's parts are handed down one by one, so that each can be seen
        self,
        database: Database,
        blobs: BlobStore,
        keyring: Keyring,
        audit: Audit,
        registry: ArtefactRegistry,
        access: Access,
        clock: Clock,
        lock_file: Path,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """``lock_file`` is the intake's, held shared while a blob has no row yet."""
        self._database = database
        self._blobs = blobs
        self._keyring = keyring
        self._audit = audit
        self._registry = registry
        self._access = access
        self._clock = clock
        self._lock_file = lock_file
        self._random = random

    def add(self, grant: Grant, recording_id: str, kind: str, plaintext: bytes) -> int:
        """Add a version of ``kind`` to a recording; durable when this returns. Returns the version's number.

        Raises:
            GrantInvalid: the grant does not let anything be added to this recording, or no longer.
            NotFound: the recording was erased or has expired meanwhile.
            BadInput: a kind that nobody registered.
            KeyDestroyed: the recording's key is gone.
        """
        return self.add_all(grant, recording_id, {kind: plaintext})[kind]

    def add_all(
        self,
        grant: Grant,
        recording_id: str,
        contents: Mapping[str, bytes],
        beside: Beside = lambda _tx, _numbers: None,
    ) -> dict[str, int]:
        """Add a version of each kind, all or none; return their numbers.

        ``beside`` is called with the numbers at the end of the same transaction, for rows that belong to them: what
        it raises undoes all of it.

        Raises:
            GrantInvalid, NotFound, BadInput, KeyDestroyed: as :meth:`add`.
        """
        for kind in contents:
            self._registry[kind]
        if grant.action not in WRITES:
            raise GrantInvalid("The grant is for something else.")
        self._access.check(grant, grant.action, recording_id)
        key = self._keyring.key(recording_id)
        written: list[str] = []
        try:
            with FolderLock(self._lock_file, exclusive=False), self._database.write() as tx:
                self._database.serialize(tx, "ledger")
                numbers = {
                    kind: self._add(tx, grant, recording_id, kind, key, contents[kind], written) for kind in contents
                }
                beside(tx, numbers)
        except BaseException:
            for blob in written:
                self._take_back(blob)
            raise
        return numbers

    def _add(  # noqa: PLR0913, PLR0917 - what one artefact consists of
        self,
        tx: Connection,
        grant: Grant,
        recording_id: str,
        kind: str,
        key: bytes,
        plaintext: bytes,
        written: list[str],
    ) -> int:
        subject, version = self._next(tx, recording_id, kind)
        context = envelope.Context(subject, recording_id, kind, version)
        row, blob = seal_artefact(key, context, plaintext, self._clock.now_ms(), self._random)
        if blob:
            row["blob"] = batch_names(1, self._random)[0]
            written.append(row["blob"])
            self._blobs.put(row["blob"], blob)
        tx.execute(insert(artefact), [row])
        self._audit.append(tx, [self._event(grant, subject, recording_id, kind)])
        return version

    def _take_back(self, blob: str) -> None:
        """Remove a blob that no row came to name; a commit whose answer was lost may have happened."""
        with suppress(EarwitnessError):  # the sweep does it later
            with self._database.read() as tx:
                if tx.execute(select(artefact.c.blob).where(artefact.c.blob == blob)).first() is not None:
                    return
            self._blobs.delete_many([blob])

    def _next(self, tx: Connection, recording_id: str, kind: str) -> tuple[str, int]:
        """Return the subject of a recording that still stands, and the number of its next version."""
        standing = (
            select(recording.c.subject_id)
            .join(person, person.c.id == recording.c.subject_id, isouter=True)
            .where(
                recording.c.id == recording_id,
                recording.c.state == "kept",
                recording.c.expires_at > self._clock.now_ms(),
                person.c.erased_at.is_(None),
            )
        )
        subject = tx.scalar(standing)
        if subject is None:
            raise NotFound(f"There is no recording {recording_id}.", next_step="earwitness history lists what is kept.")
        newest = select(func.max(artefact.c.version)).where(
            artefact.c.recording_id == recording_id, artefact.c.kind == kind
        )
        return str(subject), (tx.scalar(newest) or 0) + 1

    def _event(self, grant: Grant, subject: str, recording_id: str, kind: str) -> Event:
        return Event(
            subject=subject,
            at=self._clock.now_ms(),
            actor=grant.actor,
            action="recording:added",
            purpose=str(grant.purpose),
            resources=(recording_id,),
            details={"kind": kind, "grant": grant.id},
        )
