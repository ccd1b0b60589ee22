import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earwitness.understanding.context import Context
from earwitness.understanding.fuzzy import turns
from earwitness.understanding.matcher import Matcher
from earwitness.understanding.values import Hypothesis, Kind, Source


def meaning(english: Matcher, text: str, home: Context) -> tuple[str, dict[str, object]]:
    understood = english.understand(text, home)
    assert understood.kind is Kind.UNDERSTOOD, understood
    assert understood.best is not None
    return understood.best.intent.name, {name: slot.value for name, slot in understood.best.intent.slots.items()}


def test_a_template_is_understood_exactly(english: Matcher, home: Context) -> None:
    understood = english.understand("Turn on the kitchen light, please.", home)
    assert understood.best is not None
    assert understood.best.source is Source.TEMPLATE
    assert meaning(english, "turn on the kitchen light", home) == ("HassTurnOn", {"name": "light.kitchen"})


@pytest.mark.parametrize(
    ("said", "intent", "slots"),
    [
        ("turn on kitchin light", "HassTurnOn", {"name": "light.kitchen"}),
        ("trun off the kitchen lihgt", "HassTurnOff", {"name": "light.kitchen"}),
        ("turn of the coffee maker", "HassTurnOff", {"name": "switch.coffee"}),
        ("lock up the frond door", "HassTurnOn", {"name": "lock.front", "domain": "lock"}),
    ],
)
def test_near_misses(english: Matcher, home: Context, said: str, intent: str, slots: dict[str, str]) -> None:
    assert meaning(english, said, home) == (intent, slots)


def test_natural_wording(english: Matcher, home: Context) -> None:
    assert meaning(english, "it is way too dark in the lounge", home) == (
        "HassTurnOn",
        {"domain": "light", "area": "living"},
    )
    name, slots = meaning(english, "could you get me up at six thirty tomorrow", home)
    assert name == "SetAlarm"
    assert str(slots["date"]) == "2026-06-02"
    assert meaning(english, "i am freezing", home) == ("ClimateAdjust", {"direction": "up"})


@pytest.mark.parametrize("said", ["turn on the bed lamp", "turn on the bedroon lampe in bed"])
def test_two_names_that_are_as_near_make_a_question(english: Matcher, home: Context, said: str) -> None:
    understood = english.understand(said, home)
    assert understood.kind is not Kind.UNDERSTOOD or understood.best is not None
    if understood.kind is Kind.AMBIGUOUS:
        assert understood.question.startswith("Did you mean “turn on")


def test_two_hypotheses_that_are_close_make_a_question(english: Matcher, home: Context) -> None:
    heard = [Hypothesis("turn on the kitchen light", 0.5), Hypothesis("turn off the kitchen light", 0.45)]
    understood = english.understand(heard, home)
    assert understood.kind is Kind.AMBIGUOUS
    assert understood.question == "Did you mean “turn on the kitchen light” or “turn off the kitchen light”?"


def test_several_hypotheses_of_one_meaning_strengthen_it(english: Matcher, home: Context) -> None:
    one = english.understand([Hypothesis("turn on the kitchen light", 0.6)], home)
    two = english.understand(
        [Hypothesis("turn on the kitchen light", 0.6), Hypothesis("switch on the kitchen light", 0.3)], home
    )
    assert one.best is not None
    assert two.best is not None
    assert one.best.score < two.best.score <= 1


@pytest.mark.parametrize(
    "said",
    [
        "who won the world cup",
        "my brother went to the beach last summer",
        "blah blah",
        "",
        "   ",
        "the",
        "?!",
        "lock the fridge",
        "unlock",
        "book a flight to rome",
        "what is the capital of peru",
    ],
)
def test_what_is_for_nobody_is_out_of_scope(english: Matcher, home: Context, said: str) -> None:
    assert english.understand(said, home).kind is Kind.OUT_OF_SCOPE


@pytest.mark.parametrize("said", ["turn kitchen light", "the kitchen light", "turn it on"])
def test_what_leaves_open_whether_on_or_off_changes_nothing(english: Matcher, home: Context, said: str) -> None:
    understood = english.understand(said, home)
    asks_only = understood.best is not None and understood.best.intent.name == "HassGetState"
    assert understood.kind is not Kind.UNDERSTOOD or asks_only
    if understood.kind is Kind.AMBIGUOUS:
        assert understood.question


@pytest.mark.parametrize(
    ("said", "never"),
    [
        ("turn off the kitchn light", "HassTurnOn"),
        ("turn on the kitchn light", "HassTurnOff"),
        ("close the living rom blinds", "HassTurnOn"),
        ("unlock the frnt door", "HassTurnOn"),
        ("lock the frnt door", "HassTurnOff"),
    ],
)
def test_a_near_miss_never_turns_the_meaning_round(english: Matcher, home: Context, said: str, never: str) -> None:
    understood = english.understand(said, home)
    readings = [understood.best, *understood.alternatives]
    assert never not in {reading.intent.name for reading in readings if reading and reading.source is Source.FUZZY}


def test_words_that_turn_a_meaning_round() -> None:
    assert turns(["turn", "on"]) != turns(["turn", "off"])
    assert turns(["please"]) == frozenset()


WORDS = st.sampled_from(
    [
        "turn",
        "on",
        "off",
        "the",
        "kitchen",
        "light",
        "bedroom",
        "lamp",
        "set",
        "timer",
        "for",
        "five",
        "minutes",
        "at",
        "seven",
        "tomorrow",
        "add",
        "milk",
        "to",
        "list",
        "what",
        "is",
        "my",
        "unlock",
        "door",
        "and",
        "or",
        "30",
        "percent",
        "red",
        "stop",
        "please",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=25))
def test_any_words_give_an_answer_with_scores_in_bounds(english: Matcher, home: Context, words: list[str]) -> None:
    understood = english.understand(" ".join(words), home)
    assert (understood.kind is Kind.AMBIGUOUS) == bool(understood.question)
    for reading in (understood.best, *understood.alternatives):
        assert reading is None or 0 <= reading.score <= 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=15), st.floats(-1, 2))
def test_any_text_gives_an_answer(english: Matcher, home: Context, texts: list[str], score: float) -> None:
    understood = english.understand([Hypothesis(text, score) for text in texts], home)
    assert (understood.kind is Kind.OUT_OF_SCOPE) == (understood.best is None)


def test_a_very_long_text_ends(english: Matcher, home: Context) -> None:
    assert english.understand("turn on the " * 10_000, home).kind is not Kind.UNDERSTOOD
