"""What is true for a household right now: names that may be said, the room of the device, the time.

Names come with the variants people say; slot lists of the templates are filled from here at run time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from earwitness.kernel.clock import Clock, SystemClock

if TYPE_CHECKING:
    from earwitness.understanding.taught import Taught


@dataclass(frozen=True, slots=True)
class Named:
    """Something with a name: ``domain`` as Home Assistant calls it (light, switch, todo…), ``area`` a room's id."""

    id: str
    name: str
    variants: tuple[str, ...] = ()
    domain: str = ""
    area: str = ""

    def spoken(self) -> tuple[str, ...]:
        """Every way to say it, the name first."""
        return (self.name, *self.variants)


@dataclass(frozen=True, slots=True)
class Context:
    """The names of a household and where and when it speaks; ``area`` is the id of the device's room.

    ``taught``: sentences of the household's own, understood before any template.
    """

    areas: tuple[Named, ...] = ()
    floors: tuple[Named, ...] = ()
    devices: tuple[Named, ...] = ()
    lists: tuple[Named, ...] = ()
    people: tuple[Named, ...] = ()
    more: Mapping[str, tuple[Named, ...]] = field(default_factory=dict)
    area: str | None = None
    taught: "Taught | None" = None
    zone: tzinfo = UTC
    clock: Clock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        """The time in the household's zone."""
        return datetime.fromtimestamp(self.clock.now_ms() / 1000, self.zone)

    def kinds(self) -> Iterator[tuple[str, tuple[Named, ...]]]:
        """The names by the slot list they fill; Home Assistant's ``name`` holds to-do lists too."""
        yield "area", self.areas
        yield "floor", self.floors
        yield "name", (*self.devices, *(replace(each, domain=each.domain or "todo") for each in self.lists))
        yield "list", self.lists
        yield "person", self.people
        yield from self.more.items()

    def named(self, kind: str) -> tuple[Named, ...]:
        """The names that fill one slot list."""
        return dict(self.kinds()).get(kind, ())
