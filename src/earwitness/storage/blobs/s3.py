"""Objects in a bucket of an S3-compatible store, through obstore.

Every put is conditional (``If-None-Match: *``), so an existing object is never replaced. A retry
of a put whose answer was lost finds its own object; that is told from a stranger's by its bytes,
which no two sealed objects share. Plain HTTP is refused except to this machine. A bucket should not
keep versions: removed objects would stay, unreadable, until the store expires them.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store

from earwitness.kernel.errors import BadInput, BlobCorrupt, BlobMissing, StorageError
from earwitness.storage.blobs.port import check_name, check_range

if TYPE_CHECKING:
    from obstore.store import S3Config  # exists for type checkers only

AT_ONCE = 8
DELETE_BATCH = 1_000  # what one request of the S3 API takes
LIST_PAGE = 1_000
RETRIES = 4
LONGEST = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class S3Place:
    """Where the objects lie and who may reach them.

    ``prefix`` separates installations in one bucket. Without keys, the machine's own are used (the
    AWS environment variables or instance role).
    """

    bucket: str
    endpoint: str = ""
    region: str = "us-east-1"
    prefix: str = ""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)


class S3Blobs:
    """The port ``BlobStore`` on a bucket; durable when the store acknowledges."""

    def __init__(self, place: S3Place, *, retries: int = RETRIES) -> None:
        """Prepare to use a bucket; nothing is sent yet.

        Raises:
            BadInput: the endpoint is no URL, or plain HTTP to another machine.
        """
        allow_http = _allows_http(place.endpoint)
        self._bucket = place.bucket
        self._store = S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config=_config(place),
            client_options={"allow_http": allow_http, "timeout": LONGEST, "connect_timeout": timedelta(seconds=5)},
            retry_config={"max_retries": retries, "retry_timeout": LONGEST},
        )
        self._workers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="s3")

    def put(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Store one object; see the port. The whole of it is in memory meanwhile."""
        check_name(name)
        self._put(name, data if isinstance(data, bytes) else b"".join(data))

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Store several objects, eight at a time, all or none; see the port."""
        for name, _ in items:
            check_name(name)
        puts = [(name, self._workers.submit(self._put, name, data)) for name, data in items]
        errors = [error for _, future in puts if (error := future.exception())]
        if errors:
            self.delete_many([name for name, future in puts if future.exception() is None])
            raise errors[0]

    def get(self, name: str) -> bytes:
        """Return a whole object; see the port."""
        check_name(name)
        with self._failures(name):
            return bytes(obstore.get(self._store, name).bytes())

    def get_range(self, name: str, start: int, end: int) -> bytes:
        """Return a part of an object; see the port."""
        check_name(name)
        check_range(start, end)
        if start == end:  # the protocol cannot ask for nothing
            self.size(name)
            return b""
        try:
            data = bytes(obstore.get_range(self._store, name, start=start, end=end))
        except (BaseError, FileNotFoundError) as error:
            if "416" not in str(error):
                raise self._failure(name, error) from error
            data = b""
        if len(data) != end - start:
            raise BlobCorrupt(f"The stored object {name} is shorter than what was written.")
        return data

    def size(self, name: str) -> int:
        """Return an object's length in bytes; see the port."""
        check_name(name)
        with self._failures(name):
            return obstore.head(self._store, name)["size"]

    def delete_many(self, names: Sequence[str]) -> None:
        """Remove objects, a thousand a request; see the port."""
        checked = [check_name(name) for name in names]
        for start in range(0, len(checked), DELETE_BATCH):
            with self._failures("objects"):
                obstore.delete(self._store, checked[start : start + DELETE_BATCH])

    def names(self) -> Iterator[str]:
        """Stream the names of all objects, a page at a time; see the port."""
        with self._failures("objects"):
            for page in obstore.list(self._store, chunk_size=LIST_PAGE):
                for entry in page:
                    yield entry["path"]

    def close(self) -> None:
        """End the threads; nothing is pending when no call is."""
        self._workers.shutdown()

    def _put(self, name: str, data: bytes) -> None:
        try:
            obstore.put(self._store, name, data, mode="create", use_multipart=False)
        except (AlreadyExistsError, PreconditionError) as error:
            if self.get(name) != data:
                raise StorageError(f"A stored object {name} exists already.") from error
        except (BaseError, FileNotFoundError) as error:
            raise self._unreachable() from error

    @contextmanager
    def _failures(self, name: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            raise self._failure(name, error) from error

    def _failure(self, name: str, error: Exception) -> StorageError:
        if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error):
            return BlobMissing(f"The stored object {name} is gone.")
        return self._unreachable()

    def _unreachable(self) -> StorageError:
        return StorageError(
            f"The bucket {self._bucket} cannot be used.",
            next_step="Check that the store runs, and its endpoint, bucket and keys in the settings.",
        )


def _config(place: S3Place) -> "S3Config":
    config: S3Config = {"region": place.region}
    if place.endpoint:
        config["endpoint"] = place.endpoint
    if place.access_key:
        config["access_key_id"] = place.access_key
        config["secret_access_key"] = place.secret_key
    return config


def _allows_http(endpoint: str) -> bool:
    """Say whether an endpoint is plain HTTP on this machine, the only place where that is allowed."""
    parts = urlsplit(endpoint)
    if not endpoint or (parts.scheme == "https" and parts.hostname):
        return False
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return True
    raise BadInput(
        "The endpoint of the object store is not usable: plain HTTP is allowed to this machine only.",
        next_step="Write https://HOST[:PORT] as the endpoint in the settings.",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
