"""Skills of one file: answered without code, and every mistake told with file and line."""

from pathlib import Path
from textwrap import dedent

import pytest

from earwitness.kernel.errors import BadInput
from earwitness.skills.registry import by_intent
from earwitness.skills.sentences.answers import LONGEST_ANSWER
from earwitness.skills.sentences.skill import SentenceSkill
from earwitness.testing.clock import VirtualClock
from earwitness.testing.talking import at_home
from earwitness.understanding.context import Context
from earwitness.understanding.loading import of
from earwitness.understanding.sentences import load

BARISTA = Path(__file__).parents[4] / "examples" / "barista"
GOOD = """
language: en
intents:
  WaterPlants:
    data:
      - sentences: ["water the (ferns|palms) [{amount}]"]
      - sentences: ["give {plant} a lot of water"]
        response: much
lists:
  amount: {values: [a little, {in: "(plenty|a lot)", out: "very much"}]}
  plant: {values: [ferns, palms]}
responses:
  intents:
    WaterPlants:
      default: >
        Watering{% if slots.amount %} {{ slots.amount }}{% endif %}
        in the {{ area }}.
      much: "{{ slots.plant | upper }} get it all at {{ now.hour }}."
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sentences"
    made.mkdir()
    return made


def write(folder: Path, text: str, name: str = "plants.yaml") -> None:
    (folder / name).write_text(dedent(text).lstrip("\n"))


def said(folder: Path, sentence: str) -> str:
    """Answer a sentence with the skill alone."""
    import asyncio  # noqa: PLC0415 - beside its one use

    from earwitness.testing.talking import Conversation, Dialog, Hypothesis, Said, Trace  # noqa: PLC0415 - its parts

    clock = VirtualClock()
    dialog = Dialog([SentenceSkill([folder])], of(load([folder], shipped=False, home=False)), clock)
    turn = Said((Hypothesis(sentence),), Context(clock=clock))
    return asyncio.run(dialog.turn(turn, at_home(), Conversation(), Trace())).text


def refused(folder: Path, served: frozenset[str] = frozenset()) -> str:
    with pytest.raises(BadInput) as error:
        SentenceSkill([folder], served)
    return error.value.what


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("water the ferns", "Watering in the kitchen."),
        ("water the ferns a little", "Watering a little in the kitchen."),
        ("water the palms plenty", "Watering very much in the kitchen."),
        ("give ferns a lot of water", "FERNS get it all at 12."),
        ("water the fernz", "Watering in the kitchen."),
    ],
)
def test_an_intent_with_an_answer_needs_no_code(folder: Path, sentence: str, answer: str) -> None:
    write(folder, GOOD)
    assert said(folder, sentence) == answer


def test_the_example_is_such_a_skill() -> None:
    skill = SentenceSkill([BARISTA])
    assert skill.intents == {"orderDrink"}
    assert said(BARISTA, "can i get a large dark roast latte with soy milk") == "One latte, coming up."


def test_folders_in_front_answer_first(folder: Path, tmp_path: Path) -> None:
    write(folder, GOOD)
    front = tmp_path / "front"
    front.mkdir()
    write(front, 'responses: {intents: {WaterPlants: {default: "Done."}}}')
    skill = SentenceSkill([front, folder])
    assert skill._answers["WaterPlants"]["default"].place == "plants.yaml, line 1"
    assert set(skill._answers["WaterPlants"]) == {"default", "much"}


def test_sentences_for_what_another_skill_serves_need_no_answer(folder: Path) -> None:
    write(folder, 'intents: {HassTurnOn: {data: [{sentences: ["let there be light"]}]}}')
    assert SentenceSkill([folder], frozenset({"HassTurnOn"})).intents == frozenset()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            """
            intents:
              Sing:
                data: [{sentences: ["sing"]}]
            """,
            "plants.yaml, line 3: nothing answers the intent Sing.",
        ),
        (
            """
            intents:
              Sing:
                data:
                  - sentences: ["sing"]
                  - sentences: ["sing loudly"]
                    response: loud
            responses:
              intents:
                Sing:
                  default: "La."
            """,
            "plants.yaml, line 5: there is no answer 'loud' for Sing.",
        ),
        (
            """
            responses:
              intents:
                Sing:
                  default: "La {{ slots.song"
            """,
            "plants.yaml, line 4: the answer is no template: ",
        ),
        (
            """
            responses:
              intents:
                Sing:
                  default: "La {{ state.name }}"
            """,
            "plants.yaml, line 4: the answer asks for 'state'.",
        ),
        (
            """
            responses:
              intents:
                HassTurnOn:
                  default: "On."
            """,
            "plants.yaml, line 4: the intent HassTurnOn is answered by a skill.",
        ),
        (
            """
            responses:
              intents:
                Sing: "La."
            """,
            "plants.yaml, line 3: an answer is 'default: text'.",
        ),
        ("responses: {intents: [Sing]}", "plants.yaml, line 1: 'intents' is not a mapping of names."),
    ],
)
def test_a_mistake_is_told_with_file_and_line(folder: Path, text: str, complaint: str) -> None:
    write(folder, text)
    assert refused(folder, frozenset({"HassTurnOn"})).startswith(complaint)


@pytest.mark.parametrize(
    "answer",
    [
        "{{ slots.__class__.__mro__ }}",
        "{{ ''.join(['a'] * 1000000000) }}",
        "{{ 2 ** 100000000 }}",
        "{{ now.no_such.thing }}",
        "{{ 1 / 0 }}",
        "{% for x in slots %}{{ slots.clear() }}{% endfor %}",
    ],
)
def test_an_answer_that_reaches_too_far_is_an_apology_with_its_place(folder: Path, answer: str) -> None:
    write(folder, GOOD.replace("{{ slots.plant | upper }} get it all at {{ now.hour }}.", answer))
    reply = said(folder, "give ferns a lot of water")
    assert reply in {"Sorry, that did not work. Mend the template.", ""}


def test_unknown_functions_are_refused_when_the_file_is_read(folder: Path) -> None:
    write(folder, 'responses: {intents: {Sing: {default: "{{ range(1000) }}"}}}')
    assert refused(folder) == "plants.yaml, line 1: the answer asks for 'range'."


def test_an_answer_has_an_end(folder: Path) -> None:
    write(folder, f"responses: {{intents: {{Sing: {{default: {'la ' * 1200}}}}}}}")
    skill = SentenceSkill([folder])
    assert len(skill._answers["Sing"]["default"].fill({})) == LONGEST_ANSWER
    write(folder, f"responses: {{intents: {{Sing: {{default: {'la ' * 2000}}}}}}}")
    assert refused(folder) == "plants.yaml, line 1: the answer is too long."


def test_it_takes_no_intent_of_another_skill(folder: Path) -> None:
    write(folder, GOOD)
    assert by_intent([SentenceSkill([folder])]) == {"WaterPlants": "sentences"}
