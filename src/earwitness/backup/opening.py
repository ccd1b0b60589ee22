"""Opening a data backup: signature, every hash, the log in it, and the database's own integrity."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from earwitness.backup import snapshot
from earwitness.backup.evidence import AtHand
from earwitness.backup.making import DATABASE, LOG
from earwitness.backup.manifest import FILES, MANIFEST, Manifest, corrupt, read_small, sha256_of
from earwitness.backup.progress import Progress, silent
from earwitness.kernel.errors import BackupCorrupt, LedgerError, RowCorrupt
from earwitness.ledger.checkpoint import Checkpoint, open_checkpoint
from earwitness.ledger.notes import VerifierKey
from earwitness.ledger.sources import FolderSource
from earwitness.ledger.tiles import CHECKPOINT
from earwitness.ledger.verify import verify_source
from earwitness.storage.files import os_errors

HASH_DIGITS = 64
SEPARATOR = "  "


@dataclass(frozen=True, slots=True)
class DataBackup:
    """A data backup that was opened and found whole; ``files`` maps paths to SHA-256 in hex."""

    folder: Path
    manifest: Manifest
    checkpoint: Checkpoint
    files: Mapping[str, str]

    @property
    def at_hand(self) -> AtHand:
        """The ledger that it brings."""
        return AtHand(self.manifest.ledger, self.checkpoint, self.manifest.made_at)


def open_data_backup(folder: Path, key: VerifierKey, progress: Progress = silent) -> DataBackup:
    """Check a whole data backup against the log's verifier key.

    Raises:
        BackupCorrupt: it is none, or something in it is not what was written; the file is named.
    """
    manifest = Manifest.open(read_small(folder / MANIFEST), key)
    if not (folder / FILES).is_file() or sha256_of(folder / FILES) != manifest.files:
        raise corrupt(FILES)
    files = _listed(folder)
    for number, (name, hash_) in enumerate(files.items()):
        progress("hashes", number, len(files))
        if not (folder / name).is_file() or sha256_of(folder / name) != hash_:
            raise corrupt(name)
    _check_database(folder)
    return DataBackup(folder, manifest, _check_log(folder, manifest, key), files)


def _listed(folder: Path) -> dict[str, str]:
    with os_errors(folder):
        lines = (folder / FILES).read_text(encoding="utf-8").splitlines()
    files = {}
    for line in lines:
        hash_, separator, name = line.partition(SEPARATOR)
        inside = (folder / name).resolve().is_relative_to(folder.resolve())
        if len(hash_) != HASH_DIGITS or not separator or not inside:
            raise corrupt(FILES)
        files[name] = hash_
    if DATABASE not in files or f"{LOG}/{CHECKPOINT}" not in files:
        raise corrupt(FILES)
    return files


def _check_database(folder: Path) -> None:
    try:
        with snapshot.opened(folder / DATABASE) as tx:
            found = tx.execute(text("PRAGMA quick_check(1)")).scalar_one()
    except RowCorrupt as error:
        raise corrupt(DATABASE) from error
    if found != "ok":
        raise corrupt(DATABASE)


def _check_log(folder: Path, manifest: Manifest, key: VerifierKey) -> Checkpoint:
    source = FolderSource(folder / LOG)
    if source.read(CHECKPOINT) != manifest.checkpoint.encode():
        raise corrupt(f"{LOG}/{CHECKPOINT}")
    try:
        verify_source(source, key)
        return open_checkpoint(manifest.checkpoint.encode(), key).checkpoint
    except LedgerError as error:
        raise BackupCorrupt(
            f"{LOG}/{error.file or CHECKPOINT} of the backup cannot be used: {error.what}",
            next_step="Use another backup.",
        ) from error
