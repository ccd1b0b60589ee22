"""From what a device reports on its topics to its state and attributes, after Home Assistant's MQTT components."""

import json
import re
from collections.abc import Mapping
from typing import Any

from earwitness.skills.home.model import Entity
from earwitness.skills.home.mqtt.discovery import Announced

FULL = 255
PERCENT = 100
_PATH = re.compile(r"^\s*\{\{\s*value_json((?:\.\w+|\[['\"]\w+['\"]\])+)\s*(?:\|[^}]*)?\}\}\s*$")
_TEMPLATES = {
    "state_topic": "value_template",
    "position_topic": "position_template",
    "current_temperature_topic": "current_temperature_template",
}

Reports = Mapping[str, bytes]
"""The last payload on each topic."""


def entity_of(announced: Announced, reports: Reports) -> Entity:
    """Return the entity as its device last reported it; ``unknown`` if it never did."""
    state, attributes = _READ.get(announced.component, _plain)(announced, reports)
    kept: dict[str, Any] = {
        key: announced.config[key]
        for key in ("device_class", "unit_of_measurement", "min_temp", "max_temp")
        if announced.config.get(key) is not None
    }
    if announced.config.get("modes"):
        kept["hvac_modes"] = announced.config["modes"]
    return Entity(
        announced.id,
        announced.name,
        announced.area,
        state="unavailable" if _gone(announced, reports) else state,
        attributes={**kept, **{key: value for key, value in attributes.items() if value is not None}},
    )


def _gone(announced: Announced, reports: Reports) -> bool:
    """Not there if any of its availability topics says so, or has never said anything."""
    rows = announced.availability()
    return any(reports.get(topic, b"").decode("utf-8", "replace") != there for topic, there, _ in rows)


def report(announced: Announced, reports: Reports, key: str) -> str | None:
    """Return what was last said on the topic that a setting names, through its template."""
    topic = announced.config.get(key)
    payload = reports.get(topic) if isinstance(topic, str) else None
    if payload is None:
        return None
    text = payload.decode("utf-8", "replace")
    template = announced.config.get(
        _TEMPLATES.get(key, key.replace("_topic", "_template").replace("state_template", "value_template"))
    )
    return _through(str(template), text) if template else text


def _through(template: str, text: str) -> str | None:
    """Follow ``{{ value_json.a.b }}``; other templates are a language of their own, and give nothing."""
    match = _PATH.match(template)
    if not match:
        return text if re.fullmatch(r"\s*\{\{\s*value\s*\}\}\s*", template) else None
    found = _json(text)
    for step in re.findall(r"\w+", match[1]):
        found = found.get(step) if isinstance(found, Mapping) else None
    return None if found is None else str(found)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def number(text: str | None) -> float | None:
    """A number that was reported; None if it is none."""
    try:
        found = float(text) if text is not None else None
    except ValueError:
        return None
    return None if found is None else int(found) if found == int(found) else found


def _plain(announced: Announced, reports: Reports) -> tuple[str, dict[str, Any]]:
    found = report(announced, reports, "state_topic")
    return (found if found is not None else "unknown"), {}


def _on_off(announced: Announced, reports: Reports) -> tuple[str, dict[str, Any]]:
    found = report(announced, reports, "state_topic")
    on = announced.text("state_on", announced.text("payload_on", "ON"))
    off = announced.text("state_off", announced.text("payload_off", "OFF"))
    return {on: "on", off: "off"}.get(found or "", "unknown"), {}


def _light(announced: Announced, reports: Reports) -> tuple[str, dict[str, Any]]:
    if announced.text("schema") == "json":
        return _json_light(announced, reports)
    state, _ = _on_off(announced, reports)
    level = number(report(announced, reports, "brightness_state_topic"))
    rgb = report(announced, reports, "rgb_state_topic")
    kelvin = number(report(announced, reports, "color_temp_state_topic"))
    return state, {
        "brightness": None if level is None else _scaled(level, announced),
        "rgb_color": [int(each) for each in rgb.split(",")] if rgb and re.fullmatch(r"\d+,\d+,\d+", rgb) else None,
        "color_temp_kelvin": kelvin
        if announced.config.get("color_temp_kelvin") or kelvin is None
        else round(1_000_000 / max(1, kelvin)),
    }


