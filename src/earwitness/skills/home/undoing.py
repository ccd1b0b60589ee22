"""The calls that bring an entity back to what it was, as far as its services can."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from earwitness.skills.home.model import Call, Entity

Data = Mapping[str, Any]


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
