"""A pool that is given another engine: utterances under way end with the old one, the next ones have the new one."""

from collections.abc import Iterator

import pytest

from earwitness.kernel.errors import EngineMissing
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.pool import Patience, RecogniserPool
from earwitness.speech.asr.process import EngineSpec
from earwitness.testing.recognising import SPELLED, spell

LIGHTS = WordGraph(({"light": 1}, {"on": 2, "off": 2}, {}), 0, frozenset({2}))
ODD = WordGraph(({"xyzzy": 1}, {}), 0, frozenset({1}))
MUTE = EngineSpec("mute", SPELLED.maker, {"unpronounceable": ["xyzzy"]})  # told from the first by what it cannot say
PATIENCE = Patience(answer=5.0, place=30.0, again=(0.0, 0.0))


@pytest.fixture
def pool() -> Iterator[RecogniserPool]:
    with RecogniserPool(SPELLED, workers=1, patience=PATIENCE) as made:
        yield made


def hear(pool: RecogniserPool, text: str, grammar: WordGraph) -> str | None:
    listening = pool.listen(grammar)
    listening.feed(spell(text))
    best = listening.finish().best
    return best.text if best else None


def test_the_next_utterance_has_the_new_engine(pool: RecogniserPool) -> None:
    assert hear(pool, "xyzzy", ODD) == "xyzzy"
    pool.change(MUTE)
    assert hear(pool, "light on", LIGHTS) == "light on"
    with pytest.raises(EngineMissing):
        hear(pool, "xyzzy", ODD)


def test_an_utterance_under_way_ends_with_the_old_engine(pool: RecogniserPool) -> None:
    listening = pool.listen(ODD)
    listening.feed(spell("xy"))
    pool.change(MUTE)
    listening.feed(spell("zzy"))
    best = listening.finish().best
    assert best is not None
    assert best.text == "xyzzy"
    with pytest.raises(EngineMissing):
        hear(pool, "xyzzy", ODD)
