"""Who is learned from and who is tested on: decided by person, so that no voice is on both sides.

A subject's side is a keyed hash of its id with the snapshot's own salt: nobody chooses it, it is the same for all of
a subject's clips, and another snapshot deals anew.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

TEST_SHARE: Final = 1 / 3
FEWEST_TESTED: Final = 3


class Side(StrEnum):
    """What an example is for."""

    LEARN = "learn"
    TEST = "test"


def sides(salt: bytes, subjects: Iterable[str]) -> dict[str, Side]:
    """Deal the subjects out: a third, and at least three where there are six, are tested on; the rest is learned from.

    With fewer than six people all are learned from, and nothing can be said about others.
    """
    ranked = sorted(set(subjects), key=lambda each: hmac.digest(salt, each.encode(), hashlib.sha256))
    tested = max(FEWEST_TESTED, round(len(ranked) * TEST_SHARE)) if len(ranked) >= 2 * FEWEST_TESTED else 0
    return {each: Side.TEST if at < tested else Side.LEARN for at, each in enumerate(ranked)}


def groups(sides: Mapping[str, Side]) -> tuple[frozenset[str], ...]:
    """Three groups of subjects, to learn without each in turn: those who are tested on, and two halves of the rest."""
    learned = sorted(subject for subject, side in sides.items() if side is Side.LEARN)
    tested = frozenset(sides) - frozenset(learned)
    return tested, frozenset(learned[::2]), frozenset(learned[1::2])
