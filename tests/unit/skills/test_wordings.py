"""Ways to say things that no template was written for first: each means what it meant when it was solved."""

from pathlib import Path

import pytest

from earwitness.skills.lists.store import BUILT_IN
from earwitness.testing.clock import VirtualClock
from earwitness.understanding.context import Context, Named
from earwitness.understanding.matcher import Matcher
from earwitness.understanding.values import Kind

TABLE = [line.split("\t") for line in (Path(__file__).parent / "wordings.tsv").read_text().splitlines()]


@pytest.mark.parametrize(("sentence", "intent", "slots"), TABLE, ids=[each[0] for each in TABLE])
def test_it_means_what_it_says(
    matcher: Matcher, virtual_clock: VirtualClock, sentence: str, intent: str, slots: str
) -> None:
    lists = tuple(Named(each.id, each.name, each.variants) for each in BUILT_IN)
    understood = matcher.understand(sentence, Context(lists=lists, clock=virtual_clock))
    assert understood.kind is Kind.UNDERSTOOD
    assert understood.best is not None
    found = understood.best.intent
    said = ";".join(f"{name}={slot.text}" for name, slot in sorted(found.slots.items()) if slot.text)
    assert (found.name, said) == (intent, slots)
