"""The values understanding deals in: slots, intents, interpretations and the answer for one turn.

Scores are 0..1 and calibrated: of the interpretations with score .8 about 80 % are right on text that was
not used for the calibration (``docs/understanding.md`` gives the figures).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from types import MappingProxyType

EMPTY: Mapping[str, "SlotValue"] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in whole seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day; ``certain`` is false where the words fit morning and evening ("at seven")."""

    at: time
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Temperature:
    """Degrees, with ``C`` or ``F``, or an empty unit where none was said."""

    degrees: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour by its name, with red, green and blue from 0 to 255."""

    name: str
    rgb: tuple[int, int, int]


Meaning = int | float | str | Duration | ClockTime | Temperature | Colour | date


@dataclass(frozen=True, slots=True)
class SlotValue:
    """What was said for a slot.

    ``value`` is the parsed value: for a room, device, list or person it is its id; ``text`` is what was said.
    ``score`` is below 1 where a name was only nearly said.
    """

    kind: str
    value: Meaning
    text: str
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wanted, by name, with its slots."""

    name: str
    slots: Mapping[str, SlotValue] = field(default_factory=lambda: EMPTY)

    def same_as(self, other: "Intent") -> bool:
        """Whether the two would do the same thing, however they were worded."""
        return self.name == other.name and _meaning(self.slots) == _meaning(other.slots)


def _meaning(slots: Mapping[str, SlotValue]) -> dict[str, Meaning]:
    return {name: slot.value for name, slot in slots.items()}


class Source(StrEnum):
    """Which part understood."""

    TEMPLATE = "template"
    FUZZY = "fuzzy"
    LEARNED = "learned"


@dataclass(frozen=True, slots=True)
class Interpretation:
    """One reading of what was said.

    ``text`` is the hypothesis it reads, ``said`` a sentence that says the same in the template's own words,
    ``origin`` where it comes from (the name of the sentences' source, or the model).
    """

    intent: Intent
    score: float
    source: Source
    text: str
    said: str = ""
    origin: str = ""
    response: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    alternatives: tuple["Interpretation", ...] = ()


class Kind(StrEnum):
    """How it ended."""

    UNDERSTOOD = "understood"
    AMBIGUOUS = "ambiguous"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Understanding:
    """The answer for one turn: ``best`` unless out of scope, ``question`` where the person has to choose."""

    kind: Kind
    best: Interpretation | None = None
    alternatives: tuple[Interpretation, ...] = ()
    question: str = ""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One of the recogniser's n-best, with its score 0..1; typed text has one with score 1."""

    text: str
    score: float = 1.0
