"""From an order to service calls, after what Home Assistant documents for each domain.

What is relative ("brighter", "2 degrees up") becomes absolute here, from the present state, so that a
call means the same however often it is sent and can be undone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from earwitness.skills.home.amounts import FAN_SPEEDS, Amount, Unit
from earwitness.skills.home.model import Call, Entity
from earwitness.skills.home.orders import Action, Order
from earwitness.understanding.colours import COLOURS

PERCENT = 100
FULL = 255
WARMEST_CELSIUS = 45
"""A thermostat above this is in Fahrenheit."""

Data = Mapping[str, Any]
Step = tuple[str, Data] | None

_TURN_ON = dict.fromkeys(
    ("light", "switch", "fan", "input_boolean", "humidifier", "siren", "remote", "automation", "camera", "media_player",
     "climate", "water_heater", "scene", "script"), "turn_on",
)  # fmt: skip
_ON = _TURN_ON | {
    "cover": "open_cover", "valve": "open_valve", "vacuum": "start", "lawn_mower": "start_mowing", "button": "press",
    "input_button": "press", "alarm_control_panel": "alarm_arm_away", "lock": "lock",
}  # fmt: skip
_OFF = {domain: "turn_off" for domain in _TURN_ON if domain != "scene"} | {
    "cover": "close_cover", "valve": "close_valve", "vacuum": "return_to_base", "lawn_mower": "dock",
    "alarm_control_panel": "alarm_disarm",
}  # fmt: skip
_SIMPLE: dict[Action, dict[str, str]] = {
    Action.ON: _ON,
    Action.OFF: _OFF,
    Action.OPEN: {"cover": "open_cover", "valve": "open_valve", "lock": "unlock"},
    Action.CLOSE: {"cover": "close_cover", "valve": "close_valve", "lock": "lock"},
    Action.STOP: {
        "cover": "stop_cover", "valve": "stop_valve", "vacuum": "stop", "media_player": "media_pause",
        "lawn_mower": "pause",
        "fan": "turn_off", "switch": "turn_off", "climate": "turn_off",
    },
    Action.LOCK: {"lock": "lock"},
    Action.UNLOCK: {"lock": "unlock"},
    Action.MOW: {"lawn_mower": "start_mowing"},
    Action.WATER: {"valve": "open_valve", "switch": "turn_on"},
    Action.DISARM: {"alarm_control_panel": "alarm_disarm"},
    Action.PRESS: {"button": "press", "input_button": "press"},
}  # fmt: skip
_MEDIA = {
    "pause": "media_pause", "play": "media_play", "stop": "media_pause", "next": "media_next_track",
    "previous": "media_previous_track",
}  # fmt: skip
_VACUUM = {"start": "start", "dock": "return_to_base", "pause": "pause", "locate": "locate"}
STEPS = {"brightness": 20.0, "volume": 10.0, "speed": 25.0, "position": 20.0, "humidity": 5.0}
"""By how many percent something changes if nobody says."""


def plan(order: Order) -> list[Call]:
    """Return the calls that carry an order out; those with the same service and data are one.

    Entities that have no such function are left out; an empty list means none has.
    """
    merged: dict[str, tuple[str, dict[str, Any], list[str]]] = {}
    for entity in order.entities:
        for service, data in _steps(order, entity):
            key = f"{entity.domain}.{service} {sorted(data.items(), key=str)}"
            merged.setdefault(key, (f"{entity.domain}.{service}", dict(data), []))[2].append(entity.id)
    return [Call(service, tuple(entities), data) for service, data, entities in merged.values()]


def _steps(order: Order, entity: Entity) -> Iterator[tuple[str, Data]]:
    step = _PLANS[order.action](order, entity) if order.action in _PLANS else _simple(order, entity)
    if step is not None:
        yield step


def _simple(order: Order, entity: Entity) -> Step:
    service = _SIMPLE.get(order.action, {}).get(entity.domain)
    return (service, {}) if service else None


def _toggle(_order: Order, entity: Entity) -> Step:
    if entity.domain == "climate":
        return ("turn_on" if entity.state == "off" else "turn_off"), {}
    return "toggle", {}


# --- to a value ------------------------------------------------------------------------------------


def _set(order: Order, entity: Entity) -> Step:
    if order.amount is None:
        return None
    return set_to(entity, order.amount, str(order.slots.get("aspect") or ""))


def set_to(entity: Entity, amount: Amount, aspect: str) -> Step:
    """Return the service and data that bring an entity to an amount."""
    if amount.unit is Unit.MODE:
        return _set_mode(entity, amount.word)
    if entity.domain == "light":
        return _set_light(amount, aspect)
    share = _percent(amount)
    match entity.domain:
        case "cover" | "valve":
            return f"set_{entity.domain}_position", {"position": _closedness(amount, share)}
        case "fan":
            return "set_percentage", {"percentage": FAN_SPEEDS.get(amount.word, share)}
        case "media_player":
            return "volume_set", {"volume_level": round(share / PERCENT, 2)}
        case "humidifier":
            return "set_humidity", {"humidity": share}
        case "climate" | "water_heater":
            return "set_temperature", {"temperature": _within(entity, amount.number)}
        case "number" | "input_number":
            return "set_value", {"value": amount.number}
    return None


def _closedness(amount: Amount, share: int) -> int:
    return PERCENT - share if "closed" in amount.word and share not in {0, 50} else share


def _percent(amount: Amount) -> int:
    return round(min(float(PERCENT), max(0.0, amount.number)))


def _set_light(amount: Amount, aspect: str) -> Step:
    if amount.unit is Unit.COLOUR:
        return "turn_on", {"rgb_color": list(COLOURS[amount.word])}
    if amount.unit is Unit.KELVIN or aspect == "color temperature":
        return "turn_on", {"color_temp_kelvin": round(amount.number)}
    share = _percent(amount)
    return ("turn_on", {"brightness_pct": share}) if share else ("turn_off", {})


def _set_mode(entity: Entity, word: str) -> Step:
    mode = {
        "heating": "heat",
        "cooling": "cool",
        "automatic": "auto",
        "fan only": "fan_only",
        "fan": "fan_only",
        "heat cool": "heat_cool",
    }.get(word, word)
    if entity.domain == "climate":
        if mode in {"eco", "away", "sleep", "boost", "comfort"}:
            return "set_preset_mode", {"preset_mode": mode}
        return "set_hvac_mode", {"hvac_mode": mode}
    return ("set_preset_mode", {"preset_mode": mode}) if entity.domain == "fan" else None


def _within(entity: Entity, degrees: float) -> float:
    low, high = entity.attributes.get("min_temp"), entity.attributes.get("max_temp")
    if isinstance(low, int | float):
        degrees = max(float(low), degrees)
    if isinstance(high, int | float):
        degrees = min(float(high), degrees)
    return int(degrees) if degrees == int(degrees) else degrees


# --- by a step -------------------------------------------------------------------------------------


def _adjust(order: Order, entity: Entity) -> Step:
    up = order.slots.get("way") == "up"
    if entity.domain in {"cover", "valve"} and order.amount is None and order.slots.get("degree") == 1.0:
        return _SIMPLE[Action.OPEN if up else Action.CLOSE][entity.domain], {}
    quantity = order.amount
    if quantity is not None and quantity.unit is Unit.LEVEL:
        return set_to(entity, quantity, str(order.slots.get("aspect") or ""))  # "lower the blinds halfway"
    aspect = _aspect_of(entity)
    now = current(entity)
    if aspect is None or now is None:
        return None
    step = _step(order, entity, aspect)
    wanted = now + step if up else now - step
    if aspect == "temperature":
        return "set_temperature", {"temperature": _within(entity, round(wanted, 1))}
    if aspect == "brightness" and not up:
        wanted = max(1.0, wanted) if now > 1 else 0.0  # "dimmer" dims; it does not switch off
    return set_to(entity, Amount(Unit.PERCENT, wanted), aspect)


def _aspect_of(entity: Entity) -> str | None:
    return {
        "light": "brightness", "media_player": "volume", "fan": "speed", "cover": "position", "valve": "position",
        "climate": "temperature", "water_heater": "temperature", "humidifier": "humidity",
    }.get(entity.domain)  # fmt: skip


def current(entity: Entity) -> float | None:
    """The present value of what a device is turned up and down by: percent, or degrees; None if it has none."""
    found = {
        "light": lambda: _light_now(entity),
        "media_player": lambda: _scaled(entity, "volume_level", PERCENT),
        "fan": lambda: _scaled(entity, "percentage", 1.0) if entity.state == "on" else 0.0,
        "cover": lambda: _position_now(entity),
        "valve": lambda: _position_now(entity),
        "climate": lambda: _scaled(entity, "temperature", 1.0) or _scaled(entity, "current_temperature", 1.0),
        "water_heater": lambda: _scaled(entity, "temperature", 1.0),
        "humidifier": lambda: _scaled(entity, "humidity", 1.0),
    }.get(entity.domain)
    return found() if found else None


def _light_now(entity: Entity) -> float:
    if entity.state != "on":
        return 0.0
    found = entity.attributes.get("brightness")
    return round(PERCENT * float(found) / FULL) if isinstance(found, int | float) else float(PERCENT)


def _position_now(entity: Entity) -> float:
    for key in ("current_position", "position"):
        found = _scaled(entity, key, 1.0)
        if found is not None:
            return found
    return float(PERCENT) if entity.state == "open" else 0.0


def _scaled(entity: Entity, key: str, factor: float) -> float | None:
    found = entity.attributes.get(key)
    try:
        return float(found) * factor if found is not None else None
    except (TypeError, ValueError):
        return None


def _step(order: Order, entity: Entity, aspect: str) -> float:
    if order.amount is not None:
        notches = (
            STEPS.get(aspect, 1.0)
            if order.amount.unit is Unit.PLAIN and order.amount.number <= 2 and aspect != "temperature"
            else 1.0
        )
        return order.amount.number * notches
    degree = float(order.slots.get("degree") or 1.0)
    if aspect == "temperature":
        now = current(entity) or 0.0
        return degree * (2.0 if now > WARMEST_CELSIUS else 1.0)
    return STEPS[aspect] * degree


# --- the rest --------------------------------------------------------------------------------------


def _media(order: Order, entity: Entity) -> Step:
    command = str(order.slots.get("command"))
    if entity.domain != "media_player":
        return None
    if command in {"mute", "unmute"}:
        return "volume_mute", {"is_volume_muted": command == "mute"}
    if command == "shuffle":
        return "shuffle_set", {"shuffle": True}
    if command == "search":
        return "play_media", {"media_content_id": order.slots.get("query"), "media_content_type": "music"}
    return _MEDIA[command], {}


def _vacuum(order: Order, entity: Entity) -> Step:
    command = str(order.slots.get("command"))
    if entity.domain == "lawn_mower":
        return {"start": "start_mowing", "dock": "dock", "pause": "pause"}.get(command, "start_mowing"), {}
    if command == "clean":
        areas = sorted(order.slots.get("areas") or ())
        return ("clean_area", {"cleaning_area_id": areas}) if areas else ("start", {})
    return _VACUUM[command], {}


def _arm(order: Order, _entity: Entity) -> Step:
    how = str(order.slots.get("how") or "")
    mode = next((mode for mode in ("home", "away", "night") if mode in how), "home" if "stay" in how else "away")
    return f"alarm_arm_{mode}", {}


def _list(service: str, **more: str) -> Callable[[Order, Entity], Step]:
    return lambda order, _entity: (service, {"item": str(order.slots.get("item")), **more})


_PLANS: dict[Action, Callable[[Order, Entity], Step]] = {
    Action.TOGGLE: _toggle,
    Action.SET: _set,
    Action.ADJUST: _adjust,
    Action.MEDIA: _media,
    Action.VACUUM: _vacuum,
    Action.ARM: _arm,
    Action.SOURCE: lambda order, _entity: ("select_source", {"source": order.slots.get("query")}),
    Action.OSCILLATE: lambda order, _entity: ("oscillate", {"oscillating": bool(order.slots.get("value"))}),
    Action.ADD_ITEM: _list("add_item"),
    Action.REMOVE_ITEM: _list("remove_item"),
    Action.COMPLETE_ITEM: _list("update_item", status="completed"),
}


# --- back again ------------------------------------------------------------------------------------


def restore(before: Entity, after: Entity) -> list[Call]:
    """Return the calls that bring an entity back to what it was, as far as its services can."""
    steps = _RESTORE.get(before.domain, _restore_nothing)(before, after)
    return [Call(f"{before.domain}.{service}", (before.id,), data) for service, data in steps]


def _restore_nothing(_before: Entity, _after: Entity) -> Iterable[tuple[str, Data]]:
    return ()


def _restore_switch(before: Entity, _after: Entity) -> Iterable[tuple[str, Data]]:
    yield ("turn_on" if before.state == "on" else "turn_off"), {}


def _restore_light(before: Entity, after: Entity) -> Iterable[tuple[str, Data]]:
    keys = ("brightness", "rgb_color", "color_temp_kelvin", "effect")
    lost = {
        key: before.attributes[key]
        for key in keys
        if before.attributes.get(key) is not None and before.attributes[key] != after.attributes.get(key)
    }
    if "rgb_color" in lost and before.attributes.get("color_mode") == "color_temp":
        lost.pop("rgb_color")
    if lost or before.state == "on":
        yield "turn_on", lost
    if before.state != "on":
        yield "turn_off", {}


def _restore_cover(before: Entity, _after: Entity) -> Iterable[tuple[str, Data]]:
    position = before.attributes.get("current_position", before.attributes.get("position"))
    if isinstance(position, int | float):
        yield f"set_{before.domain}_position", {"position": int(position)}
    elif before.state in {"open", "closed"}:
        yield f"{'open' if before.state == 'open' else 'close'}_{before.domain}", {}


def _restore_lock(before: Entity, _after: Entity) -> Iterable[tuple[str, Data]]:
    yield ("lock" if before.state == "locked" else "unlock"), {}


def _restore_climate(before: Entity, after: Entity) -> Iterable[tuple[str, Data]]:
    if before.state != after.state:
        yield "set_hvac_mode", {"hvac_mode": before.state}
    for key, service in (
        ("fan_mode", "set_fan_mode"),
        ("preset_mode", "set_preset_mode"),
        ("temperature", "set_temperature"),
    ):
        if before.attributes.get(key) is not None and before.attributes[key] != after.attributes.get(key):
            yield service, {key: before.attributes[key]}


def _restore_fan(before: Entity, after: Entity) -> Iterable[tuple[str, Data]]:
    for key, service in (("oscillating", "oscillate"), ("preset_mode", "set_preset_mode")):
        if before.attributes.get(key) is not None and before.attributes[key] != after.attributes.get(key):
            yield service, {key: before.attributes[key]}
    percentage = before.attributes.get("percentage")
    if before.state == "on" and isinstance(percentage, int | float):
        yield "set_percentage", {"percentage": int(percentage)}
    elif before.state != after.state:
        yield ("turn_on" if before.state == "on" else "turn_off"), {}


def _restore_media(before: Entity, after: Entity) -> Iterable[tuple[str, Data]]:
    for key, service in (
        ("volume_level", "volume_set"),
        ("is_volume_muted", "volume_mute"),
        ("source", "select_source"),
        ("shuffle", "shuffle_set"),
    ):
        if before.attributes.get(key) is not None and before.attributes[key] != after.attributes.get(key):
            yield service, {key: before.attributes[key]}
    if before.attributes.get("media_track") is not None and before.attributes["media_track"] != after.attributes.get(
        "media_track"
    ):
        later = int(before.attributes["media_track"]) > int(after.attributes.get("media_track") or 0)
        yield ("media_next_track" if later else "media_previous_track"), {}
    if before.state != after.state:
        service = {"playing": "media_play", "paused": "media_pause", "off": "turn_off", "idle": "media_stop"}.get(
            before.state, "turn_on"
        )
        yield service, {}


def _restore_vacuum(before: Entity, _after: Entity) -> Iterable[tuple[str, Data]]:
    yield {"cleaning": "start", "paused": "pause", "idle": "stop"}.get(before.state, "return_to_base"), {}


def _restore_mower(before: Entity, _after: Entity) -> Iterable[tuple[str, Data]]:
    yield {"mowing": "start_mowing", "paused": "pause"}.get(before.state, "dock"), {}


def _restore_alarm(before: Entity, _after: Entity) -> Iterable[tuple[str, Data]]:
    yield f"alarm_{before.state.replace('armed_', 'arm_').replace('disarmed', 'disarm')}", {}


def _restore_list(before: Entity, after: Entity) -> Iterable[tuple[str, Data]]:
    was, now = _by_summary(before), _by_summary(after)
    for item in now.keys() - was.keys():
        yield "remove_item", {"item": item}
    for item in sorted(was.keys() - now.keys()):
        yield "add_item", {"item": item}
    for item in sorted(was.keys() & now.keys()):
        if was[item] != now[item]:
            yield "update_item", {"item": item, "status": was[item]}


def _by_summary(entity: Entity) -> dict[str, str]:
    listed = entity.attributes.get("items") or []
    return {
        str(each["summary"] if isinstance(each, Mapping) else each): str(each.get("status", "needs_action"))
        if isinstance(each, Mapping)
        else "needs_action"
        for each in listed
    }


_RESTORE: dict[str, Callable[[Entity, Entity], Iterable[tuple[str, Data]]]] = {
    **dict.fromkeys(
        ("switch", "input_boolean", "humidifier", "siren", "remote", "automation", "camera", "water_heater"),
        _restore_switch,
    ),
    "light": _restore_light,
    "cover": _restore_cover,
    "valve": _restore_cover,
    "lock": _restore_lock,
    "climate": _restore_climate,
    "fan": _restore_fan,
    "media_player": _restore_media,
    "vacuum": _restore_vacuum,
    "lawn_mower": _restore_mower,
    "alarm_control_panel": _restore_alarm,
    "todo": _restore_list,
}
