"""Tiles and entry bundles (C2SP tlog-tiles v0.1.0): their paths, their bytes, and reading nodes from them."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from earwitness.kernel.errors import LogCorrupt
from earwitness.ledger.merkle import HASH_SIZE, CompactRange, parents

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
LENGTH_SIZE = 2
LONGEST_ENTRY = 0xFFFF
CHECKPOINT = "checkpoint"
ENTRIES = "tile/entries"
PARTIAL = re.compile(r"(.+)\.p/([1-9][0-9]{0,2})")
CACHED_TILES = 256
NAME_DIGITS = 1000


class Source(Protocol):
    """Where a published log is read from: a folder or an http(s) URL."""

    def read(self, name: str) -> bytes | None:
        """Return the whole file, or None if there is none of that name.

        Raises:
            LogCorrupt: ``file-unreadable``: it is there, or may be, and cannot be read.
        """
        ...


def numbered(prefix: str, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of file ``index`` under ``prefix``, e.g. ``tile/0/x001/x234/067.p/12``."""
    parts = [f"{index % NAME_DIGITS:03d}"]
    while index >= NAME_DIGITS:
        index //= NAME_DIGITS
        parts.insert(0, f"x{index % NAME_DIGITS:03d}")
    return f"{prefix}/{'/'.join(parts)}" + (f".p/{width}" if width < TILE_WIDTH else "")


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a hash tile."""
    return numbered(f"tile/{level}", index, width)


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of an entry bundle."""
    return numbered(ENTRIES, index, width)


def width_of(level: int, index: int, size: int) -> int:
    """Return how many hashes tile ``index`` of a level has in a tree of ``size`` leaves (0: none)."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH))


def read_part(source: Source, prefix: str, index: int, width: int) -> tuple[bytes, int]:
    """Read a numbered file of ``width`` items; where a partial one is gone, the full one that replaced it.

    Returns:
        The bytes, and how many items they must hold.

    Raises:
        LogCorrupt: ``file-missing``.
    """
    name = numbered(prefix, index, width)
    data = source.read(name)
    if data is not None:
        return data, width
    data = source.read(numbered(prefix, index)) if width < TILE_WIDTH else None
    if data is None:
        raise missing(name)
    return data, TILE_WIDTH


def read_tile(source: Source, level: int, index: int, width: int) -> list[bytes]:
    """Read ``width`` hashes of a tile.

    Raises:
        LogCorrupt: ``file-missing`` or ``file-length``.
    """
    data, count = read_part(source, f"tile/{level}", index, width)
    if len(data) != count * HASH_SIZE:
        name = tile_path(level, index, width)
        raise LogCorrupt(
            f"The tile {name} has {len(data)} bytes instead of {count * HASH_SIZE}.",
            reason="file-length",
            file=name,
            next_step="Restore the file from the second copy.",
        )
    return [data[at : at + HASH_SIZE] for at in range(0, width * HASH_SIZE, HASH_SIZE)]


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Write an entry bundle: each entry behind its length in two bytes.

    Raises:
        LogCorrupt: ``bundle-malformed``: an entry is longer than 65,535 bytes.
    """
    if any(len(entry) > LONGEST_ENTRY for entry in entries):
        raise LogCorrupt(f"An entry is longer than {LONGEST_ENTRY} bytes.", reason="bundle-malformed")
    return b"".join([len(entry).to_bytes(LENGTH_SIZE, "big") + entry for entry in entries])


def parse_bundle(data: bytes, name: str = "") -> list[bytes]:
    """Read an entry bundle of whatever width.

    Raises:
        LogCorrupt: ``bundle-malformed``: it ends inside an entry.
    """
    entries, at = [], 0
    while at < len(data):
        start = at + LENGTH_SIZE
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise LogCorrupt(
                f"The entry bundle {name} ends inside an entry.",
                reason="bundle-malformed",
                file=name,
                next_step="Restore the file from the second copy.",
            )
        entries.append(data[start:at])
    return entries


class NodeReader:
    """Hashes of the complete nodes of a published tree of ``size`` leaves, from its tiles.

    Tiles are kept in a small cache: a tile of given width never changes. Safe from several threads.
    """

    def __init__(self, source: Source, size: int) -> None:
        """Read from ``source``, which has published ``size`` leaves."""
        self.size = size
        self._source = source
        self._tile = lru_cache(CACHED_TILES)(self._load)

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of the node (level, index).

        Raises:
            LogCorrupt: the tile is missing or has the wrong length.
        """
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile, offset = divmod(index, TILE_WIDTH >> height)
        return self._tile(tile_level, tile)[height][offset]

    def _load(self, level: int, index: int) -> list[list[bytes]]:
        hashes = [read_tile(self._source, level, index, width_of(level, index, self.size))]
        while len(hashes) < TILE_HEIGHT:
            hashes.append(parents(hashes[-1]))
        return hashes


def read_edge(source: Source, size: int) -> list[list[bytes]]:
    """Read the partial tiles on the right edge of a tree, lowest level first.

    Raises:
        LogCorrupt: ``file-missing`` or ``file-length``.
    """
    edge: list[list[bytes]] = []
    while count := size >> (TILE_HEIGHT * len(edge)):
        tile, width = divmod(count, TILE_WIDTH)
        edge.append(read_tile(source, len(edge), tile, width) if width else [])
    return edge


def edge_root(edge: Sequence[Sequence[bytes]]) -> bytes:
    """Return the root of the tree whose right edge this is."""
    range_ = CompactRange()
    for level in reversed(range(len(edge))):
        for each in edge[level]:
            range_.append_node(each, level * TILE_HEIGHT)
    return range_.root()


def missing(name: str) -> LogCorrupt:
    """Say that a file which the checkpoint calls for is not there."""
    return LogCorrupt(
        f"The log lacks {name}.",
        reason="file-missing",
        file=name,
        next_step="Restore the file from the second copy.",
    )