def _json_light(announced: Announced, reports: Reports) -> tuple[str, dict[str, Any]]:
    found = _json(report(announced, reports, "state_topic") or "")
    if not isinstance(found, Mapping):
        return "unknown", {}
    level, color, kelvin = found.get("brightness"), found.get("color"), found.get("color_temp")
    has_rgb = isinstance(color, Mapping) and {"r", "g", "b"} <= set(color)
    return {"ON": "on", "OFF": "off"}.get(str(found.get("state")), "unknown"), {
        "brightness": _scaled(level, announced) if isinstance(level, int | float) else None,
        "rgb_color": [int(color[each]) for each in "rgb"] if has_rgb and isinstance(color, Mapping) else None,
        "color_temp_kelvin": (
            kelvin if announced.config.get("color_temp_kelvin") else round(1_000_000 / max(1, kelvin))
        )
        if isinstance(kelvin, int | float)
        else None,
        "color_mode": found.get("color_mode"),
        "effect": found.get("effect"),
    }


def scale(announced: Announced) -> float:
    """The device's own highest brightness."""
    found = announced.config.get("brightness_scale")
    return float(found) if isinstance(found, int | float) and found > 0 else float(FULL)


def _scaled(level: float, announced: Announced) -> int:
    return round(FULL * level / scale(announced))


def _cover(announced: Announced, reports: Reports) -> tuple[str, dict[str, Any]]:
    low, high = _ends(announced)
    at = number(report(announced, reports, "position_topic"))
    if announced.component == "valve" and announced.config.get("reports_position"):
        at = number(report(announced, reports, "state_topic"))
    position = None if at is None or high == low else round(PERCENT * (at - low) / (high - low))
    found = report(announced, reports, "state_topic") or ""
    names = {announced.text(f"state_{each}", each): each for each in ("open", "closed", "opening", "closing")}
    state = names.get(found) or ("unknown" if position is None else "open" if position else "closed")
    return state, {"current_position": position}


def _ends(announced: Announced) -> tuple[float, float]:
    low, high = number(announced.text("position_closed", "0")), number(announced.text("position_open", str(PERCENT)))
    return low or 0.0, PERCENT if high is None else high


def position_for(announced: Announced, percent: float) -> int:
    """A position in percent in the device's own numbers."""
    low, high = _ends(announced)
    return round(low + (high - low) * percent / PERCENT)


def _lock(announced: Announced, reports: Reports) -> tuple[str, dict[str, Any]]:
    found = report(announced, reports, "state_topic") or ""
    names = {
        announced.text(f"state_{each}", each.upper()): each
        for each in ("locked", "unlocked", "locking", "unlocking", "jammed")
    }
    return names.get(found, "unknown"), {}


def _fan(announced: Announced, reports: Reports) -> tuple[str, dict[str, Any]]:
    state, _ = _on_off(announced, reports)
    speed = number(report(announced, reports, "percentage_state_topic"))
    high = number(announced.text("speed_range_max", str(PERCENT))) or PERCENT
    return state, {
        "percentage": None if speed is None else round(PERCENT * speed / high),
        "preset_mode": report(announced, reports, "preset_mode_state_topic"),
    }


def _climate(announced: Announced, reports: Reports) -> tuple[str, dict[str, Any]]:
    return report(announced, reports, "mode_state_topic") or "unknown", {
        "temperature": number(report(announced, reports, "temperature_state_topic")),
        "current_temperature": number(report(announced, reports, "current_temperature_topic")),
    }


def _vacuum(announced: Announced, reports: Reports) -> tuple[str, dict[str, Any]]:
    found = _json(report(announced, reports, "state_topic") or "")
    if not isinstance(found, Mapping):
        return "unknown", {}
    return str(found.get("state", "unknown")), {
        "battery_level": found.get("battery_level"),
        "fan_speed": found.get("fan_speed"),
    }


_READ = {
    "light": _light,
    "switch": _on_off,
    "siren": _on_off,
    "humidifier": _on_off,
    "binary_sensor": _on_off,
    "fan": _fan,
    "cover": _cover,
    "valve": _cover,
    "lock": _lock,
    "climate": _climate,
    "vacuum": _vacuum,
}
