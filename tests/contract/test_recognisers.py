"""The contract of a recogniser, held against PocketSphinx, the same behind a process, and the fakes."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from earwitness.kernel.errors import BadInput
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.choose import POCKETSPHINX
from earwitness.speech.asr.engines.pocketsphinx import PocketSphinxRecogniser
from earwitness.speech.asr.pool import RecogniserPool
from earwitness.speech.asr.port import Recogniser, Recognition
from earwitness.testing.recognising import SPELLED, SpelledRecogniser, spell

LIGHTS = WordGraph(
    ({"turn": 1}, {"on": 2, "off": 2}, {"the": 3}, {"light": 4, "radio": 4}, {"now": 5}, {}), 0, frozenset({4, 5})
)
COFFEE = WordGraph(({"make": 1}, {"me": 2}, {"a": 3}, {"coffee": 4}, {}), 0, frozenset({4}))
PIECE = 1_024


@dataclass(frozen=True)
class Kind:
    make: Callable[[], Recogniser]
    say: Callable[[str], bytes]


@cache
def speak(text: str) -> bytes:
    program = shutil.which("espeak-ng")
    if program is None:
        pytest.skip("espeak-ng is not installed")
    done = subprocess.run([program, "-v", "en-us", "-s", "150", "--stdout", text], check=True, capture_output=True)
    rate = int.from_bytes(done.stdout[24:28], "little")
    sound = np.frombuffer(done.stdout[44 : 44 + len(done.stdout[44:]) // 2 * 2], "<i2").astype(float)
    at = np.arange(0, len(sound) - 1, rate / 16_000)
    quiet = np.random.default_rng(1).normal(0, 4, 6_400)
    return np.concatenate((quiet, np.interp(at, np.arange(len(sound)), sound), quiet)).astype("<i2").tobytes()


KINDS = {
    "pocketsphinx": Kind(PocketSphinxRecogniser, speak),
    "pocketsphinx in a pool": Kind(lambda: RecogniserPool(POCKETSPHINX, workers=1), speak),
    "fake": Kind(SpelledRecogniser, spell),
    "fake in a pool": Kind(lambda: RecogniserPool(SPELLED, workers=1), spell),
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request) -> Kind:
    return KINDS[request.param]


@pytest.fixture(scope="module")
def recogniser(kind) -> Iterator[Recogniser]:
    made = kind.make()
    if isinstance(made, RecogniserPool):
        with made:
            yield made
    else:
        yield made


def hear(recogniser: Recogniser, pcm: bytes) -> Recognition:
    listening = recogniser.listen()
    for at in range(0, len(pcm), PIECE):
        listening.feed(pcm[at : at + PIECE])
    return listening.finish()


def test_without_sentences_it_does_not_listen(kind):
    made = kind.make()
    with pytest.raises(BadInput):
        made.listen()


def test_hears_a_sentence_and_where_its_words_are(kind, recogniser):
    recogniser.prepare(LIGHTS)
    pcm = kind.say("turn on the radio")
    heard = hear(recogniser, pcm)
    assert heard.for_me()
    assert heard.best is not None
    assert heard.best.text == "turn on the radio"
    assert [word.text for word in heard.best.words] == heard.best.text.split()
    times = [time for word in heard.best.words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert times[-1] <= heard.heard_ms <= len(pcm) // 32 + 10
    assert sum(each.score for each in heard.hypotheses) == pytest.approx(1.0)


def test_every_reading_is_a_sentence(kind, recogniser):
    recogniser.prepare(LIGHTS)
    heard = hear(recogniser, kind.say("seven elephants never forgot their breakfast"))
    assert not heard.for_me()
    assert all(LIGHTS.accepts(each.text.split()) for each in heard.hypotheses)


@pytest.mark.parametrize("pcm", [b"", b"\x00", bytes(32_000)], ids=["none", "half a sample", "silence"])
def test_nothing_said_is_no_sentence(recogniser, pcm):
    recogniser.prepare(LIGHTS)
    assert not hear(recogniser, pcm).for_me()


def test_says_while_listening_whether_it_is_a_whole_sentence(kind, recogniser):
    recogniser.prepare(LIGHTS)
    listening = recogniser.listen()
    assert listening.partial().text == ""
    listening.feed(kind.say("turn off the light"))
    partial = listening.partial()
    assert partial.text == "turn off the light"
    assert partial.complete
    assert partial.may_go_on
    listening.cancel()


def test_settling_changes_no_answer(kind, recogniser):
    recogniser.prepare(LIGHTS)
    listening = recogniser.listen()
    listening.feed(kind.say("turn off the light"))
    listening.settle()
    listening.feed(bytes(PIECE))
    best = listening.finish().best
    assert best is not None
    assert best.text == "turn off the light"


def test_other_sentences_take_the_place_of_the_first(kind, recogniser):
    recogniser.prepare(LIGHTS)
    recogniser.prepare(COFFEE)
    best = hear(recogniser, kind.say("make me a coffee")).best
    assert best is not None
    assert best.text == "make me a coffee"
    recogniser.prepare(LIGHTS)
    best = hear(recogniser, kind.say("turn on the light")).best
    assert best is not None
    assert best.text == "turn on the light"


def test_what_is_longer_than_half_a_minute_is_refused_and_ended(recogniser):
    recogniser.prepare(LIGHTS)
    listening = recogniser.listen()
    with pytest.raises(BadInput, match="30 seconds"):
        listening.feed(bytes(31 * 32_000))
    with pytest.raises(BadInput, match="ended"):
        listening.feed(bytes(PIECE))


def test_after_the_end_nothing_is_taken(recogniser):
    recogniser.prepare(LIGHTS)
    listening = recogniser.listen()
    listening.finish()
    for use in (lambda: listening.feed(b"\0\0"), listening.settle, listening.finish):
        with pytest.raises(BadInput):
            use()
    listening.cancel()  # harmless


def test_a_cancelled_utterance_leaves_nothing_to_the_next(kind, recogniser):
    recogniser.prepare(LIGHTS)
    first = recogniser.listen()
    first.feed(kind.say("turn on the"))
    first.cancel()
    second = recogniser.listen()
    assert second.partial().text == ""
    assert not second.finish().for_me()
