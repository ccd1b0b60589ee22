"""What a device does when a service is called: its next state and attributes.

After Home Assistant's own descriptions of its services. An attribute appears only where the call or
the device has it, so that what changed is what somebody asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from earwitness.kernel.errors import DeviceCannot
from earwitness.skills.home.model import Entity

Data = Mapping[str, Any]
Behaviour = Callable[[Entity, Data], Entity]

FULL = 255
"""Home Assistant's highest brightness."""


def act(entity: Entity, service: str, data: Data) -> Entity:
    """Return the entity after the service, e.g. ``turn_on``.

    Raises:
        DeviceCannot: its domain has no such service.
    """
    found = BEHAVIOURS.get(f"{entity.domain}.{service}")
    if found is None:
        raise DeviceCannot(f"A {entity.domain} has no service {service}.")
    return found(entity, data)


def _with(entity: Entity, state: str | None = None, **attributes: object) -> Entity:
    return replace(
        entity,
        state=entity.state if state is None else state,
        attributes={**entity.attributes, **attributes},
    )


def _to(state: str) -> Behaviour:
    return lambda entity, _data: _with(entity, state)


def _toggle(on: Behaviour, off: Behaviour) -> Behaviour:
    return lambda entity, data: (off if entity.state == "on" else on)(entity, data)


def _light_on(entity: Entity, data: Data) -> Entity:
    attributes: dict[str, object] = {}
    if "brightness_pct" in data:
        attributes["brightness"] = round(FULL * float(data["brightness_pct"]) / 100)
    if "brightness" in data:
        attributes["brightness"] = int(data["brightness"])
    if not attributes and entity.attributes.get("brightness", FULL) in {0, None}:
        attributes["brightness"] = FULL
    if "rgb_color" in data:
        attributes |= {"rgb_color": list(data["rgb_color"]), "color_mode": "rgb"}
    if "color_temp_kelvin" in data:
        attributes |= {"color_temp_kelvin": int(data["color_temp_kelvin"]), "color_mode": "color_temp"}
    if "effect" in data:
        attributes["effect"] = data["effect"]
    return _with(entity, "on", **attributes)


def _position(entity: Entity, data: Data) -> Entity:
    key = _position_key(entity)
    position = int(data["position"])
    return _with(entity, "open" if position else "closed", **{key: position})


def _position_key(entity: Entity) -> str:
    return "position" if "position" in entity.attributes else "current_position"


def _moved(state: str, position: int) -> Behaviour:
    def move(entity: Entity, _data: Data) -> Entity:
        key = _position_key(entity)
        return _with(entity, state, **({key: position} if key in entity.attributes else {}))

    return move


def _tilt(entity: Entity, data: Data) -> Entity:
    return _with(entity, current_tilt_position=int(data["tilt_position"]))


def _fan_speed(entity: Entity, data: Data) -> Entity:
    percentage = int(data["percentage"])
    return _with(entity, "on" if percentage else "off", percentage=percentage)


def _fan_on(entity: Entity, data: Data) -> Entity:
    wanted = {key: data[key] for key in ("percentage", "preset_mode") if key in data}
    if not wanted and entity.attributes.get("percentage") == 0:
        wanted = {"percentage": 100}
    return _with(entity, "on", **wanted)


def _fan_off(entity: Entity, _data: Data) -> Entity:
    return _with(entity, "off", **({"percentage": 0} if "percentage" in entity.attributes else {}))


def _climate_set(entity: Entity, data: Data) -> Entity:
    wanted = {key: data[key] for key in ("temperature", "target_temp_high", "target_temp_low") if key in data}
    return _with(entity, data.get("hvac_mode"), **wanted)


def _climate_on(entity: Entity, _data: Data) -> Entity:
    modes = [mode for mode in entity.attributes.get("hvac_modes", ()) if mode != "off"]
    preferred = next((mode for mode in ("heat_cool", "auto", "heat", "cool") if mode in modes), None)
    return _with(entity, preferred or (modes[0] if modes else "heat"))


def _attribute(key: str, source: str | None = None) -> Behaviour:
    return lambda entity, data: _with(entity, **{key: data[source or key]})


def _media_on(entity: Entity, _data: Data) -> Entity:
    return _with(entity, "on" if entity.state in {"off", "standby"} else entity.state)


def _track(step: int) -> Behaviour:
    def move(entity: Entity, _data: Data) -> Entity:
        now = entity.attributes.get("media_track")
        return _with(entity, media_track=max(1, now + step)) if isinstance(now, int) else entity

    return move


def _volume_step(step: float) -> Behaviour:
    def move(entity: Entity, _data: Data) -> Entity:
        now = float(entity.attributes.get("volume_level") or 0.0)
        return _with(entity, volume_level=round(min(1.0, max(0.0, now + step)), 2))

    return move


def _play(entity: Entity, data: Data) -> Entity:
    return _with(
        entity, "playing", media_content_id=data["media_content_id"], media_content_type=data["media_content_type"]
    )


def _clean_area(entity: Entity, data: Data) -> Entity:
    return _with(entity, "cleaning", cleaning_area=list(data["cleaning_area_id"]))


def with_items(entity: Entity) -> Entity:
    """A list whose items are written out, with the number of open ones as its state, as Home Assistant has it."""
    return _listed(entity, _items(entity)) if entity.attributes.get("items") else entity


