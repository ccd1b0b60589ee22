import pytest

from earwitness.kernel.errors import BadInput
from earwitness.speech.ring import AudioRing, samples_of
from earwitness.speech.verify import BEFORE_MS, WINDOW_MS
from earwitness.speech.wake.gate import WakeGate
from earwitness.testing.hearing import FixedVerifier, ScriptedWakeStream

SECOND = 16_000


def tone(seconds: float, value: int = 1) -> bytes:
    return value.to_bytes(2, "little") * int(seconds * SECOND)


def test_a_verified_word_hands_over_at_most_the_window_and_what_followed() -> None:
    verifier = FixedVerifier(True)
    gate = WakeGate(ScriptedWakeStream(3 * SECOND), verifier)
    woke = None
    for _ in range(200):
        woke = woke or gate.push(tone(0.02))
    assert woke is not None
    assert woke.at == 3 * SECOND
    assert verifier.windows == [samples_of(WINDOW_MS) * 2]
    assert len(woke.sound) == samples_of(WINDOW_MS) * 2
    assert woke.starts_at == 3 * SECOND - samples_of(BEFORE_MS)
    assert "sound" not in repr(woke)
    assert gate.counts.verified == 1


def test_a_word_that_is_not_verified_leaves_a_count_and_nothing_else() -> None:
    gate = WakeGate(ScriptedWakeStream(SECOND, 2 * SECOND), FixedVerifier(False))
    assert all(gate.push(tone(0.1)) is None for _ in range(40))
    assert (gate.counts.heard, gate.counts.rejected, gate.counts.verified) == (2, 2, 0)


def test_after_a_rejection_the_real_word_is_still_found() -> None:
    gate = WakeGate(ScriptedWakeStream(SECOND, SECOND + 4_000), FixedVerifier(False, True))
    woke = gate.push(tone(3))
    assert woke is not None
    assert woke.at == SECOND + 4_000


def test_one_large_piece_loses_nothing_and_gives_back_what_it_did_not_hear() -> None:
    gate = WakeGate(ScriptedWakeStream(SECOND), FixedVerifier(True))
    sound = tone(10)
    woke = gate.push(sound)
    assert woke is not None
    assert len(sound) == woke.starts_at * 2 + len(woke.sound) + len(woke.unheard)


def test_rearming_starts_with_an_empty_ring() -> None:
    ring, verifier = AudioRing(), FixedVerifier(True)
    gate = WakeGate(ScriptedWakeStream(SECOND), verifier, ring)
    assert gate.push(tone(2)) is not None
    gate.rearm()
    assert not any(ring._held)
    again = gate.push(tone(2, 7))
    assert again is not None
    assert bytes(again.sound) == tone(2, 7)[: len(again.sound)]


def test_closing_overwrites_the_ring() -> None:
    ring, stream = AudioRing(), ScriptedWakeStream()
    gate = WakeGate(stream, FixedVerifier(True), ring)
    gate.push(tone(1))
    gate.close()
    assert stream.closed
    assert not any(ring._held)


def test_half_a_sample_is_refused() -> None:
    gate = WakeGate(ScriptedWakeStream(), FixedVerifier(True))
    with pytest.raises(BadInput):
        gate.push(b"abc")
