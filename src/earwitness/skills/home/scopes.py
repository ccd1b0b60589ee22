"""Which devices an action is about, and which of several is meant when none is named."""

from dataclasses import dataclass

from earwitness.skills.home.amounts import Amount, Unit
from earwitness.skills.home.model import Entity, Home
from earwitness.skills.home.orders import Action
from earwitness.skills.home.places import name_words
from earwitness.skills.home.targets import Found
from earwitness.skills.home.words import IRRIGATION

SWITCHED = (
    "light", "switch", "fan", "input_boolean", "media_player", "climate", "humidifier", "siren", "remote", "automation",
    "water_heater", "vacuum", "lawn_mower", "valve", "camera", "scene", "script", "button", "input_button",
    "alarm_control_panel", "cover",
)  # fmt: skip
READ = (
    "sensor",
    "binary_sensor",
    "person",
    "device_tracker",
    "weather",
    "sun",
    "calendar",
    "zone",
    "number",
    "select",
    "todo",
)


@dataclass(frozen=True, slots=True)
class Field:
    """The domains an action is about (all if empty), and those meant where only a place is named."""

    domains: tuple[str, ...]
    usual: tuple[str, ...] = ("light",)
    classes: frozenset[str] = frozenset()

    def allows(self, entity: Entity) -> bool:
        """Whether an entity can be meant."""
        if self.domains and entity.domain not in self.domains:
            return False
        return not self.classes or entity.device_class in self.classes


_FIELDS = {
    Action.ON: Field(SWITCHED),
    Action.OFF: Field(tuple(set(SWITCHED) - {"scene", "button", "input_button"})),
    Action.TOGGLE: Field(("light", "switch", "fan", "input_boolean", "media_player", "cover", "humidifier", "climate")),
    Action.OPEN: Field(("cover", "valve", "lock"), ("cover",)),
    Action.CLOSE: Field(("cover", "valve", "lock"), ("cover",)),
    Action.STOP: Field(
        ("cover", "valve", "vacuum", "media_player", "lawn_mower", "fan", "switch", "climate"), ("media_player",)
    ),
    Action.LOCK: Field(("lock",), ("lock",)),
    Action.UNLOCK: Field(("lock",), ("lock",)),
    Action.MEDIA: Field(("media_player",), ("media_player",)),
    Action.SOURCE: Field(("media_player",), ("media_player",)),
    Action.VACUUM: Field(("vacuum", "lawn_mower"), ("vacuum",)),
    Action.MOW: Field(("lawn_mower",), ("lawn_mower",)),
    Action.WATER: Field(("valve", "switch"), ("valve",)),
    Action.ARM: Field(("alarm_control_panel",), ("alarm_control_panel",)),
    Action.DISARM: Field(("alarm_control_panel",), ("alarm_control_panel",)),
    Action.OSCILLATE: Field(("fan",), ("fan",)),
    Action.PRESS: Field(("button", "input_button"), ("button", "input_button")),
    Action.ADD_ITEM: Field(("todo",), ("todo",)),
    Action.REMOVE_ITEM: Field(("todo",), ("todo",)),
    Action.COMPLETE_ITEM: Field(("todo",), ("todo",)),
    Action.READ_LIST: Field(("todo",), ("todo",)),
}
_BY_ASPECT = {
    "brightness": Field(("light",)),
    "color": Field(("light",)),
    "color temperature": Field(("light",)),
    "volume": Field(("media_player",), ("media_player",)),
    "temperature": Field(("climate", "water_heater"), ("climate",)),
    "speed": Field(("fan", "vacuum"), ("fan",)),
    "position": Field(("cover", "valve"), ("cover",)),
    "humidity": Field(("humidifier",), ("humidifier",)),
}
_LEVEL = Field(
    (
        "light",
        "cover",
        "fan",
        "media_player",
        "valve",
        "humidifier",
        "number",
        "input_number",
        "climate",
        "water_heater",
    )
)
_BY_UNIT = {
    Unit.COLOUR: Field(("light",)),
    Unit.KELVIN: Field(("light",)),
    Unit.DEGREES: Field(("climate", "water_heater"), ("climate",)),
    Unit.MODE: Field(("climate", "fan", "humidifier", "water_heater"), ("climate",)),
    Unit.PERCENT: Field(tuple(set(_LEVEL.domains) - {"climate", "water_heater"})),
}
_ASKED = {
    "temperature": ("climate", "sensor", "weather", "water_heater"),
    "setpoint": ("climate", "water_heater"),
    "brightness": ("light", "sensor"),
    "volume": ("media_player",),
    "humidity": ("sensor", "humidifier", "climate"),
    "position": ("cover", "valve"),
    "speed": ("fan",),
    "media": ("media_player",),
}
_BY_STATE = {
    "on": ("light", "switch", "fan", "input_boolean", "media_player", "climate", "binary_sensor", "siren", "humidifier",
           "automation", "camera", "remote", "water_heater", "vacuum", "valve", "sensor"),
    "off": ("light", "switch", "fan", "input_boolean", "media_player", "climate", "binary_sensor", "siren",
    "humidifier",
            "automation", "camera", "remote", "water_heater", "valve", "sensor", "vacuum", "lawn_mower"),
    "open": ("cover", "valve", "binary_sensor", "lock"),
    "closed": ("cover", "valve", "binary_sensor"),
    "locked": ("lock",),
    "unlocked": ("lock",),
    "playing": ("media_player",),
    "paused": ("media_player", "vacuum"),
    "home": ("person", "device_tracker"),
    "away": ("person", "device_tracker"),
    "docked": ("vacuum", "lawn_mower"),
    "cleaning": ("vacuum",),
    "armed": ("alarm_control_panel",),
    "disarmed": ("alarm_control_panel",),
    "muted": ("media_player",),
    "heat": ("climate",),
    "cool": ("climate",),
}  # fmt: skip


