"""The port to lists. Two implementations: the household's own in the database, and the to-do lists of its home."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from earwitness.assistant.skill import Caused


@dataclass(frozen=True, slots=True)
class Listed:
    """One list: its id, its name as it is said, and other ways to say it."""

    id: str
    name: str
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list."""

    id: str
    text: str
    done: bool = False


class Shelf(Protocol):
    """Where lists are kept. Everything is done when a call returns; nothing is retried."""

    async def lists(self, household: str) -> Sequence[Listed]:
        """The lists there are.

        Raises:
            HomeError: the home does not answer.
        """
        ...

    async def items(self, household: str, list_id: str) -> Sequence[Item]:
        """What stands on a list, oldest first."""
        ...

    async def add(self, household: str, which: Listed, texts: Sequence[str]) -> Sequence[Caused]:
        """Put lines on a list; what takes them off again is returned."""
        ...

    async def remove(self, household: str, list_id: str, items: Sequence[Item]) -> None:
        """Take lines off a list."""
        ...

    async def complete(self, household: str, list_id: str, items: Sequence[Item]) -> None:
        """Mark lines as done."""
        ...
