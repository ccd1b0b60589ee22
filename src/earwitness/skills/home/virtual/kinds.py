"""Which domain a device is of whose row in a home file says only what it is."""

KINDS = {
    "light": "light",
    "light-dimmable": "light",
    "light-rgbw": "light",
    "lamp": "light",
    "switch": "switch",
    "smart-plug": "switch",
    "plug": "switch",
    "outlet": "switch",
    "fan": "fan",
    "fan-oscilating": "fan",
    "exhaust-fan": "fan",
    "hvac": "climate",
    "heat-pump": "climate",
    "thermostat": "climate",
    "smart-blinds": "cover",
    "blinds": "cover",
    "curtain": "cover",
    "garage-door": "cover",
    "gate": "cover",
    "smart-lock": "lock",
    "lock": "lock",
    "smart-speaker": "media_player",
    "speaker": "media_player",
    "smart-tv": "media_player",
    "tv": "media_player",
    "vacuum": "vacuum",
    "water-valve": "valve",
    "valve": "valve",
    "smart-sprinkler": "valve",
    "todo-list": "todo",
    "alarm-system": "alarm_control_panel",
    "door-sensor": "binary_sensor",
    "window-sensor": "binary_sensor",
    "motion-sensor": "binary_sensor",
    "temperature-sensor": "sensor",
    "sensor": "sensor",
    "scene": "scene",
    "script": "script",
}
"""By ``type`` (or ``device_type``) of a row."""


def domain_of_kind(kind: str) -> str | None:
    """Return the domain of a device of this kind, None if nobody knows it."""
    return KINDS.get(kind.lower().replace("_", "-").replace(" ", "-"))