def _items(entity: Entity) -> list[dict[str, Any]]:
    listed = entity.attributes.get("items") or []
    return [
        dict(each) if isinstance(each, Mapping) else {"summary": str(each), "status": "needs_action"} for each in listed
    ]


def _listed(entity: Entity, items: list[dict[str, Any]]) -> Entity:
    open_items = sum(each.get("status", "needs_action") != "completed" for each in items)
    return _with(entity, str(open_items), items=items)


def _add_item(entity: Entity, data: Data) -> Entity:
    return _listed(entity, [*_items(entity), {"summary": data["item"], "status": "needs_action"}])


def _remove_item(entity: Entity, data: Data) -> Entity:
    gone = {str(each).lower() for each in ([data["item"]] if isinstance(data["item"], str) else data["item"])}
    return _listed(entity, [each for each in _items(entity) if each["summary"].lower() not in gone])


def _update_item(entity: Entity, data: Data) -> Entity:
    wanted = str(data["item"]).lower()
    return _listed(
        entity,
        [{**each, "status": data["status"]} if each["summary"].lower() == wanted else each for each in _items(entity)],
    )


def _humidity(entity: Entity, data: Data) -> Entity:
    return _with(entity, humidity=int(data["humidity"]))


def _on_off(domain: str, on: Behaviour | None = None, off: Behaviour | None = None) -> dict[str, Behaviour]:
    on, off = on or _to("on"), off or _to("off")
    return {f"{domain}.turn_on": on, f"{domain}.turn_off": off, f"{domain}.toggle": _toggle(on, off)}


def _openable(domain: str) -> dict[str, Behaviour]:
    return {
        f"{domain}.open_{domain}": _moved("open", 100),
        f"{domain}.close_{domain}": _moved("closed", 0),
        f"{domain}.set_{domain}_position": _position,
        f"{domain}.stop_{domain}": lambda entity, _data: entity,
        f"{domain}.toggle": lambda entity, data: _moved(*(("closed", 0) if entity.state == "open" else ("open", 100)))(
            entity, data
        ),
    }


BEHAVIOURS: dict[str, Behaviour] = {
    **_on_off("light", _light_on),
    **_on_off("switch"),
    **_on_off("input_boolean"),
    **_on_off("humidifier"),
    **_on_off("siren"),
    **_on_off("remote"),
    **_on_off("automation"),
    **_on_off("camera", _to("idle")),
    **_on_off("water_heater", _to("electric")),
    **_on_off("fan", _fan_on, _fan_off),
    **_on_off("media_player", _media_on),
    **_on_off("climate", _climate_on),
    **_openable("cover"),
    **_openable("valve"),
    "humidifier.set_humidity": _humidity,
    "cover.set_cover_tilt_position": _tilt,
    "lock.lock": _to("locked"),
    "lock.unlock": _to("unlocked"),
    "lock.open": _to("open"),
    "fan.set_percentage": _fan_speed,
    "fan.set_preset_mode": _attribute("preset_mode"),
    "fan.oscillate": _attribute("oscillating"),
    "fan.set_direction": _attribute("direction"),
    "climate.set_temperature": _climate_set,
    "climate.set_hvac_mode": lambda entity, data: _with(entity, str(data["hvac_mode"])),
    "climate.set_fan_mode": _attribute("fan_mode"),
    "climate.set_preset_mode": _attribute("preset_mode"),
    "water_heater.set_temperature": _attribute("temperature"),
    "media_player.media_play": _to("playing"),
    "media_player.media_pause": _to("paused"),
    "media_player.media_stop": _to("idle"),
    "media_player.media_next_track": _track(1),
    "media_player.media_previous_track": _track(-1),
    "media_player.volume_set": _attribute("volume_level"),
    "media_player.volume_up": _volume_step(0.1),
    "media_player.volume_down": _volume_step(-0.1),
    "media_player.volume_mute": _attribute("is_volume_muted"),
    "media_player.shuffle_set": _attribute("shuffle"),
    "media_player.repeat_set": _attribute("repeat"),
    "media_player.select_source": _attribute("source"),
    "media_player.play_media": _play,
    "vacuum.start": _to("cleaning"),
    "vacuum.pause": _to("paused"),
    "vacuum.stop": _to("idle"),
    "vacuum.return_to_base": _to("returning"),
    "vacuum.locate": lambda entity, _data: entity,
    "vacuum.clean_spot": _to("cleaning"),
    "vacuum.clean_area": _clean_area,
    "vacuum.set_fan_speed": _attribute("fan_speed"),
    "lawn_mower.start_mowing": _to("mowing"),
    "lawn_mower.pause": _to("paused"),
    "lawn_mower.dock": _to("docked"),
    "alarm_control_panel.alarm_disarm": _to("disarmed"),
    "alarm_control_panel.alarm_arm_home": _to("armed_home"),
    "alarm_control_panel.alarm_arm_away": _to("armed_away"),
    "alarm_control_panel.alarm_arm_night": _to("armed_night"),
    "todo.add_item": _add_item,
    "todo.remove_item": _remove_item,
    "todo.update_item": _update_item,
    "number.set_value": lambda entity, data: _with(entity, str(data["value"])),
    "input_number.set_value": lambda entity, data: _with(entity, str(data["value"])),
    "select.select_option": lambda entity, data: _with(entity, str(data["option"])),
    "input_select.select_option": lambda entity, data: _with(entity, str(data["option"])),
}
"""By ``domain.service``. Scenes, scripts and buttons reach other entities: see ``virtual.home``."""
