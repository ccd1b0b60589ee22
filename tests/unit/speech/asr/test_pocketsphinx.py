import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from earwitness.kernel.errors import BadInput
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.engines.pocketsphinx import PocketSphinxRecogniser
from earwitness.speech.asr.port import Recognition

ESPEAK = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
PIECE = 3_200
GRAMMAR = WordGraph(
    (
        {"turn": 1, "remind": 5},
        {"on": 2, "off": 2},
        {"the": 3},
        {"light": 4, "radio": 4},
        {},
        {"me": 6},
        {"{message}": 4},
    ),
    0,
    frozenset({4}),
)
NEW_NAME = WordGraph(({"open": 1}, {"siobhan's": 2, "zorblax": 2}, {"blind": 3}, {}), 0, frozenset({3}))


@pytest.fixture(scope="module")
def recogniser() -> PocketSphinxRecogniser:
    return PocketSphinxRecogniser()


def _spoken(text: str, folder: Path) -> bytes:
    wav = folder / "said.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", wav, text], check=True)
    said = wav.read_bytes()
    rate = int.from_bytes(said[24:28], "little")
    sound = np.frombuffer(said[44 : 44 + len(said[44:]) // 2 * 2], "<i2").astype(float)
    at = np.arange(0, len(sound) - 1, rate / 16_000)
    quiet = np.random.default_rng(1).normal(0, 4, 6_400)
    return np.concatenate((quiet, np.interp(at, np.arange(len(sound)), sound), quiet)).astype("<i2").tobytes()


def _hear(recogniser: PocketSphinxRecogniser, pcm: bytes) -> Recognition:
    listening = recogniser.listen()
    for at in range(0, len(pcm), PIECE):
        listening.feed(pcm[at : at + PIECE])
    return listening.finish()


@ESPEAK
def test_hears_a_sentence_with_the_times_of_its_words(recogniser, tmp_path):
    recogniser.prepare(GRAMMAR)
    pcm = _spoken("turn on the radio", tmp_path)
    heard = _hear(recogniser, pcm)
    assert heard.best is not None
    assert heard.best.text == "turn on the radio"
    assert [word.text for word in heard.best.words] == ["turn", "on", "the", "radio"]
    starts = [word.start_ms for word in heard.best.words]
    assert starts == sorted(starts)
    assert 0 <= starts[0] < heard.best.words[-1].end_ms <= len(pcm) // 32 + 10
    assert sum(each.score for each in heard.hypotheses) == pytest.approx(1.0)
    assert len({each.text for each in heard.hypotheses}) == len(heard.hypotheses)
    assert heard.for_me()


@ESPEAK
def test_every_hypothesis_is_a_sentence_and_other_talk_is_refused(recogniser, tmp_path):
    recogniser.prepare(GRAMMAR.closed())
    heard = _hear(recogniser, _spoken("seven elephants never forgot their breakfast in the morning", tmp_path))
    assert not heard.for_me()
    assert all(GRAMMAR.accepts(each.text.split()) for each in heard.hypotheses)


@ESPEAK
def test_settling_ahead_gives_the_same_answer(recogniser, tmp_path):
    recogniser.prepare(GRAMMAR.closed())
    listening = recogniser.listen()
    listening.feed(_spoken("turn off the light", tmp_path))
    assert listening.partial().complete
    assert not listening.partial().may_go_on
    listening.settle()
    listening.feed(bytes(PIECE))
    settled = listening.finish()
    assert settled.best is not None
    assert settled.best.text == "turn off the light"


@ESPEAK
def test_new_names_get_a_pronunciation(recogniser, tmp_path):
    recogniser.prepare(NEW_NAME)
    heard = _hear(recogniser, _spoken("open zorblax blind", tmp_path))
    assert heard.best is not None
    assert heard.best.text == "open zorblax blind"


@pytest.mark.parametrize("pcm", [b"", b"\x01", bytes(100), bytes(64_000)], ids=["none", "a byte", "3 ms", "silence"])
def test_nothing_said_is_no_sentence(recogniser, pcm):
    recogniser.prepare(GRAMMAR.closed())
    assert not _hear(recogniser, pcm).for_me()


def test_noise_is_no_sentence(recogniser):
    recogniser.prepare(GRAMMAR.closed())
    noise = np.random.default_rng(2).normal(0, 3_000, 48_000).astype("<i2").tobytes()
    assert not _hear(recogniser, noise).for_me()


def test_an_endless_utterance_is_ended(recogniser):
    recogniser.prepare(GRAMMAR.closed())
    listening = recogniser.listen()
    with pytest.raises(BadInput):
        listening.feed(bytes(31 * 32_000))
    with pytest.raises(BadInput):
        listening.feed(bytes(PIECE))


def test_listening_needs_sentences_first():
    with pytest.raises(BadInput):
        PocketSphinxRecogniser().listen()


def test_a_cancelled_utterance_leaves_nothing_for_the_next(recogniser):
    recogniser.prepare(GRAMMAR.closed())
    first = recogniser.listen()
    first.feed(bytes(PIECE))
    first.cancel()
    assert recogniser.listen().partial().text == ""


@ESPEAK
def test_an_open_slot_is_taken_down_with_the_open_language_model(recogniser, tmp_path):
    recogniser.prepare(GRAMMAR)
    heard = _hear(recogniser, _spoken("remind me to buy some milk tomorrow", tmp_path))
    assert heard.best is not None
    words = heard.best.text.split()
    assert words[:2] == ["remind", "me"]
    assert {"buy", "milk", "tomorrow"} & set(words[2:])


@ESPEAK
def test_speech_after_settling_is_heard_from_the_beginning(recogniser, tmp_path):
    recogniser.prepare(GRAMMAR.closed())
    pcm = _spoken("turn off the light", tmp_path)
    listening = recogniser.listen()
    listening.feed(pcm[: len(pcm) // 2])
    listening.settle()
    listening.feed(pcm[len(pcm) // 2 :])
    assert listening.partial().text == "turn off the light"
    best = listening.finish().best
    assert best is not None
    assert best.text == "turn off the light"


@ESPEAK
def test_one_utterance_does_not_colour_the_next(recogniser, tmp_path):
    recogniser.prepare(GRAMMAR.closed())
    pcm = _spoken("turn off the radio", tmp_path)
    first = _hear(recogniser, pcm)
    loud = np.clip(np.frombuffer(_spoken("turn on the light", tmp_path), "<i2") * 8.0, -32_768, 32_767)
    _hear(recogniser, loud.astype("<i2").tobytes())
    assert _hear(recogniser, pcm) == first
