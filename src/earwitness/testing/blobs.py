"""An object store in memory that keeps the port's contract, for tests that need none on a disk."""

import threading
from collections.abc import Iterable, Iterator, Sequence

from earwitness.kernel.errors import BlobCorrupt, BlobMissing, StorageError
from earwitness.storage.blobs.port import check_name, check_range


class MemoryBlobs:
    """The port ``BlobStore`` in a dictionary."""

    def __init__(self) -> None:
        """Start empty."""
        self._objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Store one object; see the port."""
        self.put_many([(name, data if isinstance(data, bytes) else b"".join(data))])

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Store several objects, all or none; see the port."""
        with self._lock:
            for name, _ in items:
                if check_name(name) in self._objects:
                    raise StorageError(f"A stored object {name} exists already.")
            self._objects.update(items)

    def get(self, name: str) -> bytes:
        """Return a whole object; see the port."""
        try:
            return self._objects[check_name(name)]
        except KeyError:
            raise BlobMissing(f"The stored object {name} is gone.") from None

    def get_range(self, name: str, start: int, end: int) -> bytes:
        """Return a part of an object; see the port."""
        check_range(start, end)
        data = self.get(name)
        if end > len(data):
            raise BlobCorrupt(f"The stored object {name} is shorter than what was written.")
        return data[start:end]

    def size(self, name: str) -> int:
        """Return an object's length in bytes; see the port."""
        return len(self.get(name))

    def delete_many(self, names: Sequence[str]) -> None:
        """Remove objects; see the port."""
        with self._lock:
            for name in names:
                self._objects.pop(check_name(name), None)

    def names(self) -> Iterator[str]:
        """Stream the names of all objects; see the port."""
        with self._lock:
            present = list(self._objects)
        yield from present
