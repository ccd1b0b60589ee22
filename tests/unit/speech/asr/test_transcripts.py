"""What open recognisers write, as sentences of the grammar."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.engines.transcribing import TranscribingRecogniser, Transcript, recognition
from earwitness.speech.asr.port import Word
from earwitness.speech.asr.transcripts import FARTHEST, nearest, plain_words

HOME = WordGraph(
    (
        {"turn": 1, "remind": 6, "set": 9},
        {"on": 2, "off": 2},
        {"the": 3},
        {"light": 4, "lights": 4, "living": 5},
        {},
        {"room": 4},
        {"me": 7},
        {"to": 8},
        {"{message}": 4},
        {"it": 10},
        {"to": 11},
        {"seven": 12, "twenty": 13},
        {"thirty": 4},
        {"percent": 4, "one": 14},
        {"degrees": 4},
    ),
    0,
    frozenset({4}),
)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Turn on the lights, please.", "turn on the lights please"),
        ("Uh, set it to 7:30!", "set it to seven thirty"),
        ("It\u2019s 21°", "it's twenty one degrees"),
        ("20%", "twenty percent"),
        ("1,250 steps", "one thousand two hundred fifty steps"),
        ("0.5", "zero point five"),
        ("at 7:05", "at seven zero five"),
        ("2000000", "two zero zero zero zero zero zero"),
        ("[BLANK_AUDIO] ...", "blank audio"),
        ("", ""),
    ],
)
def test_written_text_becomes_spoken_words(written, spoken):
    assert plain_words(written) == tuple(spoken.split())


@given(st.text())
def test_spoken_words_stay_as_they_are(text):
    words = plain_words(text)
    assert plain_words(" ".join(words)) == words


def near(text: str) -> list[str]:
    return [" ".join(each.words) for each in nearest(HOME, tuple(text.split()))]


def test_a_sentence_is_nearest_to_itself_and_costs_nothing():
    for sentence in HOME.closed().sentences(100):
        assert nearest(HOME, sentence, most=1)[0].words == sentence
        assert nearest(HOME, sentence, most=1)[0].distance == 0.0


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("turn on the ligt", "turn on the light"),
        ("please turn on the light", "turn on the light"),
        ("set it to 21 degrees".replace("21", "twenty one"), "set it to twenty one degrees"),
        ("remind me to buy some milk", "remind me to buy some milk"),
        ("remind me too buy some milk", "remind me to buy some milk"),
    ],
)
def test_what_is_a_word_off_is_taken_for_the_sentence(heard, meant):
    assert near(heard)[0] == meant


@pytest.mark.parametrize("heard", ["", "the weather is nice today", "light", "remind me to", "on on on on on"])
def test_what_is_far_from_every_sentence_is_none(heard):
    assert near(heard) == []


@given(st.lists(st.sampled_from(["turn", "on", "off", "the", "light", "remind", "me", "to", "x", "milk"]), max_size=12))
def test_every_reading_is_a_sentence_and_no_farther_than_allowed(words):
    found = nearest(HOME, tuple(words))
    assert all(HOME.accepts(each.words) and 0.0 <= each.distance <= FARTHEST for each in found)
    assert [each.distance for each in found] == sorted(each.distance for each in found)
    if HOME.accepts(words):
        assert found[0].words == tuple(words)


def test_words_keep_the_times_they_were_heard_at():
    words = (
        Word("Set", 0, 100, 0.9),
        Word("it", 100, 150, 0.8),
        Word("to", 150, 200, 0.9),
        Word("7:30.", 200, 600, 0.7),
    )
    heard = recognition(Transcript("Set it to 7:30.", 0.8, words), HOME, 700)
    assert heard.best is not None
    assert heard.best.text == heard.free == "set it to seven thirty"
    assert [(each.text, each.start_ms, each.end_ms) for each in heard.best.words][-2:] == [
        ("seven", 200, 400),
        ("thirty", 400, 600),
    ]
    assert heard.in_grammar == pytest.approx(0.8)


def test_no_times_are_made_up():
    heard = recognition(Transcript("Set it twenty one degrees", 0.9), HOME, 700)
    assert heard.best is not None
    assert heard.best.text == "set it to twenty one degrees"
    assert heard.best.words == ()
    assert heard.in_grammar < 0.9


def test_where_two_are_as_near_neither_is_preferred():
    heard = recognition(Transcript("turn onf the light", 0.9), HOME, 700)
    assert {each.text: each.score for each in heard.hypotheses[:2]} == {
        "turn on the light": pytest.approx(heard.hypotheses[0].score),
        "turn off the light": pytest.approx(heard.hypotheses[0].score),
    }


def test_speech_that_is_no_sentence_is_taken_down_but_not_for_me():
    heard = recognition(Transcript("The weather is nice today.", 0.99), HOME, 700)
    assert not heard.for_me()
    assert heard.free == "the weather is nice today"


def test_it_transcribes_at_a_pause_and_not_again_if_nothing_follows():
    lengths: list[int] = []

    def transcribe(sound: np.ndarray) -> Transcript:
        assert sound.dtype == np.float32
        lengths.append(len(sound))
        return Transcript("turn on the light", 0.9)

    recogniser = TranscribingRecogniser(transcribe)
    recogniser.prepare(HOME)
    listening = recogniser.listen()
    listening.feed(bytes(32_000))
    assert listening.partial().text == ""
    listening.settle()
    assert listening.partial().complete
    listening.feed(bytes(3_200))
    assert listening.finish(speech_end_ms=900).for_me()
    assert lengths == [16_000]
    again = recogniser.listen()
    again.feed(bytes(32_000))
    again.settle()
    again.feed(bytes(32_000))
    again.finish()
    assert lengths == [16_000, 16_000, 32_000]


def test_it_transcribes_while_the_person_speaks_where_that_is_cheap():
    lengths: list[int] = []
    recogniser = TranscribingRecogniser(
        lambda sound: lengths.append(len(sound)) or Transcript("turn", 0.9), every_ms=500
    )
    recogniser.prepare(HOME)
    listening = recogniser.listen()
    for _ in range(40):
        listening.feed(bytes(1_024))
        listening.partial()
    assert lengths == [8_192, 16_384]
    assert listening.partial().text == "turn"
    listening.cancel()
    assert listening.partial().text == ""
