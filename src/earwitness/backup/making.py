"""Making a data backup: what is needed to restore, sealed, and nothing that opens it.

Order: the log is published and copied, then the database is snapshot, so that the snapshot holds every
published leaf; then the objects that its rows name; hashes and the signed manifest come last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from earwitness.backup import snapshot
from earwitness.backup.copying import copy_file, copy_objects, files_below, link_file
from earwitness.backup.manifest import FILES, MANIFEST, Counts, Manifest, sha256_of
from earwitness.backup.places import DATA_PREFIX, SETTINGS, refuse_data_at, staged
from earwitness.backup.progress import Progress, silent
from earwitness.bootstrap import House
from earwitness.ledger.log import Log
from earwitness.ledger.rows import log_size
from earwitness.ledger.tiles import CHECKPOINT
from earwitness.ledger.verify import verify
from earwitness.ledger.writer import LOCK
from earwitness.storage.blobs import LocalBlobs
from earwitness.storage.database import Database
from earwitness.storage.files import FolderLock, os_errors, write_durably
from earwitness.storage.migration import HEAD
from earwitness.storage.schema import artefact, deidentified, person, recording

DATABASE, BLOBS, LOG = "data.db", "blobs", "log"


@dataclass(frozen=True, slots=True)
class BackupMade:
    """A data backup that is complete; ``made_at`` in ms since the epoch."""

    folder: Path
    made_at: int
    ledger: int
    counts: Counts


def backup(house: House, destination: Path, progress: Progress = silent) -> BackupMade:
    """Write a data backup into a fresh folder below ``destination``; complete and durable when this returns.

    Raises:
        BadInput: the place is inside or around the data folder or a key backup.
        StorageFull: no space; nothing is left of the attempt.
        StorageBusy: another backup is being written there.
        LogCorrupt: the log or its second copy contradict the database.
    """
    refuse_data_at(destination, house.data)
    now = house.clock.now_ms()
    with staged(destination, DATA_PREFIX, now) as (staging, final):
        _copy_log(house.log, staging / LOG, progress)
        snapshot.take(house.database, staging / DATABASE, progress)
        if (house.data / SETTINGS).exists():
            copy_file(house.data / SETTINGS, staging / SETTINGS)
        counts, ledger = _copy_named(house, staging, progress)
        _list_files(staging, progress)
        manifest = Manifest(
            installation=house.settings.installation,
            made_at=now,
            schema=HEAD,
            key=house.log.signer.vkey,
            ledger=ledger,
            checkpoint=(staging / LOG / CHECKPOINT).read_text(encoding="utf-8"),
            epoch=house.keyring.epoch,
            counts=counts,
            files=sha256_of(staging / FILES),
        )
        write_durably(staging / MANIFEST, manifest.sign(house.log.signer))
    return BackupMade(final, now, ledger, counts)


def _copy_log(log: Log, target: Path, progress: Progress) -> None:
    """Copy the published log, while nobody publishes, and check the copy."""
    log.publish()
    with FolderLock(log.folder / LOCK, exclusive=True):
        for name in files_below(log.folder):
            if not any(part.startswith(".") for part in name.split("/")):
                link_file(log.folder / name, target / name)
    verify(target, log.signer.vkey, progress=lambda done, total: progress("log", done, total))


def _copy_named(house: House, staging: Path, progress: Progress) -> tuple[Counts, int]:
    """Copy the objects that the snapshot names and count what is in it."""
    blobs = LocalBlobs(staging / BLOBS)
    with snapshot.opened(staging / DATABASE) as tx:
        lost = copy_objects(snapshot.named_objects(tx), house.blobs, blobs, progress)
        recordings = tx.scalar(select(func.count()).select_from(recording)) or 0
        people = tx.scalar(select(func.count()).select_from(person).where(person.c.erased_at.is_(None))) or 0
        ledger = log_size(tx)
    with os_errors(staging):
        sizes = [(staging / BLOBS / name).stat().st_size for name in files_below(staging / BLOBS)]
    return Counts(recordings, people, len(sizes), sum(sizes), _still_named(house.database, lost)), ledger


def _still_named(database: Database, lost: Sequence[str]) -> int:
    """Count the objects that are missing although a row still names them; the others were erased meanwhile."""
    with database.read() as tx:
        return sum(
            tx.execute(select(column).where(column == name)).first() is not None
            for name in lost
            for column in (artefact.c.blob, deidentified.c.blob)
        )


def _list_files(staging: Path, progress: Progress) -> None:
    """Write files.sha256, as sha256sum writes and checks it."""
    names = list(files_below(staging))
    lines = []
    for number, name in enumerate(names):
        progress("hashes", number, len(names))
        lines.append(f"{sha256_of(staging / name)}  {name}\n")
    write_durably(staging / FILES, "".join(lines).encode())
