"""Sealed entries in the second copy: what a restore needs to bring entries back.

Format: docs/formats/ledger.md, "Second copy". Each item opens only with its person's audit key.
"""

from collections.abc import Sequence

from earwitness.kernel.errors import LogCorrupt

FOLDER = "sealed"
LENGTH_SIZE = 4
NONE = 0xFFFF_FFFF


def encode_sealed(items: Sequence[bytes | None]) -> bytes:
    """Write a sealed bundle: each item behind its length in four bytes, FFFFFFFF for none."""
    parts: list[bytes] = []
    for item in items:
        parts.append((NONE if item is None else len(item)).to_bytes(LENGTH_SIZE, "big"))
        parts.append(item or b"")
    return b"".join(parts)


def parse_sealed(data: bytes, name: str = "") -> list[bytes | None]:
    """Read a sealed bundle of whatever width.

    Raises:
        LogCorrupt: ``sealed-malformed``: it ends inside an item.
    """
    items: list[bytes | None] = []
    at = 0
    while at < len(data):
        start = at + LENGTH_SIZE
        length = int.from_bytes(data[at:start], "big")
        at = start if length == NONE else start + length
        if start > len(data) or at > len(data):
            raise sealed_malformed("it ends inside an item", name)
        items.append(None if length == NONE else data[start:at])
    return items


def sealed_malformed(why: str, name: str) -> LogCorrupt:
    """Say what is wrong with a sealed bundle."""
    return LogCorrupt(
        f"The sealed entries in {name} cannot be read: {why}.",
        reason="sealed-malformed",
        file=name,
        next_step="Write the second copy anew: move it away and run earwitness verify after the next publication.",
    )
