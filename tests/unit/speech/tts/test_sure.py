"""A voice that always answers, whatever dies."""

from itertools import pairwise

import pytest

from earwitness.kernel.errors import BadInput
from earwitness.speech.tts import CachedSynthesizer
from earwitness.speech.tts.cache import KEPT_S
from earwitness.speech.tts.choose import open_voice
from earwitness.speech.tts.engines.espeak import Espeak
from earwitness.speech.tts.sure import SureSynthesizer
from earwitness.speech.tts.tone import DONE_NOTES, SORRY_NOTES, tone
from earwitness.testing.voices import DyingVoice

SORRY = "Sorry, something went wrong."
TONE = tone(SORRY_NOTES)


def test_an_engine_that_dies_once_is_asked_again():
    engine = DyingVoice(1)
    sure = SureSynthesizer(engine)
    assert len(list(sure.speak("done"))) == 3
    assert (engine.asked, sure.failures) == (2, 1)


def test_the_second_voice_speaks_when_the_first_stays_dead():
    sure = SureSynthesizer(DyingVoice(99), DyingVoice(0))
    assert len(list(sure.speak("done"))) == 3


def test_an_apology_made_ahead_is_said_when_every_voice_is_dead():
    engine = DyingVoice(0)
    sure = SureSynthesizer(engine)
    sure.prepare([SORRY, "Sorry"])
    engine.deaths = 99
    assert list(sure.speak(f"{SORRY} Say it again.")) == [*sure.speak(SORRY)]
    assert len(list(sure.speak(SORRY))) == 3
    assert list(sure.speak("The light is on.")) == [TONE]


def test_nothing_can_be_made_ahead_of_a_dead_voice_and_a_tone_is_left():
    sure = SureSynthesizer(DyingVoice(99))
    sure.prepare([SORRY])
    assert list(sure.speak(SORRY)) == [TONE]


def test_a_reply_that_breaks_off_is_not_said_twice():
    engine = DyingVoice(99, pieces=2)
    pieces = list(SureSynthesizer(engine, DyingVoice(0)).speak("done"))
    assert len(pieces) == 3
    assert pieces[-1] == TONE
    assert engine.asked == 1


def test_what_the_engine_refuses_is_refused():
    with pytest.raises(BadInput):
        list(SureSynthesizer(Espeak()).speak(""))


def test_what_is_held_is_let_go_at_the_end(tmp_path):
    closed: list[str] = []
    SureSynthesizer(DyingVoice(0), closing=[lambda: closed.append("engine")]).close()
    assert closed == ["engine"]
    opened = open_voice("espeak-ng/en-us", tmp_path, apologies=[SORRY])
    assert opened.voice == "espeak-ng/en-us"
    opened.close()


@pytest.mark.parametrize("notes", [SORRY_NOTES, DONE_NOTES])
def test_a_tone_is_heard_and_does_not_click(notes):
    sound = tone(notes)
    samples = memoryview(sound.pcm).cast("h")
    assert sound.duration_ms == sum(length for _, length in notes)
    assert 3_000 < max(samples) < 12_000
    assert max(abs(one - other) for one, other in pairwise(samples)) < 4_000


def test_what_was_said_is_forgotten_after_ten_minutes():
    now = [0.0]
    cached = CachedSynthesizer(DyingVoice(0), monotonic=lambda: now[0])
    list(cached.speak("you have milk on your list"))
    now[0] = KEPT_S - 1
    list(cached.speak("the door is shut"))
    assert len(cached) == 2
    now[0] = KEPT_S
    cached.expire()  # what the timer calls, whether or not anybody speaks
    assert len(cached) == 1
    cached.forget()
    assert len(cached) == 0


def test_the_time_to_forget_comes_by_itself():
    cached = CachedSynthesizer(DyingVoice(0), kept_s=0.0)
    list(cached.speak("done"))
    timer = cached._timer
    if timer is not None:  # else it has come already
        timer.join(5)
    assert len(cached) == 0
