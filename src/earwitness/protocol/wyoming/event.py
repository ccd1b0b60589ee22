"""An event as it comes from the wire, and the messages that are made of events.

A message is a frozen dataclass whose fields carry how they are read (:mod:`.fields`). What a peer adds beyond
them is ignored; what it gives wrongly is refused by the field's name, never quoting the value.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Self

from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming.fields import PAYLOAD, READ, WRITE


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type, its data, and the bytes that follow (sound, mostly)."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """A message of which we know what is in it."""

    type: ClassVar[str]

    @classmethod
    def of(cls, event: Event) -> Self:
        """Read the message out of an event of its type.

        Raises:
            BadInput: a field is missing, or holds what it cannot.
        """
        given: dict[str, Any] = {}
        for each in fields(cls):
            value = event.payload if PAYLOAD in each.metadata else event.data.get(each.name)
            if value is not None:
                given[each.name] = each.metadata[READ](value, f"{cls.type}: {each.name}")
            elif each.default is MISSING and each.default_factory is MISSING:
                raise BadInput(f"A Wyoming event '{cls.type}' needs '{each.name}'.")
        return cls(**given)

    def event(self) -> Event:
        """The message as an event; what is None is left out."""
        data, payload = {}, b""
        for each in fields(self):
            value = getattr(self, each.name)
            if PAYLOAD in each.metadata:
                payload = value
            elif value is not None:
                data[each.name] = each.metadata[WRITE](value)
        return Event(self.type, data, payload)
