"""The learned matcher with people's own wording, and without what only one of them says."""

from pathlib import Path

from earwitness.learning.adapt.language import Meaning
from earwitness.learning.adapt.material import Lesson, Material
from earwitness.learning.adapt.understanding import fit_understanding
from earwitness.learning.examples import Account, Example, Source
from earwitness.learning.split import Side
from earwitness.understanding.learned import model
from earwitness.understanding.learned.intents import OUT_OF_SCOPE
from earwitness.understanding.learned.training import Example as Sentence
from earwitness.understanding.learned.training import Material as Sentences

ON, OFF = (("Lamp" + which, frozenset({("name", "lamp")})) for which in ("On", "Off"))
KNOWN = [
    *(
        Sentence(f"turn on the lamp {word}", "LampOn", (("name", 12, 16),))
        for word in ("now", "please", "here", "again")
    ),
    *(
        Sentence(f"turn off the lamp {word}", "LampOff", (("name", 13, 17),))
        for word in ("now", "please", "here", "again")
    ),
    *(Sentence(f"who won the {word}", OUT_OF_SCOPE) for word in ("game", "race", "match", "vote")),
]


def shipped() -> Sentences:
    return Sentences(KNOWN)


def lesson(text: str, person: str, meaning: Meaning | None) -> Lesson:
    account = Account(text, for_me=meaning is not None)
    return Lesson(Example(text, person, "home", Source.CORRECTION, account, text, True, b""), Side.LEARN, text, meaning)


def both(text: str, meaning: Meaning | None) -> list[Lesson]:
    return [lesson(text, person, meaning) for person in ("a", "b")]


def taught() -> list[Lesson]:
    dark = [f"{word} dark around the lamp" for word in ("so", "too", "very", "rather", "quite", "awfully")]
    bright = [f"{word} bright around the lamp" for word in ("so", "too", "very", "rather", "quite", "awfully")]
    return [*(each for text in dark for each in both(text, ON)), *(each for text in bright for each in both(text, OFF))]


def test_wording_that_two_people_use_is_understood_afterwards(tmp_path: Path) -> None:
    assert fit_understanding(Material(tuple(taught()), fewest=2), tmp_path, shipped) == 24
    found = model.load(tmp_path)
    assert found.guess("really dark around the lamp").ranked[0] == "LampOn"
    assert found.guess("really bright around the lamp").ranked[0] == "LampOff"
    assert [each.text for each in found.slots("so dark around the lamp", "LampOn", {})] == ["lamp"]


def test_a_word_of_one_person_is_nowhere_in_the_model(tmp_path: Path) -> None:
    lessons = [*taught(), lesson("lumos around the lamp", "a", ON), lesson("lumos around the lamp", "a", ON)]
    assert fit_understanding(Material(tuple(lessons), fewest=2), tmp_path, shipped) == 24
    assert "lumos" not in (tmp_path / "model.json").read_text()
    assert fit_understanding(Material(tuple(lessons), fewest=1), tmp_path, shipped) == 26
    assert "lumos" in (tmp_path / "model.json").read_text()


def test_what_was_not_for_it_is_learned_as_such(tmp_path: Path) -> None:
    lessons = [*taught(), *both("the lamp was dear", None), *both("such a dear lamp", None)]
    fit_understanding(Material(tuple(lessons), fewest=2), tmp_path, shipped)
    found = model.load(tmp_path)
    assert found.guess("what a dear lamp").probability < found.guess("what a dark lamp").probability


def test_a_few_sentences_are_not_worth_a_new_model(tmp_path: Path) -> None:
    assert fit_understanding(Material(tuple(taught()[:10]), fewest=1), tmp_path / "none", shipped) == 0
    assert not (tmp_path / "none").exists()
