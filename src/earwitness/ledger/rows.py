"""The log's rows in the database, which are the truth that the published folder follows."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, null, select, update

from earwitness.kernel.errors import LogCorrupt
from earwitness.ledger.commitments import COMMITMENT_SIZE, Leaf, tombstone_commitment
from earwitness.ledger.tombstones import Tombstone
from earwitness.storage.schema import ledger_leaf, tombstone

CHUNK = 4096
QUERY_INDEXES = 500

LeafRow = tuple[int, bytes, bytes | None]
"""Index, commitment, sealed bytes."""


def log_size(tx: Connection) -> int:
    """Return how many leaves the log has inside this transaction."""
    last = tx.execute(select(func.max(ledger_leaf.c.idx))).scalar_one()
    return 0 if last is None else int(last) + 1


def add_leaves(tx: Connection, leaves: Sequence[tuple[bytes, bytes | None]]) -> range:
    """Insert leaves at the end; the caller is alone at the end of the log until its transaction ends."""
    start = log_size(tx)
    if leaves:
        tx.execute(
            insert(ledger_leaf),
            [
                {"idx": index, "commitment": commitment, "sealed": sealed}
                for index, (commitment, sealed) in enumerate(leaves, start)
            ],
        )
    return range(start, start + len(leaves))


def add_tombstones(tx: Connection, tombstones: Sequence[Tombstone]) -> None:
    """Insert the rows of tombstones whose leaves are in the log."""
    if tombstones:
        tx.execute(insert(tombstone), [{"idx": each.index, "id": each.id} for each in tombstones])


def leaf_chunks(tx: Connection, start: int, end: int, *, sealed: bool) -> Iterator[list[LeafRow]]:
    """Yield the leaves ``[start, end)`` in order, some thousand at a time.

    Raises:
        LogCorrupt: ``sequence-gap``: a leaf is not there, or is not 32 bytes.
    """
    column: ColumnElement[Any] = ledger_leaf.c.sealed if sealed else null()
    query = (
        select(ledger_leaf.c.idx, ledger_leaf.c.commitment, column)
        .where(ledger_leaf.c.idx >= start, ledger_leaf.c.idx < end)
        .order_by(ledger_leaf.c.idx)
    )
    expected = start
    with tx.execute(query, execution_options={"yield_per": CHUNK}) as rows:
        for part in rows.partitions():
            yield _checked(part, expected)
            expected += len(part)
    if expected != end:
        raise _gap(expected)


def _checked(part: Sequence[Row[Any, Any, Any]], expected: int) -> list[LeafRow]:
    chunk = []
    for index, (idx, commitment, sealed) in enumerate(part, expected):
        if idx != index or len(commitment) != COMMITMENT_SIZE:
            raise _gap(index)
        chunk.append((idx, bytes(commitment), sealed))
    return chunk


def tombstones_between(tx: Connection, start: int, end: int) -> list[Tombstone]:
    """Return the tombstones among the leaves ``[start, end)``, in order.

    Raises:
        LogCorrupt: ``tombstone-leaf``: a row does not fit its leaf.
    """
    query = (
        select(tombstone.c.idx, tombstone.c.id, ledger_leaf.c.commitment)
        .join_from(tombstone, ledger_leaf, tombstone.c.idx == ledger_leaf.c.idx)
        .where(tombstone.c.idx >= start, tombstone.c.idx < end)
        .order_by(tombstone.c.idx)
    )
    found = []
    for index, id_, commitment in tx.execute(query):
        if tombstone_commitment(id_) != commitment:
            raise LogCorrupt(
                f"The tombstone of leaf {index} in the database is not what the leaf commits to.",
                reason="tombstone-leaf",
                index=index,
                next_step="Restore the database from a backup.",
            )
        found.append(Tombstone(index, bytes(id_)))
    return found


def last_tombstones(tx: Connection, end: int, count: int) -> list[Tombstone]:
    """Return the last ``count`` tombstones among the first ``end`` leaves, in order."""
    query = (
        select(tombstone.c.idx, tombstone.c.id)
        .where(tombstone.c.idx < end)
        .order_by(tombstone.c.idx.desc())
        .limit(count)
    )
    return [Tombstone(index, bytes(id_)) for index, id_ in reversed(tx.execute(query).all())]


def read_leaves(tx: Connection, indexes: Sequence[int]) -> dict[int, Leaf]:
    """Return the leaves at these indexes; sealed bytes that are gone are empty."""
    found: dict[int, Leaf] = {}
    for at in range(0, len(indexes), QUERY_INDEXES):
        query = select(ledger_leaf).where(ledger_leaf.c.idx.in_(indexes[at : at + QUERY_INDEXES]))
        for row in tx.execute(query):
            found[row.idx] = Leaf(bytes(row.commitment), bytes(row.sealed or b""))
    return found


def clear_sealed(tx: Connection, indexes: Sequence[int]) -> None:
    """Forget the sealed bytes at these indexes; commitments stay."""
    for at in range(0, len(indexes), QUERY_INDEXES):
        part = indexes[at : at + QUERY_INDEXES]
        tx.execute(update(ledger_leaf).where(ledger_leaf.c.idx.in_(part)).values(sealed=None))


def _gap(index: int) -> LogCorrupt:
    return LogCorrupt(
        f"The database lacks leaf {index} of the log.",
        reason="sequence-gap",
        index=index,
        next_step="Restore the database from a backup, then run earwitness verify.",
    )
