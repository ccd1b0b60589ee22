"""The port of the ring stores and the values that pass through it. Rows are plain tuples: there are millions."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from earwitness.vault.rings.rows import Head, KeyRow, Ring, SubjectRow

T = TypeVar("T")

__all__ = ["Builder", "Head", "KeyRow", "Place", "Ring", "RingStore", "SubjectRow"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ring is, in words for an error message: a file or a schema, never what is in it."""

    ring: str
    current: str


class Builder(Protocol):
    """A ring that is being filled and is not current yet; a crash loses it and nothing else."""

    def fill(self, subjects: Iterable[SubjectRow], keys: Iterable[KeyRow]) -> None:
        """Add rows under the numbers they bring. Not durable.

        Raises:
            StorageError: no space, or the store failed.
        """
        ...

    def subjects(self, numbers: list[int]) -> list[SubjectRow]:
        """Return the filled subjects with these numbers."""
        ...

    def index(self) -> None:
        """End the bulk: build the indexes, and write out what can be written out before the switch."""
        ...

    def remove(self, subjects: list[int], keys: list[int]) -> None:
        """Remove subjects by number with all their keys, and keys by number. After :meth:`index`."""
        ...

    def finish(self) -> None:
        """Make the ring durable and ready to be switched to; nothing can be added afterwards.

        Raises:
            StorageError: no space, or the store failed.
        """
        ...


class RingStore(Protocol):
    """Rings by epoch, and which of them is current.

    Safe for several threads and several processes. Errors are :class:`StorageError`, or
    :class:`KeyCorrupt` where what is there is not what was written; neither changes anything.
    """

    def current(self) -> int | None:
        """Return the current epoch, 0 while the first is being made, None where nothing ever was.

        Raises:
            KeyCorrupt: what says so is damaged.
        """
        ...

    def epochs(self) -> list[int]:
        """Return the epochs that have a ring, whole or partial, in order."""
        ...

    def place(self, epoch: int) -> Place:
        """Say where a ring is."""
        ...

    def read(self, body: Callable[[Ring], T]) -> T:
        """Run ``body`` on one consistent view of the current ring; again if a rotation changed it meanwhile.

        Waits for no writer. ``body`` must not change anything.
        """
        ...

    def write(self, *, alone: bool = False) -> AbstractContextManager[Ring]:
        """Open one transaction on the current ring, which stays current until it ends.

        Committed durably at the end, rolled back on an error. ``alone``: no other writer of any
        process is inside at the same time.
        """
        ...

    def rotating(self) -> AbstractContextManager[None]:
        """Hold the right to change which ring is current, for one process at a time.

        Raises:
            StorageBusy: another holds it; there is no waiting.
        """
        ...

    def build(self, head: Head) -> AbstractContextManager[Builder]:
        """Start the ring of ``head.epoch``, which must have none; only inside :meth:`rotating`."""
        ...

    def switch(self, epoch: int) -> None:
        """Make a finished ring the current one, atomically and durably; 0 says that the first is being made.

        Only inside :meth:`rotating`.
        """
        ...

    def drop(self, epoch: int) -> None:
        """Remove a ring that is not current, durably; fine if there is none."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...
