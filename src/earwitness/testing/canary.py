"""Personal data that is made up and easy to find again.

Every name, word and address that a test gives to the product carries one token that occurs nowhere
else. The test run collects all logs, outputs and error texts and fails if the token is in them: the
promise "no personal data in logs or errors" is then held by every test there is.
"""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

TOKEN = "zebrafinch"  # noqa: S105 - a marker, not a secret

NAME = "Ada Zebrafinch"
OTHER_NAME = "Ben Zebrafinch"
CHILD_NAME = "Cleo Zebrafinch"
HOUSEHOLD = "Zebrafinch Cottage"
CONTACT = "Doctor Zebrafinch"
ADDRESS = "zebrafinch@example.org"
PLACE = "Zebrafinch Lane"
TRANSCRIPT = "remind me to feed the zebrafinch at seven"
REPLY = "I will remind you to feed the zebrafinch"
AUDIO = b"zebrafinch " * 2_000
"""22,000 bytes that stand for sound: 16-bit PCM whose bytes can be searched for."""


def canary(words: str) -> str:
    """Return a text that is unlike any other and still found by :func:`traces`."""
    return f"{TOKEN} {words}"


@dataclass(frozen=True, slots=True)
class Trace:
    """A place where a canary was found: the source's name and the position in bytes."""

    source: str
    position: int


def _encodings(token: str) -> tuple[bytes, ...]:
    """Every form in which the token would still be readable: plain, UTF-16, hex, base64 at each phase."""
    plain = token.encode()
    base64s = []
    for phase in range(3):
        encoded = base64.b64encode(b"\0" * phase + plain)
        base64s.append(encoded[(phase * 8 + 5) // 6 : len(encoded) - 4])
    return (plain, token.encode("utf-16-le"), plain.hex().encode(), *base64s)


_PATTERN = re.compile(b"|".join(re.escape(form) for form in _encodings(TOKEN)), re.IGNORECASE)


def traces(data: bytes, source: str) -> list[Trace]:
    """Return where a canary is readable in ``data``; base64 and hex are looked through as well."""
    return [Trace(source, match.start()) for match in _PATTERN.finditer(data)]


def traces_in_folder(folder: Path) -> list[Trace]:
    """Return where a canary is readable in any file below ``folder``, file names included."""
    found: list[Trace] = []
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        found += traces(name.encode(), f"the name {name!r}")
        if path.is_file() and not path.is_symlink():
            found += traces(path.read_bytes(), name)
    return found
