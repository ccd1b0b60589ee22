"""Answer questions from the states of the home; nothing is changed by a question."""

import re
from collections.abc import Sequence

from earwitness.skills.home.model import Entity, Home
from earwitness.skills.home.orders import Order
from earwitness.skills.home.planning import current
from earwitness.skills.home.speaking import MOST_NAMED, be, count, devices, listed, sentence, the

_OFF = frozenset({"off", "unavailable", "unknown", "standby", "idle", "docked", "closed", "locked", "disarmed"})
_BINARY = {
    "window": ("open", "closed"), "door": ("open", "closed"), "garage_door": ("open", "closed"), "opening": ("open",
    "closed"),
    "lock": ("unlocked", "locked"), "motion": ("detecting motion", "clear"), "occupancy": ("occupied", "empty"),
    "presence": ("home", "away"), "moisture": ("wet", "dry"), "smoke": ("detecting smoke", "clear"),
    "running": ("running", "off"),
    "battery": ("low", "normal"), "connectivity": ("connected", "disconnected"), "problem": ("reporting a problem",
    "fine"),
    "gas": ("detecting gas", "clear"), "light": ("detecting light", "dark"),
}  # fmt: skip
"""What ``on`` and ``off`` of a binary sensor mean, by its device class."""


def answer(order: Order, home: Home) -> str:  # noqa: PLR0911 - one return a kind of question
    """Answer a question about entities of the home."""
    entities = order.entities
    question, state = str(order.slots.get("question")), order.slots.get("state")
    if not entities:
        return sentence("I know no such device here")
    if question == "where":
        return " ".join(sentence(f"{the(each, home)} is {_whereabouts(each, home)}") for each in entities[:MOST_NAMED])
    if question == "which" and state == "playing":
        playing = [each for each in entities if each.state == "playing"]
        return " ".join(sentence(_playing(each, the(each, home))) for each in playing) or "Nothing is playing."
    if isinstance(state, str):
        matching = [each for each in entities if holds(each, state)]
        if question == "how_many":
            return _how_many(matching, entities, state, home)
        return (
            _which(matching, entities, state, home) if question == "which" else _whether(order, matching, state, home)
        )
    if question == "how_many":
        names = listed([the(each, home) for each in entities])
        return f"There {'is' if len(entities) == 1 else 'are'} {len(entities)}: {names}."
    return _values(order, home)


def state_word(entity: Entity) -> str:
    """The state as it is spoken."""
    if entity.domain == "binary_sensor" and entity.state in {"on", "off"}:
        on, off = _BINARY.get(entity.device_class or "", ("on", "off"))
        return on if entity.state == "on" else off
    if entity.domain in {"person", "device_tracker"}:
        return {"home": "at home", "not_home": "away"}.get(entity.state, f"at {entity.state}")
    if entity.state == "unavailable":
        return "not answering"
    unit = entity.attributes.get("unit_of_measurement")
    return f"{entity.state} {_unit(str(unit))}" if unit else entity.state.replace("_", " ")


def _unit(unit: str) -> str:
    return {"°C": "degrees", "°F": "degrees", "%": "percent", "W": "watts", "lx": "lux"}.get(unit, unit)


def holds(entity: Entity, state: str) -> bool:  # noqa: C901, PLR0911 - one return a state
    """Whether an entity is in a state as people name it."""
    now = entity.state
    match state:
        case "on" if entity.domain in {"climate", "vacuum", "media_player"}:
            return now not in _OFF and now != "paused"
        case "on" if entity.domain in {"valve", "cover"}:
            return now == "open"
        case "off" if entity.domain in {"climate", "vacuum", "media_player"}:
            return now in _OFF
        case "off" if entity.domain in {"valve", "cover"}:
            return now == "closed"
        case "open" | "closed" if entity.domain == "binary_sensor":
            return now == ("on" if state == "open" else "off")
        case "open" if entity.domain == "lock":
            return now in {"open", "unlocked"}
        case "away":
            return now != "home"
        case "armed":
            return now.startswith("armed")
        case "muted":
            return bool(entity.attributes.get("is_volume_muted"))
        case "docked":
            return now in {"docked", "charging"}
    return now == state


def _whether(  # noqa: PLR0911 - one return an answer
    order: Order, matching: Sequence[Entity], state: str, home: Home
) -> str:
    entities = order.entities
    word = "at home" if state == "home" else state
    if len(entities) == 1:
        told = the(entities[0], home)
        if not entities[0].answers:
            return sentence(f"{told} does not answer")
        if matching:
            return sentence(f"yes, {told} {be(entities)} {word}")
        return sentence(f"no, {told} {be(entities)} {state_word(entities[0])}")
    if not matching:
        return sentence(f"no, {'none of them is' if len(entities) > 1 else 'it is not'} {word}")
    wants_all = state in {"locked", "closed", "off"} and not re.search(r"\b(?:any|some|one)\b", order.text)
    if (wants_all or re.search(r"\b(?:all|every|everything|both)\b", order.text)) and len(matching) < len(entities):
        rest = [each for each in entities if each not in matching]
        return sentence(f"no, {devices(rest, home)} {be(rest)} not")
    if len(matching) == len(entities):
        return sentence(f"yes, all {len(entities)} are {word}")
    others = len(entities) - len(matching)
    return sentence(f"yes, {devices(matching, home)} {be(matching)} {word}, {others} not")


