"""The bounds of a message's members: what may stand there, and reading it from JSON.

A message's type hints carry them (``Annotated[str, Text(60)]``), so that what a member may be stands where it is
declared, and the codec checks the same on both sides: also a message that is about to be sent.
"""

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from earwitness.kernel.errors import MessageInvalid

FORBIDDEN = frozenset({"Cc", "Cs"})  # control characters, lone surrogates


class Bound(Protocol):
    """Reads one JSON value."""

    def read(self, name: str, value: Any) -> Any:
        """Return the value as the message holds it.

        Raises:
            MessageInvalid: it is of another type, or out of its bounds.
        """
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A text of ``least`` to ``most`` code points, or one that ``form`` accepts."""

    most: int
    least: int = 0
    form: Callable[[str], object] | None = None

    def read(self, name: str, value: Any) -> str:
        """See :class:`Bound`."""
        if not isinstance(value, str):
            raise bad(name, "is not a text")
        if not self.least <= len(value) <= self.most:
            raise bad(name, f"has {len(value)} characters, not {self.least} to {self.most}")
        if any(unicodedata.category(letter) in FORBIDDEN for letter in value):
            raise bad(name, "holds a control character")
        if self.form is not None and not self.form(value):
            raise bad(name, "has another form")
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number from ``least`` to ``most``."""

    least: float
    most: float

    def read(self, name: str, value: Any) -> float:
        """See :class:`Bound`."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise bad(name, "is not a number")
        if not self.least <= value <= self.most or not math.isfinite(value):
            raise bad(name, f"is not from {self.least:g} to {self.most:g}")
        return float(value)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from ``least`` to ``most``."""

    least: int
    most: int

    def read(self, name: str, value: Any) -> int:
        """See :class:`Bound`."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise bad(name, "is not a whole number")
        if not self.least <= value <= self.most:
            raise bad(name, f"is not from {self.least} to {self.most}")
        return value


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def read(self, name: str, value: Any) -> bool:
        """See :class:`Bound`."""
        if not isinstance(value, bool):
            raise bad(name, "is not true or false")
        return value


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of ``least`` to ``most`` values, each within ``each``."""

    each: Bound
    most: int
    least: int = 0

    def read(self, name: str, value: Any) -> tuple[Any, ...]:
        """See :class:`Bound`."""
        if not isinstance(value, list | tuple):
            raise bad(name, "is not a list")
        if not self.least <= len(value) <= self.most:
            raise bad(name, f"has {len(value)} entries, not {self.least} to {self.most}")
        return tuple(self.each.read(name, one) for one in value)


@dataclass(frozen=True, slots=True)
class Optional:
    """Within ``bound``, or not there."""

    bound: Bound

    def read(self, name: str, value: Any) -> Any:
        """See :class:`Bound`."""
        return None if value is None else self.bound.read(name, value)


def bad(name: str, why: str) -> MessageInvalid:
    """Return the refusal of a member; its value is not repeated."""
    return MessageInvalid(f"The member '{name}' {why}.", reason="bad_member", next_step="See the device protocol.")
