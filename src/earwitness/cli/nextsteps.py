"""Next steps that work as they are shown: commands in them get the ``--data`` of the command that said so."""

import re
import shlex
from collections.abc import Sequence

from earwitness.cli.commands import COMMANDS

_COMMAND = re.compile(rf"\bearwitness ({'|'.join(COMMANDS)})((?: [a-z]+)?)(?= [A-Z]| -|[.:,;)]|$| [a-z])")
_GROUPS = (
    "household",
    "person",
    "device",
    "contact",
    "place",
    "consent",
    "effects",
    "engines",
    "copies",
    "account",
    "staff",
    "approval",
    "learn",
    "review",
)
_WITHOUT_DATA = ("bench", "demo", "home", "witness", "restore")
SATELLITE = ("device", " run")  # it runs where the microphone is
_given: dict[str, str] = {}


def remember(arguments: Sequence[str]) -> None:
    """Take what a following command needs as well from the words of this one."""
    _given.clear()
    words = list(arguments)
    for place, word in enumerate(words):
        for option in ("--data", "--as"):
            if word == option and place + 1 < len(words):
                _given[option] = words[place + 1]
            elif word.startswith(f"{option}="):
                _given[option] = word.partition("=")[2]


def complete(text: str) -> str:
    """Add ``--data FOLDER`` to the commands in a text, if it was given."""
    if "--data" not in _given:
        return text
    return _COMMAND.sub(lambda match: _with_data(match[0], match[1], match[2]), text)


def as_before() -> str:
    """Return `` --as NAME`` if it was given: for a next step of the same person."""
    return f" --as {shlex.quote(_given['--as'])}" if "--as" in _given else ""


def _with_data(whole: str, command: str, second: str) -> str:
    if command in _WITHOUT_DATA or (command, second) == SATELLITE:
        return whole
    option = f" --data {shlex.quote(_given['--data'])}"
    return whole + option if command in _GROUPS or not second else f"earwitness {command}{option}{second}"
