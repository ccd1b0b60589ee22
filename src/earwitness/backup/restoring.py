"""Restoring a house from a data backup and a key backup, so that nothing erased comes back.

Order of evaluation: docs/formats/backup.md, "Restore". Nothing is served, and no log is published,
before the target folder has its name.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from earwitness import settings as settings_file
from earwitness.backup import narrowing, snapshot
from earwitness.backup.copying import FolderObjects, copy_file, copy_objects
from earwitness.backup.entries import Recovered, give_back
from earwitness.backup.evidence import Evidence, check_history, weigh
from earwitness.backup.keycopies import KeyBackup, open_key_backup
from earwitness.backup.making import BLOBS, DATABASE, LOG
from earwitness.backup.opening import DataBackup, open_data_backup
from earwitness.backup.progress import Progress, silent
from earwitness.backup.replay import Replay, replay
from earwitness.backup.target import Target, empty_objects, prepared, put_database, put_keys, unmark
from earwitness.bootstrap import AskPassphrase, House, assemble_house
from earwitness.kernel.clock import Clock, SystemClock, rfc3339
from earwitness.kernel.errors import BackupCorrupt, BadInput
from earwitness.kernel.ids import RandomBytes
from earwitness.ledger.restoring import catch_up
from earwitness.ledger.rows import log_size
from earwitness.ledger.sources import FolderSource
from earwitness.ledger.tombstones import read_tombstones
from earwitness.ledger.verify import verify_source
from earwitness.settings import Settings
from earwitness.vault import epochs


@dataclass(frozen=True, slots=True)
class Sources:
    """What a restore is made from.

    ``second`` is a second copy of the log, ``checkpoint`` the newest one that a witness or a person has;
    ``settings`` replace those of the backup (another database, another bucket).
    """

    data: Path
    keys: Path
    second: Path | None = None
    checkpoint: bytes | None = None
    settings: Settings | None = None


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did.

    ``ledger``: leaves now. ``filled``: of them, from the second copy. ``ended``: rows that tombstones ended,
    by table. ``relied_on``: second copy, checkpoint or none.
    """

    folder: Path
    ledger: int
    filled: int
    entries_given_back: int
    entries_unopened: int
    ended: Mapping[str, int]
    removed: int
    without_key: int
    expired: int
    people_lost: int
    objects_missing: int
    epoch: int
    relied_on: str


@dataclass(frozen=True, slots=True)
class _Job:
    """One restore under way."""

    data: DataBackup
    keys: KeyBackup
    evidence: Evidence
    clock: Clock
    passphrase: AskPassphrase | None
    progress: Progress
    random: RandomBytes


def restore(  # noqa: PLR0913 - the danger stands beside what it does without
    sources: Sources,
    target: Path,
    *,
    clock: Clock | None = None,
    passphrase: AskPassphrase | None = None,
    progress: Progress = silent,
    random: RandomBytes = secrets.token_bytes,
    without_second_copy_erased_things_may_return: bool = False,
) -> Restored:
    """Restore into ``target``, which gets its name when everything is done; durable when this returns.

    Raises:
        BackupCorrupt: a backup is not what was written; the file is named.
        BackupExpired: the key backup's life is over.
        RestoreGap: the ledger at hand is not the newest that was seen, or nothing shows that it is.
        BadInput: the target is not empty, or the backups are of two installations.
        LogCorrupt, NoteInvalid: the second copy or the checkpoint do not verify.
        KeyringError: the root key does not open.
        StorageFull: no space; nothing is left of the attempt but in stores outside the folder.
    """
    clock = clock or SystemClock()
    keys = open_key_backup(sources.keys, clock.now_ms())
    data = open_data_backup(sources.data, keys.signer.key, progress)
    if data.manifest.installation != keys.manifest.installation:
        raise BadInput("The two backups are of different installations.", next_step="Give two that belong together.")
    dangerous = without_second_copy_erased_things_may_return
    evidence = weigh(data.at_hand, sources.second, sources.checkpoint, keys.signer.key, dangerous=dangerous)
    job = _Job(data, keys, evidence, clock, passphrase, progress, random)
    chosen = _settings(sources, data)
    with prepared(target, chosen) as place:
        done = _restore(job, place)
    unmark(place)
    return done


