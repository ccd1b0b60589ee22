"""Messages to JSON text and back, and the check of binary frames; docs/formats/device-protocol.md, "Frames".

Evaluated in this order: size, UTF-8, JSON, an object without doubled members, its type, its members. Each
refusal is a :class:`~earwitness.kernel.errors.MessageInvalid` with its reason; none repeats what was sent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, NamedTuple, NoReturn, TypeVar, cast, get_args, get_type_hints

from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.kernel.errors import MessageInvalid
from earwitness.protocol.device.bounds import LARGEST_FROM_DEVICE, LARGEST_FROM_HUB, LARGEST_SOUND
from earwitness.protocol.device.members import Bound
from earwitness.protocol.device.messages import FROM_DEVICE, FROM_HUB, FromDevice, FromHub

Message = TypeVar("Message", FromDevice, FromHub)
_NAMES: Mapping[type, str] = {kind: name for family in (FROM_DEVICE, FROM_HUB) for name, kind in family.items()}


def encode_from_device(message: FromDevice) -> str:
    """Write a message of a device.

    Raises:
        MessageInvalid: a member is out of its bounds.
    """
    return _encode(message, LARGEST_FROM_DEVICE)


def encode_from_hub(message: FromHub) -> str:
    """Write a message of the hub.

    Raises:
        MessageInvalid: a member is out of its bounds.
    """
    return _encode(message, LARGEST_FROM_HUB)


def decode_from_device(text: str | bytes) -> FromDevice:
    """Read a text frame of a device.

    Raises:
        MessageInvalid: it cannot be read.
    """
    return cast("FromDevice", _decode(text, FROM_DEVICE, LARGEST_FROM_DEVICE))


def decode_from_hub(text: str | bytes) -> FromHub:
    """Read a text frame of the hub.

    Raises:
        MessageInvalid: it cannot be read.
    """
    return cast("FromHub", _decode(text, FROM_HUB, LARGEST_FROM_HUB))


def check_sound(data: bytes) -> bytes:
    """Return a binary frame that is sound: whole samples, neither empty nor too many.

    Raises:
        MessageInvalid: it is not.
    """
    if not 0 < len(data) <= LARGEST_SOUND or len(data) % SAMPLE_WIDTH:
        raise MessageInvalid(
            f"A binary frame of {len(data)} bytes is not sound.",
            reason="bad_sound",
            next_step=f"Send whole 16-bit samples, at most {LARGEST_SOUND} bytes at a time.",
        )
    return data


class _Member(NamedTuple):
    bound: Bound
    default: Any  # MISSING: it has to be there


def _encode(message: FromDevice | FromHub, largest: int) -> str:
    content = {"type": _NAMES[type(message)]}
    for name, member in _MEMBERS[type(message)].items():
        content[name] = member.bound.read(name, getattr(message, name))
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    _check_size(len(text.encode()), largest)
    return text


def _decode(text: str | bytes, family: Mapping[str, type], largest: int) -> Any:
    content = _object(_utf8(text, largest))
    kind = content.get("type")
    if not isinstance(kind, str):
        raise MessageInvalid("A message has no type.", reason="no_type")
    if kind not in family:
        raise MessageInvalid("A message is of an unknown type.", reason="unknown_type", next_step="Update the program.")
    values = {name: _value(name, member, content) for name, member in _MEMBERS[family[kind]].items()}
    return family[kind](**values)


def _value(name: str, member: _Member, content: Mapping[str, Any]) -> Any:
    if name in content and not (content[name] is None and member.default is not MISSING):
        return member.bound.read(name, content[name])
    if member.default is MISSING:
        raise MessageInvalid(f"The member '{name}' is missing.", reason="missing_member")
    return member.default


def _utf8(text: str | bytes, largest: int) -> str:
    try:
        data = text.encode() if isinstance(text, str) else text
        _check_size(len(data), largest)
        return data.decode()
    except UnicodeError as error:
        raise MessageInvalid("A message is not UTF-8.", reason="not_utf8") from error


def _check_size(size: int, largest: int) -> None:
    if size > largest:
        raise MessageInvalid(f"A message of {size} bytes is larger than {largest}.", reason="too_large")


def _object(text: str) -> Mapping[str, Any]:
    try:
        content = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MessageInvalid("A message is not JSON.", reason="not_json") from error
    if not isinstance(content, dict):
        raise MessageInvalid("A message is not a JSON object.", reason="not_an_object")
    return content


def _without_doubles(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise MessageInvalid("A member stands twice in a message.", reason="not_json")
    return content


def _no_constant(_: str) -> NoReturn:
    raise MessageInvalid("A message holds NaN or an infinity.", reason="not_json")


def _declared(kind: Any) -> Mapping[str, _Member]:
    hints = get_type_hints(kind, include_extras=True)
    return {each.name: _Member(get_args(hints[each.name])[1], each.default) for each in fields(kind)}


_MEMBERS: Mapping[type, Mapping[str, _Member]] = {kind: _declared(kind) for kind in _NAMES}
