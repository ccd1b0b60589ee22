"""Bytes to events and back, within bounds (docs/formats/wyoming.md).

The decoder is fed pieces of any size and gives one event at a time. In this order: the line (not longer than
allowed before its end came), its JSON, the lengths it claims, the data, the payload. What is refused ends the
decoder: after a malformed event nobody knows where the next one begins.
"""

import json
import math
from dataclasses import dataclass
from typing import Any, Final

from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming.event import Event

VERSION: Final = "1.8.0"
LONGEST_TYPE: Final = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """The most bytes of each part of an event."""

    header: int
    data: int
    payload: int


FROM_CLIENTS: Final = Limits(header=16 * 1024, data=64 * 1024, payload=256 * 1024)
FROM_SERVERS: Final = Limits(header=64 * 1024, data=2 * 1024 * 1024, payload=1024 * 1024)


@dataclass(slots=True)
class _Begun:
    """An event of which the line was read."""

    type: str
    data: dict[str, Any]
    data_length: int
    payload_length: int


class Decoder:
    """One direction of one connection."""

    def __init__(self, limits: Limits = FROM_CLIENTS) -> None:
        """Decode within ``limits``."""
        self._limits = limits
        self._rest = bytearray()
        self._searched = 0  # bytes of the rest known to have no line end
        self._begun: _Begun | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing of a next event has come yet."""
        return not self._rest and self._begun is None

    def feed(self, piece: bytes) -> None:
        """Take what came; then ask :meth:`next` until it has none."""
        self._rest += piece

    def next(self) -> Event | None:
        """The next event, or None until more came.

        Raises:
            BadInput: what came is no event; give up the connection.
        """
        if self._begun is None:
            line = self._line()
            if line is None:
                return None
            self._begun = self._opened(line)
        begun = self._begun
        if len(self._rest) < begun.data_length + begun.payload_length:
            return None
        self._begun = None
        data = _object(self._taken(begun.data_length), "data") if begun.data_length else {}
        return Event(begun.type, {**begun.data, **data}, self._taken(begun.payload_length))

    def end(self) -> None:
        """Say that no more will come.

        Raises:
            BadInput: an event was cut off.
        """
        if not self.idle:
            raise BadInput("The Wyoming connection ended inside an event.")

    def _line(self) -> bytes | None:
        at = self._rest.find(b"\n", self._searched)
        if (len(self._rest) if at < 0 else at) > self._limits.header:
            raise BadInput(f"A Wyoming header has at most {self._limits.header} bytes.")
        if at < 0:
            self._searched = len(self._rest)
            return None
        self._searched = 0
        return self._taken(at + 1)

    def _taken(self, count: int) -> bytes:
        taken = bytes(self._rest[:count])
        del self._rest[:count]
        return taken

    def _opened(self, line: bytes) -> _Begun:
        header = _object(line, "header")
        kind = header.get("type")
        if (
            not isinstance(kind, str)
            or not 0 < len(kind) <= LONGEST_TYPE
            or not (kind.isascii() and kind.isprintable())
        ):
            raise BadInput(f"A Wyoming event needs a type of 1 to {LONGEST_TYPE} printable ASCII characters.")
        data = header.get("data")
        if data is not None and not isinstance(data, dict):
            raise BadInput("The data of a Wyoming event must be an object.")
        return _Begun(
            kind,
            data or {},
            _length(header.get("data_length"), "data", self._limits.data),
            _length(header.get("payload_length"), "payload", self._limits.payload),
        )


def encode(event: Event) -> bytes:
    """The event as bytes: the line, the data, the payload."""
    header: dict[str, Any] = {"type": event.type, "version": VERSION}
    data = (
        json.dumps(dict(event.data), ensure_ascii=False, allow_nan=False).encode(errors="replace")
        if event.data
        else b""
    )
    if data:
        header["data_length"] = len(data)
    if event.payload:
        header["payload_length"] = len(event.payload)
    return json.dumps(header).encode() + b"\n" + data + event.payload


def _length(value: object, what: str, most: int) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise BadInput(f"The {what} of a Wyoming event has 0 to {most} bytes.")
    return value


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text.decode(), parse_constant=_no_number, parse_float=_finite)
        if b"\\u" in text:  # half a surrogate pair could be written nowhere
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadInput(f"The {what} of a Wyoming event is not JSON in UTF-8.") from None  # the cause quotes it
    if not isinstance(value, dict):
        raise BadInput(f"The {what} of a Wyoming event is not an object.")
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise BadInput("A Wyoming event holds a number that is too large.")
    return value


def _no_number(_name: str) -> None:
    raise BadInput("A Wyoming event holds a number that JSON does not have.")
