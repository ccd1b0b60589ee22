"""Find the devices a phrase means: "the lights in the kitchen and hall", "both bedside lamps", "everything upstairs".

An entity is meant if every word of the phrase is explained by its name, its kind, or the place it is
in. The better the explanation (the whole name, then its kind in a place, then part of its name), the
earlier it counts; one singular word with several equally good meanings is left to the person.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from earwitness.skills.home.model import Entity, Home
from earwitness.skills.home.places import Scope, area_names, spot
from earwitness.skills.home.vocabulary import entity_names, known_words, vocabulary
from earwitness.skills.home.wording import singular
from earwitness.skills.home.words import (
    ARTICLES,
    ASPECTS,
    EVERYTHING,
    EVERYWHERE,
    EXCEPT,
    HERE,
    KINDS,
    PRONOUNS,
    QUANTIFIERS,
    SAME,
)

Allowed = Callable[[Entity], bool]


class Fit(IntEnum):
    """How well a phrase explains an entity, best first."""

    NAME = 0
    LIKE_NAME = 1
    KIND = 2
    PART = 3


@dataclass(frozen=True, slots=True)
class Found:
    """What a phrase means.

    ``several``: it means all of ``entities``; otherwise more than one is a question. ``unknown`` are
    the words that nothing in the home explains. ``everything``: no kind of device was named.
    """

    entities: tuple[Entity, ...] = ()
    several: bool = False
    everything: bool = False
    house: bool = False
    aspect: str | None = None
    unknown: tuple[str, ...] = ()
    scope: Scope = field(default_factory=Scope)
    guessed: int = 0  # words that were corrected
    named: bool = False  # meant by name, not by kind
    bare: bool = False  # a place alone, or nothing at all
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Where and among what a phrase is looked up.

    ``usual`` is the kind of device meant where only a place is named; ``before`` are the entities
    "it" stands for.
    """

    home: Home
    allowed: Allowed
    usual: tuple[str, ...] = ("light",)
    before: tuple[str, ...] = ()
    wide: bool = False  # several, or none named, are meant everywhere, not in the speaker's area
    all_of_it: bool = False  # "the house" means everything in it


def find(phrase: str, search: Search) -> Found:
    """Find what a phrase means among the entities that are allowed."""
    text, excluded = _without_exceptions(phrase)
    text, house = _without_everywhere(text)
    words, guessed = known_words(text.split(), search.home)
    parts = _parts(words) or [["everything"] if house and search.all_of_it else []]
    found = _together([_segment(parts, at, search) for at in range(len(parts))])
    found = replace(found, guessed=guessed, house=house)
    if house:
        found = replace(found, several=True)
    return _less(found, excluded, search) if excluded else found


def _without_exceptions(phrase: str) -> tuple[str, str]:
    match = re.search(EXCEPT, phrase)
    return (phrase[: match.start()].strip(), phrase[match.end() :].strip()) if match else (phrase, "")


def _without_everywhere(text: str) -> tuple[str, bool]:
    shorter, count = re.subn(EVERYWHERE, " ", text)
    return (" ".join(shorter.split()), True) if count else (text, False)


