"""Where utterances start and end, with a scripted voice: 32 ms a frame."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput
from earwitness.speech.endpointing import (
    Endpointer,
    EndpointSettings,
    EndReason,
    SpeechEnded,
    SpeechStarted,
    speech_only,
)
from earwitness.speech.vad import FRAME_BYTES, FRAME_SAMPLES
from earwitness.testing.hearing import ScriptedVoice

SETTINGS = EndpointSettings(start_ms=96, complete_silence_ms=320, silence_ms=960, patience_ms=1_600, longest_ms=6_400)


def frames(count: int) -> bytes:
    return bytes(FRAME_BYTES) * count


def test_a_click_is_no_speech_and_speech_starts_where_it_began() -> None:
    endpointer = Endpointer(ScriptedVoice([0.9, 0.0, 0.0, 0.9, 0.9, 0.9, 0.9]), SETTINGS)
    assert endpointer.push(frames(7)) == [SpeechStarted(3 * FRAME_SAMPLES)]


def test_silence_ends_it_after_the_long_wait() -> None:
    endpointer = Endpointer(ScriptedVoice([0.9] * 10), SETTINGS)
    events = endpointer.push(frames(100))
    assert events[1] == SpeechEnded(10 * FRAME_SAMPLES, 40 * FRAME_SAMPLES, EndReason.SILENCE)


def test_a_complete_sentence_ends_it_sooner() -> None:
    endpointer = Endpointer(ScriptedVoice([0.9] * 10), SETTINGS)
    events = endpointer.push(frames(100), complete=True)
    assert events[1] == SpeechEnded(10 * FRAME_SAMPLES, 20 * FRAME_SAMPLES, EndReason.SILENCE)


def test_completeness_said_during_the_silence_counts() -> None:
    endpointer = Endpointer(ScriptedVoice([0.9] * 10), SETTINGS)
    assert len(endpointer.push(frames(25))) == 1
    (ended,) = endpointer.push(frames(1), complete=True)
    assert isinstance(ended, SpeechEnded)
    assert ended.decided_at == 26 * FRAME_SAMPLES


def test_a_pause_to_think_cuts_nobody_off() -> None:
    script = [0.9] * 10 + [0.0] * 25 + [0.9] * 10
    endpointer = Endpointer(ScriptedVoice(script), SETTINGS)
    events = endpointer.push(frames(100))
    assert events[1] == SpeechEnded(45 * FRAME_SAMPLES, 75 * FRAME_SAMPLES, EndReason.SILENCE)


def test_soft_speech_keeps_it_open_but_does_not_open_it() -> None:
    endpointer = Endpointer(ScriptedVoice([0.4] * 5 + [0.9] * 5 + [0.4] * 50), SETTINGS)
    assert endpointer.push(frames(60)) == [SpeechStarted(5 * FRAME_SAMPLES)]


def test_nobody_speaking_ends_it_too() -> None:
    endpointer = Endpointer(ScriptedVoice(), SETTINGS)
    assert endpointer.push(frames(60)) == [SpeechEnded(0, 50 * FRAME_SAMPLES, EndReason.NOTHING)]
    assert not endpointer.started


def test_talk_without_end_is_cut() -> None:
    endpointer = Endpointer(ScriptedVoice([0.9] * 1_000), SETTINGS)
    events = endpointer.push(frames(1_000))
    assert events[-1] == SpeechEnded(200 * FRAME_SAMPLES, 200 * FRAME_SAMPLES, EndReason.LONGEST)


def test_after_the_end_nothing_is_kept() -> None:
    endpointer = Endpointer(ScriptedVoice([0.9] * 10), SETTINGS)
    endpointer.push(b"\x01" * FRAME_BYTES * 100)
    assert endpointer.push(b"\x01" * FRAME_BYTES) == []
    assert not endpointer._rest


@given(st.lists(st.floats(0, 1), max_size=120), st.lists(st.integers(1, 3_000), min_size=1, max_size=60))
def test_how_the_sound_is_cut_up_makes_no_difference(script: list[float], sizes: list[int]) -> None:
    whole = Endpointer(ScriptedVoice(script), SETTINGS)
    pieces = Endpointer(ScriptedVoice(script), SETTINGS)
    events = [event for size in sizes for event in pieces.push(bytes(size * 2))]
    assert events == whole.push(bytes(sum(sizes) * 2))


@pytest.mark.parametrize(
    "changes",
    [{"start_probability": 1.0}, {"keep_probability": 0.6}, {"complete_silence_ms": 2_000}, {"start_ms": 0}],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        EndpointSettings(**changes)  # type: ignore[arg-type]


def test_a_clip_is_cut_to_its_speech() -> None:
    voice = ScriptedVoice([0.0] * 20 + [0.9] * 10 + [0.0] * 20)
    cut = speech_only(frames(50), voice, margin_ms=64)
    assert len(cut) == FRAME_BYTES * 14
    assert speech_only(frames(50), ScriptedVoice()) == b""


def test_clatter_that_only_resembles_speech_does_not_open_it() -> None:
    endpointer = Endpointer(ScriptedVoice([0.8] * 8 + [0.2] * 4 + [0.7, 0.95, 0.9]), SETTINGS)
    assert endpointer.push(frames(20)) == [SpeechStarted(12 * FRAME_SAMPLES)]


def test_soft_speech_opens_it_when_it_lasts_and_from_its_beginning() -> None:
    endpointer = Endpointer(ScriptedVoice([0.0] * 2 + [0.6] * 15), SETTINGS)
    assert endpointer.push(frames(17)) == [SpeechStarted(2 * FRAME_SAMPLES)]
