"""Whatever is sealed opens to itself, whole and by any range; whatever is changed does not open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import BlobCorrupt
from earwitness.vault.envelope import CHUNK, Context, Reader, field, open_all, seal, sealed_size

KEYS = st.binary(min_size=32, max_size=32)
IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=200)
KINDS = st.text(st.sampled_from("abcxyz0189._:/-"), min_size=1, max_size=64)
CONTEXTS = st.builds(Context, IDS, IDS, KINDS, st.integers(0, (1 << 32) - 1))
SIZES = st.integers(0, 300) | st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1])


def pattern(size: int, seed: int) -> bytes:
    block = bytes((seed + place * 7) % 251 for place in range(251))
    return (block * (size // 251 + 1))[:size]


@given(KEYS, CONTEXTS, SIZES, st.integers(0, 250))
def test_what_is_sealed_opens_to_itself(key: bytes, context: Context, size: int, seed: int) -> None:
    plaintext = pattern(size, seed)
    sealed = seal(key, context, plaintext)
    assert len(sealed) == sealed_size(size)
    assert open_all(key, context, sealed) == plaintext


@given(KEYS, CONTEXTS, SIZES, st.integers(-5, 2 * CHUNK + 9), st.integers(-5, 2 * CHUNK + 9))
def test_any_range_is_that_slice(key: bytes, context: Context, size: int, start: int, end: int) -> None:
    plaintext = pattern(size, 3)
    sealed = seal(key, context, memoryview(plaintext))
    reader = Reader(key, context, lambda first, past: sealed[first:past], len(sealed))
    assert reader.read(start, end) == plaintext[max(0, start) : max(0, end)]
    assert b"".join(reader.pieces(0, size)) == plaintext


@given(KEYS, CONTEXTS, CONTEXTS, st.binary(max_size=40))
def test_it_opens_for_its_own_context_alone(key: bytes, context: Context, other: Context, plaintext: bytes) -> None:
    sealed = seal(key, context, plaintext)
    try:
        opened = open_all(key, other, sealed) == plaintext
    except BlobCorrupt:
        opened = False
    assert opened == (context == other)


@given(KEYS, CONTEXTS, st.binary(max_size=60), st.data())
def test_no_changed_byte_goes_unseen(key: bytes, context: Context, plaintext: bytes, data: st.DataObject) -> None:
    damaged = bytearray(seal(key, context, plaintext))
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BlobCorrupt):
        open_all(key, context, bytes(damaged))


@given(st.lists(st.text(max_size=20), max_size=4), st.lists(st.text(max_size=20), max_size=4))
def test_fields_in_a_row_mean_one_thing(first: list[str], second: list[str]) -> None:
    joined = [b"".join(field(text) for text in texts) for texts in (first, second)]
    assert (joined[0] == joined[1]) == (first == second)
