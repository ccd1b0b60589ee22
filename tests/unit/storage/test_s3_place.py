"""Where an S3 store may be, and what a store that is not there looks like."""

import socket

import httpx
import pytest

from earwitness.kernel.errors import BadInput, StorageError
from earwitness.storage.blobs import S3Blobs, S3Place
from earwitness.testing.servers import S3Server


@pytest.mark.parametrize(
    "endpoint",
    ["http://s3.example.org", "http://10.0.0.1:9000", "ftp://127.0.0.1", "127.0.0.1:9000", "http://", "https://", "x"],
)
def test_plain_http_to_another_machine_is_refused(endpoint: str) -> None:
    with pytest.raises(BadInput, match="https://"):
        S3Blobs(S3Place("bucket", endpoint=endpoint))


@pytest.mark.parametrize("endpoint", ["", "https://s3.example.org", "http://localhost:9000", "http://[::1]:9000"])
def test_https_and_this_machine_are_accepted(endpoint: str) -> None:
    blobs = S3Blobs(S3Place("bucket", endpoint=endpoint))
    assert blobs._store.config.get("endpoint", "") == endpoint
    blobs.close()


def test_a_place_does_not_show_its_key() -> None:
    assert "hidden" not in repr(S3Place("bucket", access_key="a", secret_key="hidden"))


def test_a_store_that_does_not_answer_is_told_with_its_bucket() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        blobs = S3Blobs(S3Place("recordings", endpoint, access_key="a", secret_key="b"), retries=0)
        for call in (
            lambda: blobs.put("ab/abcdef01", b"x"),
            lambda: blobs.put_many([("ab/abcdef01", b"x")]),
            lambda: blobs.get("ab/abcdef01"),
            lambda: blobs.get_range("ab/abcdef01", 0, 1),
            lambda: list(blobs.names()),
        ):
            with pytest.raises(StorageError, match="bucket recordings cannot be used"):
                call()
        blobs.close()


def test_a_bucket_that_is_not_there_is_told(s3_server: S3Server) -> None:
    blobs = S3Blobs(S3Place("absent", s3_server.endpoint, access_key="a", secret_key="b"), retries=0)
    with pytest.raises(StorageError, match="bucket absent cannot be used"):
        blobs.put("ab/abcdef01", b"x")
    with pytest.raises(StorageError, match="bucket absent cannot be used"):
        list(blobs.names())
    blobs.close()


def test_a_put_whose_answer_was_lost_may_be_repeated(s3_server: S3Server) -> None:
    """The retry finds its own bytes under the name and is content."""
    httpx.put(f"{s3_server.endpoint}/repeated").raise_for_status()
    blobs = S3Blobs(S3Place("repeated", s3_server.endpoint, access_key="a", secret_key="b"))
    blobs.put("ab/abcdef01", b"sealed")
    blobs.put("ab/abcdef01", b"sealed")
    with pytest.raises(StorageError, match="exists already"):
        blobs.put("ab/abcdef01", b"something else")
    blobs.close()
