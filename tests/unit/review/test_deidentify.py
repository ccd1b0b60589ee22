"""What is masked, in words and in sound; what is withheld; and that a voice is changed and stays understandable."""

import itertools
import json
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.audio import SAMPLE_RATE, Clip, decode_clip
from earwitness.kernel.errors import EngineMissing, Withheld
from earwitness.review.deidentify.copying import Copying, Original
from earwitness.review.deidentify.masking import find_masked, shown
from earwitness.review.deidentify.names import Hidden, Mask, given_names
from earwitness.review.deidentify.sound import MARGIN_MS, Span, disguise
from earwitness.review.deidentify.voice import RANGES, change_voice, move_poles, predict, random_alpha
from earwitness.review.deidentify.words import spoken_tokens
from earwitness.testing.review import EvenAligner, spelled

GIVEN = frozenset({"priya"})


def hidden(*names: str, places: Sequence[str] = ()) -> Hidden:
    made = Hidden()
    made.add(names, Mask.NAME)
    made.add(places, Mask.PLACE)
    return made


def read(text: str, of: Hidden | None = None) -> str:
    tokens = spoken_tokens(text)
    return " ".join(shown(tokens, find_masked(tokens, of or hidden(), GIVEN, spelled)))


MASKED = [
    ("call two one two five five five oh one seven two", "call [number]"),
    ("call 212-555-0172 now", "call [number] now"),
    ("my pin is 4711", "my pin is [number]"),
    ("my pin is double seven one one", "my pin is [number]"),
    ("i was born in nineteen eighty four", "i was born in [number]"),
    ("a hundred and twenty three main street", "a [number] main street"),
    ("two coffees please", "two coffees please"),
    ("set a timer for ten minutes", "set a timer for ten minutes"),
    ("set it to twenty one degrees", "set it to twenty one degrees"),
    ("wake me at seven thirty", "wake me at [number]"),
    ("my name is s m i t h", "my name is [name]"),
    ("tell priya i am late", "tell [name] i am late"),
    ("that is priya's coat", "that is [name] coat"),
    ("room b twelve", "room b twelve"),
    ("", ""),
]


@pytest.mark.parametrize(("said", "expected"), MASKED)
def test_numbers_spelling_and_given_names(said: str, expected: str) -> None:
    assert read(said) == expected


def test_what_the_household_calls_things() -> None:
    of = hidden("Doctor Zebrafinch", "Mum", places=["Zebrafinch Lane", "the office"])
    assert read("call doctor zebrafinch", of) == "call [name]"
    assert read("call zebrafinch's office", of) == "call [name] office"
    assert read("go to zebrafinch lane", of) == "go to [place]"
    assert read("call mum at the office", of) == "call mum at the office"  # say nothing about anybody


def test_a_name_that_was_misheard_is_masked_by_its_sound() -> None:
    of = hidden("Anneliese")
    assert read("call anna liese now", of) == "call [name] now"
    assert read("call anelise now", of) == "call [name] now"
    assert read("turn on the kitchen light", of) == "turn on the kitchen light"


@given(
    st.lists(st.sampled_from(["call", "zebrafinch", "one", "two", "seven", "now", "priya", "a", "and"]), max_size=12)
)
def test_nothing_hidden_is_ever_shown(words: list[str]) -> None:
    tokens = shown(words, find_masked(words, hidden("Zebrafinch"), GIVEN, spelled))
    assert not {"zebrafinch", "priya"} & set(tokens)
    numbers = [token in {"one", "two", "seven"} for token in tokens]
    assert not any(one and other for one, other in itertools.pairwise(numbers))


def test_the_list_of_given_names_is_clean() -> None:
    names = given_names()
    assert len(names) > 300
    assert all(name.isalpha() and name == name.lower() for name in names)
    assert not names & {"will", "mark", "may", "hope", "light", "kitchen", "set"}


# --- sound --------------------------------------------------------------------------------------------


def voice(seconds: float = 1.0, pitch: float = 120.0, formant: float = 700.0) -> np.ndarray:
    """A vowel: pulses through one resonance."""
    time = np.arange(int(SAMPLE_RATE * seconds)) / SAMPLE_RATE
    pulses = (np.floor(time * pitch) != np.floor((time - 1 / SAMPLE_RATE) * pitch)).astype(float)
    ring = np.exp(-time[:800] * 400) * np.sin(2 * np.pi * formant * time[:800])
    sound = np.convolve(pulses, ring)[: len(time)]
    return 0.3 * sound / np.abs(sound).max()


