"""Erasure, second and third step: remove what was accepted, and complete it when the bound has passed.

Removal runs as a work row and in batches, each its own transaction: keys, blobs, then every registered
kind's rows. It is idempotent and resumes after a crash; counts live in the erasure's row. Completion
waits until the epoch whose root key could open an older copy was destroyed, until every key backup of
that epoch has expired, and until the custodian's own delay has passed.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from earwitness.identity.device_rows import buried
from earwitness.kernel.clock import Clock, rfc3339
from earwitness.kernel.errors import NotFound
from earwitness.storage.blobs import BlobStore
from earwitness.storage.database import Database
from earwitness.storage.schema import (
    artefact,
    device,
    epoch,
    erasure,
    erasure_recording,
    household,
    key_backup,
    person,
    place,
    recording,
)
from earwitness.vault.artefacts import ArtefactRegistry
from earwitness.vault.keyring import Keyring
from earwitness.vault.receipts import Receipt, Receipts
from earwitness.vault.scope import Scope, ScopeKind
from earwitness.vault.tally import Tally

REMOVE_JOB = "vault.remove"
BATCH = 1_000
_ACCEPTED = erasure.c.state == "accepted"


class Removal:
    """Carries out accepted erasures; every step may be repeated."""

    def __init__(  # noqa: PLR0913, PLR0917 - the vault's parts are handed down one by one, so that each can be seen
        self,
        database: Database,
        blobs: BlobStore,
        keyring: Keyring,
        registry: ArtefactRegistry,
        receipts: Receipts,
        clock: Clock,
        rotation_ms: int,
    ) -> None:
        """``rotation_ms`` is how often the root epoch turns: part of the bound that receipts state."""
        self._database = database
        self._blobs = blobs
        self._keyring = keyring
        self._registry = registry
        self._receipts = receipts
        self._clock = clock
        self._rotation_ms = rotation_ms

    def bound(self, now: int) -> dict[str, int]:
        """Return the epoch that must end before an erasure accepted now is final, and by when at the latest.

        The bound is the maximum of the rotation period, the life of every key backup that holds this
        epoch, and the custodian's own delay after a rotation.
        """
        with self._database.read() as tx:
            backups = tx.scalar(select(func.max(key_backup.c.expires_at)))
        turned = now + self._rotation_ms + self._keyring.destruction_delay_ms
        return {"epoch": self._keyring.finality_epoch(), "due_at": max(turned, backups or 0)}

    def count(self, tx: Connection, subject: str) -> int:
        """Count what is kept of a subject."""
        standing = select(func.count()).where(recording.c.subject_id == subject, recording.c.state != "erased")
        return tx.scalar(standing) or 0

    def count_scope(self, scope: Scope) -> int:
        """Count what an erasure of this scope would take."""
        with self._database.read() as tx:
            return tx.scalar(select(func.count()).select_from(scope.recordings().subquery())) or 0

    # --- destroy ------------------------------------------------------------------------------------

    def destroy_keys(self, erasure_id: str) -> None:
        """Destroy the keys of an accepted erasure and note their fingerprints; idempotent."""
        with self._database.read() as tx:
            row = _erasure(tx, erasure_id)
            waiting = select(erasure_recording.c.recording_id).where(erasure_recording.c.erasure_id == erasure_id)
            ids = list(tx.scalars(waiting))
        fingerprints = self._keyring.destroy_keys(ids) if ids else []
        if Tally.from_json(row.scope).scope == ScopeKind.PERSON:
            own = self._keyring.destroy_subject(row.subject_id)
            fingerprints = [own, *fingerprints] if own else fingerprints
        with self._database.write() as tx:
            row = _erasure(tx, erasure_id, alone=True)  # another process may have begun to remove meanwhile
            if row.state == "accepted":
                tally = Tally.from_json(row.scope)
                tally.destroyed(fingerprints)
                values = {"scope": tally.to_json(), "epoch": max(row.epoch, self._keyring.finality_epoch())}
                tx.execute(update(erasure).where(erasure.c.id == erasure_id).values(**values))

    # --- remove -------------------------------------------------------------------------------------

    def remove(self, erasure_id: str, progress: Callable[[int], None] | None = None) -> int:
        """Remove physically what an accepted erasure covers; return how many recordings went in this call."""
        with self._database.read() as tx:
            row = _erasure(tx, erasure_id)
        if row.state != "accepted":
            return 0
        self.destroy_keys(erasure_id)
        self._receipts.acknowledge(erasure_id)
        whole_person = Tally.from_json(row.scope).scope == ScopeKind.PERSON
        removed = 0
        for batch in self._batches(row, whole_person=whole_person):
            self._remove_batch(erasure_id, batch, keys_stand=not whole_person)
            removed += len(batch)
            if progress:
                progress(removed)
        with self._database.write() as tx:
            household = self._close(tx, erasure_id, row.subject_id if whole_person else None)
        if household:
            self.forget_household(household)
        return removed

    def remove_expired(self, batch: Sequence[str]) -> None:
        """Remove recordings whose time has come (retention); no receipt is owed for those."""
        self._remove_batch(None, batch, keys_stand=True)

    def remove_subject_recordings(self, subject: str) -> None:
        """Remove whatever is left of a subject's recordings (of a household in which nobody lives any more)."""
        query = select(recording.c.id).where(recording.c.subject_id == subject).limit(BATCH)
        while True:
            with self._database.read() as tx:
                batch = list(tx.scalars(query))
            if not batch:
                return
            self._remove_batch(None, batch, keys_stand=True)

    def forget_subject(self, tx: Connection, subject: str) -> dict[str, int]:
        """Erase everything held about a subject beside recordings; return counts by holding."""
        return {holding.name: holding.eraser(tx, [subject]) for holding in self._registry.holdings}

    def forget_household(self, household_id: str) -> None:
        """Remove a household that was buried in the log, with what it held in common; idempotent.

        It waits until nothing of its people is left to be removed; the last removal comes here again.
        """
        of_it = person.c.household_id == household_id
        waiting = select(erasure.c.id).join(person, person.c.id == erasure.c.subject_id)
        with self._database.read() as tx:
            gone = select(household.c.id).where(household.c.id == household_id, buried(household.c.tombstone))
            if tx.execute(gone).first() is None or tx.execute(waiting.where(of_it, _ACCEPTED)).first() is not None:
                return
        self._keyring.destroy_subject(household_id)
        self.remove_subject_recordings(household_id)
        with self._database.write() as tx:
            self.forget_subject(tx, household_id)
            for table in (place, device, person):
                tx.execute(delete(table).where(table.c.household_id == household_id))
            tx.execute(delete(household).where(household.c.id == household_id))

    def resume(self) -> int:
        """Go on with every accepted erasure that a crash interrupted; return how many there were."""
        with self._database.read() as tx:
            accepted = list(tx.scalars(select(erasure.c.id).where(_ACCEPTED)))
            gone = list(tx.scalars(select(household.c.id).where(buried(household.c.tombstone))))
        for name in accepted:
            self.remove(name)
        for name in gone:
            self.forget_household(name)
        return len(accepted)

    def _batches(self, row: Row[Any], *, whole_person: bool) -> Iterator[list[str]]:
        queries = [select(erasure_recording.c.recording_id).where(erasure_recording.c.erasure_id == row.id)]
        if whole_person:
            queries.append(select(recording.c.id).where(recording.c.subject_id == row.subject_id))
        for query in queries:
            while True:
                with self._database.read() as tx:
                    batch = list(tx.scalars(query.limit(BATCH)))
                if not batch:
                    break
                yield batch

    def _remove_batch(self, erasure_id: str | None, batch: Sequence[str], *, keys_stand: bool) -> None:
        with self._database.read() as tx:
            rows = tx.execute(_artefacts(batch)).all()
        if keys_stand:  # a person's keys went with the person's own
            self._keyring.destroy_keys(batch)
        self._blobs.delete_many([row.blob for row in rows if row.blob])
        with self._database.write() as tx:
            rows = tx.execute(_artefacts(batch).with_for_update()).all()  # what another process removed it has counted
            counts = {kind.name: kind.eraser(tx, batch) for kind in self._registry}
            tx.execute(delete(recording).where(recording.c.id.in_(batch)))
            tx.execute(delete(erasure_recording).where(erasure_recording.c.recording_id.in_(batch)))
            if erasure_id:
                self._note(tx, erasure_id, rows, counts)

    def _note(self, tx: Connection, erasure_id: str, rows: Sequence[Row[Any]], counts: dict[str, int]) -> None:
        tally = Tally.from_json(_erasure(tx, erasure_id, alone=True).scope)
        tally.add_artefacts(rows)
        stored = {row.kind for row in rows}
        for kind, number in counts.items():
            if kind not in stored:
                tally.add(kind, number)
        tx.execute(update(erasure).where(erasure.c.id == erasure_id).values(scope=tally.to_json()))

    def _close(self, tx: Connection, erasure_id: str, subject: str | None) -> str | None:
        """Mark an erasure as removed; return the household of a person who was erased."""
        row = _erasure(tx, erasure_id, alone=True)
        tally = Tally.from_json(row.scope)
        if subject:
            for name, number in self.forget_subject(tx, subject).items():
                tally.add(name, number)
        values = {"state": "removed", "removed_at": self._clock.now_ms(), "scope": tally.to_json()}
        if row.state == "accepted":
            tx.execute(update(erasure).where(erasure.c.id == erasure_id).values(**values))
        return tx.scalar(select(person.c.household_id).where(person.c.id == subject)) if subject else None

    # --- complete -----------------------------------------------------------------------------------

    def complete_due(self) -> list[Receipt]:
        """Make the second receipt of every erasure whose bound has passed."""
        now = self._clock.now_ms()
        made = []
        with self._database.read() as tx:
            waiting = tx.execute(select(erasure).where(erasure.c.state == "removed")).all()
        for row in waiting:
            with self._database.write() as tx:
                ended = self._finality(tx, row, now)
                if ended is None:
                    continue
                fields = ended | {"final_by": rfc3339(row.due_at), "late": now > row.due_at}
                made.append(self._receipts.complete(tx, row, fields))
                done = {"state": "completed", "completed_at": now}
                tx.execute(update(erasure).where(erasure.c.id == row.id).values(**done))
        return made

    def overdue(self) -> list[str]:
        """Return the erasures whose bound has passed without completion: broken promises, to be told."""
        query = select(erasure.c.id).where(erasure.c.state != "completed", erasure.c.due_at < self._clock.now_ms())
        with self._database.read() as tx:
            return list(tx.scalars(query))

    def _finality(self, tx: Connection, row: Row[Any], now: int) -> dict[str, Any] | None:
        """Say how the erasure became final, or None while something could still open an old copy."""
        destroyed = tx.scalar(select(epoch.c.destroyed_at).where(epoch.c.number == row.epoch))
        if destroyed is None or destroyed + self._keyring.destruction_delay_ms > now:
            return None
        held = select(func.max(key_backup.c.expires_at)).where(
            key_backup.c.epoch <= row.epoch, key_backup.c.made_at <= row.removed_at
        )
        backups = tx.scalar(held)
        if backups is not None and backups > now:
            return None
        return {
            "old_epoch": row.epoch,
            "new_epoch": self._keyring.epoch,
            "old_epoch_destroyed_at": rfc3339(destroyed),
            "key_backups_expired_at": rfc3339(backups) if backups else "none were made",
            "kinds_asked": [kind.name for kind in self._registry],
        }


def _erasure(tx: Connection, erasure_id: str, *, alone: bool = False) -> Row[Any]:
    """Read an erasure; ``alone`` keeps other transactions from changing it before this one ends."""
    query = select(erasure).where(erasure.c.id == erasure_id)
    row = tx.execute(query.with_for_update() if alone else query).first()
    if row is None:
        raise NotFound(f"There is no erasure {erasure_id}.")
    return row


def _artefacts(batch: Sequence[str]) -> Any:
    columns = (artefact.c.recording_id, artefact.c.kind, artefact.c.version, artefact.c.size, artefact.c.blob)
    return select(*columns).where(artefact.c.recording_id.in_(batch)).order_by(*columns[:3])
