"""Key backups: a copy of the keys that expires, made apart from the data, known to every deletion bound.

The row in ``key_backup`` is committed before the first byte is copied. Destroying an expired copy
overwrites its files first; what its medium keeps below that is not covered.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, select

from earwitness.backup.copying import copy_file, files_below
from earwitness.backup.manifest import KEY_MANIFEST, KeyManifest, corrupt, read_small, sha256_of
from earwitness.backup.places import KEYS_PREFIX, is_key_backup, refuse_keys_at, staged
from earwitness.bootstrap import House
from earwitness.kernel.clock import DAY, rfc3339
from earwitness.kernel.errors import BackupExpired, BadInput
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.ledger.signer import NoteSigner, load_signer
from earwitness.storage.files import make_folder, os_errors, remove_durably, sync_folder, write_durably
from earwitness.storage.schema import erasure, key_backup
from earwitness.vault.custodians.rootfiles import shred

KEYS = "keys"
LOG_KEY = "log.key"
MOST_DAYS = 90


@dataclass(frozen=True, slots=True)
class KeyBackupMade:
    """A key backup that is complete; moments in ms since the epoch."""

    folder: Path
    id: str
    epoch: int
    made_at: int
    expires_at: int


def backup_keys(house: House, destination: Path, days: int, random: RandomBytes = secrets.token_bytes) -> KeyBackupMade:
    """Copy the keys into a fresh folder below ``destination``; durable when this returns.

    Args:
        house: whose keys.
        destination: away from the data and from data backups.
        days: how long the copy lives; no deletion is final before that.
        random: where the id comes from.

    Raises:
        BadInput: the place is with the data, or ``days`` is not 1 to 90.
        StorageBusy: a rotation, or another backup to the same place, is running.
        StorageFull: no space; nothing is left of the attempt but its row, which errs to the longer bound.
    """
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(f"A key backup lives 1 to {MOST_DAYS} days, not {days}.")
    refuse_keys_at(destination, house.data)
    if _erasures_wait(house):
        # A copy of this epoch's root key would keep them from being final when their receipts say.
        house.turn_epoch()
    now, name = house.clock.now_ms(), new_id("kbk", random)
    expires = now + days * DAY
    row = {"id": name, "epoch": house.keyring.epoch, "made_at": now, "expires_at": expires}
    with staged(destination, KEYS_PREFIX, now) as (staging, final):
        with house.database.write() as tx:
            tx.execute(insert(key_backup), [row])
        epoch = _copy(house, staging)
        manifest = KeyManifest(
            id=name,
            installation=house.settings.installation,
            epoch=epoch,
            made_at=now,
            expires_at=expires,
            log_key=house.log.signer.vkey,
            files={name: sha256_of(staging / name) for name in files_below(staging)},
        )
        write_durably(staging / KEY_MANIFEST, manifest.encode())
    return KeyBackupMade(final, name, epoch, now, expires)


def _erasures_wait(house: House) -> bool:
    """Say whether something erased waits for the end of the present epoch."""
    waiting = select(erasure.c.id).where(erasure.c.state != "completed", erasure.c.epoch >= house.keyring.epoch)
    with house.database.read() as tx:
        return tx.execute(waiting.limit(1)).first() is not None


def _copy(house: House, staging: Path) -> int:
    make_folder(staging / KEYS)
    epoch = house.keyring.snapshot(staging / KEYS)
    write_durably(staging / KEYS / LOG_KEY, f"{house.log.signer.encode()}\n".encode(), 0o600)
    return epoch


@dataclass(frozen=True, slots=True)
class KeyBackup:
    """A key backup that was opened and found whole."""

    folder: Path
    manifest: KeyManifest
    signer: NoteSigner

    @property
    def keys(self) -> Path:
        """The keys folder in it."""
        return self.folder / KEYS


def open_key_backup(folder: Path, now: int) -> KeyBackup:
    """Read a key backup and check all of it.

    Raises:
        BackupCorrupt: it is none, or not what was written; the file is named.
        BackupExpired: its life is over at ``now`` (ms).
        BadInput: it was made after ``now``: the clock is wrong.
    """
    manifest = KeyManifest.parse(read_small(folder / KEY_MANIFEST))
    if manifest.expires_at <= now:
        raise BackupExpired(
            f"The key backup {manifest.id} expired at {rfc3339(manifest.expires_at)}; deletions count on that.",
            next_step="Use a newer key backup, and destroy this one.",
        )
    if manifest.made_at > now:
        raise BadInput(
            f"The key backup was made at {rfc3339(manifest.made_at)}, which this machine's clock has not reached.",
            next_step="Set the clock, then restore.",
        )
    for needed in (f"{KEYS}/CURRENT", f"{KEYS}/{LOG_KEY}"):
        if needed not in manifest.files:
            raise corrupt(KEY_MANIFEST)
    for name, hash_ in manifest.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file() or sha256_of(path) != hash_:
            raise corrupt(name)
    signer = load_signer(folder / KEYS / LOG_KEY)
    if signer.vkey != manifest.log_key:
        raise corrupt(KEY_MANIFEST)
    return KeyBackup(folder, manifest, signer)


def expire_key_backups(folder: Path, now: int, random: RandomBytes = secrets.token_bytes) -> Sequence[str]:
    """Destroy the expired key backups in ``folder`` (or the one that it is); return their ids.

    Raises:
        StorageError: a file cannot be overwritten or removed; what was destroyed before stays so.
    """
    places = [folder] if is_key_backup(folder) else sorted(folder.glob(f"{KEYS_PREFIX}*"))
    destroyed = []
    for place in places:
        if not is_key_backup(place):
            continue
        manifest = KeyManifest.parse(read_small(place / KEY_MANIFEST))
        if manifest.expires_at <= now:
            _destroy(place, random)
            destroyed.append(manifest.id)
    return destroyed


def _destroy(place: Path, random: RandomBytes) -> None:
    """Overwrite and remove; the manifest goes last, so that what is interrupted is found again."""
    for name in files_below(place):
        if name != KEY_MANIFEST:
            shred(place / name, random)
    remove_durably(place / KEY_MANIFEST)
    with os_errors(place):
        for each in sorted((path for path in place.rglob("*") if path.is_dir()), reverse=True):
            each.rmdir()
        place.rmdir()
    sync_folder(place.parent)


def put_log_key(backup: KeyBackup, keys: Path) -> None:
    """Copy the log's signing key into a keys folder.

    Raises:
        StorageError: the folder cannot be written.
    """
    copy_file(backup.keys / LOG_KEY, keys / LOG_KEY)