def _which(matching: Sequence[Entity], entities: Sequence[Entity], state: str, home: Home) -> str:
    word = "at home" if state == "home" else state
    if not matching:
        return sentence(f"none of {len(entities)} is {word}")
    return sentence(f"{listed([the(each, home) for each in matching])} {'is' if len(matching) == 1 else 'are'} {word}")


def _how_many(matching: Sequence[Entity], entities: Sequence[Entity], state: str, home: Home) -> str:
    names = f": {listed([the(each, home) for each in matching])}" if 0 < len(matching) <= MOST_NAMED else ""
    return f"{len(matching)} of {len(entities)} {'is' if len(matching) == 1 else 'are'} {state}{names}."


def _whereabouts(entity: Entity, home: Home) -> str:
    area = home.area(entity.area)
    place = f" in the {area.name.lower()}" if area else ""
    return state_word(entity) + (place if entity.domain in {"vacuum", "lawn_mower"} else "")


def _values(order: Order, home: Home) -> str:
    aspect = order.slots.get("aspect")
    entities = _closest(order.entities, str(aspect) if aspect else "", home)
    said = [_value(each, str(aspect) if aspect else "", home) for each in entities[: 2 * MOST_NAMED]]
    return " ".join(sentence(each) for each in said)


def _closest(entities: Sequence[Entity], aspect: str, home: Home) -> Sequence[Entity]:
    """Of thermostats and sensors in the same place the one that measures is asked."""
    if aspect != "temperature":
        return entities
    measuring = [
        each for each in entities if each.device_class == "temperature" or "current_temperature" in each.attributes
    ]
    near = [each for each in measuring if home.here and each.area == home.here]
    return near or measuring or entities


def _value(entity: Entity, aspect: str, home: Home) -> str:  # noqa: PLR0911 - one return an aspect
    told = the(entity, home)
    attributes = entity.attributes
    if not entity.answers:
        return f"{told} does not answer"
    match aspect:
        case "temperature" if entity.domain == "climate":
            now = attributes.get("current_temperature")
            where = home.area(entity.area)
            place = f"in the {where.name.lower()}" if where else f"at {told}"
            return (
                f"it is {now} degrees {place}"
                if now is not None
                else f"{told} is set to {attributes.get('temperature')} degrees"
            )
        case "setpoint":
            return f"{told} is set to {attributes.get('temperature')} degrees"
        case "temperature" if entity.domain == "weather":
            return f"it is {attributes.get('temperature')} degrees outside"
        case "battery":
            found = next((attributes[key] for key in ("battery_level", "battery") if key in attributes), None)
            return (
                f"{told} has {found} percent of battery left"
                if found is not None
                else f"{told} is {state_word(entity)}"
            )
        case "media":
            return _playing(entity, told)
        case "humidity" if entity.domain == "climate":
            return f"the humidity is {attributes.get('current_humidity', 'not measured')}"
        case "brightness" | "volume" | "position" | "speed" if entity.domain != "sensor":
            now_at = current(entity)
            off = entity.domain == "light" and entity.state != "on"
            return (
                f"{told} is off"
                if off
                else f"{told} is at {count(round(now_at))} percent"
                if now_at is not None
                else f"{told} is {entity.state}"
            )
    return _all_of(entity, told)


def _playing(entity: Entity, told: str) -> str:
    title, artist = entity.attributes.get("media_title"), entity.attributes.get("media_artist")
    if entity.state != "playing" or not title:
        return f"{told} is {state_word(entity)}"
    return f"{told} plays {title}" + (f" by {artist}" if artist else "")


def _all_of(entity: Entity, told: str) -> str:
    if entity.domain == "climate":
        now = entity.attributes.get("current_temperature")
        inside = f", it is {now} degrees" if now is not None else ""
        wanted = entity.attributes.get("temperature")
        return f"{told} is on {entity.state.replace('_', ' ')}, set to {wanted} degrees{inside}"
    if entity.domain == "light" and entity.state == "on" and entity.attributes.get("brightness"):
        return f"{told} is on at {count(round(current(entity) or 0))} percent"
    return f"{told} is {state_word(entity)}"


def read_list(entity: Entity, home: Home) -> str:
    """Read a list out: what is still open on it."""
    items = entity.attributes.get("items") or []
    open_items = [
        str(each.get("summary")) if isinstance(each, dict) else str(each)
        for each in items
        if not isinstance(each, dict) or each.get("status") != "completed"
    ]
    if not open_items:
        return sentence(f"there is nothing on {the(entity, home)}")
    return sentence(f"{the(entity, home)} has {len(open_items)}: {listed(open_items)}")
