"""The words of a home's names, and words that are nearly one of them: misheard, misspelt, or written apart."""

from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process

from earwitness.skills.home.model import Entity, Home
from earwitness.skills.home.places import area_names, name_words
from earwitness.skills.home.wording import singular
from earwitness.skills.home.words import ARTICLES, ASPECTS, HERE, KINDS, PRONOUNS, QUANTIFIERS, SAME

CLOSE = 84
"""How alike (0 to 100) a misheard word must be to one the home has."""


@lru_cache(maxsize=16)
def _vocabulary(home_words: frozenset[tuple[str, ...]]) -> frozenset[str]:
    return frozenset(word for name in home_words for word in name)


def vocabulary(home: Home) -> frozenset[str]:
    """Every word (in the singular) of the names in a home."""
    names = {name for entity in home.entities for name in entity_names(entity)}
    names |= {name for area in home.areas for name in area_names(area)}
    names |= {name_words(each) for floor in home.floors for each in (floor.name, *floor.aliases)}
    return _vocabulary(frozenset(names))


def entity_names(entity: Entity) -> tuple[tuple[str, ...], ...]:
    """Every name of an entity, in words."""
    return _entity_names(entity.name, entity.aliases)


@lru_cache(maxsize=4096)
def _entity_names(name: str, aliases: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(filter(None, (name_words(each) for each in (name, *aliases))))


def _plain_english() -> frozenset[str]:
    return (
        ARTICLES
        | QUANTIFIERS
        | HERE
        | PRONOUNS
        | set(ASPECTS)
        | set(KINDS)
        | set(SAME)
        | {"and", ",", "or", "left", "right"}
    )


def known_words(words: Sequence[str], home: Home) -> tuple[list[str], int]:
    """Write words the way the home has them; and how many of them had to be guessed."""
    known = vocabulary(home)
    common = _plain_english() | {"upstairs", "downstairs", "upstair", "downstair"}
    out: list[str] = []
    guessed = at = 0
    while at < len(words):
        word, one = words[at], singular(words[at])
        joined = singular(word + words[at + 1]) if at + 1 < len(words) else ""
        if joined in known and not (one in known and singular(words[at + 1]) in known):
            out.append(joined)
            at += 1
        elif one in known or word in known or one in common or word in common:
            out.append(word)
        elif apart := _apart(one, known):
            out += apart
        elif close := _closest(one, known):
            out.append(close)
            guessed += 1
        else:
            out.append(word)
        at += 1
    return out, guessed


def _apart(word: str, known: frozenset[str]) -> list[str]:
    cuts = (at for at in range(2, len(word) - 1) if word[:at] in known and word[at:] in known | set(KINDS))
    return next(([word[:at], word[at:]] for at in cuts), [])


@lru_cache(maxsize=4096)
def _closest(word: str, known: frozenset[str]) -> str | None:
    if len(word) < 4 or word.isdigit():  # noqa: PLR2004 - short words are alike by chance
        return None
    best = process.extractOne(
        word, sorted(known | {"light", "thermostat", "curtain", "blind"}), scorer=fuzz.ratio, score_cutoff=CLOSE
    )
    return best[0] if best and len(best[0]) > 3 else None  # noqa: PLR2004 - likewise
