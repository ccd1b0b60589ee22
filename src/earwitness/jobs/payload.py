"""What may stand in a work row: ids and whole numbers, nothing a person said, wrote or is called.

A row outlives an erasure by days and is read by operators, so free text is refused by form: a
string must be an id of ours (``kernel.ids``, perhaps with a prefix such as ``audit:``) or the name
of a blob. A single ordinary word is neither. Numbers are counts, versions and moments.
"""

import json
import re
from collections.abc import Mapping

from earwitness.kernel.errors import BadInput, RowCorrupt

Value = str | int | list[str]
Payload = Mapping[str, Value]

LARGEST_PAYLOAD = 16 * 1024
LARGEST_NUMBER = 2**53 - 1
LONGEST_KIND = 40

_ID = r"(?:[a-z]{1,16}:)?[a-z][a-z-]{0,23}_[a-z0-9]{26}"
_BLOB = r"[0-9a-z]{2}/[0-9a-z]{16,128}"
_IDENTIFIER = re.compile(rf"{_ID}|{_BLOB}", re.ASCII)
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_KIND = re.compile(r"[a-z][a-z0-9_.:-]*", re.ASCII)
_KEY = re.compile(rf"[a-z][a-z0-9_.-]{{0,63}}(?::(?:{_ID}|[0-9][0-9-]{{0,31}})){{0,4}}", re.ASCII)


def encode(payload: Payload) -> str:
    """Return the payload as JSON, keys sorted.

    Raises:
        BadInput: a field that is no id, no list of ids and no whole number, or too much of it.
    """
    for field, value in payload.items():
        _check_field(field, value)
    text = json.dumps(dict(payload), sort_keys=True, separators=(",", ":"))
    if len(text) > LARGEST_PAYLOAD:
        raise BadInput(
            f"A job's payload of {len(text)} bytes is larger than {LARGEST_PAYLOAD}.",
            next_step="Write the ids to a table and give the job the id of that row.",
        )
    return text


def decode(text: str) -> dict[str, Value]:
    """Read what :func:`encode` wrote.

    Raises:
        RowCorrupt: the text is not what was written.
    """
    try:
        payload = json.loads(text)
        if isinstance(payload, dict) and encode(payload) == text:
            return payload
    except (ValueError, RecursionError, BadInput) as error:
        raise _corrupt() from error
    raise _corrupt()


def check_kind(kind: str) -> str:
    """Return ``kind`` if it is a lower-case word of at most 40 characters, e.g. ``vault.sweep``.

    Raises:
        BadInput: it is not.
    """
    if not isinstance(kind, str) or len(kind) > LONGEST_KIND or not _KIND.fullmatch(kind):
        raise BadInput("A job's kind is not a short lower-case word.", next_step="Name it like vault.sweep.")
    return kind


def check_key(key: str) -> str:
    """Return ``key`` if it is a word, then ids, numbers or dates: ``erase:erasure_…``, ``report:2026-11``.

    Raises:
        BadInput: it is not.
    """
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise BadInput(
            "A job's key is not a word followed by ids or numbers.",
            next_step="Build it like erase:ID or report:2026-11; nothing personal may stand in it.",
        )
    return key


def _check_field(field: object, value: object) -> None:
    if not isinstance(field, str) or not _FIELD.fullmatch(field):
        raise BadInput("A job's payload has a field whose name is not a short lower-case word.")
    if isinstance(value, bool) or not _allowed(value):
        raise BadInput(
            f"The field {field} of a job's payload is neither an id, a list of ids nor a whole number.",
            next_step="Put what it says into a sealed row and give the job that row's id.",
        )


def _allowed(value: object) -> bool:
    if isinstance(value, int):
        return abs(value) <= LARGEST_NUMBER
    if isinstance(value, list):
        return all(isinstance(item, str) and _IDENTIFIER.fullmatch(item) for item in value)
    return isinstance(value, str) and _IDENTIFIER.fullmatch(value) is not None


def _corrupt() -> RowCorrupt:
    return RowCorrupt("A row of the table work holds a payload that was not written by Earwitness.")
