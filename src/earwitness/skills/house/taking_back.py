"""Taking back what a recording changed in the home, long after: the calls that undo it rest in the effect itself.

It is done only where the home still is as that turn left it, and never where it would unlock, open or disarm.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from earwitness.kernel.errors import BadInput
from earwitness.skills.home.danger import dangers
from earwitness.skills.home.model import Call, Change, Home
from earwitness.skills.home.port import HomeControl

EFFECT = "home"
FINAL_EFFECT = "home, for good"
"""What the home can not take back, or was an undoing itself; it is listed, nothing removes it."""


def undo_of(calls: Sequence[Call], changes: Sequence[Change] = ()) -> dict[str, Any]:
    """What an effect keeps: the calls that take it back, and the states it left behind."""
    return {
        "calls": [
            {"service": each.service, "entities": list(each.entities), "data": dict(each.data)} for each in calls
        ],
        "left": [{"entity": each.entity, "what": each.what, "after": _plain(each.after)} for each in changes],
    }


async def take_back(control: HomeControl, undo: Mapping[str, Any]) -> int:
    """Undo what is still as it was left; return how many calls were made.

    Raises:
        BadInput: it would unlock, open or disarm something, or the effect cannot be read.
        HomeError: the home does not answer, or a device does not.
    """
    home = await control.read()
    untouched = _untouched(undo.get("left", ()), home)
    calls = [_read(each) for each in undo.get("calls", ())]
    calls = [each for each in calls if untouched is None or set(each.entities) <= untouched]
    if dangers(calls, home, everything=False):
        raise BadInput(
            "Taking this back would unlock, open or switch off something that matters.", next_step="Do it yourself."
        )
    for each in calls:
        await control.call(each)
    return len(calls)


def _untouched(left: Sequence[Mapping[str, Any]], home: Home) -> frozenset[str] | None:
    """The entities that are as they were left; None where nothing was noted."""
    if not left:
        return None
    named = {str(each["entity"]) for each in left}
    moved = {str(each["entity"]) for each in left if _now(home, each) != each["after"]}
    return frozenset(named - moved)


def _now(home: Home, left: Mapping[str, Any]) -> object:
    entity = home.entity(str(left["entity"]))
    if entity is None:
        return None
    return _plain(entity.state if left["what"] == "state" else entity.attributes.get(str(left["what"])))


def _plain(value: object) -> object:
    """As it comes back from JSON."""
    return list(value) if isinstance(value, tuple) else value


def _read(call: Mapping[str, Any]) -> Call:
    try:
        return Call(str(call["service"]), tuple(map(str, call["entities"])), dict(call.get("data", {})))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("This effect does not say how it is taken back.") from error
