"""The recogniser's sentence weights and vocabulary: which word follows which here, and sentences of people's own.

A pair of words, or a sentence that no template knows, goes into what others use only if enough different people
said it (two, unless set otherwise): what only one person says could tell who they are. In a
household's own layer one is enough. What a template knows already is not taught again.
"""

from collections.abc import Callable, Sequence

from earwitness.learning.adapt.language import Meaning
from earwitness.learning.adapt.material import Lesson, Material, taught_by
from earwitness.understanding.taught import Taught, TaughtSentence, pairs_of
from earwitness.understanding.wording import plain

Understand = Callable[[str], Meaning | None]


def fit_wording(material: Material, understand: Understand) -> Taught:
    """Learn from the examples' words; ``understand`` says what a sentence means without anything taught."""
    learn = [each for each in material.learn() if each.words and (each.meaning is not None or each.means)]
    spoken = [(plain(each.words or ""), each) for each in learn]
    return Taught(_sentences(spoken, material.fewest, understand), _pairs(spoken, material.fewest))


def _pairs(spoken: Sequence[tuple[str, Lesson]], fewest: int) -> dict[str, dict[str, float]]:
    people = taught_by((f"{a} {b}", lesson.person) for text, lesson in spoken for a, b in pairs_of(text))
    pairs: dict[str, dict[str, float]] = {}
    for text, _ in spoken:
        for before, after in pairs_of(text):
            if len(people[f"{before} {after}"]) >= fewest:
                known = pairs.setdefault(before, {})
                known[after] = known.get(after, 0.0) + 1.0
    return pairs


def _sentences(spoken: Sequence[tuple[str, Lesson]], fewest: int, understand: Understand) -> tuple[TaughtSentence, ...]:
    found: dict[tuple[str, Meaning | str], set[str]] = {}
    for text, lesson in spoken:
        if lesson.means:  # what it means at home is not known here, where nobody knows the names of the devices
            wanted: Meaning | str | None = plain(lesson.means)
            known = wanted == text
        else:
            wanted, known = lesson.meaning, understand(text) == lesson.meaning
        if wanted and not known:
            found.setdefault((text, wanted), set()).add(lesson.person)
    most: dict[str, tuple[int, Meaning | str]] = {}
    for (text, wanted), people in found.items():
        if len(people) >= fewest and len(people) > most.get(text, (0, wanted))[0]:
            most[text] = (len(people), wanted)
    return tuple(_sentence(text, wanted) for text, (_, wanted) in sorted(most.items(), key=lambda each: each[0]))


def _sentence(text: str, wanted: Meaning | str) -> TaughtSentence:
    """Words with what they mean, or with the sentence they stand for."""
    if isinstance(wanted, str):
        return TaughtSentence(text, means=wanted)
    return TaughtSentence(text, wanted[0], dict(sorted(wanted[1])))
