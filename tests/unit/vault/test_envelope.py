"""The envelope of one artefact: its vectors, and everything that must not open."""

import hashlib
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from earwitness.kernel.errors import BadInput, BlobCorrupt, KeyCorrupt
from earwitness.vault.envelope import CHUNK, HEADER, SEALED_CHUNK, TAG, Context, Reader, open_all, seal, sealed_size
from earwitness.vault.wrapping import fingerprint

VECTORS = json.loads((Path(__file__).parents[3] / "docs/formats/vectors/envelope.json").read_text())
KEY = bytes(range(32))
CONTEXT = Context("person_a", "recording_b", "audio", 1)


def text(size: int) -> bytes:
    blocks = (hashlib.sha256(b"plaintext %d" % number).digest() for number in itertools.count())
    return b"".join(itertools.islice(blocks, -(-size // 32)))[:size]


def counted(sealed: bytes) -> tuple[Callable[[int, int], bytes], list[tuple[int, int]]]:
    asked: list[tuple[int, int]] = []

    def read_range(start: int, end: int) -> bytes:
        asked.append((start, end))
        return sealed[start:end]

    return read_range, asked


@pytest.mark.parametrize("vector", VECTORS["envelope"], ids=lambda vector: str(vector["size"]))
def test_sealing_gives_the_bytes_of_the_format(vector: dict[str, Any]) -> None:
    context = Context(vector["subject"], vector["recording"], vector["kind"], vector["version"])
    plaintext = text(vector["size"])
    salt = bytes.fromhex(vector["salt"])
    sealed = seal(bytes.fromhex(vector["key"]), context, plaintext, lambda size: salt[:size])
    assert len(sealed) == vector["sealed_size"] == sealed_size(len(plaintext))
    assert hashlib.sha256(sealed).hexdigest() == vector["sealed_sha256"]
    assert sealed.hex() == vector.get("sealed", sealed.hex())
    assert open_all(bytes.fromhex(vector["key"]), context, sealed) == plaintext


def test_a_fingerprint_is_the_one_of_the_format() -> None:
    (vector,) = VECTORS["fingerprint"]
    assert fingerprint(bytes.fromhex(vector["key"])) == vector["fingerprint"]


def test_sealing_twice_gives_other_bytes() -> None:
    assert seal(KEY, CONTEXT, b"same") != seal(KEY, CONTEXT, b"same")


@pytest.mark.parametrize(
    "other",
    [
        Context("person_c", "recording_b", "audio", 1),
        Context("person_a", "recording_c", "audio", 1),
        Context("person_a", "recording_b", "transcript", 1),
        Context("person_a", "recording_b", "audio", 2),
        Context("person_arecording", "_b", "audio", 1),
    ],
)
def test_it_does_not_open_for_another_context(other: Context) -> None:
    with pytest.raises(BlobCorrupt):
        open_all(KEY, other, seal(KEY, CONTEXT, b"words"))


def test_it_does_not_open_with_another_key() -> None:
    with pytest.raises(BlobCorrupt):
        open_all(bytes(32), CONTEXT, seal(KEY, CONTEXT, b"words"))


@pytest.mark.parametrize("size", [0, 1, 100, CHUNK, CHUNK + 1])
def test_a_flipped_bit_is_found_wherever_it_is(size: int) -> None:
    sealed = seal(KEY, CONTEXT, text(size))
    for place in {0, 3, 4, 19, 20, len(sealed) // 2, len(sealed) - 1}:
        damaged = bytearray(sealed)
        damaged[place] ^= 1
        with pytest.raises(BlobCorrupt):
            open_all(KEY, CONTEXT, bytes(damaged))


def chunks_of(sealed: bytes) -> tuple[bytes, list[bytes]]:
    body = sealed[HEADER:]
    return sealed[:HEADER], [body[at : at + SEALED_CHUNK] for at in range(0, len(body), SEALED_CHUNK)]


@pytest.mark.parametrize(
    "change",
    [
        lambda chunks: chunks[:-1],
        lambda chunks: chunks[1:],
        lambda chunks: [chunks[1], chunks[0], *chunks[2:]],
        lambda chunks: [chunks[0], chunks[0], *chunks[2:]],
        lambda chunks: [*chunks, chunks[-1]],
        lambda chunks: [*chunks, bytes(TAG)],
        lambda chunks: [*chunks, bytes(TAG + 1)],
        lambda chunks: [*chunks[:-1], chunks[-1][:-1]],
        lambda chunks: [*chunks, b"\0"],
        lambda _chunks: [],
    ],
)
@pytest.mark.parametrize("size", [3 * CHUNK, 2 * CHUNK + 5])
def test_cutting_reordering_repeating_and_appending_are_found(
    change: Callable[[list[bytes]], list[bytes]], size: int
) -> None:
    header, chunks = chunks_of(seal(KEY, CONTEXT, text(size)))
    with pytest.raises(BlobCorrupt):
        open_all(KEY, CONTEXT, header + b"".join(change(chunks)))


def test_chunks_of_two_sealings_do_not_mix() -> None:
    header, first = chunks_of(seal(KEY, CONTEXT, text(2 * CHUNK)))
    _, second = chunks_of(seal(KEY, CONTEXT, text(2 * CHUNK)))
    with pytest.raises(BlobCorrupt):
        open_all(KEY, CONTEXT, header + first[0] + second[1])


@pytest.mark.parametrize("sealed", [b"", b"EWA1", b"EWA1" + bytes(31), b"EWA2" + bytes(32), bytes(100)])
def test_what_is_no_envelope_is_refused(sealed: bytes) -> None:
    with pytest.raises(BlobCorrupt):
        open_all(KEY, CONTEXT, sealed)


def test_a_cut_is_found_before_a_byte_is_given_out() -> None:
    sealed = seal(KEY, CONTEXT, text(3 * CHUNK))[: HEADER + 2 * SEALED_CHUNK]
    with pytest.raises(BlobCorrupt):
        Reader(KEY, CONTEXT, lambda start, end: sealed[start:end], len(sealed))


def test_a_range_fetches_the_chunks_it_touches_and_the_last_one() -> None:
    plaintext = text(5 * CHUNK + 7)
    sealed = seal(KEY, CONTEXT, plaintext)
    read_range, asked = counted(sealed)
    reader = Reader(KEY, CONTEXT, read_range, len(sealed))
    assert reader.size == len(plaintext)
    assert reader.read(CHUNK - 2, CHUNK + 3) == plaintext[CHUNK - 2 : CHUNK + 3]
    assert reader.read(5 * CHUNK, 10 * CHUNK) == plaintext[5 * CHUNK :]
    last = HEADER + 5 * SEALED_CHUNK
    assert asked == [
        (0, HEADER),
        (last, len(sealed)),
        (HEADER, HEADER + SEALED_CHUNK),
        (HEADER + SEALED_CHUNK, HEADER + 2 * SEALED_CHUNK),
    ]


def test_a_small_artefact_is_fetched_once() -> None:
    sealed = seal(KEY, CONTEXT, b"words")
    read_range, asked = counted(sealed)
    assert Reader(KEY, CONTEXT, read_range, len(sealed)).read(1, 3) == b"or"
    assert asked == [(0, len(sealed))]


def test_damage_in_one_chunk_leaves_the_others_readable() -> None:
    plaintext = text(3 * CHUNK)
    damaged = bytearray(seal(KEY, CONTEXT, plaintext))
    damaged[HEADER + SEALED_CHUNK + 9] ^= 1
    reader = Reader(KEY, CONTEXT, lambda start, end: bytes(damaged[start:end]), len(damaged))
    assert reader.read(0, CHUNK) == plaintext[:CHUNK]
    assert reader.read(2 * CHUNK, 3 * CHUNK) == plaintext[2 * CHUNK :]
    with pytest.raises(BlobCorrupt):
        reader.read(CHUNK - 1, CHUNK + 1)


def test_a_store_that_gives_too_little_is_found() -> None:
    sealed = seal(KEY, CONTEXT, text(2 * CHUNK))
    with pytest.raises(BlobCorrupt):
        Reader(KEY, CONTEXT, lambda start, end: sealed[start : end - 1], len(sealed))


def test_the_error_names_kind_and_recording_and_nothing_else() -> None:
    with pytest.raises(BlobCorrupt) as caught:
        open_all(bytes(32), CONTEXT, seal(KEY, CONTEXT, b"a secret"))
    assert caught.value.what == "The audio of recording_b is not what was written."
    assert "person_a" not in str(caught.value)


@pytest.mark.parametrize(
    "context",
    [
        Context("person\na", "recording_b", "audio", 1),
        Context("", "recording_b", "audio", 1),
        Context("person_a", "recording b", "audio", 1),
        Context("person_a", "r" * 201, "audio", 1),
        Context("person_a", "recording_b", "Audio", 1),
        Context("person_a", "recording_b", "audio\n1", 1),
        Context("person_a", "recording_b", "audio", -1),
        Context("person_a", "recording_b", "audio", 1 << 32),
    ],
)
def test_labels_that_could_be_taken_for_others_are_refused(context: Context) -> None:
    with pytest.raises(BadInput):
        seal(KEY, context, b"words")


def test_a_key_of_another_size_is_refused() -> None:
    with pytest.raises(KeyCorrupt):
        seal(KEY[:16], CONTEXT, b"words")
