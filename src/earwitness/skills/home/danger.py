"""What is not done without a yes: doors that open, water that flows, things that must stay on, everything at once."""

from enum import StrEnum

from earwitness.skills.home.model import Call, Entity, Home
from earwitness.skills.home.places import name_words
from earwitness.skills.home.words import ENTRANCES, IRRIGATION


class Danger(StrEnum):
    """Why a yes is needed."""

    UNLOCKS = "unlocks"
    OPENS_ENTRANCE = "opens_entrance"
    OPENS_VALVE = "opens_valve"
    STOPS_CRITICAL = "stops_critical"
    DISARMS = "disarms"
    HEATS = "heats"
    EVERYTHING = "everything"


_ALWAYS_ON = frozenset({
    "freezer", "fridge", "refrigerator", "aquarium", "alarm", "router", "modem", "cpap", "oxygen", "medical", "sump",
    "server", "smoke", "boiler", "deepfreeze", "incubator",
})  # fmt: skip
"""Words in the name of a plug that must not be switched off by the way."""
_HOT = frozenset({"oven", "stove", "cooker", "hob", "cooktop", "iron", "grill", "fryer"})
"""Words in the name of a plug that must not be switched on with nobody near."""
_ENTRANCE_WORDS = ({"garage", "door"}, {"gate"}, {"front", "door"}, {"entrance"}, {"garage"})
_OPENING = frozenset({"open_cover", "set_cover_position", "toggle"})
MANY_KINDS = 2
"""Switching off "everything" across the house asks if it means this many kinds of devices or more."""


def dangers(calls: list[Call], home: Home, *, everything: bool) -> list[tuple[Danger, Entity | None]]:
    """List what of these calls needs a yes, with the device; empty if they may be carried out.

    ``everything``: the person said so of the whole house, not of a kind of device or of a room.
    """
    found: list[tuple[Danger, Entity | None]] = []
    for call in calls:
        for entity in filter(None, map(home.entity, call.entities)):
            danger = _danger(call, entity)
            if danger:
                found.append((danger, entity))
            if entity.domain in {"scene", "script"}:
                found += _inside(entity, home)
    if everything:
        found.insert(0, (Danger.EVERYTHING, None))
    return found


def _danger(call: Call, entity: Entity) -> Danger | None:
    service = call.service.partition(".")[2]
    words = set(name_words(entity.name)) | set(name_words(entity.id.partition(".")[2].replace("_", " ")))
    match entity.domain:
        case "lock":
            return Danger.UNLOCKS if service in {"unlock", "open"} else None
        case "cover":
            return Danger.OPENS_ENTRANCE if _opens(call, entity) and _is_entrance(entity, words) else None
        case "valve":
            opening = service == "open_valve" or (service == "set_valve_position" and call.data.get("position", 0) > 0)
            return Danger.OPENS_VALVE if opening and (entity.device_class == "gas" or not words & IRRIGATION) else None
        case "alarm_control_panel":
            return Danger.DISARMS if service == "alarm_disarm" else None
    return _switched(service, entity, words)


def _switched(service: str, entity: Entity, words: set[str]) -> Danger | None:
    off = service == "turn_off" or (service == "toggle" and entity.state == "on") or call_mode_off(service, entity)
    if off and (entity.critical or (entity.domain in {"switch", "siren"} and words & _ALWAYS_ON)):
        return Danger.STOPS_CRITICAL
    on = service == "turn_on" or (service == "toggle" and entity.state != "on")
    return Danger.HEATS if on and entity.domain in {"switch", "input_boolean"} and words & _HOT else None


def call_mode_off(service: str, entity: Entity) -> bool:
    """Whether a service other than ``turn_off`` may stop a critical thing."""
    return entity.critical and service in {"set_hvac_mode", "stop"}


def _opens(call: Call, entity: Entity) -> bool:
    service = call.service.partition(".")[2]
    if service == "set_cover_position":
        return bool(call.data.get("position", 0))
    return service in _OPENING and (service != "toggle" or entity.state != "open")


def _is_entrance(entity: Entity, words: set[str]) -> bool:
    if entity.device_class:
        return entity.device_class in ENTRANCES
    return any(entrance <= words for entrance in _ENTRANCE_WORDS)


def _inside(entity: Entity, home: Home) -> list[tuple[Danger, Entity | None]]:
    """What a scene or a script of a home file does, where the home says so."""
    settings = entity.attributes.get("entities")
    found: list[tuple[Danger, Entity | None]] = []
    for entity_id, setting in settings.items() if isinstance(settings, dict) else ():
        target = home.entity(str(entity_id))
        state = setting.get("state") if isinstance(setting, dict) else setting
        service = (
            {
                "unlocked": "unlock",
                "open": f"open_{target.domain}" if target else "",
                "off": "turn_off",
                False: "turn_off",
                "disarmed": "alarm_disarm",
            }.get(state, "")
            if isinstance(state, str | bool)
            else ""
        )
        if target and service and (danger := _danger(Call(f"{target.domain}.{service}", (target.id,)), target)):
            found.append((danger, target))
    steps = entity.attributes.get("sequence")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict):
            ids = (step.get("target") or step).get("entity_id", ())
            call = Call(
                str(step.get("action") or step.get("service")),
                tuple([ids] if isinstance(ids, str) else ids),
                step.get("data") or {},
            )
            found += [
                (danger, each)
                for each in filter(None, map(home.entity, call.entities))
                if (danger := _danger(call, each))
            ]
    return found
