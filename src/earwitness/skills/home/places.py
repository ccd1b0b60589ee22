"""Which areas and floors a phrase names.

By their names and aliases, by common names of the same room, and "upstairs" by the order of the floors.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from earwitness.skills.home.model import Area, Floor, Home
from earwitness.skills.home.wording import singular, uniform
from earwitness.skills.home.words import ROOMS

GROUND = {"ground": 0, "main": 0, "downstairs": 0, "lower": 0, "basement": -1, "cellar": -1, "upstairs": 1, "upper": 1,
          "third": 3, "attic": 3, "loft": 3, "top": 3}  # fmt: skip
"""The storey a floor is likely on, by a word of its name."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The places a phrase names. ``words`` are the positions of the words that name them.

    ``doubtful``: the word fits several areas and none exactly.
    """

    areas: frozenset[str] | None = None
    floors: frozenset[str] | None = None
    words: frozenset[int] = frozenset()
    doubtful: bool = False

    def holds(self, home: Home, area: str | None) -> bool:
        """Whether an area is among the places named."""
        if self.areas is not None and area not in self.areas:
            return False
        if self.floors is None:
            return True
        found = home.area(area)
        return found is not None and found.floor in self.floors

    @property
    def named(self) -> bool:
        """Whether any place is named."""
        return self.areas is not None or self.floors is not None


@lru_cache(maxsize=8192)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name as sentences are written after :func:`~.wording.uniform`, in the singular."""
    return tuple(singular(word) for word in uniform(name).split() if word not in {"the", "a", "my", ",", "and"})


def area_names(area: Area) -> Iterable[tuple[str, ...]]:
    """Every name of an area, in words."""
    yield from filter(None, (name_words(each) for each in (area.name, *area.aliases, area.id.replace("_", " "))))


def spot(words: Sequence[str], home: Home) -> Scope:
    """Find the areas and floors that these words (in the singular) name."""
    floors, floor_words = _floors(words, home)
    areas, area_words = _areas(words, home)
    if areas:
        # an area may be called "Basement" while a floor is too: the area is the closer meaning
        floors, floor_words = (floors, floor_words) if floor_words - area_words else (set(), set())
    doubtful = False
    if not areas:
        areas, area_words, doubtful = _partial_areas(words, home, floor_words)
    return Scope(
        frozenset(areas) if areas else None,
        frozenset(floors) if floors else None,
        frozenset(area_words | floor_words),
        doubtful,
    )


def _spans(words: Sequence[str], name: tuple[str, ...]) -> list[set[int]]:
    size = len(name)
    return [set(range(at, at + size)) for at in range(len(words) - size + 1) if tuple(words[at : at + size]) == name]


def _areas(words: Sequence[str], home: Home) -> tuple[set[str], set[int]]:
    hits = [
        (span, area.id) for area in home.areas for name in set(area_names(area)) for span in _spans(words, name)
    ] or _same_rooms(words, home)
    return _longest(hits)


def _same_rooms(words: Sequence[str], home: Home) -> list[tuple[set[int], str]]:
    hits = []
    for group in ROOMS:
        spans = [span for each in group for span in _spans(words, name_words(each))]
        if spans:
            members = [area.id for area in home.areas if any(" ".join(name) in group for name in area_names(area))]
            hits += [(span, area) for span in spans for area in members]
    return hits


def _longest(hits: list[tuple[set[int], str]]) -> tuple[set[str], set[int]]:
    """Keep the longest spans: "guest bedroom" is not also "bedroom"."""
    kept = [(span, each) for span, each in hits if not any(span < other for other, _ in hits)]
    return {each for _, each in kept}, {at for span, _ in kept for at in span}


def _partial_areas(words: Sequence[str], home: Home, taken: set[int]) -> tuple[set[str], set[int], bool]:
    """A word that is part of names of areas only: "bedroom" where there are a guest and a main one."""
    for at, word in enumerate(words):
        if at in taken or word in {"room", "floor"}:
            continue
        found = {area.id for area in home.areas if any(word in name for name in area_names(area))}
        if found:
            return found, {at, *(_room_after(words, at))}, len(found) > 1
    return set(), set(), False


def _room_after(words: Sequence[str], at: int) -> Iterable[int]:
    if at + 1 < len(words) and words[at + 1] == "room":
        yield at + 1


def _floors(words: Sequence[str], home: Home) -> tuple[set[str], set[int]]:
    hits = []
    for floor in home.floors:
        for name in {name_words(each) for each in (floor.name, *floor.aliases, floor.id.replace("_", " "))}:
            hits += [(span, floor.id) for span in _spans(words, name)]
            if name and name[-1] != "floor":
                hits += [(span, floor.id) for span in _spans(words, (*name, "floor"))]
    if hits:
        return _longest(hits)
    return _storeys(words, home)


def _storeys(words: Sequence[str], home: Home) -> tuple[set[str], set[int]]:
    levels = {floor.id: storey(floor, home.floors) for floor in home.floors}
    above = {each for each, level in levels.items() if level > 0}
    below = {each for each, level in levels.items() if level == 0} or set(levels) - above
    for at, word in enumerate(words):
        found = {"upstair": above, "upstairs": above, "downstair": below, "downstairs": below}.get(word)
        if found:
            return set(found), {at, *([at + 1] if words[at + 1 : at + 2] == ["floor"] else [])}
    return set(), set()


def storey(floor: Floor, floors: Sequence[Floor]) -> int:
    """The level of a floor, 0 at the ground; guessed from its name if not stated."""
    if floor.level is not None:
        return floor.level
    words = name_words(floor.name)
    has_ground = any({"ground", "main"} & set(name_words(each.name)) for each in floors)
    order = {"first": 1 if has_ground else 0, "1": 1 if has_ground else 0, "second": 2 if has_ground else 1}
    return next((level for word in words for level in [GROUND.get(word, order.get(word))] if level is not None), 0)
