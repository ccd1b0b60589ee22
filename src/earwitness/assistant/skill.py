"""The contract of a skill: what it is told, and what it may answer with.

A skill names the intents it serves; the dialog gives it every turn that means one of them, and the turn after
one in which it asked something back. It never sees the sound, the device's address or the vault: what is here is
all it gets. What it causes in the world it declares (:class:`Caused`), so that erasing the recording can list it and
take it back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from enum import StrEnum
from typing import Any, Protocol

from earwitness.assistant.trace import Step
from earwitness.understanding.context import Context, Named
from earwitness.understanding.values import Interpretation


@dataclass(frozen=True, slots=True)
class Here:
    """Where and for whom a turn happens.

    ``subject`` is whose the recording is (a person, or a household for a shared device), None where nothing is
    ever kept (guest, child, or no consent). ``area`` is the name of the device's room as the home knows it.
    """

    device: str
    household: str
    subject: str | None
    person: str | None
    label: str
    area: str | None
    zone: tzinfo

    @property
    def called(self) -> str:
        """The device as a sentence names it."""
        return f"“{self.label}”" if self.label else "a device"


@dataclass(frozen=True, slots=True)
class Past:
    """The turn before on this device, as long as the hub remembers it (in memory, ten minutes)."""

    heard: str
    reply: str
    steps: tuple[Step, ...]
    at: int
    recording: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One turn for a skill. ``meant`` is None only in an answer to what the skill asked, in words of no template."""

    heard: str
    meant: Interpretation | None
    here: Here
    now: int
    past: Past | None = None


@dataclass(frozen=True, slots=True)
class Caused:
    """Something done in the world: ``what`` in words, ``undo`` for the remover of its ``kind`` (vault.effects)."""

    kind: str
    what: str
    undo: Mapping[str, Any] = field(default_factory=dict)


class Then(StrEnum):
    """What the session is to do after the reply."""

    MUTE = "mute"  # close the microphone until a person opens it again
    QUIET = "quiet"  # stop what is being said or rung, on this device
    FORGET = "forget"  # keep nothing of this turn


class Ending(StrEnum):
    """How it went, for the trace and the figures."""

    DONE = "done"
    TOLD = "told"
    ASKED = "asked"
    NOTHING = "nothing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. Empty ``text`` is answered with a tone. ``ASKED`` keeps the device listening."""

    text: str
    ending: Ending = Ending.DONE
    caused: tuple[Caused, ...] = ()
    steps: tuple[Step, ...] = ()
    then: Then | None = None

    @property
    def asks(self) -> bool:
        """Whether the person is asked something and the next turn is the answer."""
        return self.ending is Ending.ASKED


class Skill(Protocol):
    """One skill, serving all households of the hub. Its methods run on the event loop and must not block it."""

    @property
    def name(self) -> str:
        """Its name, as in the folder: ``timers``."""
        ...

    @property
    def intents(self) -> frozenset[str]:
        """The names of the intents it serves; no two skills serve the same."""
        ...

    async def names(self, household: str) -> "Names":
        """The names that may be said to it right now (its lists, its lamps), for templates and recogniser."""
        ...

    async def hear(self, request: Request) -> Reply:
        """Do what is meant, or ask, or say why not. An error of its own tree is said to the person as an apology."""
        ...

    async def answered(self, request: Request) -> Reply | None:
        """Take this turn as the answer to what was asked last; None: it is something else."""
        ...


@dataclass(frozen=True, slots=True)
class Names:
    """What a skill adds to the context of understanding."""

    context: Context = field(default_factory=Context)

    def added_to(self, other: Context) -> Context:
        """``other`` with these names as well."""
        mine = self.context
        return replace(
            other,
            areas=_both(other.areas, mine.areas),
            floors=_both(other.floors, mine.floors),
            devices=_both(other.devices, mine.devices),
            lists=_both(other.lists, mine.lists),
            people=_both(other.people, mine.people),
            more={**other.more, **mine.more},
        )


def _both(one: Sequence[Named], other: Sequence[Named]) -> tuple[Named, ...]:
    return (*one, *(each for each in other if each not in one))


NO_NAMES = Names()
