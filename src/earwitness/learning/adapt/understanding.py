"""The learned matcher with people's own wording: the shipped sentences, and theirs several times over.

A sentence whose words nobody but one person uses stays out of what others use. The slots are marked where their
values stand in the words; a sentence in which one cannot be found is left out.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from earwitness.learning.adapt.material import Lesson, Material, taught_by
from earwitness.understanding.learned.corpus import shipped_material
from earwitness.understanding.learned.intents import OUT_OF_SCOPE
from earwitness.understanding.learned.training import FEWEST, Example, fit
from earwitness.understanding.learned.training import Material as Sentences
from earwitness.understanding.wording import plain

EACH: Final = 4  # how often a taught sentence counts beside a shipped one
FEWEST_SENTENCES: Final = 20


def fit_understanding(
    material: Material, folder: Path, shipped_with: Callable[[], Sentences] = shipped_material
) -> int:
    """Train into ``folder``; return how many sentences were taught, 0 (and no folder) if there were too few."""
    if sum(bool(each.words) for each in material.learn()) < FEWEST_SENTENCES:
        return 0
    shipped = shipped_with()
    taught = list(_examples(material, shipped))
    if not taught:
        return 0
    known = {each.intent for each in shipped.examples}
    fresh = [each for each in taught if each.intent in known or _often(each.intent, taught)]
    sentences = [*shipped.examples, *(each for each in fresh for _ in range(EACH))]
    fit(Sentences(sentences, shipped.classes, shipped.names)).save(folder)
    return len(fresh)


def _often(intent: str, taught: list[Example]) -> bool:
    return EACH * sum(each.intent == intent for each in taught) >= FEWEST


def _examples(material: Material, shipped: Sentences) -> Iterator[Example]:
    common = {word for each in shipped.examples for word in each.text.split()}
    lessons = [(plain(each.words), each) for each in material.learn() if each.words]
    people = taught_by((word, lesson.person) for text, lesson in lessons for word in text.split())
    for text, lesson in lessons:
        if all(word in common or len(people[word]) >= material.fewest for word in text.split()):
            yield from _marked(text, lesson)


def _marked(text: str, lesson: Lesson) -> Iterator[Example]:
    if lesson.example.account.for_me is False:
        yield Example(text, OUT_OF_SCOPE, (), text)
        return
    if lesson.meaning is None:
        return
    intent, slots = lesson.meaning
    spans = []
    for name, value in sorted(slots):
        start = text.find(value)
        if start < 0:
            return
        spans.append((name, start, start + len(value)))
    yield Example(text, intent, tuple(spans), text)
