"""The port BlobStore, held against files, an S3 API and the fake alike."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput, BlobCorrupt, BlobMissing, StorageError
from earwitness.storage.blobs import BlobStore, LocalBlobs, S3Blobs, S3Place, batch_names
from earwitness.testing.blobs import MemoryBlobs
from earwitness.testing.servers import S3Server

BUCKETS = itertools.count(1)


@pytest.fixture(params=["files", "s3", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    if request.param == "files":
        yield LocalBlobs(tmp_path / "blobs")
    elif request.param == "memory":
        yield MemoryBlobs()
    else:
        store = S3Blobs(fresh_bucket(request.getfixturevalue("s3_server")))
        yield store
        store.close()


def fresh_bucket(server: S3Server) -> S3Place:
    bucket = f"bucket-{next(BUCKETS)}"
    httpx.put(f"{server.endpoint}/{bucket}").raise_for_status()
    return S3Place(
        bucket,
        endpoint=server.endpoint,
        prefix="installation/one",
        access_key=server.access_key,
        secret_key=server.secret_key,
    )


def name(tail: str = "") -> str:
    return f"ab/abcdef01{tail}"


def test_what_was_put_is_got(blobs: BlobStore) -> None:
    blobs.put(name(), b"sealed bytes")
    assert blobs.get(name()) == b"sealed bytes"
    assert blobs.size(name()) == 12


@pytest.mark.parametrize("data", [b"", b"\0", bytes(range(256)) * 4096], ids=["empty", "one", "1 MiB"])
def test_any_length_is_kept(blobs: BlobStore, data: bytes) -> None:
    blobs.put(name(), data)
    assert blobs.get(name()) == data
    assert blobs.size(name()) == len(data)


def test_an_object_can_be_streamed_in(blobs: BlobStore) -> None:
    blobs.put(name(), (bytes([n]) * 1000 for n in range(5)))
    assert blobs.get(name()) == b"".join(bytes([n]) * 1000 for n in range(5))


def test_an_object_is_never_replaced(blobs: BlobStore) -> None:
    blobs.put(name(), b"first")
    with pytest.raises(StorageError, match="exists already"):
        blobs.put(name(), b"second")
    with pytest.raises(StorageError, match="exists already"):
        blobs.put_many([(name("2"), b"other"), (name(), b"second")])
    assert blobs.get(name()) == b"first"


def test_a_batch_that_fails_keeps_nothing(blobs: BlobStore) -> None:
    blobs.put(name(), b"first")
    with pytest.raises(StorageError):
        blobs.put_many([(name("1"), b"1"), (name(), b"again"), (name("2"), b"2")])
    assert list(blobs.names()) == [name()]


def test_many_are_put_at_once(blobs: BlobStore) -> None:
    items = [(each, each.encode()) for each in batch_names(130)]
    blobs.put_many(items)
    assert sorted(blobs.names()) == sorted(each for each, _ in items)
    assert all(blobs.get(each) == data for each, data in items)


def test_no_items_are_fine(blobs: BlobStore) -> None:
    blobs.put_many([])
    blobs.delete_many([])
    assert list(blobs.names()) == []


@pytest.mark.parametrize(("start", "end"), [(0, 10), (0, 0), (3, 7), (9, 10), (10, 10)])
def test_a_range_is_half_open(blobs: BlobStore, start: int, end: int) -> None:
    blobs.put(name(), b"0123456789")
    assert blobs.get_range(name(), start, end) == b"0123456789"[start:end]


@pytest.mark.parametrize(("start", "end"), [(5, 11), (10, 11), (50, 60)])
def test_a_range_beyond_the_end_says_the_object_is_too_short(blobs: BlobStore, start: int, end: int) -> None:
    blobs.put(name(), b"0123456789")
    with pytest.raises(BlobCorrupt, match=r"ab/abcdef01 is shorter"):
        blobs.get_range(name(), start, end)


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (4, 3), (-5, -2)])
def test_a_range_that_is_none_is_refused(blobs: BlobStore, start: int, end: int) -> None:
    blobs.put(name(), b"0123456789")
    with pytest.raises(BadInput):
        blobs.get_range(name(), start, end)


def test_an_object_that_is_not_there_is_missed_by_name(blobs: BlobStore) -> None:
    for ask in (blobs.get, blobs.size, lambda one: blobs.get_range(one, 0, 1)):
        with pytest.raises(BlobMissing, match="ab/abcdef01"):
            ask(name())


def test_removing_is_idempotent(blobs: BlobStore) -> None:
    items = [(each, b"x") for each in batch_names(5)]
    blobs.put_many(items)
    blobs.delete_many([each for each, _ in items[:3]])
    blobs.delete_many([each for each, _ in items[:4]])
    assert list(blobs.names()) == [items[4][0]]
    with pytest.raises(BlobMissing):
        blobs.get(items[0][0])


def test_a_removed_name_may_be_used_again(blobs: BlobStore) -> None:
    blobs.put(name(), b"first")
    blobs.delete_many([name()])
    blobs.put(name(), b"second")
    assert blobs.get(name()) == b"second"


BAD_NAMES = [
    "",
    "ab",
    "ab/",
    "/ab/abcdef01",
    "ab/../../abcdef01",
    "../abcdef01",
    "ab/abc/def01234",
    "ab/ABCDEF01",
    "ab/abcdef0\n",
    "ab/abcdef01\n",
    "ab/abcdef0\0",
    "tmp/abcdef01",
    "ab/.abcdef01",
    "ab/" + "a" * 129,
    "äb/abcdef01",
    "ab/१२३४५६७८",
]


@pytest.mark.parametrize("bad", BAD_NAMES)
def test_a_name_of_another_form_is_refused_everywhere(blobs: BlobStore, bad: str) -> None:
    for call in (
        lambda: blobs.put(bad, b"x"),
        lambda: blobs.put_many([(name(), b"x"), (bad, b"x")]),
        lambda: blobs.get(bad),
        lambda: blobs.get_range(bad, 0, 1),
        lambda: blobs.size(bad),
        lambda: blobs.delete_many([bad]),
    ):
        with pytest.raises(BadInput):
            call()
    assert list(blobs.names()) == []


def test_threads_put_and_get_together(blobs: BlobStore) -> None:
    batches = [batch_names(4) for _ in range(16)]

    def work(batch: list[str]) -> list[bytes]:
        blobs.put_many([(each, each.encode() * 50) for each in batch])
        return [blobs.get(each) for each in batch]

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(work, batches))
    assert results == [[each.encode() * 50 for each in batch] for batch in batches]


def test_of_two_writers_of_one_name_one_wins(blobs: BlobStore) -> None:
    def work(data: bytes) -> bytes | None:
        try:
            blobs.put(name(), data)
        except StorageError:
            return None
        return data

    with ThreadPoolExecutor(8) as threads:
        won = [data for data in threads.map(work, [bytes([n]) * 10_000 for n in range(8)]) if data]
    assert won == [blobs.get(name())]


@given(data=st.binary(max_size=2_000), cuts=st.lists(st.integers(0, 2_000), min_size=2, max_size=2))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_range_of_anything_is_the_slice(blobs: BlobStore, data: bytes, cuts: list[int]) -> None:
    [one] = batch_names(1)
    blobs.put(one, data)
    start, end = sorted(min(cut, len(data)) for cut in cuts)
    assert blobs.get_range(one, start, end) == data[start:end]
