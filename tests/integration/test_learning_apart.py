"""What is learned without a group of people holds nothing of them: their clips might as well not be there."""

import numpy as np
import pytest

from earwitness.learning.adapt.acoustics import AcousticFit, fit_acoustics
from earwitness.learning.adapt.material import Lesson, Material
from earwitness.learning.examples import Account, Example, Source
from earwitness.learning.split import Side
from earwitness.speech.verify.training.renderings import Voice, render

ORDERS = ["make me a large latte", "i want a mocha", "brew a coffee"]
VOICES = {"ada": "en-us", "ben": "en-gb", "cleo": "en-gb-scotland", "dora": "en-us+f2", "emil": "en-gb-x-rp"}
APART = (frozenset({"ada"}), frozenset({"ben"}), frozenset({"cleo", "dora", "emil"}))
NOISE = np.random.default_rng(1).normal(0, 300, 32_000).astype("<i2").tobytes()


def lesson(person: str, voice: str, order: str) -> Lesson:
    sound = render(order, Voice(voice, 150))
    quiet = np.zeros(5_000)
    whole = np.concatenate([quiet, sound * (9_000 / np.abs(sound).max()), quiet])
    pcm = (whole + np.random.default_rng(2).normal(0, 8, len(whole))).astype("<i2").tobytes()
    name = f"{person} {order}"
    example = Example(name, person, "", Source.CORRECTION, Account(order), "", False, pcm)
    return Lesson(example, Side.LEARN, order, ("order", frozenset()))


@pytest.fixture(scope="module")
def lessons() -> tuple[Lesson, ...]:
    return tuple(lesson(person, voice, order) for person, voice in VOICES.items() for order in ORDERS)


def arrays(fit: AcousticFit | None) -> tuple[np.ndarray, ...]:
    assert fit is not None
    assert fit.noisy is not None
    return fit.means, *fit.noisy


def test_a_group_that_is_left_out_changes_nothing(lessons: tuple[Lesson, ...]) -> None:
    without_ada, without_ben, _ = fit_acoustics(Material(lessons, noise=NOISE), APART)
    others = tuple(each for each in lessons if each.person != "ada")
    alone = fit_acoustics(Material(others, noise=NOISE), APART)[0]
    for one, other in zip(arrays(without_ada), arrays(alone), strict=True):
        assert one == pytest.approx(other, rel=1e-5, abs=1e-5)
    moved = np.abs(arrays(without_ada)[1] - arrays(without_ben)[1])
    assert moved.max() > 0.01  # and who is left in does


def test_too_few_people_teach_nobody_else(lessons: tuple[Lesson, ...]) -> None:
    two = tuple(each for each in lessons if each.person in {"ada", "ben"})
    assert fit_acoustics(Material(two, noise=NOISE), APART)[:2] == [None, None]
