"""What stays behind: search every file of a folder, logs and journals included, for what should not be there.

Databases split long values over blocks, so a needle is searched by its pieces: a piece that is found
is a find. Text is searched as it is and as it looks in hexadecimal and in base64 at each of the three
alignments.
"""

import base64
import mmap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SMALLEST_PIECE = 8
PIECE = 32
MOST_PIECES = 16

Opens = Callable[[bytes], bool]
"""Says whether these bytes, taken as a wrapped key (or a key), open what should stay closed."""


@dataclass(frozen=True, slots=True)
class Find:
    """Something that should not be there: what, in which file, at which byte."""

    what: str
    file: str
    offset: int


def find_plaintext(folder: Path, needles: Mapping[str, bytes]) -> list[Find]:
    """Search every file for any piece of the needles.

    Args:
        folder: searched with everything below it.
        needles: name (for the report) → the bytes, at least 8 of them.

    Returns:
        The first place of each piece in each file.
    """
    pieces = [(name, piece) for name, needle in needles.items() for form in _forms(needle) for piece in _pieces(form)]
    return [
        Find(name, file, offset)
        for file, data in _contents(folder)
        for name, piece in pieces
        if (offset := data.find(piece)) >= 0
    ]


def find_opening(folder: Path, width: int, opens: Mapping[str, Opens]) -> list[Find]:
    """Try every ``width`` bytes at every place of every file with every way to open.

    This is slow (millions of places a megabyte): give it the smallest folder that can hold a key.
    """
    return [
        Find(name, file, offset)
        for file, data in _contents(folder)
        for offset in range(len(data) - width + 1)
        for name, try_it in opens.items()
        if try_it(data[offset : offset + width])
    ]


def _contents(folder: Path) -> Iterator[tuple[str, mmap.mmap]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                yield path.relative_to(folder).as_posix(), data


def _forms(needle: bytes) -> Iterator[bytes]:
    if len(needle) < SMALLEST_PIECE:
        msg = f"a needle of {len(needle)} bytes would be found by chance"
        raise ValueError(msg)
    yield needle
    yield needle.hex().encode()
    for shift in range(3):
        # The characters at both ends depend on the neighbours, which are not known.
        coded = base64.b64encode(bytes(shift) + needle)
        yield coded[(shift * 8 + 5) // 6 : (shift + len(needle)) * 8 // 6]


def _pieces(needle: bytes) -> Iterator[bytes]:
    """Cut a needle so that however it is split in two, or wherever a block of it is left, a piece is whole."""
    if len(needle) < 2 * PIECE:
        half = max(SMALLEST_PIECE, len(needle) // 2)
        yield needle[:half]
        yield needle[-half:]
        return
    stride = max(PIECE, len(needle) // MOST_PIECES)
    for start in range(0, len(needle) - PIECE + 1, stride):
        yield needle[start : start + PIECE]
