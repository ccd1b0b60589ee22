"""The graph of sentences: sentences added to it, and chances learned for it."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.word_graph import END, WordGraph

WORDS = st.sampled_from(["a", "b", "c"])
SENTENCES = st.lists(st.lists(WORDS, min_size=1, max_size=4).map(tuple), max_size=6)


def graph(*sentences: tuple[str, ...]) -> WordGraph:
    return WordGraph(({},), 0, frozenset()).joined(sentences)


def said(made: WordGraph) -> set[tuple[str, ...]]:
    return set(made.sentences(1_000))


@given(SENTENCES, SENTENCES)
def test_what_is_joined_is_said_as_well_and_nothing_else(
    first: list[tuple[str, ...]], more: list[tuple[str, ...]]
) -> None:
    before = graph(*first)
    kept = said(before)
    assert said(before.joined(more)) == kept | set(more) == set(first) | set(more)
    assert said(before) == kept


def test_states_that_several_lead_to_are_not_changed_for_all() -> None:
    shared = WordGraph(({"a": 1, "b": 1}, {"c": 2}, {}), 0, frozenset({2}))
    assert said(shared.joined([("a", "d")])) == {("a", "c"), ("b", "c"), ("a", "d")}


@given(SENTENCES.filter(bool))
def test_chances_add_up_to_one_in_every_state(sentences: list[tuple[str, ...]]) -> None:
    def chances(before: frozenset[str], may: frozenset[str]) -> Mapping[str, float]:
        return {word: 1.0 + len(before) + len(word) for word in may}

    made = graph(*sentences).weighed(chances)
    for state, arcs in enumerate(made.arcs):
        ends = {END} if state in made.final else set()
        total = sum(made.chance(state, word) for word in (*arcs, *ends))
        assert total == pytest.approx(1.0) or not (arcs or ends)


def test_without_chances_all_are_as_likely() -> None:
    made = graph(("a",), ("a", "b"), ("c",))
    assert made.chance(made.start, "a") == made.chance(made.start, "c") == 0.5
    after = made.arcs[made.start]["a"]
    assert made.chance(after, "b") == made.chance(after, END) == 0.5


def test_chances_are_told_what_stands_before() -> None:
    asked: list[tuple[frozenset[str], frozenset[str]]] = []

    def chances(before: frozenset[str], may: frozenset[str]) -> Mapping[str, float]:
        asked.append((before, may))
        return dict.fromkeys(may, 1.0)

    graph(("a", "b")).weighed(chances)
    assert (frozenset({END}), frozenset({"a"})) in asked
    assert (frozenset({"a"}), frozenset({"b"})) in asked
    assert (frozenset({"b"}), frozenset({END})) in asked
