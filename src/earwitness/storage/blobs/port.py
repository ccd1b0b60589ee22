"""The port :class:`BlobStore` and the names of the objects in it."""

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from earwitness.kernel.errors import BadInput
from earwitness.kernel.ids import RandomBytes

_NAME = re.compile(r"[0-9a-z]{2}/[0-9a-z]{8,128}", re.ASCII)


class BlobStore(Protocol):
    """Write-once objects under names like ``ab/abcdef0123…``.

    Durability: when ``put``, ``put_many`` or ``delete_many`` return, a power cut changes nothing of
    what they did. Visibility: an object is there whole when the call that stores it returns; until then its
    name is nobody's business but the caller's, and a crash may leave a part of it there. Concurrency: any number of
    threads and processes. Retries: safe for ``delete_many``; a ``put`` that failed may be repeated
    under the same name. Errors: a name of another form is :class:`BadInput`; no space is
    :class:`StorageFull`, and then nothing of the call was kept; a store that does not answer is
    :class:`StorageError`.
    """

    def put(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Store one object.

        Raises:
            StorageError: an object of that name exists; it is untouched.
        """
        ...

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Store several objects at the price of few; all of them, or an error."""
        ...

    def get(self, name: str) -> bytes:
        """Return a whole object.

        Raises:
            BlobMissing: there is none of that name.
        """
        ...

    def get_range(self, name: str, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` up to, not including, ``end``.

        Raises:
            BlobMissing: there is no object of that name.
            BlobCorrupt: it is shorter than that.
        """
        ...

    def size(self, name: str) -> int:
        """Return an object's length in bytes.

        Raises:
            BlobMissing: there is none of that name.
        """
        ...

    def delete_many(self, names: Sequence[str]) -> None:
        """Remove objects; one that is not there is fine."""
        ...

    def names(self) -> Iterator[str]:
        """Stream the names of all objects, in no order; what changes meanwhile may or may not be seen."""
        ...


def is_name(text: str) -> bool:
    """Say whether a text has the form of an object's name."""
    return _NAME.fullmatch(text) is not None


def check_name(name: str) -> str:
    """Return ``name`` if it has the form of one; it can then name nothing outside the store.

    Raises:
        BadInput: another form.
    """
    if not is_name(name):
        raise BadInput("The name of a stored object is two letters or digits, a slash, and 8 to 128 of them.")
    return name


def check_range(start: int, end: int) -> None:
    """Accept a half-open range.

    Raises:
        BadInput: it starts below zero or ends before it starts.
    """
    if not 0 <= start <= end:
        raise BadInput("A range of a stored object starts at 0 or above and does not end before it starts.")


def batch_names(count: int, random: RandomBytes = secrets.token_bytes) -> list[str]:
    """Return ``count`` random names that lie in one folder, so that one folder is synced for all of them.

    Each call takes another of the 256 folders. Two names of one call say that they were made
    together, as the objects' times do anyway; what must not be linked takes names of its own.
    """
    folder = random(1).hex()
    return [f"{folder}/{folder}{random(15).hex()}" for _ in range(count)]
