"""The sweep: removes what a crash left before a commit point, and resumes what it left after one.

A blob without a row and a key without a row were never acknowledged to anybody, and nothing can read
them; they go. The intake lock is held exclusively meanwhile, so that no intake is under way. A sweep
that would take away a large share of all keys has met the wrong database, not a crash, and refuses.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import select

from earwitness.kernel.errors import RowCorrupt
from earwitness.storage.blobs import BlobStore
from earwitness.storage.database import Database
from earwitness.storage.files import FolderLock
from earwitness.storage.schema import artefact, deidentified, recording
from earwitness.vault.keyring import Keyring
from earwitness.vault.removal import Removal

BATCH = 500
FEW = 200
LARGEST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep found and removed, and the erasures it resumed."""

    keys: int
    blobs: int
    resumed: int


def sweep(  # noqa: PLR0913 - handed down one by one, by bootstrap alone
    database: Database, blobs: BlobStore, keyring: Keyring, removal: Removal, lock_file: Path, *, insist: bool = False
) -> Sweep:
    """Run once, at start and each night.

    Args:
        database: the rows, which are the truth.
        blobs: where sealed objects rest.
        keyring: where keys rest.
        removal: carries on with accepted erasures.
        lock_file: the intake's lock.
        insist: remove however many orphans there are.

    Raises:
        RowCorrupt: so many keys have no row that this is not the database they belong to.
    """
    resumed = removal.resume()
    with FolderLock(lock_file, exclusive=True):
        keys = [key for part in _parts(keyring.key_ids()) for key in _orphan_keys(database, part)]
        total = sum(1 for _ in keyring.key_ids())
        if len(keys) > FEW and len(keys) > total * LARGEST_SHARE and not insist:
            raise RowCorrupt(
                f"{len(keys)} of {total} keys have no recording in this database: is it the right one?",
                next_step="Restore the database that belongs to these keys, or run earwitness sweep --insist.",
            )
        keyring.destroy_keys(keys)
        orphans = [name for part in _parts(blobs.names()) for name in _orphan_blobs(database, part)]
        blobs.delete_many(orphans)
    return Sweep(len(keys), len(orphans), resumed)


def _orphan_keys(database: Database, part: list[str]) -> list[str]:
    """Return the keys of recordings and copies that have no row.

    Keys of subjects (``audit:…``, ``profile:…``) are left: one may be about to get its person.
    """
    wanted = [key for key in part if ":" not in key]
    with database.read() as tx:
        known = set(tx.scalars(select(recording.c.id).where(recording.c.id.in_(wanted))))
        known.update(tx.scalars(select(deidentified.c.id).where(deidentified.c.id.in_(wanted))))
    return [key for key in wanted if key not in known]


def _orphan_blobs(database: Database, part: list[str]) -> list[str]:
    with database.read() as tx:
        known = set(tx.scalars(select(artefact.c.blob).where(artefact.c.blob.in_(part))))
        known.update(tx.scalars(select(deidentified.c.blob).where(deidentified.c.blob.in_(part))))
    return [name for name in part if name not in known]


def _parts(names: Iterable[str]) -> Iterator[list[str]]:
    walk = iter(names)
    while part := list(islice(walk, BATCH)):
        yield part
