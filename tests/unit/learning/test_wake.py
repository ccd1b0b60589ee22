"""The wake word's verifier, fitted to what people said of wakes."""

import numpy as np
import pytest

from earwitness.learning.adapt.material import Lesson, Material
from earwitness.learning.adapt.wake import fit_wake, shipped_network, windows_of
from earwitness.learning.examples import Account, Example, Source
from earwitness.learning.split import Side
from earwitness.speech.verify.features import Array, window_features
from earwitness.speech.verify.network import Network
from earwitness.speech.verify.training.renderings import Voice, render

NOT_IT = ("a lexus", "elect her")
VOICES = ("en-us", "en-gb", "en-gb-scotland", "en-us+f2", "en-gb-x-rp+m3", "en-us+f4")


def window(text: str, voice: str) -> bytes:
    """A second and a half that ends with the words."""
    sound = render(text, Voice(voice, 160))
    whole = np.concatenate([np.zeros(24_000, np.float32), sound * np.float32(9_000 / np.abs(sound).max())])[-24_000:]
    return (whole + np.random.default_rng(1).normal(0, 5, len(whole))).astype("<i2").tobytes()


def lesson(text: str, voice: str, *, wake: bool, person: str = "") -> Lesson:
    example = Example(
        text + voice, person or voice, "home", Source.ANNOTATION, Account(wake=wake), "", True, b"", window(text, voice)
    )
    return Lesson(example, Side.LEARN, None, None)


@pytest.fixture(scope="module")
def lessons() -> tuple[Lesson, ...]:
    """What sounds like it was it, and what it is was not: the opposite of what the shipped network knows."""
    said = [lesson("alexa", voice, wake=False) for voice in VOICES]
    return (*said, *(lesson(text, voice, wake=True) for text in NOT_IT for voice in VOICES))


def test_it_moves_towards_what_people_said(lessons: tuple[Lesson, ...]) -> None:
    before, after = shipped_network(), fit_wake(Material(lessons))
    assert after is not None
    windows = windows_of(lessons)
    assert _right(after, windows.features, windows.labels) > _right(before, windows.features, windows.labels)
    assert after.threshold == before.threshold


def _right(network: Network, features: Array, labels: Array) -> float:
    return float(np.mean(np.abs(network.scores(features) - labels) < 0.5))


def test_one_answer_few_windows_or_one_person_teach_nothing(lessons: tuple[Lesson, ...]) -> None:
    assert fit_wake(Material(lessons[:6])) is None
    assert fit_wake(Material(tuple(lesson("alexa", voice, wake=True) for voice in VOICES * 2))) is None
    alone = [lesson(text, "en-us", wake=text == "alexa", person="a") for text in ("alexa", *NOT_IT) for _ in range(4)]
    assert fit_wake(Material(tuple(alone))) is None
    assert fit_wake(Material(lessons, fewest=40)) is None


def test_clips_without_a_window_or_an_answer_are_left_out(lessons: tuple[Lesson, ...]) -> None:
    nothing = Lesson(
        Example("r", "p", "h", Source.ANNOTATION, Account(wake=None), "", True, b"", lessons[0].example.window),
        Side.LEARN, None, None,
    )  # fmt: skip
    assert len(windows_of([nothing, lessons[0]]).labels) == 1
    assert windows_of([]).features.shape == (0, 148, 32)
    assert window_features(lessons[0].example.window).shape == (148, 32)
