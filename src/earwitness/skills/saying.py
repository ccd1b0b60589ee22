"""Small pieces of spoken English that several skills need."""

import re
from collections.abc import Sequence

_PART = re.compile(r"[A-Z][a-z]+")


def joined(said: Sequence[str], word: str = "and") -> str:
    """Say "one", "one and two", "one, two and three"."""
    return f" {word} ".join((", ".join(said[:-1]), said[-1])) if len(said) > 1 else "".join(said)


def capital(text: str) -> str:
    """Begin a sentence."""
    return text[:1].upper() + text[1:]


def counted(number: int, one: str, many: str = "") -> str:
    """Say "1 recording", "2 recordings"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def in_words(intent: str) -> str:
    """Say an intent's name: "HassTurnOn" is "turn on"."""
    return " ".join(part.lower() for part in _PART.findall(intent.removeprefix("Hass"))) or intent
