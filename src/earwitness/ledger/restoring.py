"""Bringing a database that is behind the log back up to it, from the second copy.

The copy is verified first; then every leaf, sealed entry and tombstone that the database lacks is
inserted. What the tombstones bury is for the caller to remove, before anything is served.
"""

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from sqlalchemy import Connection

from earwitness.kernel.errors import LogCorrupt
from earwitness.ledger.commitments import Leaf
from earwitness.ledger.notes import VerifierKey
from earwitness.ledger.rows import CHUNK, add_leaves, add_tombstones, leaf_chunks, log_size
from earwitness.ledger.sources import FolderSource
from earwitness.ledger.tiles import TILE_WIDTH, width_of
from earwitness.ledger.tombstones import Tombstone, read_tombstones
from earwitness.ledger.verify import VerifyReport, read_bundle, read_sealed, verify_source
from earwitness.storage.database import Database


def catch_up(database: Database, tx: Connection, copy: Path, key: VerifierKey) -> range:
    """Insert what the database lacks of the log in ``copy``, inside the caller's write transaction.

    Returns:
        The indexes of the leaves that were added.

    Raises:
        LogCorrupt: the copy is damaged, holds less than the database (``second-copy-behind``), or is of
            another history (``database-diverged``).
        NoteInvalid: the copy is not signed by ``key``.
    """
    source = FolderSource(copy)
    report = verify_source(source, key)
    database.serialize(tx, "ledger")
    have = log_size(tx)
    if report.size < have:
        raise LogCorrupt(
            f"The copy of the log holds {report.size} leaves, the database {have}.",
            reason="second-copy-behind",
            next_step="Give the newest copy of the log.",
        )
    _compare(tx, source, report, have)
    leaves = ((leaf.commitment, leaf.sealed or None) for leaf in copied_leaves(source, report, have))
    while part := list(islice(leaves, CHUNK)):
        add_leaves(tx, part)
    add_tombstones(tx, [each for each in read_tombstones(source, key) if have <= each.index < report.size])
    return range(have, report.size)


def copied_leaves(source: FolderSource, report: VerifyReport, start: int) -> Iterator[Leaf]:
    """Yield the leaves of a verified copy from index ``start`` on; sealed bytes are empty where it has none.

    Raises:
        LogCorrupt: a bundle cannot be read.
    """
    for bundle in range(start // TILE_WIDTH, -(-report.size // TILE_WIDTH)):
        width = width_of(0, bundle, report.size)
        sealed = [None] * width if report.sealed is None else read_sealed(source, bundle, width)
        pairs = list(zip(read_bundle(source, bundle, width), sealed, strict=True))
        for commitment, item in pairs[max(0, start - bundle * TILE_WIDTH) :]:
            yield Leaf(commitment, item or b"")


def copied_tombstones(copy: Path, key: VerifierKey) -> list[Tombstone]:
    """Return every tombstone of a copy, checked against the head that the log signed.

    Raises:
        LogCorrupt: the tombstones are damaged or missing.
        NoteInvalid: their head is not signed by ``key``.
    """
    return read_tombstones(FolderSource(copy), key)


def _compare(tx: Connection, source: FolderSource, report: VerifyReport, have: int) -> None:
    """Compare every leaf that both hold."""
    ours = chain.from_iterable(leaf_chunks(tx, 0, have, sealed=False))
    theirs = chain.from_iterable(
        read_bundle(source, bundle, width_of(0, bundle, report.size)) for bundle in range(-(-have // TILE_WIDTH))
    )
    for (index, commitment, _), leaf in zip(ours, theirs, strict=False):  # the copy's may go on
        if commitment != leaf:
            raise LogCorrupt(
                f"Leaf {index} of the database is not the one in the copy of the log.",
                reason="database-diverged",
                index=index,
                next_step="This database was not restored from a backup of the same installation.",
            )