def peak(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    smooth = np.convolve(spectrum, np.ones(150) / 150, "same")
    return float(np.argmax(smooth) * SAMPLE_RATE / len(samples))


@pytest.mark.parametrize("alpha", [0.6, 0.8, 1.2, 1.4])
def test_the_formants_move_and_the_loudness_stays(alpha: float) -> None:
    before = voice()
    after = change_voice(before, alpha)
    assert len(after) == len(before)
    angle = 2 * np.pi * 700 / SAMPLE_RATE
    assert peak(after) == pytest.approx(angle**alpha * SAMPLE_RATE / (2 * np.pi), rel=0.25)
    assert np.sqrt(np.mean(after**2)) == pytest.approx(np.sqrt(np.mean(before**2)), rel=0.3)


def test_alpha_one_changes_next_to_nothing() -> None:
    before = voice()
    after = change_voice(before, 1.0)
    assert np.corrcoef(before, after)[0, 1] > 0.97


@given(st.integers(0, 2**32 - 1), st.floats(0.6, 1.4))
def test_moved_poles_stay_stable(seed: int, alpha: float) -> None:
    frames = np.random.default_rng(seed).normal(size=(3, 320)) * 0.1
    for polynomial in move_poles(predict(frames), alpha):
        assert np.all(np.abs(np.roots(polynomial)) < 1.0)


def test_silence_and_what_is_too_short_pass() -> None:
    assert not change_voice(np.zeros(4_000), 0.7).any()
    assert len(change_voice(np.ones(100) * 0.1, 0.7)) == 100


def test_the_coefficient_is_never_near_one_and_never_the_same() -> None:
    drawn = [random_alpha() for _ in range(200)]
    assert all(any(low <= each <= high for low, high in RANGES) for each in drawn)
    assert len(set(drawn)) == 200
    assert {each < 1 for each in drawn} == {True, False}


def test_nothing_of_a_masked_stretch_is_left() -> None:
    loud = Clip((voice(2.0) * 32_000).astype("<i2").tobytes())
    quiet = Clip(bytes(len(loud.pcm)))
    span = Span(600, 1_200)
    inside = slice((600 - MARGIN_MS) * 16, (1_200 + MARGIN_MS) * 16)
    heard = np.frombuffer(disguise(loud, [span], 0.7).pcm, "<i2")[inside]
    of_silence = np.frombuffer(disguise(quiet, [span], 1.3).pcm, "<i2")[inside]
    assert np.array_equal(heard, of_silence)
    assert heard.any()


# --- copies -------------------------------------------------------------------------------------------

SOUND = Clip((voice(4.0) * 20_000).astype("<i2").tobytes())
TRACE = json.dumps(
    [{"step": "understanding", "said": "I took it for SendMessage (person: priya, message: call 4711), word for word."}]
).encode()


def copying(aligner: EvenAligner | None = None) -> Copying:
    return Copying(aligner or EvenAligner(), spelled, GIVEN, lambda: 0.7)


def test_a_copy_has_masked_words_and_a_masked_sound() -> None:
    made = copying().copy(Original(SOUND, "Tell Priya the light is on", TRACE), hidden())
    text = json.loads(made.text)
    assert text == {
        "v": 1,
        "heard": ["tell", "[name]", "the", "light", "is", "on"],
        "intent": "SendMessage",
        "slots": {"person": "[name]", "message": "call [number]"},
        "doubt": [],
        "masked": {"name": 1, "number": 0, "place": 0},
        "seconds": 4.0,
    }
    clip = decode_clip(made.sound)
    assert clip.duration_ms == SOUND.duration_ms
    assert clip.pcm != SOUND.pcm


WITHHELD: list[tuple[str, Callable[[], object]]] = [
    ("silent", lambda: copying().copy(Original(SOUND, " … "), hidden())),
    ("unaligned", lambda: copying(EvenAligner(fails=True)).copy(Original(SOUND, "turn on"), hidden())),
    ("too-much", lambda: copying().copy(Original(SOUND, "call priya 212 555 0172"), hidden())),
    ("too-long", lambda: copying().copy(Original(Clip(bytes(2 * 16_000 * 31)), "turn on"), hidden())),
]


@pytest.mark.parametrize(("reason", "copy"), WITHHELD)
def test_what_is_unsure_is_withheld(reason: str, copy: Callable[[], object]) -> None:
    with pytest.raises(Withheld) as withheld:
        copy()
    assert withheld.value.reason == reason


def test_without_pronunciations_nothing_is_copied() -> None:
    def missing(_: Sequence[str]) -> list[tuple[str, ...]]:
        raise EngineMissing

    made = Copying(EvenAligner(), missing, GIVEN)
    with pytest.raises(Withheld) as withheld:
        made.copy(Original(SOUND, "turn on the light"), hidden("Zebrafinch"))
    assert withheld.value.reason == "unpronounceable"
