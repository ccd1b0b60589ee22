"""What a household calls its people, contacts, places and devices: what must not be read or heard by a reviewer.

Gathered anew for each recording, in the process that is allowed to know, and forgotten with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from typing import Final

from earwitness.identity.directory import Directory
from earwitness.review.deidentify.words import spoken_tokens

LEAST_LETTERS: Final = 3
_EVERYDAY: Final = """
the and of in on at to for my our your his her their this that it a an is are be
home house room kitchen bedroom bathroom living dining office garage garden hall floor upstairs downstairs
light lights lamp speaker device display echo phone alexa tablet screen computer television
mister missus miss doctor aunt uncle mum mom dad grandma grandpa
street road lane avenue square place city town number
new old big small little great north south east west
"""
_COMMON: Final = frozenset(_EVERYDAY.split())
"""Words of names that anybody says; they are masked inside a telling name, not by themselves."""


class Mask(StrEnum):
    """What stands in place of a detail."""

    NAME = "[name]"
    NUMBER = "[number]"
    PLACE = "[place]"


@dataclass(frozen=True, slots=True)
class Hidden:
    """The phrases to mask, each a tuple of words as they are said, with what they are."""

    phrases: dict[tuple[str, ...], Mask] = field(default_factory=dict)

    def add(self, names: Iterable[str | None], mask: Mask) -> None:
        """Mask these names and every telling word of them."""
        for name in names:
            tokens = tuple(spoken_tokens(name or ""))
            if not _COMMON.issuperset(tokens):
                self.phrases.setdefault(tokens, mask)
            for token in tokens:
                if len(token) >= LEAST_LETTERS and token not in _COMMON:
                    self.phrases.setdefault((token,), mask)


def hidden_of(directory: Directory, household: str) -> Hidden:
    """Gather what a household must not be known by."""
    hidden = Hidden()
    people = directory.people.list(household)
    hidden.add((each.name for each in people), Mask.NAME)
    for person in people:
        for contact in directory.contacts.list(person.id):
            hidden.add((contact.name, *contact.variants), Mask.NAME)
    hidden.add((directory.households.get(household).name,), Mask.NAME)
    for place in directory.places.list(household):
        hidden.add((place.name, *place.variants), Mask.PLACE)
    hidden.add((each.label for each in directory.devices.list(household)), Mask.NAME)
    return hidden


def given_names() -> frozenset[str]:
    """Given names that are common in English, lower case; those that are everyday words are left out of the list."""
    text = resources.files("earwitness.review.deidentify").joinpath("given_names.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.split("\n") if line and not line.startswith("#"))
