"""What is said after an order: what was done, what stayed silent, what has to be asked."""

from collections.abc import Sequence

from earwitness.skills.home.amounts import Unit
from earwitness.skills.home.danger import Danger
from earwitness.skills.home.execution import Outcome
from earwitness.skills.home.model import Entity, Home
from earwitness.skills.home.orders import Action, Choice, Nothing, Order, Why
from earwitness.skills.home.planning import current
from earwitness.skills.home.speaking import MOST_NAMED, be, count, devices, listed, sentence, the

_DONE = {
    Action.ON: "turned on", Action.OFF: "turned off", Action.TOGGLE: "switched", Action.OPEN: "opened",
    Action.CLOSE: "closed", Action.STOP: "stopped", Action.LOCK: "locked", Action.UNLOCK: "unlocked",
    Action.MOW: "started",
    Action.WATER: "opened", Action.ARM: "armed", Action.DISARM: "disarmed", Action.PRESS: "pressed",
}  # fmt: skip
_BY_DOMAIN = {
    (Action.ON, "cover"): "opened", (Action.OFF, "cover"): "closed", (Action.ON, "valve"): "opened",
    (Action.OFF, "valve"): "closed", (Action.ON, "vacuum"): "started", (Action.OFF, "vacuum"): "sent home",
    (Action.ON, "scene"): "set", (Action.ON, "script"): "started", (Action.OPEN, "lock"): "unlocked",
    (Action.CLOSE, "lock"): "locked", (Action.ON, "alarm_control_panel"): "armed", (Action.ON, "lock"): "locked",
    (Action.OFF, "alarm_control_panel"): "disarmed", (Action.ON, "button"): "pressed",
}  # fmt: skip
_MEDIA = {
    "pause": "paused", "play": "playing on", "stop": "stopped", "next": "skipped to the next on",
    "shuffle": "shuffling on",
    "previous": "went back on", "mute": "muted", "unmute": "unmuted", "search": "asked for that on",
}  # fmt: skip
_VACUUM = {"start": "started", "clean": "sent out", "dock": "sent home", "pause": "paused", "locate": "called"}
_DANGERS = {
    Danger.UNLOCKS: "unlock {}", Danger.OPENS_ENTRANCE: "open {}", Danger.OPENS_VALVE: "open {}",
    Danger.DISARMS: "disarm {}",
    Danger.STOPS_CRITICAL: "switch off {}", Danger.HEATS: "switch on {} with nobody near it",
}  # fmt: skip


def done(order: Order, outcome: Outcome, home: Home) -> str:
    """Say what an order did; ``home`` is the home afterwards."""
    failed = {*outcome.silent, *outcome.unable}
    worked = [home.entity(each.id) or each for each in order.entities if each.id not in failed]
    said = [_success(order, worked, outcome, home)] if worked else []
    if outcome.silent:
        silent = [each for each in order.entities if each.id in outcome.silent] or [
            each for each in map(home.entity, outcome.silent) if each
        ]
        said.append(f"{devices(silent, home)} {'does' if len(silent) == 1 else 'do'} not answer")
    if outcome.unable:
        unable = [each for each in order.entities if each.id in outcome.unable]
        said.append(f"{devices(unable, home)} can not do that")
    return " ".join(sentence(each) for each in said)


def _success(  # noqa: PLR0911 - one return a kind of order
    order: Order, worked: Sequence[Entity], outcome: Outcome, home: Home
) -> str:
    names = devices(worked, home)
    changed = {change.entity for change in outcome.changes}
    unchanged = not any(each.id in changed for each in worked) and not outcome.changes
    if order.action in {Action.SET, Action.ADJUST}:
        return _levels(order, worked, names, unchanged=unchanged)
    if order.action is Action.MEDIA:
        return f"{_MEDIA[str(order.slots.get('command'))]} {names}"
    if order.action is Action.VACUUM:
        return f"{_VACUUM[str(order.slots.get('command'))]} {names}"
    if order.action in {Action.ADD_ITEM, Action.REMOVE_ITEM, Action.COMPLETE_ITEM}:
        return _listing(order, names, unchanged=unchanged)
    if order.action is Action.SOURCE:
        return f"switched {names} to {order.slots.get('query')}"
    if order.action is Action.OSCILLATE:
        return f"{names} {'swings' if order.slots.get('value') else 'stands still'}"
    verb = _BY_DOMAIN.get((order.action, worked[0].domain), _DONE.get(order.action, "did"))
    if unchanged and worked[0].domain not in {"scene", "script", "button", "input_button"}:
        return f"{names} {be(worked)} already {_state_word(worked)}"
    return f"{verb} {names}"