def _parts(words: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for word in words:
        if word in {"and", ",", "&", "plus", "or"}:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def _together(found: list[Found]) -> Found:
    if len(found) == 1:
        return found[0]
    several = all(each.several or len(each.entities) == 1 for each in found)
    first = next((each for each in found if not (each.several or len(each.entities) == 1)), found[0])
    return replace(
        found[0],
        entities=tuple({entity.id: entity for each in found for entity in each.entities}.values())
        if several
        else first.entities,
        several=several,
        everything=any(each.everything for each in found),
        aspect=next((each.aspect for each in found if each.aspect), None),
        unknown=tuple(word for each in found for word in each.unknown),
        named=any(each.named for each in found),
        bare=all(each.bare for each in found),
    )


def _less(found: Found, excluded: str, search: Search) -> Found:
    ids = {each.id for each in found.entities}
    out = find(excluded, replace(search, allowed=lambda entity: entity.id in ids))
    if out.bare and not out.scope.named:
        out = replace(out, entities=())
    left = tuple(each for each in found.entities if each not in out.entities)
    return replace(found, entities=left, unknown=(*found.unknown, *out.unknown))


# --- one part of a phrase --------------------------------------------------------------------------


def _segment(parts: list[list[str]], at: int, search: Search) -> Found:
    """Find what a part means, with the words that were said once for several parts."""
    own = _look(parts[at], search)
    if len(parts) == 1 or (own.entities and not own.bare):
        return _in_the_same_place(own, parts, at, search)
    return next((each for each in _borrowing(parts, at, search) if each.entities and not each.bare), own)


def _borrowing(parts: list[list[str]], at: int, search: Search) -> "list[Found]":
    """Say a part whole: "left and right bedside lamps" shares its end, "lamps in the hall and office" its start."""
    later = [
        parts[at] + parts[other][-size:]
        for other in range(at + 1, len(parts))
        for size in range(len(parts[other]), 0, -1)
    ]
    earlier = [
        parts[other][:size] + parts[at] for other in range(at - 1, -1, -1) for size in range(len(parts[other]), 0, -1)
    ]
    return [_look(words, search) for words in (*later, *earlier)]


def _in_the_same_place(own: Found, parts: list[list[str]], at: int, search: Search) -> Found:
    """Let a place that is said last count for all: "the lamp and the fan in the office"."""
    if own.scope.named or at == len(parts) - 1:
        return own
    place = next((k for k, word in enumerate(parts[-1]) if word in {"in", "on", "at", "from"}), None)
    if place is None:
        return own
    closer = _look(parts[at] + parts[-1][place:], search)
    return closer if closer.entities and not closer.bare else own


def _look(words: Sequence[str], search: Search) -> Found:
    joined = " ".join(words)
    if joined in PRONOUNS or (words and words[0] in {"it", "them"} and len(words) == 1):
        before = tuple(each for each in map(search.home.entity, search.before) if each and search.allowed(each))
        if before:
            return Found(before, several=True, named=True)
    return _Look(words, search).found()


class _Look:
    """One look-up: which words say what, and which entities they explain."""

    def __init__(self, words: Sequence[str], search: Search) -> None:
        self.search, self.home = search, search.home
        self.everything = " ".join(word for word in words if word not in ARTICLES) in EVERYTHING or bool(
            {"everything", "anything"} & set(words)
        )
        self.quantified = bool({"all", "every", "each", "both", "everything", "any"} & set(words))
        self.singulars = [singular(word) for word in words]
        self.scope = spot(self.singulars, self.home)
        known = vocabulary(self.home)
        self.aspect: str | None = None
        self.here = False
        self.content: list[tuple[int, str, bool]] = []  # position, singular, was plural
        for at, (word, one) in enumerate(zip(words, self.singulars, strict=True)):
            if at in self.scope.words:
                continue
            if one in ASPECTS and not self._part_of_name(one, words):
                self.aspect = ASPECTS[one]
            elif word in HERE and one not in KINDS:
                self.here = True
            elif word in QUANTIFIERS or (
                word in ARTICLES and not (one in known and word in {"off", "one", "up", "floor"})
            ):
                continue
            else:
                self.content.append((at, one, word != one))

    def _part_of_name(self, aspect: str, words: Sequence[str]) -> bool:
        """Whether a word is a name's: of a sensor "the outside temperature", not in "the temperature of the office"."""
        said = {singular(word) for word in words}
        return any(
            aspect in name and set(name) <= said and self.search.allowed(entity)
            for entity in self.home.entities
            for name in entity_names(entity)
        )

    def found(self) -> Found:
        if self.here and not self.scope.named and self.home.here:
            self.scope = Scope(frozenset({self.home.here}))
        bare = not self.content
        entities = [each for each in self.home.entities if self.search.allowed(each)]
        if bare:
            return self._bare(entities)
        fits = [(fit, each) for each in entities for fit in [self._fit(each)] if fit is not None]
        plural = self.quantified or any(plural for _, one, plural in self.content if self._is_kind(one))
        chosen = _choose(self._of_the_word(fits), several=plural)
        unknown = tuple(one for _, one, _ in self.content if not chosen and not self._known(one))
        named = bool(chosen) and all(fit <= Fit.LIKE_NAME for fit, each in fits if each in chosen)
        if not named and not self.scope.named and not ({"all", "every", "each"} & self._quantifiers()):
            chosen = chosen if plural and self.search.wide else self._nearer(chosen, several=plural)
        kind = next((SAME.get(one, one) for _, one, _ in reversed(self.content) if self._is_kind(one)), None)
        return Found(
            tuple(chosen), several=plural, aspect=self.aspect, unknown=unknown, scope=self.scope, named=named, kind=kind
        )

    def _of_the_word(self, fits: list[tuple[Fit, Entity]]) -> list[tuple[Fit, Entity]]:
        """Of what a word can mean, take what is called so: "the lamp" is rather the desk lamp than a light."""
        words = {one for _, one, _ in self.content if self._is_kind(one) and one != "light"}
        called = [
            (fit, each)
            for fit, each in fits
            if words <= {each.device_class, *(word for name in entity_names(each) for word in name)}
        ]
        return called or fits

    def _quantifiers(self) -> set[str]:
        return {"all"} if self.quantified else set()

    def _bare(self, entities: list[Entity]) -> Found:
        usual = self.search.usual
        inside = [
            each
            for each in entities
            if (self.everything or each.domain in usual)
            and self.scope.holds(self.home, each.area)
            and not (
                self.search.all_of_it
                and self.everything
                and each.domain
                in {"scene", "script", "lock", "cover", "valve", "button", "automation", "alarm_control_panel"}
            )
        ]
        near = [] if self.scope.named or self.everything or self.search.wide else self._near(inside)
        inside = near or inside
        several = self.scope.named or self.everything or self.quantified or bool(near)
        return Found(
            tuple(inside),
            several=several and not self.scope.doubtful,
            everything=self.everything,
            aspect=self.aspect,
            scope=self.scope,
            bare=True,
        )

    def _nearer(self, chosen: list[Entity], *, several: bool) -> list[Entity]:
        """Of what is everywhere, take what is in the speaker's area."""
        near = self._near(chosen)
        return near if near and (several or len(chosen) > 1) else chosen

    def _near(self, entities: list[Entity]) -> list[Entity]:
        return [each for each in entities if self.home.here and each.area == self.home.here]

    def _is_kind(self, one: str) -> bool:
        return one in KINDS or SAME.get(one, one) in KINDS

    def _known(self, one: str) -> bool:
        return one in vocabulary(self.home) or self._is_kind(one)

    def _fit(self, entity: Entity) -> Fit | None:
        """How well the words explain an entity; None if a word is left over."""
        fits = [fit for name in entity_names(entity) for fit in [self._fit_name(entity, name)] if fit is not None]
        return min(fits, default=None)

    def _fit_name(self, entity: Entity, name: tuple[str, ...]) -> Fit | None:
        inside = self.scope.holds(self.home, entity.area)
        alike = {SAME.get(word, word) for word in name}
        by_name = by_kind = 0
        for _, one, _ in self.content:
            same = SAME.get(one, one)
            if one in name or same in alike:
                by_name += 1
            elif self._of_kind(entity, one, same):
                by_kind += 1
            elif not self._placed(entity, one):
                return None
        if self.scope.named and not inside and not all(self.singulars[at] in name for at in self.scope.words):
            return None
        return self._grade(name, alike, by_name, inside=inside)

    def _of_kind(self, entity: Entity, one: str, same: str) -> bool:
        kind = KINDS.get(one) or KINDS.get(same)
        return bool(kind and kind.fits(entity))

    def _placed(self, entity: Entity, one: str) -> bool:
        """Whether a word names part of the entity's area, which :func:`spot` had no use for."""
        area = self.home.area(entity.area)
        return bool(area and not self.scope.named and any(one in name for name in area_names(area)))

    def _grade(self, name: tuple[str, ...], alike: set[str], by_name: int, *, inside: bool) -> Fit:
        said = set(self.singulars)
        if set(name) <= said:
            return Fit.NAME
        if alike <= {SAME.get(word, word) for word in said}:
            return Fit.LIKE_NAME
        ordinary = all(self._is_kind(one) for _, one, _ in self.content)
        if ordinary and (inside or not self.scope.named):
            return Fit.KIND
        return Fit.PART if by_name else Fit.KIND


def _choose(fits: list[tuple[Fit, Entity]], *, several: bool) -> list[Entity]:
    if not fits:
        return []
    best = min(fit for fit, _ in fits)
    if several and best < Fit.PART:
        return [each for fit, each in fits if fit < Fit.PART]
    chosen = [each for fit, each in fits if fit == best]
    longest = max(len(name) for each in chosen for name in entity_names(each))
    if best <= Fit.LIKE_NAME and not several:
        # "the bedroom light" is called so; a thing that is merely called "light" in the bedroom is not
        return [each for each in chosen if max(len(name) for name in entity_names(each)) == longest]
    return chosen
