"""The ring against a plain list of all that was pushed."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput
from earwitness.speech.ring import LONGEST_MS, PRE_ROLL_MS, AudioRing, samples_of, wipe

pieces = st.lists(st.binary(max_size=300).map(lambda b: b[: len(b) // 2 * 2]), max_size=12)


@given(pieces, st.integers(1, 12), st.integers(0, 2_000), st.integers(0, 2_000))
def test_it_holds_the_newest_samples_and_nothing_older(pushed: list[bytes], ms: int, start: int, end: int) -> None:
    ring, everything = AudioRing(ms), b""
    for piece in pushed:
        ring.push(piece)
        everything += piece
    assert ring.end == len(everything) // 2
    assert ring.start == max(0, ring.end - ring.capacity)
    low, high = max(start, ring.start), min(end, ring.end)
    assert ring.take(start, end) == everything[low * 2 : max(low, high) * 2]


@given(pieces, pieces)
def test_after_wiping_only_what_came_later_is_there(before: list[bytes], after: list[bytes]) -> None:
    ring = AudioRing(5)
    for piece in before:
        ring.push(piece)
    ring.wipe()
    assert not any(ring._held)
    for piece in after:
        ring.push(piece)
    assert ring.take(0, ring.end) == b"".join(after)[-ring.capacity * 2 :]


def test_the_pre_roll_is_half_a_second_at_most() -> None:
    ring = AudioRing()
    ring.push(b"\x01\x00" * samples_of(LONGEST_MS))
    assert len(ring.pre_roll(ring.end)) == samples_of(PRE_ROLL_MS) * 2
    assert len(ring.pre_roll(ring.end, 5_000)) == samples_of(PRE_ROLL_MS) * 2
    assert len(ring.pre_roll(ring.end, 20)) == samples_of(20) * 2


def test_a_dropped_ring_overwrites_its_memory() -> None:
    ring = AudioRing(10)
    ring.push(b"\x7f\x7f" * 160)
    memory = ring._held
    del ring
    gc.collect()
    assert len(memory) == 320
    assert not any(memory)


def test_leaving_its_context_overwrites_it() -> None:
    with AudioRing(10) as ring:
        ring.push(b"\x7f\x7f" * 100)
    assert not any(ring._held)
    assert ring.take(0, ring.end) == b""


def test_what_was_handed_over_can_be_overwritten_too() -> None:
    ring = AudioRing(10)
    ring.push(b"\x05\x05" * 100)
    taken = ring.take(0, 100)
    wipe(taken)
    assert taken == bytearray(200)
    assert ring.take(0, 100) == b"\x05\x05" * 100


@pytest.mark.parametrize("ms", [0, -1, LONGEST_MS + 1])
def test_two_seconds_are_the_most(ms: int) -> None:
    with pytest.raises(BadInput):
        AudioRing(ms)


def test_half_a_sample_is_refused() -> None:
    ring = AudioRing(10)
    with pytest.raises(BadInput):
        ring.push(b"abc")
    assert ring.end == 0
