"""How the fields of messages are read and written: each kind with its bound."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, field
from typing import Any, Final

from earwitness.kernel.errors import BadInput

READ: Final = "read"
WRITE: Final = "write"
PAYLOAD: Final = "payload"

LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 4_000
MOST_NAMES: Final = 100
LATEST: Final = 2**63 - 1

Reader = Callable[[object, str], Any]


def _same(value: Any) -> Any:
    return value


def declared(read: Reader, default: Any = MISSING, write: Callable[[Any], Any] = _same) -> Any:
    """A field of a message with its reader."""
    return field(default=default, metadata=by(read, write))


def by(read: Reader, write: Callable[[Any], Any] = _same) -> dict[str, Any]:
    """The metadata of a field that is read and written so."""
    return {READ: read, WRITE: write}


def payload() -> Any:
    """The bytes after the event."""
    return field(default=b"", repr=False, metadata={READ: lambda value, _what: value, PAYLOAD: True})


def text(most: int = LONGEST_TEXT, default: Any = MISSING) -> Any:
    """Words, at most ``most`` characters; not shown in representations."""
    return field(default=default, repr=False, metadata=by(lambda value, what: a_text(value, what, most)))


def name(default: Any = MISSING) -> Any:
    """A name: of a model, a language, a voice, a wake word."""
    return declared(lambda value, what: a_text(value, what, LONGEST_NAME), default)


def names() -> Any:
    """Several names, or None for any."""
    return declared(_names, None, list)


def whole(low: int, high: int, default: Any = MISSING) -> Any:
    """A whole number from ``low`` to ``high``."""
    return declared(lambda value, what: a_whole(value, what, low, high), default)


def moment() -> Any:
    """A time stamp in the sender's own count, usually milliseconds; some send a fraction."""
    return declared(_moment, None)


def flag(*, default: bool) -> Any:
    """Yes or no."""
    return declared(_flag, default)


def context() -> Any:
    """What a client wants to have again with the answer."""
    return declared(_object, None)


def a_text(value: object, what: str, most: int) -> str:
    """A string of at most ``most`` characters.

    Raises:
        BadInput: it is something else, or holds half a surrogate pair.
    """
    if not isinstance(value, str) or len(value) > most:
        raise BadInput(f"Wyoming: '{what}' must be text of at most {most} characters.")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise BadInput(f"Wyoming: '{what}' is not Unicode text.")
    return value


def a_whole(value: object, what: str, low: int, high: int) -> int:
    """A whole number.

    Raises:
        BadInput: it is something else, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadInput(f"Wyoming: '{what}' must be a whole number from {low} to {high}.")
    return value


def _moment(value: object, what: str) -> int:
    return a_whole(int(value) if isinstance(value, float) and abs(value) < LATEST else value, what, -LATEST, LATEST)


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise BadInput(f"Wyoming: '{what}' must be true or false.")
    return value


def _names(value: object, what: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_NAMES:
        raise BadInput(f"Wyoming: '{what}' must be a list of at most {MOST_NAMES} names.")
    return tuple(a_text(each, what, LONGEST_NAME) for each in value)


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"Wyoming: '{what}' must be an object.")
    return value