def _state_word(worked: Sequence[Entity]) -> str:
    states = {each.state.replace("_", " ") for each in worked}
    return states.pop() if len(states) == 1 else "like that"


def _levels(order: Order, worked: Sequence[Entity], names: str, *, unchanged: bool) -> str:
    amount = order.amount
    already = "already " if unchanged else "now "
    if amount and amount.unit in {Unit.COLOUR, Unit.MODE}:
        return f"{names} {be(worked)} {already}{'on ' if amount.unit is Unit.MODE else ''}{amount.word}"
    if amount and amount.unit is Unit.KELVIN:
        return f"{names} {be(worked)} {already}{amount.word or count(amount.number) + ' kelvin'}"
    values = {level(each) for each in worked}
    return f"{names} {be(worked)} {already}{listed(sorted(values)) if len(values) == 1 else 'changed'}"


def level(entity: Entity) -> str:
    """The value of what a device is turned up and down by, as it is spoken."""
    now = current(entity)
    if entity.domain == "light" and entity.state != "on":
        return "off"
    if now is None:
        return entity.state.replace("_", " ")
    if entity.domain in {"climate", "water_heater"}:
        return f"set to {count(round(now, 1))} degrees"
    return f"at {count(round(now))} percent"


def _listing(order: Order, names: str, *, unchanged: bool) -> str:
    item = order.slots.get("item")
    if unchanged and order.action is not Action.ADD_ITEM:
        return f"there is no {item} on {names}"
    verb = {Action.ADD_ITEM: f"added {item} to", Action.REMOVE_ITEM: f"removed {item} from"}.get(order.action)
    return f"{verb} {names}" if verb else f"ticked off {item} on {names}"


def nothing(why: Nothing, home: Home) -> str:
    """Say why nothing is done."""
    if why.why is Why.NEGATED:
        return "All right, I leave everything as it is."
    if why.why is Why.LATER:
        return "I can only do that right away, not for later. Nothing was changed."
    if why.why is Why.NO_VALUE:
        return "I did not catch to what I should set it."
    if why.why is Why.CANNOT and why.order:
        return sentence(f"I can't do that with {devices(why.order.entities, home)}")
    if why.why is Why.UNKNOWN_NAME:
        return _unknown(why, home)
    return "Sorry, I did not understand that."


def _unknown(why: Nothing, home: Home) -> str:
    if why.words:
        return f"I don't know anything called {why.words} here."
    found = why.order.found if why.order else None
    if found and found.scope.areas:
        rooms = [f"the {area.name.lower()}" for area in home.areas if area.id in found.scope.areas]
        return sentence(f"I know no {found.kind or 'device'} for that in {listed(rooms, 'or')}")
    return sentence(f"I know no {found.kind} for that" if found and found.kind else "I know no device for that here")


def which(choice: Choice, home: Home) -> str:
    """Ask which of several is meant."""
    options = choice.options
    names = [the(each, home) for each in options]
    if len(set(names)) < len(names):
        names = [
            f"{name} in the {area.name.lower()}" if (area := home.area(each.area)) else name
            for name, each in zip(names, options, strict=True)
        ]
    if len(options) <= MOST_NAMED:
        return sentence(f"Do you mean {listed(names, 'or')}?")
    rooms = list(dict.fromkeys(area.name.lower() for each in options if (area := home.area(each.area))))
    if 1 < len(rooms) <= 2 * MOST_NAMED:
        return f"Which one? I know {len(options)}, in the {listed(rooms, 'and')}."
    return f"Which one? I know {len(options)} of them, for example {listed(names[:2])}."


def confirm(found: Sequence[tuple[Danger, Entity | None]], home: Home) -> str:
    """Ask for a yes."""
    if any(danger is Danger.EVERYTHING for danger, _ in found):
        return "That is everything in the whole house. Shall I really do it?"
    by_danger: dict[Danger, list[Entity]] = {}
    for danger, entity in found:
        if entity and entity not in by_danger.setdefault(danger, []):
            by_danger[danger].append(entity)
    deeds = [_DANGERS[danger].format(devices(entities, home)) for danger, entities in by_danger.items()]
    return f"Shall I really {listed(deeds)}?"
