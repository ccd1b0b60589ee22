"""What a remark asks for: "it is too dark in here" wants light, "I am cold" wants the heating up."""

from collections.abc import Callable

from earwitness.skills.home.amounts import Amount, Unit
from earwitness.skills.home.model import Entity, Home
from earwitness.skills.home.orders import Action
from earwitness.skills.home.places import spot
from earwitness.skills.home.vocabulary import entity_names
from earwitness.skills.home.wording import singular, uniform

Meaning = tuple[Action, dict[str, object], Amount | None]
Effect = Callable[[dict[str, object], Home], Meaning]

_SCENES = {
    "bedtime": ("good night", "bedtime", "bed time", "sleep", "night", "goodnight"),
    "morning": ("good morning", "morning", "wake up"),
    "leaving": ("leaving", "leave home", "goodbye", "away", "away mode", "i am leaving", "leave"),
    "arriving": ("arriving", "i am home", "welcome home", "welcome", "home", "coming home", "arrive"),
    "watch": ("movie", "movie time", "tv time", "cinema", "movie night"),
    "cosy": ("cosy", "cozy", "relax", "romantic", "relaxing", "cosy evening", "romance", "chill", "mood"),
}
"""Names a scene or a script may have that does what a remark is about."""


def meaning(slots: dict[str, object], home: Home) -> Meaning | None:
    """Return the order a remark amounts to in this home; None if the home has nothing for it."""
    effect = str(slots.get("effect"))
    place = str(slots.get("place") or "")
    rest: dict[str, object] = {"place": place} if place and place not in {"in here", "here"} else {"place": "here"}
    if target := slots.get("target"):
        rest = {"target": target, "place": ""}
    if effect in _SCENES:
        return _scene(effect, place, rest, home)
    return _EFFECTS[effect](rest, home) if effect in _EFFECTS else None


def _lighter(rest: dict[str, object], home: Home) -> Meaning:
    """Switch the lights on; where all are on already, make them brighter."""
    lights = _lights(str(rest.get("place") or rest.get("target") or ""), home)
    if lights and all(each.state == "on" for each in lights):
        return Action.ADJUST, {**_lights_of(rest), "way": "up", "aspect": "brightness"}, None
    return Action.ON, _lights_of(rest), None


def _lights_of(rest: dict[str, object]) -> dict[str, object]:
    return rest if rest.get("target") else {**rest, "target": "lights"}


def _lights(place: str, home: Home) -> list[Entity]:
    scope = spot([singular(word) for word in uniform(place).split()], home)
    inside = {home.here} if not scope.named and home.here else None
    return [
        each
        for each in home.entities
        if each.domain == "light" and (each.area in inside if inside else scope.holds(home, each.area))
    ]


def _adjust(way: str, aspect: str, target: str = "") -> Effect:
    def effect(rest: dict[str, object], _home: Home) -> Meaning:
        named = rest if rest.get("target") or not target else {**rest, "target": target}
        return Action.ADJUST, {**named, "way": way, "aspect": aspect}, None

    return effect


def _cooler(rest: dict[str, object], home: Home) -> Meaning:
    """Lower the thermostat; in a home without one, switch on a fan."""
    if any(each.domain == "climate" for each in home.entities):
        return _adjust("down", "temperature")(rest, home)
    return _airy(rest, home)


def _airy(rest: dict[str, object], _home: Home) -> Meaning:
    return Action.ON, {**rest, "target": "fan"}, None


def _glare(rest: dict[str, object], _home: Home) -> Meaning:
    return Action.CLOSE, {**rest, "target": "blinds"}, None


def _dirty(rest: dict[str, object], _home: Home) -> Meaning:
    place = rest.get("place")
    if place and place != "here":
        return Action.VACUUM, {"command": "clean", "place": place}, None
    return Action.VACUUM, {"command": "start"}, None


def _garden(_rest: dict[str, object], _home: Home) -> Meaning:
    return Action.WATER, {}, None


def _listen(rest: dict[str, object], _home: Home) -> Meaning:
    return Action.MEDIA, {**rest, "command": "play"}, None


def _scene(effect: str, place: str, rest: dict[str, object], home: Home) -> Meaning | None:
    """The scene that is called so, in that place if there is one; without one, what comes closest."""
    scope = spot([singular(word) for word in uniform(place).split()], home)
    inside = [
        entity
        for entity in home.entities
        if entity.domain in {"scene", "script"}
        and (not scope.named or entity.area is None or scope.holds(home, entity.area) or _mentions(entity, place))
    ]
    fitting = next(
        (
            found
            for wanted in _SCENES[effect]
            for found in [[each for each in inside if _called(each, wanted)]]
            if found
        ),
        [],
    )
    if len(fitting) > 1 and home.here:
        fitting = [each for each in fitting if each.area == home.here] or fitting
    if fitting:
        return Action.ON, {"target": _spoken(fitting[0], home), "scene": True}, None
    if effect == "cosy":
        return Action.SET, _lights_of(rest), Amount(Unit.LEVEL, 40.0, "cosy")
    if effect == "watch":
        return Action.ON, {"target": "tv"}, None
    return None


def _called(entity: Entity, wanted: str) -> bool:
    """Whether a scene has the name, or contains it if it says enough: "night" is also in "movie night"."""
    words = tuple(wanted.split())
    if wanted in {"night", "sleep", "morning", "away", "home", "leave", "welcome", "mood"}:
        return any(name == words for name in entity_names(entity))
    return any(set(words) <= set(name) for name in entity_names(entity))


def _spoken(entity: Entity, home: Home) -> str:
    area = home.area(entity.area)
    return uniform(f"{entity.name} in the {area.name}" if area else entity.name)


def _mentions(entity: Entity, place: str) -> bool:
    said = {singular(word) for word in uniform(place).split()} - {"the", "in", "my"}
    return any(said <= set(name) for name in entity_names(entity))


_EFFECTS = {
    "lighter": _lighter,
    "darker": _adjust("down", "brightness", "lights"),
    "lamp_lighter": _adjust("up", "brightness"),
    "warmer": _adjust("up", "temperature"),
    "cooler": _cooler,
    "quieter": _adjust("down", "volume"),
    "louder": _adjust("up", "volume"),
    "faster": _adjust("up", "speed"),
    "slower": _adjust("down", "speed"),
    "airy": _airy,
    "glare": _glare,
    "dirty": _dirty,
    "dry_garden": _garden,
    "listen": _listen,
}
