"""What the skill needs from the vault, in its own words; bootstrap hands down the one implementation.

A voice is no proof of who speaks. So what a voice may erase is what its device may keep: on a personal device its
person's, on a shared one what that very device kept for the household. On others nothing is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from earwitness.assistant.skill import Here


@dataclass(frozen=True, slots=True)
class Left:
    """Something that an erased recording had caused and that is still there: its id, and what it is in words."""

    id: str
    what: str


@dataclass(frozen=True, slots=True)
class Erased:
    """An accepted erasure: how many recordings, its receipt, and what they had caused and can be taken back."""

    recordings: int
    receipt: str
    left: tuple[Left, ...] = ()


class OwnData(Protocol):
    """Erases, and takes back what was caused. It blocks: the skill calls it in a thread."""

    def erase(self, here: Here, recordings: Sequence[str]) -> Erased:
        """Erase recordings that this device kept.

        Raises:
            NotFound: one is gone already, or is not this device's to erase.
            AccessDenied: the policies say no.
        """
        ...

    def erase_since(self, here: Here, start: int) -> Erased:
        """Erase what was kept since ``start`` (ms): the person's, or on a shared device that device's.

        Raises:
            NotFound: nothing is kept since then.
            AccessDenied: the policies say no.
        """
        ...

    def count_since(self, here: Here, start: int) -> int:
        """How many recordings :meth:`erase_since` would take."""
        ...

    def take_back(self, here: Here, effects: Sequence[str]) -> int:
        """Take effects back in the world; return how many could be."""
        ...
