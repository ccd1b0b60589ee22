"""A household's own sentence that stands for another: understood by that one, whatever kind of values are in it."""

import datetime as dt
from dataclasses import replace

import pytest

from earwitness.understanding.context import Context
from earwitness.understanding.matcher import Matcher
from earwitness.understanding.taught import Taught, TaughtSentence, read_taught
from earwitness.understanding.values import ClockTime, Duration, Kind, Source


def taught(home: Context, **means: str) -> Context:
    """The home with sentences of its own; underscores are spaces."""
    own = Taught(tuple(TaughtSentence(said.replace("_", " "), means=each) for said, each in means.items()))
    return replace(home, taught=read_taught(own.to_bytes()))


@pytest.mark.parametrize(
    ("means", "slot", "value"),
    [
        ("set a timer for five minutes", "duration", Duration(300)),
        ("set an alarm for seven in the morning", "time", ClockTime(dt.time(7), certain=True)),
        ("turn on the kitchen light", "name", "light.kitchen"),
        ("trun on the kitchen lihgt", "name", "light.kitchen"),
    ],
)
def test_it_does_what_that_one_does(english: Matcher, home: Context, means: str, slot: str, value: object) -> None:
    assert english.understand("chicken dance", home).kind is Kind.OUT_OF_SCOPE
    found = english.understand("Chicken dance!", taught(home, chicken_dance=means))
    assert found.kind is Kind.UNDERSTOOD
    assert found.best is not None
    assert found.best.intent.slots[slot].value == value
    assert (found.best.source, found.best.text) == (Source.LEARNED, "Chicken dance!")


def test_it_comes_before_a_template(english: Matcher, home: Context) -> None:
    found = english.understand("what time is it", taught(home, what_time_is_it="turn on the kitchen light"))
    assert found.best is not None
    assert found.best.intent.name == "HassTurnOn"


def test_where_that_one_means_nothing_all_is_as_it_was(english: Matcher, home: Context) -> None:
    own = taught(
        home, what_time_is_it="blorb the wug", chicken_dance="chicken dance", round="and round", and_round="round"
    )
    found = english.understand("what time is it", own)
    assert found.best is not None
    assert found.best.source is Source.TEMPLATE
    for said in ("chicken dance", "round", "and round"):
        assert english.understand(said, own).kind is Kind.OUT_OF_SCOPE