def field_of(action: Action, slots: dict[str, object], quantity: Amount | None, aspect: str | None) -> Field:
    """Return which devices a reading is about."""
    if action is Action.ON and slots.get("scene"):
        return Field(("scene", "script", "automation", "input_boolean"), ("scene",))
    if action is Action.ASK:
        return _asked(slots, aspect)
    if action in {Action.SET, Action.ADJUST}:
        return _measured(quantity, aspect)
    return _FIELDS[action]


def _measured(quantity: Amount | None, aspect: str | None) -> Field:
    if quantity and quantity.unit in {Unit.COLOUR, Unit.KELVIN} and aspect != "temperature":
        return _BY_UNIT[quantity.unit]
    if aspect in _BY_ASPECT:
        return _BY_ASPECT[aspect]
    if quantity and quantity.unit in _BY_UNIT:
        return _BY_UNIT[quantity.unit]
    return _LEVEL


def _asked(slots: dict[str, object], aspect: str | None) -> Field:
    state = slots.get("state")
    if isinstance(state, str):
        domains = _BY_STATE.get(state, ())
        return Field(domains, ("person",) if state in {"home", "away"} else domains)
    if aspect in _ASKED:
        domains = _ASKED[aspect]
        return Field(domains, domains)
    if slots.get("question") == "where":
        return Field(("person", "device_tracker", "vacuum", "lawn_mower"), ())
    return Field((), ())


def preferred(action: Action, found: Found, home: Home, said: str = "", command: str = "") -> tuple[Entity, ...]:
    """Of several that fit a word equally, take the one that is in use: "pause" is about what plays."""
    entities = found.entities
    if not found.named and (
        action is Action.ADJUST or (action is Action.SET and said.startswith(("dim", "lower", "reduce", "decrease")))
    ):
        # who wants "the lights" brighter or dimmer means those that are on
        entities = (
            tuple(each for each in entities if each.domain not in {"light", "fan"} or each.state == "on") or entities
        )
    if found.kind == "water" and len(entities) > 1:
        # "the water" is that of the house
        entities = tuple(each for each in entities if not set(name_words(each.name)) & IRRIGATION) or entities
    if action is Action.WATER:
        return tuple(each for each in entities if set(name_words(each.name)) & IRRIGATION)
    if found.several or len(entities) < 2:  # noqa: PLR2004 - nothing to choose
        return entities
    if action in {Action.MEDIA, Action.SOURCE} or (
        entities and all(each.domain == "media_player" for each in entities)
    ):
        return _in_use(entities, _media_states(action, command), home)
    if action is Action.STOP:
        return _in_use(entities, ("opening", "closing", "cleaning", "playing", "mowing", "on"), home)
    return entities


def _media_states(action: Action, command: str) -> tuple[str, ...]:
    if action is Action.MEDIA and command == "play":
        return ("paused", "idle", "on", "standby")
    return ("playing", "on", "paused")


def _in_use(entities: tuple[Entity, ...], states: tuple[str, ...], home: Home) -> tuple[Entity, ...]:
    for state in states:
        using = tuple(each for each in entities if each.state == state)
        if using:
            near = tuple(each for each in using if home.here and each.area == home.here)
            return near or using
    return entities
