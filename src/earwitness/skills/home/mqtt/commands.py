"""From a service call to what is published on a device's command topics, after Home Assistant's MQTT components."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from earwitness.kernel.errors import DeviceCannot
from earwitness.skills.home.model import Entity
from earwitness.skills.home.mqtt.discovery import Announced
from earwitness.skills.home.mqtt.states import PERCENT, number, position_for, scale

Data = Mapping[str, Any]
Messages = list[tuple[str, str]]
"""Topic and payload, in order."""


def messages(announced: Announced, entity: Entity, service: str, data: Data) -> Messages:
    """Return what to publish for a service.

    Raises:
        DeviceCannot: the device has no topic for it.
    """
    if service == "toggle":
        service = {"on": "turn_off", "open": f"close_{entity.domain}"}.get(
            entity.state, f"open_{entity.domain}" if entity.domain in {"cover", "valve"} else "turn_on"
        )
    command = _COMMANDS.get(f"{announced.component}.{service}")
    found = command(announced, data) if command else []
    if not found or not all(topic for topic, _ in found):
        raise DeviceCannot(f"The {announced.component} has no topic for {service}.")
    return found


def _to(key: str, setting: str, default: str) -> Callable[[Announced, Data], Messages]:
    return lambda announced, _data: [(announced.text(key), announced.text(setting, default))]


def _on(announced: Announced, _data: Data) -> Messages:
    return [(announced.text("command_topic"), announced.text("payload_on", "ON"))]


def _off(announced: Announced, _data: Data) -> Messages:
    if announced.component == "light" and announced.text("schema") == "json":
        return [(announced.text("command_topic"), json.dumps({"state": "OFF"}))]
    return [(announced.text("command_topic"), announced.text("payload_off", "OFF"))]


def _light_on(announced: Announced, data: Data) -> Messages:
    level = data.get("brightness")
    if level is None and "brightness_pct" in data:
        level = 255 * float(data["brightness_pct"]) / PERCENT
    own = None if level is None else round(scale(announced) * float(level) / 255)
    kelvin = data.get("color_temp_kelvin")
    warmth = (
        kelvin
        if kelvin is None or announced.config.get("color_temp_kelvin")
        else round(1_000_000 / max(1, int(kelvin)))
    )
    if announced.text("schema") == "json":
        wanted: dict[str, Any] = {"state": "ON"}
        wanted |= {"brightness": own} if own is not None else {}
        wanted |= {"color": dict(zip("rgb", data["rgb_color"], strict=True))} if "rgb_color" in data else {}
        wanted |= {"color_temp": warmth} if warmth is not None else {}
        return [(announced.text("command_topic"), json.dumps(wanted))]
    out = _on(announced, data)
    if own is not None:
        out.append((announced.text("brightness_command_topic"), str(own)))
    if "rgb_color" in data:
        out.append((announced.text("rgb_command_topic"), ",".join(map(str, data["rgb_color"]))))
    if warmth is not None:
        out.append((announced.text("color_temp_command_topic"), str(warmth)))
    return out


def _position(announced: Announced, data: Data) -> Messages:
    topic = announced.text("set_position_topic") or (
        announced.text("command_topic") if announced.config.get("reports_position") else ""
    )
    return [(topic, str(position_for(announced, float(data["position"]))))]


def _valve(way: str, percent: int) -> Callable[[Announced, Data], Messages]:
    """A valve that reports its position takes numbers, another one words."""

    def move(announced: Announced, data: Data) -> Messages:
        if announced.config.get("reports_position"):
            return _position(announced, {"position": percent, **data})
        return [(announced.text("command_topic"), announced.text(f"payload_{way}", way.upper()))]

    return move


def _speed(announced: Announced, data: Data) -> Messages:
    high = number(announced.text("speed_range_max", str(PERCENT))) or PERCENT
    return [(announced.text("percentage_command_topic"), str(round(high * float(data["percentage"]) / PERCENT)))]


def _temperature(announced: Announced, data: Data) -> Messages:
    out = [(announced.text("mode_command_topic"), str(data["hvac_mode"]))] if "hvac_mode" in data else []
    return [*out, (announced.text("temperature_command_topic"), f"{float(data['temperature']):g}")]


def _mode(mode: str | None = None) -> Callable[[Announced, Data], Messages]:
    def set_mode(announced: Announced, data: Data) -> Messages:
        modes = announced.config.get("modes") or ["heat"]
        wanted = mode or data.get("hvac_mode") or next((each for each in modes if each != "off"), "heat")
        return [(announced.text("mode_command_topic"), str(wanted))]

    return set_mode


def _word(word: str) -> Callable[[Announced, Data], Messages]:
    return lambda announced, _data: [(announced.text("command_topic"), announced.text(f"payload_{word}", word))]


_COMMANDS: dict[str, Callable[[Announced, Data], Messages]] = {
    **{f"{each}.turn_on": _on for each in ("switch", "siren", "humidifier", "fan", "scene")},
    **{f"{each}.turn_off": _off for each in ("light", "switch", "siren", "humidifier", "fan")},
    "light.turn_on": _light_on,
    "cover.open_cover": _to("command_topic", "payload_open", "OPEN"),
    "cover.close_cover": _to("command_topic", "payload_close", "CLOSE"),
    "cover.stop_cover": _to("command_topic", "payload_stop", "STOP"),
    "cover.set_cover_position": _position,
    "valve.open_valve": _valve("open", PERCENT),
    "valve.close_valve": _valve("close", 0),
    "valve.set_valve_position": _position,
    "lock.lock": _to("command_topic", "payload_lock", "LOCK"),
    "lock.unlock": _to("command_topic", "payload_unlock", "UNLOCK"),
    "fan.set_percentage": _speed,
    "fan.set_preset_mode": lambda announced, data: [
        (announced.text("preset_mode_command_topic"), str(data["preset_mode"]))
    ],
    "climate.set_temperature": _temperature,
    "climate.set_hvac_mode": _mode(),
    "climate.turn_on": _mode(),
    "climate.turn_off": _mode("off"),
    "vacuum.start": _word("start"),
    "vacuum.pause": _word("pause"),
    "vacuum.stop": _word("stop"),
    "vacuum.locate": _word("locate"),
    "vacuum.return_to_base": _word("return_to_base"),
    "button.press": _to("command_topic", "payload_press", "PRESS"),
    "alarm_control_panel.alarm_disarm": _to("command_topic", "payload_disarm", "DISARM"),
    "alarm_control_panel.alarm_arm_away": _to("command_topic", "payload_arm_away", "ARM_AWAY"),
    "alarm_control_panel.alarm_arm_home": _to("command_topic", "payload_arm_home", "ARM_HOME"),
    "alarm_control_panel.alarm_arm_night": _to("command_topic", "payload_arm_night", "ARM_NIGHT"),
}
