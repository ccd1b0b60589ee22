import random
import re
from pathlib import Path

import hassil
import home_assistant_intents
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput
from earwitness.understanding.context import Context, Named
from earwitness.understanding.learned.corpus import filled
from earwitness.understanding.sampling import draws
from earwitness.understanding.sentence_files import read_file
from earwitness.understanding.sentences import load, shipped_folder, slot_lists
from earwitness.understanding.templates import TemplateMatcher
from earwitness.understanding.values import Kind

COFFEE = """
intents:
  orderDrink:
    data:
      - sentences:
          - "(make me|i want) [a|an] [{size}] {drink}"
lists:
  size:
    values: [small, large]
  drink:
    values: [espresso, {in: "latt(e|é)", out: latte}]
"""


def test_a_household_adds_a_skill_with_one_file(tmp_path: Path) -> None:
    (tmp_path / "coffee.yaml").write_text(COFFEE, encoding="utf-8")
    match = TemplateMatcher(load([tmp_path])).match("I want a large latte!", Context())[0]
    assert match.intent.name == "orderDrink"
    assert {name: slot.value for name, slot in match.intent.slots.items()} == {"size": "large", "drink": "latte"}


def test_the_households_own_folder_comes_first(tmp_path: Path, home: Context) -> None:
    own = "intents: {Party: {data: [{sentences: ['turn on the kitchen light']}]}}"
    (tmp_path / "party.yaml").write_text(own, encoding="utf-8")
    assert TemplateMatcher(load([tmp_path])).match("turn on the kitchen light", home)[0].intent.name == "Party"


def block(sentence: str) -> str:
    return f"intents:\n  A:\n    data:\n      - sentences:\n          - '{sentence}'\n"


TENFOLD = "".join(
    f"{name}: &{name} [{', '.join([f'*{last}'] * 10)}]\n" for last, name in zip("abcde", "bcdef", strict=True)
)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (block("turn (on"), "line 5: brackets"),
        (block("go {nowhere}"), "line 5: there is no list {nowhere}"),
        (block("go <nowhere>"), "line 5: there is no rule <nowhere>"),
        ("expansion_rules:\n  a: '<b>'\n  b: '<a>'\n", "line 2: the rule <a> leads back to itself"),
        ("intents:\n  A:\n    data:\n      - sentence: x\n", "line 4: a block needs a list 'sentences'"),
        ("intents:\n  A: 3\n", "line 2: the intent A has no list 'data'"),
        ("intent: {}\n", "line 1: unknown key 'intent'"),
        ("lists:\n  a:\n    values: [1, 2]\n", "line 3: the value"),
        ("lists:\n  a:\n    range: {from: 5, to: 1}\n", "line 3: a range goes"),
        ("intents: [\n", "not YAML"),
        ("- a\n", "line 1: the file is not a mapping"),
        (f"a: &a [1]\n{TENFOLD}", "too many entries"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as error:
        load([tmp_path], home=False)
    assert error.value.what.startswith("mine.yaml, line ")
    assert complaint in error.value.what


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(b"intents: \xff\xfe")
    with pytest.raises(BadInput, match=r"mine\.yaml is not UTF-8"):
        load([tmp_path])


@settings(max_examples=60)
@given(st.text(alphabet="()[]{}<>|;: ab\n-'\"&*", max_size=60))
def test_no_template_raises_anything_but_our_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("s") / "a.yaml"
    for content in (text, "intents: {A: {data: [{sentences: [" + repr(text) + "]}]}}"):
        path.write_text(content, encoding="utf-8")
        try:
            read_file(path)
        except BadInput as error:
            assert "a.yaml" in error.what  # noqa: PT017 - the error itself is looked at


NO_DAY_OF_EVERY_MONTH = re.compile(r"\b(thirty first|thirtieth|3[01](st|th)?)( |$)")


def test_every_shipped_sentence_means_its_own_intent(home: Context) -> None:
    """The shortest form of each template, filled with names, must come out as the intent it stands under."""
    sentences = load(home=False)
    intents = sentences.sources[0].intents
    templates = TemplateMatcher(sentences)
    rng = random.Random(4)
    lists = {**intents.slot_lists, **slot_lists(home)}
    missed = []
    for draw in draws(intents, 1, rng):
        known = {
            domain for domain in ("light", "cover", "lock", "switch") if domain in str(draw.requires.get("domain"))
        }
        if (draw.requires and not known) or any(piece.list_name in {"floor", "person"} for piece in draw.pieces):
            continue
        text = filled(draw, draw.intent, lists, intents.expansion_rules, rng).text
        if NO_DAY_OF_EVERY_MONTH.search(text):
            continue  # september has no thirty first: a sentence that is no date means nothing, and should
        if draw.intent not in {match.intent.name for match in templates.match(text, home)}:
            missed.append((draw.intent, text))
    assert not missed, missed


@pytest.mark.parametrize("language", home_assistant_intents.get_languages())
def test_every_language_of_home_assistant_loads(language: str) -> None:
    sentences = load(language=language, shipped=False)
    assert any(name.startswith("Hass") for name in sentences.intent_names())


@pytest.mark.parametrize(
    ("language", "said", "intent"),
    [
        ("de", "Schalte das Licht in der Küche an", "HassTurnOn"),
        ("fr", "allume la lumière dans la cuisine", "HassTurnOn"),
        ("nl", "Doe de lampen in de keuken uit", "HassTurnOff"),
        ("es", "enciende la luz de la cocina", "HassTurnOn"),
    ],
)
def test_other_languages_mean_the_same_intents(language: str, said: str, intent: str) -> None:
    rooms = {"de": "Küche", "fr": "cuisine", "nl": "keuken", "es": "cocina"}
    context = Context(areas=(Named("kitchen", rooms[language]),))
    match = TemplateMatcher(load(language=language)).match(said, context)[0]
    assert match.intent.name == intent
    assert match.intent.slots["area"].value == "kitchen"


def test_an_unknown_language_says_which_there_are() -> None:
    with pytest.raises(BadInput, match="Home Assistant knows"):
        load(language="xx")


def test_home_assistants_hours_and_minutes_become_one_duration() -> None:
    match = TemplateMatcher(load(shipped=False)).match("start a timer for 1 hour and 5 minutes", Context())[0]
    assert str(match.intent.slots["duration"].value) == "Duration(seconds=3900)"
    assert "hours" not in match.intent.slots


def test_the_structures_are_hassils_own() -> None:
    assert shipped_folder().is_dir()
    assert all(isinstance(source.intents, hassil.Intents) for source in load().sources)
    assert Kind.UNDERSTOOD == "understood"


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("run bathing time", "HassTurnOn"),
        ("skip on the radio", "HassMediaNext"),
        ("next song in the radio", "HassMediaNext"),
        ("previous track on the radio", "HassMediaPrevious"),
        ("what is the cellar humidity", "HassGetState"),
    ],
)
def test_scripts_players_and_sensors_are_spoken_of_by_name(said: str, intent: str) -> None:
    home = Context(
        devices=(
            Named("script.bath", "Bathing time", domain="script"),
            Named("media_player.radio", "Radio", domain="media_player"),
            Named("sensor.cellar", "Cellar humidity", domain="sensor"),
            Named("light.hall", "Hall light", domain="light"),
        )
    )
    matcher = TemplateMatcher(load(home=False))
    found = matcher.match(said, home)[0].intent
    assert (found.name, len(found.slots)) == (intent, 1)
    assert not matcher.match("what is the hall light", home)
    assert not matcher.match("are of lights on", home)
