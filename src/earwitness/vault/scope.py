"""What an erasure is about: recordings, a time span, a device, or a person with everything."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select

from earwitness.policy.access import Action, Resource
from earwitness.storage.schema import recording


class ScopeKind(StrEnum):
    """The four things a person can ask to be erased."""

    RECORDINGS = "recordings"
    SPAN = "span"
    DEVICE = "device"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Scope:
    """What to erase of one subject.

    ``ids`` are the recordings, or the one device; ``start`` and ``end`` (ms, half open) bound a span, which
    ``ids`` narrows to these devices where there are any.
    """

    kind: ScopeKind
    subject: str
    household: str
    ids: tuple[str, ...] = ()
    start: int = 0
    end: int = 0

    @property
    def action(self) -> Action:
        """Return what the policies are asked to allow."""
        return Action.PERSON_ERASE if self.kind is ScopeKind.PERSON else Action.RECORDING_ERASE

    def resources(self) -> list[Resource]:
        """Return what the policies are asked about."""
        ids = self.ids if self.kind is ScopeKind.RECORDINGS else (self.subject,)
        return [Resource(id=name, subject=self.subject, household=self.household) for name in ids]

    def recordings(self) -> Select[tuple[Any, ...]]:
        """Select id and tombstone of what still stands of the scope."""
        query = select(recording.c.id, recording.c.tombstone).where(
            recording.c.subject_id == self.subject, recording.c.state != "erased"
        )
        match self.kind:
            case ScopeKind.RECORDINGS:
                return query.where(recording.c.id.in_(self.ids))
            case ScopeKind.SPAN:
                query = query.where(recording.c.started_at >= self.start, recording.c.started_at < self.end)
                return query.where(recording.c.device_id.in_(self.ids)) if self.ids else query
            case ScopeKind.DEVICE:
                return query.where(recording.c.device_id.in_(self.ids))
            case ScopeKind.PERSON:
                return query
