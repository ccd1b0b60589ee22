import random
from pathlib import Path

import pytest

from earwitness.kernel.errors import BadInput
from earwitness.understanding.context import Context, Named
from earwitness.understanding.grammar import compile_grammar
from earwitness.understanding.sampling import draws
from earwitness.understanding.sentences import Sentences, load
from earwitness.understanding.templates import TemplateMatcher

EXAMPLES = Path(__file__).parents[3] / "examples" / "barista"
HOME = Context(
    areas=(Named("kitchen", "Kitchen"),),
    devices=(Named("light.lamp", "Reading lamp", domain="light"), Named("lock.door", "Front door", domain="lock")),
    lists=(Named("todo.shop", "Shopping list"),),
)


def _sentences(folder: Path, text: str) -> Sentences:
    (folder / "own.yaml").write_text(text, "utf-8")
    return load([folder], shipped=False, home=False)


def _accepts(sentences: Sentences, text: str, context: Context = HOME) -> bool:
    return compile_grammar(sentences.sources, context).accepts(text.split())


@pytest.fixture
def one(tmp_path: Path):
    def make(template: str, more: str = "") -> Sentences:
        body = f'language: en\nintents:\n  Try:\n    data:\n      - sentences: ["{template}"]\n{more}'
        return _sentences(tmp_path, body)

    return make


@pytest.mark.parametrize(
    ("template", "said", "expected"),
    [
        ("turn on [the] light[s]", "turn on the lights", True),
        ("turn on [the] light[s]", "turn on light", True),
        ("turn on [the] light[s]", "turn on the light s", False),
        ("(red|green) lamp", "blue lamp", False),
        ("put (a;[b];c) down", "put c a down", True),
        ("put (a;[b];c) down", "put c b a down", True),
        ("put (a;[b];c) down", "put c b down", False),
        ("wait {1..120:n} seconds", "wait a hundred and five seconds", True),
        ("wait {1..120:n} seconds", "wait one hundred twenty one seconds", False),
        ("wait {1..120:n} seconds", "wait 5 seconds", False),
        ("tell [them] {message}", "tell them dinner is ready", True),
        ("tell [them] {message}", "tell", False),
    ],
)
def test_accepts_what_the_template_allows(one, template, said, expected) -> None:
    assert _accepts(one(template), said) is expected


def test_names_are_held_to_the_kind_a_block_requires(tmp_path) -> None:
    text = (
        "language: en\nintents:\n  Lock:\n    data:\n      - sentences: ['lock [the] {name}']\n"
        "        requires_context: {domain: lock}\n"
    )
    sentences = _sentences(tmp_path, text)
    assert _accepts(sentences, "lock the front door")
    assert not _accepts(sentences, "lock the reading lamp")


def test_the_same_words_lead_to_one_state(one) -> None:
    graph = compile_grammar(one("(turn on|turn off|turn up) the radio").sources, HOME)
    assert list(graph.arcs[graph.start]) == ["turn"]
    assert len(graph.arcs) == 5  # turn · on/off/up · the · radio


def test_every_sampled_sentence_of_the_shipped_templates_is_in_the_grammar() -> None:
    sentences = load(home=False)
    graph = compile_grammar(sentences.sources, HOME)
    rng = random.Random(3)
    plain = [
        draw.pieces
        for source in sentences.sources
        for draw in draws(source.intents, 3, rng)
        if all(not piece.list_name for piece in draw.pieces)
    ]
    missing = [words for (piece,) in plain if not graph.accepts(words := piece.text.lower().split())]
    assert len(plain) > 100
    assert missing == []


def test_sentences_of_the_grammar_match_the_templates_again() -> None:
    sentences = load([EXAMPLES], shipped=False, home=False)
    graph = compile_grammar(sentences.sources, Context())
    matcher = TemplateMatcher(sentences)
    said = list(graph.sentences(2_000))[::97]
    assert said
    assert all(matcher.match(" ".join(words), Context()) for words in said)


def test_the_barista_orders_in_any_order() -> None:
    graph = compile_grammar(load([EXAMPLES], shipped=False, home=False).sources, Context())
    assert graph.accepts(
        [
            "can",
            "i",
            "get",
            "a",
            "double",
            "shot",
            "dark",
            "roast",
            "large",
            "iced",
            "mocha",
            "with",
            "lots",
            "of",
            "sugar",
            "and",
            "a",
            "bit",
            "of",
            "cream",
        ]
    )
    assert not graph.accepts(["can", "i", "get", "a", "large", "small", "latte"])
    assert not graph.accepts(["can", "i", "get", "a", "latte", "with", "sugar", "and", "sugar"])
    assert graph.may_go_on(["i", "want", "a", "latte"])
    assert not graph.may_go_on(["i", "want", "a", "latte", "with", "milk", "and", "sugar"])
    assert len(graph.arcs) < 100


def test_the_whole_house_stays_compact() -> None:
    graph = compile_grammar(load().sources, HOME)
    assert len(graph.arcs) < 5_000
    closed = graph.closed()
    assert not closed.open_slots()
    assert closed.accepts(["turn", "on", "the", "reading", "lamp"])
    assert not closed.accepts(["remind", "me", "to", "call"])


def test_rules_that_lead_back_are_refused(tmp_path) -> None:
    with pytest.raises(BadInput):
        _accepts(
            _sentences(
                tmp_path,
                "language: en\nexpansion_rules: {a: '<b>', b: '<a>'}\nintents: {T: {data: [{sentences: ['x <a>']}]}}\n",
            ),
            "x",
        )
