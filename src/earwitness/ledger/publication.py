"""Brings one published folder up to the leaves of the database: tiles, bundles, tombstones.

Everything here continues from what the folder itself holds and checks it first: the tiles on the
right edge must give the root of the folder's own checkpoint, and the leaves of the last tile must be
those of the database. What is signed, and the replacing of heads, is the log's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from earwitness.kernel.errors import LogCorrupt
from earwitness.ledger import sealed as sealed_bundles
from earwitness.ledger.checkpoint import Checkpoint, open_checkpoint
from earwitness.ledger.merkle import EMPTY_ROOT, complete_root, leaf_hashes
from earwitness.ledger.notes import VerifierKey
from earwitness.ledger.rows import LeafRow, last_tombstones, leaf_chunks, tombstones_between
from earwitness.ledger.sealed import encode_sealed
from earwitness.ledger.sources import FolderSource
from earwitness.ledger.tiles import (
    CHECKPOINT,
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    edge_root,
    encode_bundle,
    entries_path,
    numbered,
    read_edge,
    read_tile,
    tile_path,
    width_of,
)
from earwitness.ledger.tombstones import FOLDER as TOMBSTONES
from earwitness.ledger.tombstones import HEAD, TombstoneHead, read_head
from earwitness.ledger.writer import PRIVATE_MODE, PUBLIC_MODE, FolderWriter


@dataclass(frozen=True, slots=True)
class Published:
    """What a folder shows now; the notes are empty where it shows nothing yet."""

    checkpoint: Checkpoint
    note: bytes
    head: TombstoneHead
    head_note: bytes


@dataclass(frozen=True, slots=True)
class Grown:
    """A tree that was written to a folder but is not shown yet."""

    checkpoint: Checkpoint
    head: TombstoneHead
    replaced: tuple[str, ...]
    """Names whose partial files a full one has replaced."""


def read_published(folder: Path, key: VerifierKey) -> Published:
    """Read the heads of a folder and check that they are signed by ``key``.

    Raises:
        NoteInvalid: a head does not parse, or another key signed it.
        LogCorrupt: a head cannot be read.
    """
    source = FolderSource(folder)
    note = source.read(CHECKPOINT) or b""
    checkpoint = open_checkpoint(note, key).checkpoint if note else Checkpoint(key.name, 0, EMPTY_ROOT)
    head, head_note = read_head(source, key) or (TombstoneHead(key.name), b"")
    return Published(checkpoint, note, head, head_note)


def remove_leftovers(folder: Path, shown: Published) -> None:
    """Remove what a crash after the heads were replaced left: partial files whose full ones are there.

    Raises:
        StorageError: the folder cannot be changed.
    """
    writer, size = FolderWriter(folder), shown.checkpoint.size
    for prefix in (ENTRIES, sealed_bundles.FOLDER):
        writer.remove_leftovers(prefix, size // TILE_WIDTH)
    writer.remove_leftovers(TOMBSTONES, shown.head.count // TILE_WIDTH)
    level = 0
    while count := size >> (TILE_HEIGHT * level):
        writer.remove_leftovers(f"tile/{level}", count // TILE_WIDTH)
        level += 1


class Publication:
    """One folder's way from the size it shows to a larger one. Used once, under the folder's lock."""

    def __init__(self, folder: Path, shown: Published, *, with_sealed: bool) -> None:
        """Continue from ``shown``; the second copy also takes the sealed bytes.

        Raises:
            LogCorrupt: ``tile-mismatch``: the folder's tiles do not give its checkpoint's root.
        """
        self.writer = FolderWriter(folder)
        self._source = FolderSource(folder)
        self._shown = shown
        self._with_sealed = with_sealed
        self._size = shown.checkpoint.size
        self._edge = read_edge(self._source, self._size)
        if edge_root(self._edge) != shown.checkpoint.root:
            raise _edge_wrong(folder, self._size)
        self._bundle = self._size // TILE_WIDTH
        self._rows: list[LeafRow] = []

    def grow(self, tx: Connection, size: int) -> Grown:
        """Write everything that a tree of ``size`` leaves needs; on the disk once it is shown.

        Raises:
            LogCorrupt: ``database-diverged``, ``sequence-gap`` or ``tombstone-leaf``.
            StorageError: the folder cannot be written; what it showed before still stands.
        """
        self.writer.begin()
        self._resume(tx)
        for chunk in leaf_chunks(tx, self._size, size, sealed=self._with_sealed):
            self._rows += chunk
            self._write_bundles()
        root = self._write_edge(size)
        head = self._write_tombstones(tx, size)
        return Grown(Checkpoint(self._shown.checkpoint.origin, size, root), head, self._replaced(size, head))

    def show(self, grown: Grown, note: bytes, head_note: bytes) -> Published:
        """Replace the heads when everything else is on the disk, the checkpoint last.

        Then drop what full tiles replaced. A head of the tombstones that there were before may go with
        the tiles: it says only that there are no more of them.

        Raises:
            StorageError: the folder cannot be written; what it showed before still stands.
        """
        heads = [(HEAD, head_note), (CHECKPOINT, note)]
        if grown.head.count == self._shown.head.count:
            self.writer.add(*heads.pop(0))
        self.writer.finish(heads)
        self.writer.remove_partials(grown.replaced)
        return Published(grown.checkpoint, note, grown.head, head_note)

    def _resume(self, tx: Connection) -> None:
        """Take the rows of the open bundle from the database, if they are those that were published."""
        if not self._size:
            return
        tile = (self._size - 1) // TILE_WIDTH
        published = read_tile(self._source, 0, tile, width_of(0, tile, self._size))
        for chunk in leaf_chunks(tx, tile * TILE_WIDTH, self._size, sealed=self._with_sealed):
            self._rows += chunk
        for row, shown, ours in zip(self._rows, published, leaf_hashes(_leaves(self._rows)), strict=True):
            if ours != shown:
                raise _diverged(row[0])
        if len(self._rows) == TILE_WIDTH:
            self._rows.clear()

    def _write_bundles(self) -> None:
        whole = len(self._rows) - len(self._rows) % TILE_WIDTH
        for at in range(0, whole, TILE_WIDTH):
            hashes = self._write_bundle(self._rows[at : at + TILE_WIDTH])
            self._bundle += 1
            self._carry(1, complete_root(hashes))
        del self._rows[:whole]

    def _write_bundle(self, rows: Sequence[LeafRow]) -> list[bytes]:
        leaves = _leaves(rows)
        hashes = leaf_hashes(leaves)
        self.writer.add(entries_path(self._bundle, len(rows)), encode_bundle(leaves))
        self.writer.add(tile_path(0, self._bundle, len(rows)), b"".join(hashes))
        if self._with_sealed:
            name = numbered(sealed_bundles.FOLDER, self._bundle, len(rows))
            self.writer.add(name, encode_sealed([row[2] for row in rows]), PRIVATE_MODE)
        return hashes

    def _carry(self, level: int, hash_: bytes) -> None:
        """Add the root of a full tile to the level above, which may fill a tile there."""
        while len(self._edge) <= level:
            self._edge.append([])
        tile = self._edge[level]
        tile.append(hash_)
        if len(tile) == TILE_WIDTH:
            index = ((self._bundle * TILE_WIDTH) >> (TILE_HEIGHT * (level + 1))) - 1
            self.writer.add(tile_path(level, index), b"".join(tile))
            self._edge[level] = []
            self._carry(level + 1, complete_root(tile))

    def _write_edge(self, size: int) -> bytes:
        """Write the open bundle and the partial tiles that are new at this size; return the root."""
        if self._rows:
            self._edge[:1] = [self._write_bundle(self._rows)]
        elif self._edge:
            self._edge[0] = []
        for level, tile in enumerate(self._edge[1:], start=1):
            count = size >> (TILE_HEIGHT * level)
            if tile and count != self._size >> (TILE_HEIGHT * level):
                self.writer.add(tile_path(level, count // TILE_WIDTH, len(tile)), b"".join(tile))
        return edge_root(self._edge)

    def _write_tombstones(self, tx: Connection, size: int) -> TombstoneHead:
        head = self._shown.head
        new = [each.encode() for each in tombstones_between(tx, head.log_size, size)]
        if new:
            bundle, width = divmod(head.count, TILE_WIDTH)
            records = [each.encode() for each in last_tombstones(tx, head.log_size, width)] + new
            for at in range(0, len(records), TILE_WIDTH):
                part = records[at : at + TILE_WIDTH]
                self.writer.add(numbered(TOMBSTONES, bundle + at // TILE_WIDTH, len(part)), b"".join(part), PUBLIC_MODE)
        return head.extend(new, max(size, head.log_size))

    def _replaced(self, size: int, head: TombstoneHead) -> tuple[str, ...]:
        """Name the tiles that were partial and are full now."""
        names = []
        for level in range(len(self._edge)):
            before, now = self._size >> (TILE_HEIGHT * level), size >> (TILE_HEIGHT * level)
            if before % TILE_WIDTH and before // TILE_WIDTH < now // TILE_WIDTH:
                names.append(tile_path(level, before // TILE_WIDTH))
        before = self._size
        if before % TILE_WIDTH and before // TILE_WIDTH < size // TILE_WIDTH:
            names += [numbered(prefix, before // TILE_WIDTH) for prefix in (ENTRIES, sealed_bundles.FOLDER)]
        before = self._shown.head.count
        if before % TILE_WIDTH and before // TILE_WIDTH < head.count // TILE_WIDTH:
            names.append(numbered(TOMBSTONES, before // TILE_WIDTH))
        return tuple(names)


def _leaves(rows: Sequence[LeafRow]) -> list[bytes]:
    return [row[1] for row in rows]


def _edge_wrong(folder: Path, size: int) -> LogCorrupt:
    level = next(level for level in range(64) if width_of(level, size >> (TILE_HEIGHT * (level + 1)), size))
    name = tile_path(level, size >> (TILE_HEIGHT * (level + 1)), (size >> (TILE_HEIGHT * level)) % TILE_WIDTH)
    return LogCorrupt(
        f"The tiles at the end of the log in {folder} do not give the root that its checkpoint signed.",
        reason="tile-mismatch",
        file=name,
        next_step="Run earwitness verify on it and restore the file it names from the second copy.",
    )


def _diverged(index: int) -> LogCorrupt:
    return LogCorrupt(
        f"Leaf {index} of the database is not the one that was published.",
        reason="database-diverged",
        index=index,
        next_step="The database was restored or changed. Run earwitness restore with the newest second copy.",
    )
