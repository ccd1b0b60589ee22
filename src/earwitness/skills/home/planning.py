"""From an order to service calls, after what Home Assistant documents for each domain.

What is relative ("brighter", "2 degrees up") becomes absolute here, from the present state, so that a
call means the same however often it is sent and can be undone.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from earwitness.skills.home.amounts import FAN_SPEEDS, Amount, Unit
from earwitness.skills.home.model import Call, Entity
from earwitness.skills.home.orders import Action, Order
from earwitness.understanding.colours import COLOURS

PERCENT = 100
FULL = 255
NOTCHES = 2
"""Up to this, a number without a unit counts notches: "volume up 1"."""
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


def set_to(entity: Entity, amount: Amount, aspect: str) -> Step:  # noqa: PLR0911 - one return a domain
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


def _adjust(order: Order, entity: Entity) -> Step:  # noqa: PLR0911 - one return a case
    up = order.slots.get("way") == "up"
    if entity.domain in {"cover", "valve"} and order.amount is None and order.slots.get("degree") == 1.0:
        return _SIMPLE[Action.OPEN if up else Action.CLOSE][entity.domain], {}
    quantity = order.amount
    if quantity is not None and quantity.unit is Unit.LEVEL and order.slots.get("by"):
        share = quantity.number / PERCENT * (current(entity) or 0.0)
        return set_to(entity, Amount(Unit.PERCENT, (current(entity) or 0.0) + (share if up else -share)), "")
    if quantity is not None and quantity.unit is Unit.LEVEL:
        return set_to(entity, quantity, str(order.slots.get("aspect") or ""))  # "lower the blinds halfway"
    if entity.domain == "light" and entity.state != "on" and up and quantity is None:
        return "turn_on", {}  # as bright as it was
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
    match entity.domain:
        case "light":
            return _light_now(entity)
        case "cover" | "valve":
            return _position_now(entity)
        case "fan" if entity.state != "on":
            return 0.0
        case "climate":
            return _scaled(entity, "temperature", 1.0) or _scaled(entity, "current_temperature", 1.0)
    key, factor = _MEASURES.get(entity.domain, ("", 1.0))
    return _scaled(entity, key, factor)


_MEASURES = {
    "media_player": ("volume_level", PERCENT),
    "fan": ("percentage", 1.0),
    "water_heater": ("temperature", 1.0),
    "humidifier": ("humidity", 1.0),
}


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
            if order.amount.unit is Unit.PLAIN and order.amount.number <= NOTCHES and aspect != "temperature"
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