def _settings(sources: Sources, data: DataBackup) -> Settings:
    chosen = sources.settings or settings_file.load(data.folder)
    if chosen.installation != data.manifest.installation:
        raise BadInput("The settings are of another installation.", next_step="Leave 'installation' as it was.")
    return chosen


def _restore(job: _Job, target: Target) -> Restored:
    marks = put_database(target, job.data.folder / DATABASE, job.progress)
    for name in job.data.files:
        if name.startswith(f"{LOG}/"):
            copy_file(job.data.folder / name, target.work / name)
    put_keys(target, job.keys, marks)
    house = assemble_house(target.work, target.settings, clock=job.clock, passphrase=job.passphrase)
    try:
        empty_objects(target, house.blobs, marks)
        done = _bring_up(job, target, house)
    finally:
        house.closing.close()  # House.close would publish, and this is no house yet
    settings_file.store(target.work, target.settings)
    return done


def _bring_up(job: _Job, target: Target, house: House) -> Restored:
    now = job.clock.now_ms()
    recovered, ended, filled = _replay(job, house, now)
    removed = narrowing.resume_erasures(house, lambda done: job.progress("erasures", done, 0))
    narrowing.forget_buried_households(house)
    narrowing.destroy_dead_subjects(house)
    people_lost = narrowing.lose_people_without_keys(house, now)
    without_key = narrowing.remove_without_key(house)
    expired = narrowing.remove_expired(house, now, lambda done: job.progress("expired", done, 0))
    missing = _copy_objects(job, house)
    house.retention.sweep(now=now)
    house.sweep(insist=True)
    epochs.turn(house.database, house.keyring, job.clock, lambda done, total: job.progress("keys", done, total))
    details = {"backup_of": rfc3339(job.data.manifest.made_at), "entries_from_second_copy": filled}
    narrowing.tell_everybody(house, details, now)
    return Restored(
        folder=target.final,
        ledger=house.log.size(),
        filled=filled,
        entries_given_back=recovered.given_back,
        entries_unopened=recovered.unopened,
        ended=ended,
        removed=removed,
        without_key=without_key,
        expired=expired,
        people_lost=people_lost,
        objects_missing=missing,
        epoch=house.keyring.epoch,
        relied_on=job.evidence.relied_on,
    )


def _replay(job: _Job, house: House, now: int) -> tuple[Recovered, dict[str, int], int]:
    """Fill the gap, then end everything that any tombstone of the log ends: one transaction, then the keys."""
    key = job.keys.signer.key
    with house.database.write() as tx:
        have, second = log_size(tx), job.evidence.second
        if have != job.data.manifest.ledger:
            raise BackupCorrupt(f"{DATABASE} of the backup holds another number of log entries than its manifest says.")
        added = range(have, have)
        if second is not None:
            report = verify_source(FolderSource(second), key)
            if report.size > have:
                added = catch_up(house.database, tx, second, key)
        check_history(tx, job.evidence.seen)
        narrowing.begin(tx, job.keys, now, job.random)
        recovered = give_back(tx, house.keyring, added, job.progress)
    with house.database.write() as tx:
        if second is not None:
            narrowing.bury_announced(house, tx, read_tombstones(FolderSource(second), key))
        context = Replay(house, tx, now, recovered)
        ended = replay(context)
    house.keyring.destroy_keys(context.keys)
    return recovered, ended, len(added)


def _copy_objects(job: _Job, house: House) -> int:
    """Copy the objects that still have a row; what was erased never comes near the restored house."""
    with house.database.read() as tx:
        lost = copy_objects(
            snapshot.named_objects(tx), FolderObjects(job.data.folder / BLOBS), house.blobs, job.progress
        )
    return len(lost)
