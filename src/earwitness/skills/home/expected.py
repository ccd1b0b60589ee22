"""What devices should report after a call, and which do not: a command that nobody carries out is told."""

from dataclasses import dataclass

from earwitness.kernel.errors import DeviceCannot
from earwitness.skills.home.model import Call, Entity, Home
from earwitness.skills.home.virtual.behaviour import act

_ON_THE_WAY = frozenset({"opening", "closing", "locking", "unlocking", "arming", "pending", "buffering", "returning"})
"""States of a device that has begun."""

_NOT_REPORTED = frozenset({"items", "color_mode"})
"""What follows from other attributes."""


@dataclass(frozen=True, slots=True)
class Expected:
    """For each entity of a call: what it was, and what it should be by the descriptions of the services."""

    pairs: tuple[tuple[Entity, Entity], ...] = ()

    @classmethod
    def of(cls, call: Call, home: Home) -> "Expected":
        """Foresee a call on a home; entities whose services reach others (scenes) are not foreseen."""
        service = call.service.partition(".")[2]
        pairs = []
        for entity in filter(None, map(home.entity, call.entities)):
            try:
                pairs.append((entity, act(entity, service, call.data)))
            except DeviceCannot:
                continue
        return cls(tuple(pairs))

    def pending(self, home: Home) -> bool:
        """Whether anything is still to come, be it an attribute that a device may not have."""
        return any(
            _changes(old, new, known=False) and not _moved(old, new, home.entity(old.id)) for old, new in self.pairs
        )

    def missing(self, home: Home) -> tuple[str, ...]:
        """The ids of those that have not moved although they should have."""
        return tuple(
            old.id
            for old, new in self.pairs
            if _changes(old, new, known=True) and not _moved(old, new, home.entity(old.id))
        )


def _changes(old: Entity, new: Entity, *, known: bool) -> bool:
    """Whether the state or an attribute is to change; ``known``: only one that the device has reported before."""
    return old.state != new.state or any(
        old.attributes.get(key) != value and (key in old.attributes or not known)
        for key, value in new.attributes.items()
        if key not in _NOT_REPORTED
    )


def _moved(old: Entity, new: Entity, now: Entity | None) -> bool:
    if now is None:
        return False
    if now.state in _ON_THE_WAY or now.state == new.state != old.state:
        return True
    return now.state != "unavailable" and any(
        now.attributes.get(key) != old.attributes.get(key) for key in new.attributes if key not in _NOT_REPORTED
    )
