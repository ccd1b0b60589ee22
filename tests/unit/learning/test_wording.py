"""Sentence weights and sentences of people's own, with their people counted; and what is done with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput
from earwitness.kernel.word_graph import END, WordGraph
from earwitness.learning.adapt.language import Meaning
from earwitness.learning.adapt.material import Lesson, Material
from earwitness.learning.adapt.wording import fit_wording
from earwitness.learning.examples import Account, Example, Source
from earwitness.learning.split import Side
from earwitness.understanding.context import Context, Named
from earwitness.understanding.taught import NOTHING, Taught, TaughtSentence, read_taught, together

ON: Meaning = ("HassTurnOn", frozenset({("name", "lamp")}))
SWITCHED: Meaning = ("HassTurnOn", frozenset())
words = st.text("abc ", min_size=1, max_size=8).map(lambda text: " ".join(text.split())).filter(bool)


def lesson(
    text: str, person: str, meaning: Meaning | None = ON, side: Side = Side.LEARN, means: str | None = None
) -> Lesson:
    account = Account(text, meant=means)
    example = Example(f"{person} {text}", person, "home", Source.CORRECTION, account, text, True, b"")
    return Lesson(example, side, text, meaning)


def knows(text: str) -> Meaning | None:
    return ON if text == "turn on the lamp" else SWITCHED if text == "switch it on" else None


def test_a_sentence_no_template_knows_is_taught_with_its_meaning() -> None:
    taught = fit_wording(Material((lesson("let there be light", "a"),)), knows)
    assert taught.sentences == (TaughtSentence("let there be light", "HassTurnOn", {"name": "lamp"}),)


def test_a_sentence_the_templates_know_is_not_taught_again_but_counted() -> None:
    taught = fit_wording(Material((lesson("turn on the lamp", "a"),)), knows)
    assert taught.sentences == ()
    assert taught.pairs[END] == {"turn": 1.0}
    assert taught.pairs["lamp"] == {END: 1.0}


def test_a_sentence_that_stands_for_another_is_taught_with_it_even_where_that_one_means_nothing_here() -> None:
    """The learner does not know the names of a home's devices."""
    lessons = (
        lesson("let there be light", "a", None, means="Turn on the porch light!"),
        lesson("lights please", "a", ON, means="turn on the lamp"),
        lesson("switch it on", "a", SWITCHED, means="turn on the lamp"),
        lesson("turn on the lamp", "a", ON, means="turn on the lamp"),
        lesson("say nothing", "a", None),
    )
    taught = fit_wording(Material(lessons), knows)
    assert taught.sentences == (
        TaughtSentence("let there be light", means="turn on the porch light"),
        TaughtSentence("lights please", means="turn on the lamp"),
        TaughtSentence("switch it on", means="turn on the lamp"),
    )
    assert taught.meaning("let there be light", Context()) is None
    assert taught.stands_for("Let there be light.") == "turn on the porch light"


def test_what_only_one_person_says_is_in_nothing_that_others_use() -> None:
    lessons = (
        lesson("lumos maxima", "a"),
        lesson("lumos maxima", "a"),
        lesson("lights on", "a"),
        lesson("lights on", "b"),
    )
    taught = fit_wording(Material(lessons, fewest=2), knows)
    assert [each.said for each in taught.sentences] == ["lights on"]
    assert not {"lumos", "maxima"} & set(taught.pairs)
    assert b"lumos" not in taught.to_bytes()


def test_two_people_who_mean_different_things_agree_on_neither() -> None:
    off: Meaning = ("HassTurnOff", frozenset({("name", "lamp")}))
    taught = fit_wording(Material((lesson("the usual", "a"), lesson("the usual", "b", off)), fewest=2), knows)
    assert taught.sentences == ()


def test_nobody_is_learned_from_who_is_tested_on() -> None:
    assert not fit_wording(Material((lesson("let there be light", "a", side=Side.TEST),)), knows)


def test_a_taught_sentence_is_heard_and_understood_and_nothing_else_changes() -> None:
    plain = WordGraph(({"turn": 1}, {"on": 2, "off": 2}, {}), 0, frozenset({2}))
    taught = Taught((TaughtSentence("lights on", "HassTurnOn", {"name": "Lamp"}),))
    graph = taught.shape(plain)
    assert set(graph.sentences(10)) == {("turn", "on"), ("turn", "off"), ("lights", "on")}
    context = Context(devices=(Named("light.lamp", "lamp"),))
    found = taught.meaning("Lights on!", context)
    assert found is not None
    assert found.intent.slots["name"].value == "light.lamp"
    assert taught.meaning("lights", context) is None


def test_what_is_said_more_often_is_likelier_and_nothing_becomes_impossible() -> None:
    plain = WordGraph(({"turn": 1}, {"on": 2, "off": 2}, {}), 0, frozenset({2}))
    taught = Taught(pairs={"turn": {"on": 12.0, "elsewhere": 50.0}})
    graph = taught.shape(plain)
    assert graph.chance(1, "on") > 0.8
    assert graph.chance(1, "off") > 0.05
    assert graph.chance(1, "on") + graph.chance(1, "off") == pytest.approx(1.0)


@given(
    st.lists(
        st.builds(TaughtSentence, words, words, st.dictionaries(words, words, max_size=2), st.just("") | words),
        max_size=4,
    ),
    st.dictionaries(words, st.dictionaries(words, st.floats(0, 9), max_size=3), max_size=3),
)
def test_what_is_written_is_read(sentences: list[TaughtSentence], pairs: dict[str, dict[str, float]]) -> None:
    taught = Taught(tuple(sentences), pairs)
    assert read_taught(taught.to_bytes()) == taught


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"v":2,"sentences":[],"pairs":{}}', b'{"v":1,"sentences":[1],"pairs":{}}']
)
def test_what_is_no_teaching_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        read_taught(data)


def test_a_household_comes_before_what_is_shared() -> None:
    own = Taught((TaughtSentence("the usual", "A"),), {"a": {"b": 1.0}})
    shared = Taught((TaughtSentence("the usual", "B"), TaughtSentence("more", "C")), {"a": {"b": 2.0, "c": 1.0}})
    both = together([own, shared])
    assert [(each.said, each.intent) for each in both.sentences] == [("the usual", "A"), ("more", "C")]
    assert both.pairs == {"a": {"b": 3.0, "c": 1.0}}
    assert not together([])
    assert NOTHING.digest == ""
    assert own.digest != shared.digest
