"""Read what devices announce (``homeassistant/<component>/[<node>/]<object>/config``).

After https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery: JSON with full or abbreviated keys,
``~`` for a base topic, one entity a message or all of a device's in ``components``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

COMPONENTS = frozenset({
    "light", "switch", "cover", "lock", "fan", "climate", "valve", "vacuum", "lawn_mower", "binary_sensor",
    "sensor", "scene",
    "button", "siren", "humidifier", "alarm_control_panel",
})  # fmt: skip
"""What of it is understood."""

ABBREVIATED = {
    "name": "name", "uniq_id": "unique_id", "obj_id": "object_id", "def_ent_id": "default_entity_id", "dev": "device",
    "dev_cla": "device_class", "stat_t": "state_topic", "cmd_t": "command_topic", "avty_t": "availability_topic",
    "avty": "availability", "pl_avail": "payload_available", "pl_not_avail": "payload_not_available",
    "pl_on": "payload_on",
    "pl_off": "payload_off", "stat_on": "state_on", "stat_off": "state_off", "val_tpl": "value_template",
    "unit_of_meas": "unit_of_measurement", "schema": "schema", "bri": "brightness", "bri_scl": "brightness_scale",
    "bri_stat_t": "brightness_state_topic", "bri_cmd_t": "brightness_command_topic", "rgb_stat_t": "rgb_state_topic",
    "rgb_cmd_t": "rgb_command_topic", "clr_temp_k": "color_temp_kelvin", "sup_clrm": "supported_color_modes",
    "clr_temp_stat_t": "color_temp_state_topic", "clr_temp_cmd_t": "color_temp_command_topic",
    "pl_open": "payload_open",
    "pl_cls": "payload_close", "pl_stop": "payload_stop", "pos_t": "position_topic", "set_pos_t": "set_position_topic",
    "pos_open": "position_open", "pos_clsd": "position_closed", "stat_open": "state_open", "stat_clsd": "state_closed",
    "stat_opening": "state_opening", "stat_closing": "state_closing", "pl_lock": "payload_lock",
    "pl_unlk": "payload_unlock",
    "stat_locked": "state_locked", "stat_unlocked": "state_unlocked", "pct_stat_t": "percentage_state_topic",
    "pct_cmd_t": "percentage_command_topic", "pr_mode_stat_t": "preset_mode_state_topic",
    "pr_mode_cmd_t": "preset_mode_command_topic", "temp_cmd_t": "temperature_command_topic",
    "temp_stat_t": "temperature_state_topic", "curr_temp_t": "current_temperature_topic",
    "mode_stat_t": "mode_state_topic",
    "mode_cmd_t": "mode_command_topic", "modes": "modes", "min_temp": "min_temp", "max_temp": "max_temp",
    "pl_prs": "payload_press", "sa": "suggested_area", "ids": "identifiers", "rep_pos": "reports_position",
    "p": "platform",
    "cmps": "components", "t": "topic", "pos_tpl": "position_template", "json_attr_t": "json_attributes_topic",
    "spd_rng_max": "speed_range_max", "spd_rng_min": "speed_range_min",
}  # fmt: skip
"""The abbreviations that devices use, and what they stand for."""

Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Announced:
    """One entity that a device announced: its id, names, room and topics."""

    id: str
    name: str
    area: str | None = None
    config: Config = field(default_factory=dict)

    @property
    def component(self) -> str:
        """Its kind, e.g. ``light``."""
        return self.id.partition(".")[0]

    def text(self, key: str, default: str = "") -> str:
        """A setting as text."""
        found = self.config.get(key)
        return default if found is None else str(found)

    def topics(self) -> Iterator[str]:
        """Every topic on which the device reports."""
        for key, value in self.config.items():
            if (key.endswith("state_topic") or key in REPORTS) and isinstance(value, str) and value:
                yield value
        for row in self.availability():
            yield row[0]

    def availability(self) -> list[tuple[str, str, str]]:
        """Topic, payload when there, payload when not; of each."""
        listed = self.config.get("availability") or []
        listed = listed if isinstance(listed, list) else [listed]
        rows = [row for row in listed if isinstance(row, Mapping) and row.get("topic")]
        if self.config.get("availability_topic"):
            rows.append({**self.config, "topic": self.config["availability_topic"]})
        return [
            (
                str(row["topic"]),
                str(row.get("payload_available", "online")),
                str(row.get("payload_not_available", "offline")),
            )
            for row in rows
        ]


REPORTS = frozenset({"position_topic", "current_temperature_topic", "json_attributes_topic"})


def announced(prefix: str, topic: str, payload: bytes) -> list[Announced]:
    """Read an announcement; an empty list if it announces nothing that is understood."""
    parts = topic.removeprefix(prefix + "/").split("/")
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return []
    if not isinstance(found, dict) or len(parts) not in {3, 4} or parts[-1] != "config":
        return []
    config = _whole(found)
    if parts[0] == "device":
        return _of_device(config)
    return _entity(parts[0], parts[-2], config)


def _of_device(config: dict[str, Any]) -> list[Announced]:
    shared = {
        key: value for key, value in config.items() if key in {"device", "availability", "availability_topic", "~"}
    }
    components = config.get("components")
    return [
        entity
        for key, part in (components.items() if isinstance(components, dict) else ())
        if isinstance(part, dict)
        for entity in _entity(
            str(_whole(part).get("platform")), str(key), {**shared, **_whole({**part, "~": config.get("~")})}
        )
    ]


def _entity(component: str, object_id: str, config: dict[str, Any]) -> list[Announced]:
    if component not in COMPONENTS:
        return []
    device = config.get("device")
    about = _whole(device) if isinstance(device, dict) else {}
    own, owner = config.get("name"), str(about.get("name") or "").strip()
    name = (
        f"{owner} {own}".strip()
        if own and owner and not str(own).lower().startswith(owner.lower())
        else str(own or owner or object_id)
    )
    entity_id = str(config.get("default_entity_id") or f"{component}.{_slug(str(config.get('object_id') or name))}")
    area = about.get("suggested_area")
    return [Announced(entity_id, name, str(area) if area else None, config)]


def _whole(config: dict[str, Any]) -> dict[str, Any]:
    """Write abbreviated keys out and put the base topic in."""
    base = config.get("~")
    out: dict[str, Any] = {}
    for key, value in config.items():
        whole = ABBREVIATED.get(key, key)
        if isinstance(value, str) and isinstance(base, str) and key != "~" and (whole.endswith("topic")):
            value = base + value[1:] if value.startswith("~") else value[:-1] + base if value.endswith("~") else value  # noqa: PLW2901 - the same, whole
        if whole == "availability" and isinstance(value, list):
            value = [_whole({**each, "~": base}) if isinstance(each, dict) else each for each in value]  # noqa: PLW2901 - likewise
        out[whole] = value
    return out


def _slug(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")
