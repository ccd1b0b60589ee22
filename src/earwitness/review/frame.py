"""The frame of a draw and the arithmetic of drawing: quotas, inclusion probabilities, choice.

Pure and deterministic: the same rows, seed and expectation give the same choice everywhere, which is how an auditor
draws again (docs/formats/review.md, section 2). Poisson sampling in two phases: a quota for each group of people,
then each row by itself with its own probability.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from earwitness.ledger.merkle import EMPTY_ROOT, leaf_hash, tree_root

HANDLE_SIZE: Final = 16
UNIFORM: Final = 0.4  # of the expectation, the part that every row shares alike
SURE: Final = 1_000  # thousandths
NOT_SAID: Final = 500
_TICKS: Final = 2.0**64


@dataclass(frozen=True, slots=True)
class Row:
    """One recording as it stands in a frame: nothing in it says whose.

    ``group`` numbers those whose voice may be on it, ``quota`` is how many of the group may be drawn, ``unsure`` how
    unsure the recogniser was, in thousandths.
    """

    handle: bytes
    group: int
    quota: int
    unsure: int = NOT_SAID

    def encode(self) -> bytes:
        """Write the row as the frame's root commits to it: 28 bytes."""
        return self.handle + b"".join(number.to_bytes(4, "big") for number in (self.group, self.quota, self.unsure))


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of a row: the probability it had, over both phases, and whether it was chosen."""

    pi: float
    chosen: bool


def root(rows: Sequence[Row]) -> bytes:
    """The root of the tree over the rows, 32 bytes."""
    return tree_root([leaf_hash(row.encode()) for row in rows]) if rows else EMPTY_ROOT


def chosen_hash(handles: Sequence[bytes]) -> str:
    """What the log holds of a choice: SHA-256 of the chosen handles in the order of the frame, in hex."""
    return hashlib.sha256(b"".join(handles)).hexdigest()


def draw(rows: Sequence[Row], seed: bytes, expected: int) -> list[Drawn]:
    """Draw about ``expected`` of the rows; the same arguments give the same answer."""
    within = _within_quota(rows, seed)
    stay = [row for row, (stays, _) in zip(rows, within, strict=True) if stays]
    chances = iter(_chances(stay, expected))
    drawn = []
    for row, (stays, first) in zip(rows, within, strict=True):
        if not stays:
            drawn.append(Drawn(0.0, chosen=False))
            continue
        second = next(chances)
        drawn.append(Drawn(first * second, _tick(seed, "draw", row) < second * _TICKS))
    return drawn


def _within_quota(rows: Sequence[Row], seed: bytes) -> list[tuple[bool, float]]:
    """For each row whether it stays, and with what probability it does."""
    groups: dict[int, list[int]] = {}
    for at, row in enumerate(rows):
        groups.setdefault(row.group, []).append(at)
    found = [(True, 1.0)] * len(rows)
    for members in groups.values():
        quota = rows[members[0]].quota
        if len(members) > quota:
            ranked = sorted(members, key=lambda at: (_tick(seed, "quota", rows[at]), rows[at].handle))
            for rank, at in enumerate(ranked):
                found[at] = (rank < quota, quota / len(members))
    return found


def _chances(rows: Sequence[Row], expected: int) -> list[float]:
    if not rows:
        return []
    total = sum(row.unsure for row in rows)
    share = expected / len(rows)
    if not total:
        return [min(1.0, share)] * len(rows)
    return [min(1.0, UNIFORM * share + (1.0 - UNIFORM) * expected * row.unsure / total) for row in rows]


def _tick(seed: bytes, step: str, row: Row) -> int:
    digest = hmac.digest(seed, step.encode() + b"\n" + row.handle, hashlib.sha256)
    return int.from_bytes(digest[:8], "big")
