"""A home as values: floors, areas, entities with their states, calls to them, and what changed.

Names, states and attributes follow Home Assistant (``light.kitchen`` is ``on`` with ``brightness``
0 to 255, ``cover`` has ``current_position`` in percent), because that is what households have.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

UNAVAILABLE = frozenset({"unavailable", "unknown"})
"""States of a device that is not there."""


@dataclass(frozen=True, slots=True)
class Floor:
    """One storey of a home."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """One room, or a place outside."""

    id: str
    name: str
    floor: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing with a state. ``critical``: switching it off needs a confirmation."""

    id: str
    name: str
    area: str | None = None
    aliases: tuple[str, ...] = ()
    state: str = "unknown"
    attributes: Mapping[str, Any] = field(default_factory=dict)
    critical: bool = False

    @property
    def domain(self) -> str:
        """What kind of thing it is, the part of its id before the dot."""
        return self.id.partition(".")[0]

    @property
    def device_class(self) -> str | None:
        """The finer kind, e.g. ``garage`` of a cover; None if there is none."""
        found = self.attributes.get("device_class")
        return str(found) if found else None

    @property
    def answers(self) -> bool:
        """Whether the device is there."""
        return self.state != "unavailable"


@dataclass(frozen=True, slots=True)
class Home:
    """All of a home at one moment. ``here`` is the area of whoever speaks, if known."""

    floors: tuple[Floor, ...] = ()
    areas: tuple[Area, ...] = ()
    entities: tuple[Entity, ...] = ()
    here: str | None = None

    def entity(self, entity_id: str) -> Entity | None:
        """Find an entity by its id."""
        return next((each for each in self.entities if each.id == entity_id), None)

    def area(self, area_id: str | None) -> Area | None:
        """Find an area by its id."""
        return next((each for each in self.areas if each.id == area_id), None)

    def floor_of(self, entity: Entity) -> str | None:
        """Return the id of the floor an entity is on, if known."""
        area = self.area(entity.area)
        return area.floor if area else None

    def in_area(self, here: str | None) -> "Home":
        """The same home, heard from an area."""
        return replace(self, here=here)


@dataclass(frozen=True, slots=True)
class Call:
    """One service call: ``light.turn_on`` on these entities with this data, as Home Assistant has it."""

    service: str
    entities: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One state (``what`` is "state") or attribute of an entity that is not what it was."""

    entity: str
    what: str
    before: Any
    after: Any


def changes(before: Iterable[Entity], after: Iterable[Entity]) -> tuple[Change, ...]:
    """List every state and attribute that differs, by entity in the order of ``after``."""
    known = {each.id: each for each in before}
    return tuple(change for each in after for change in _differences(known.get(each.id), each))


def _differences(old: Entity | None, new: Entity) -> Iterable[Change]:
    if old is None:
        yield Change(new.id, "state", None, new.state)
        return
    if old.state != new.state:
        yield Change(new.id, "state", old.state, new.state)
    for key in sorted({*old.attributes, *new.attributes}):
        was, now = old.attributes.get(key), new.attributes.get(key)
        if was != now:
            yield Change(new.id, key, was, now)
