"""The intent of an order by the names and slots that Home Assistant uses."""

from typing import Any

from earwitness.skills.home.amounts import Amount, Unit
from earwitness.skills.home.model import Home
from earwitness.skills.home.orders import Action, Order
from earwitness.skills.home.planning import set_to

_NAMES = {
    Action.ON: "HassTurnOn", Action.OFF: "HassTurnOff", Action.TOGGLE: "HassToggle", Action.OPEN: "HassTurnOn",
    Action.CLOSE: "HassTurnOff", Action.STOP: "HassStopMoving", Action.LOCK: "HassTurnOn", Action.UNLOCK: "HassTurnOff",
    Action.SOURCE: "HassMediaSelectSource", Action.MOW: "HassLawnMowerStartMowing", Action.WATER: "HassTurnOn",
    Action.ARM: "HassArm", Action.DISARM: "HassDisarm", Action.OSCILLATE: "HassFanOscillate",
    Action.PRESS: "HassTurnOn",
    Action.ADD_ITEM: "HassListAddItem", Action.REMOVE_ITEM: "HassListRemoveItem",
    Action.COMPLETE_ITEM: "HassListCompleteItem", Action.READ_LIST: "HassListGetItems", Action.ASK: "HassGetState",
}  # fmt: skip
_BY_DOMAIN = {
    "light": "HassLightSet", "cover": "HassSetPosition", "valve": "HassSetPosition", "fan": "HassFanSetSpeed",
    "media_player": "HassSetVolume", "climate": "HassClimateSetTemperature",
    "water_heater": "HassClimateSetTemperature",
    "humidifier": "HassHumidifierSetpoint", "number": "HassSetNumber", "input_number": "HassSetNumber",
}  # fmt: skip
_MEDIA = {
    "pause": "HassMediaPause", "stop": "HassMediaPause", "play": "HassMediaUnpause", "next": "HassMediaNext",
    "previous": "HassMediaPrevious", "mute": "HassMediaPlayerMute", "unmute": "HassMediaPlayerUnmute",
    "search": "HassMediaSearchAndPlay", "shuffle": "HassMediaShuffleSet",
}  # fmt: skip
_VACUUM = {
    "start": "HassVacuumStart", "dock": "HassVacuumReturnToBase", "clean": "HassVacuumCleanArea",
    "pause": "HassVacuumPause",
    "locate": "HassVacuumLocate",
}  # fmt: skip


def intent_of(order: Order, home: Home) -> dict[str, Any]:
    """Return ``{"name": …, "slots": {…}}`` of an order."""
    return {"name": _name(order), "slots": {**_where(order, home), **_what(order)}}


def _name(order: Order) -> str:  # noqa: PLR0911 - one return a kind
    domain = order.entities[0].domain if order.entities else "light"
    command = str(order.slots.get("command"))
    match order.action:
        case Action.MEDIA:
            return _MEDIA[command]
        case Action.VACUUM:
            return _VACUUM[command]
        case Action.SET | Action.ADJUST:
            if order.amount and order.amount.unit is Unit.MODE:
                return "HassClimateSetMode"
            relative = order.action is Action.ADJUST and domain == "media_player"
            return "HassSetVolumeRelative" if relative else _BY_DOMAIN.get(domain, "HassLightSet")
        case Action.ASK if order.slots.get("aspect") == "temperature" and domain == "climate":
            return "HassClimateGetTemperature"
        case Action.STOP if domain == "media_player":
            return "HassMediaPause"
    return _NAMES[order.action]


def _where(order: Order, home: Home) -> dict[str, Any]:
    scope = order.found.scope
    slots: dict[str, Any] = {}
    if order.found.named or not (scope.named or order.found.several):
        names = [each.name for each in order.entities]
        slots["name"] = names[0] if len(names) == 1 else names
    areas = [area.name for area in home.areas if scope.areas and area.id in scope.areas]
    floors = [floor.name for floor in home.floors if scope.floors and floor.id in scope.floors]
    if areas:
        slots["area"] = areas[0] if len(areas) == 1 else areas
    if floors:
        slots["floor"] = floors[0] if len(floors) == 1 else floors
    domains = sorted({each.domain for each in order.entities})
    classes = {each.device_class for each in order.entities}
    if domains and not order.found.everything:
        slots["domain"] = domains[0] if len(domains) == 1 else domains
    if len(classes) == 1 and domains == ["cover"] and None not in classes:
        slots["device_class"] = classes.pop()
    slots["entities"] = [each.id for each in order.entities]
    return slots


def _what(order: Order) -> dict[str, Any]:
    slots: dict[str, Any] = {key: order.slots[key] for key in ("state", "item", "query", "how") if order.slots.get(key)}
    if order.action is Action.ADJUST:
        slots["change"] = order.slots.get("way")
    if order.action is Action.ASK:
        slots |= {key: order.slots[key] for key in ("question", "aspect") if order.slots.get(key)}
    if order.amount and order.entities:
        slots |= _value(order, order.amount)
    return slots


def _value(order: Order, amount: Amount) -> dict[str, Any]:
    if order.action is Action.ADJUST:
        return {"by": amount.number}
    if amount.unit is Unit.COLOUR:
        return {"color": amount.word}
    if amount.unit is Unit.KELVIN:
        return {"temperature": round(amount.number)}
    step = set_to(order.entities[0], amount, str(order.slots.get("aspect") or ""))
    data = dict(step[1]) if step else {}
    if "brightness_pct" in data:
        return {"brightness": data["brightness_pct"]}
    return data
