import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput
from earwitness.speech.verify.port import WINDOW_MS
from earwitness.speech.verify.training.confusables import (
    changed_sounds,
    distance,
    mnemonics,
    near_words,
    pronunciations,
)
from earwitness.speech.verify.training.disturbing import echoed, embedded, leveled, resample, trimmed
from earwitness.speech.verify.training.evaluation import group_folds
from earwitness.speech.verify.training.examples import Amounts, ExampleMaker, Material, Recording, cut_window
from earwitness.speech.verify.training.renderings import HELD_OUT, VARIANTS, Voice, plain_voices, render
from earwitness.speech.wake.microwakeword import MicroWakeDetector

ALEXA = ["AH", "L", "EH", "K", "S", "AH"]
phones = st.lists(st.sampled_from(["AH", "L", "EH", "K", "S"]), max_size=6)


@given(phones, phones)
def test_distance_is_nothing_for_the_same_and_the_same_both_ways(first: list[str], second: list[str]) -> None:
    assert distance(first, first) == 0
    assert distance(first, second) == pytest.approx(distance(second, first))


def test_near_words_sound_alike_and_leave_the_word_itself_out() -> None:
    near = [confusable.text for confusable in near_words(ALEXA, 60)]
    assert {"alexis", "lexus", "annex"} <= set(near)
    assert "alexa" not in near


def test_every_changed_sound_is_another_word() -> None:
    changed = [confusable.text for confusable in changed_sounds(ALEXA)]
    assert "l'Eks@" in changed
    assert mnemonics(ALEXA) not in changed


def test_words_of_several_words_are_pronounced_and_unknown_ones_refused() -> None:
    assert ["HH", "EY", "JH", "AA", "R", "V", "AH", "S"] in pronunciations("hey jarvis")
    with pytest.raises(BadInput, match="nabu"):
        pronunciations("okay nabu")


def test_voices_for_measuring_are_never_trained_with() -> None:
    assert not set(HELD_OUT) & set(VARIANTS)
    assert len(plain_voices()) == 16


@given(st.integers(200, 3_000), st.floats(0.8, 1.3))
def test_resampling_keeps_a_tone_and_its_loudness(hertz: int, ratio: float) -> None:
    tone = (1_000 * np.sin(2 * np.pi * hertz * np.arange(8_000) / 16_000)).astype(np.float32)
    other = resample(tone, ratio)
    assert len(other) == round(8_000 * ratio)
    peak = np.abs(np.fft.rfft(other)).argmax() / len(other) * 16_000 * ratio
    assert peak == pytest.approx(hertz, abs=5)
    assert np.sqrt((other[500:-500] ** 2).mean()) == pytest.approx(1_000 / np.sqrt(2), rel=0.05)


def test_disturbing_keeps_the_speech() -> None:
    random = np.random.default_rng(1)
    word = np.concatenate([np.zeros(8_000), random.normal(0, 2_000, 8_000), np.zeros(8_000)]).astype(np.float32)
    assert 8_000 <= len(trimmed(word)) <= 11_000
    assert len(embedded(word, [word], random)) > 16_000
    assert np.abs(leveled(word, random)).max() <= 32_767
    assert len(echoed(word, np.array([1.0, 0.5], np.float32))) == len(word) + 3_200


@given(st.integers(-30_000, 60_000))
def test_windows_have_one_length_wherever_the_word_ends(end: int) -> None:
    assert len(cut_window(np.ones(20_000, np.float32), end)) == WINDOW_MS * 32


def test_a_little_material_makes_examples_of_every_kind_and_speakers_are_not_split() -> None:
    random = np.random.default_rng(2)
    said = render("Alexa", Voice("en-us"))
    talk = random.normal(0, 1_000, 32_000).astype(np.float32)
    material = Material(
        "alexa",
        (tuple(ALEXA),),
        saying=(Recording(said, "a"), Recording(render("Alexa", Voice("en-gb")), "b")),
        others=(Recording(talk, "c"), Recording(render("election", Voice("en-gb")), "d")),
        noises=(talk,),
    )
    maker = ExampleMaker(material, MicroWakeDetector.shipped("alexa", cutoff=None))
    examples = list(maker.make(Amounts(disturbed=2, around=1, rendered=6, confusable=12), lambda *_: None))
    assert {"said", "rendered", "other", "confusable"} <= {example.kind for example in examples}
    folds = group_folds(examples, 2)
    assert set(folds) <= {"a", "b", "c", "d"}
    assert "" not in folds
