"""Names of rooms, devices, lists and people, also where they were only nearly said or heard.

A name is compared by its letters and by its words (so that "lights kitchen" is near "kitchen lights"), and
small words around it count nothing. What is further away than :data:`LEAST` is another name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from earwitness.understanding.context import Named
from earwitness.understanding.wording import plain

LEAST = 0.75  # below this two of a household's names are confused more often than one is misheard
_SMALL = frozenset({"the", "my", "our", "a", "an", "to", "on", "in", "of", "for", "please"})
MIN_LETTERS = 3


def bare(text: str) -> str:
    """The words that carry the name."""
    words = plain(text).split()
    return " ".join([word for word in words if word not in _SMALL] or words)


def nearest(text: str, names: Iterable[Named]) -> list[tuple[Named, float]]:
    """The names near ``text`` with their likeness 0..1, best first; an exact one has 1."""
    said = bare(text)
    found = [(each, max((_likeness(said, bare(form)) for form in each.spoken()), default=0.0)) for each in names]
    return sorted((pair for pair in found if pair[1] >= LEAST), key=lambda pair: (-pair[1], pair[0].id))


def _likeness(said: str, name: str) -> float:
    if said == name:
        return 1.0
    if min(len(said), len(name)) < MIN_LETTERS:
        return 0.0  # of two letters nothing is near
    best = max(fuzz.ratio(said, name), fuzz.token_sort_ratio(said, name), fuzz.ratio(_one(said), _one(name)))
    return min(best / 100, 0.99)  # only the same words are certain


def _one(text: str) -> str:
    """Without a plural, as in "bedroom light" for "bedroom lights"."""
    return " ".join(word[:-1] if len(word) > MIN_LETTERS and word.endswith("s") else word for word in text.split())


@dataclass(frozen=True, slots=True)
class NameIndex:
    """All names of a household, to find in a running sentence; ``forms`` are bare, in the order of ``names``."""

    names: Sequence[tuple[str, Named]]
    forms: Sequence[str]

    @classmethod
    def of(cls, kinds: Iterable[tuple[str, Sequence[Named]]]) -> "NameIndex":
        """Index the names of some kinds."""
        pairs = [(kind, each, bare(form)) for kind, names in kinds for each in names for form in each.spoken()]
        return cls([(kind, each) for kind, each, _ in pairs], [form for _, _, form in pairs])

    def near(self, words: str, least: float) -> list[tuple[str, Named, float]]:
        """Names like ``words`` (plain already) of at least this likeness 0..1, best first."""
        if len(words) < MIN_LETTERS:
            return [(*self.names[at], 1.0) for at, form in enumerate(self.forms) if form == words]
        hits = process.extract(words, self.forms, scorer=fuzz.ratio, score_cutoff=100 * least, limit=4)
        return [(*self.names[at], score / 100) for _, score, at in hits]
