"""Partial files that earlier checkpoints left in a folder: each must begin the one that came after it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from earwitness.kernel.errors import LogCorrupt
from earwitness.ledger.merkle import HASH_SIZE
from earwitness.ledger.sources import FolderSource
from earwitness.ledger.tiles import ENTRIES, NAME_DIGITS, TILE_HEIGHT, TILE_WIDTH, numbered, parse_bundle, read_part
from earwitness.ledger.tombstones import FOLDER as TOMBSTONES
from earwitness.ledger.tombstones import RECORD_SIZE

PARTIAL_NAME = re.compile(r"((?:x[0-9]{3}/)*)([0-9]{3})\.p/([1-9][0-9]{0,2})")


def check_partials(folder: Path, size: int, tombstones: int) -> int:
    """Compare every older partial file with the one that the newest heads call for, checked already.

    Files beyond the heads are of a publication that did not finish and are not looked at. Sealed
    bundles are left out: erasing an entry changes them.

    Args:
        folder: the published log.
        size: how many leaves the checkpoint covers.
        tombstones: how many records the tombstones' head covers.

    Returns:
        How many were compared.

    Raises:
        LogCorrupt: ``partial-mismatch`` or ``file-unreadable``.
    """
    checked = _check(folder, ENTRIES, size, lambda data: len(parse_bundle(data)))
    checked += _check(folder, TOMBSTONES, tombstones, lambda data: len(data) / RECORD_SIZE)
    level = 0
    while count := size >> (TILE_HEIGHT * level):
        checked += _check(folder, f"tile/{level}", count, lambda data: len(data) / HASH_SIZE)
        level += 1
    return checked


def _check(folder: Path, prefix: str, count: int, items: Callable[[bytes], float]) -> int:
    source, checked = FolderSource(folder), 0
    for index, width in _partials(folder / prefix):
        newest = min(TILE_WIDTH, count - index * TILE_WIDTH)
        if width > newest:
            continue
        checked += 1
        older = source.read(numbered(prefix, index, width)) or b""
        newer, _ = read_part(source, prefix, index, newest)
        if not newer.startswith(older) or _counted(items, older) != width:
            raise _mismatch(numbered(prefix, index, width))
    return checked


def _partials(root: Path) -> Iterator[tuple[int, int]]:
    """Find the number and width of every partial file below ``root``."""
    for folder in sorted(root.glob("**/*.p")):
        for path in sorted(folder.iterdir()):
            match = PARTIAL_NAME.fullmatch(path.relative_to(root).as_posix())
            if match and int(match[3]) < TILE_WIDTH:
                index = 0
                for part in [*match[1].replace("x", "").split("/")[:-1], match[2]]:
                    index = index * NAME_DIGITS + int(part)
                yield index, int(match[3])


def _counted(items: Callable[[bytes], float], data: bytes) -> float:
    try:
        return items(data)
    except LogCorrupt:
        return -1


def _mismatch(name: str) -> LogCorrupt:
    return LogCorrupt(
        f"{name} is not the beginning of what replaced it.",
        reason="partial-mismatch",
        file=name,
        next_step="It is of an earlier checkpoint and no longer needed: look into why it changed, then remove it.",
    )
