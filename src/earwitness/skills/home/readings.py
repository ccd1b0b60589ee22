"""What one reading of a sentence asks of a home, and how well it explains the sentence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from earwitness.skills.home import amounts, grammar
from earwitness.skills.home.amounts import Amount
from earwitness.skills.home.model import Home
from earwitness.skills.home.orders import Action, Order
from earwitness.skills.home.places import spot
from earwitness.skills.home.remarks import meaning
from earwitness.skills.home.scopes import field_of, preferred
from earwitness.skills.home.targets import Found, Search, find
from earwitness.skills.home.wording import singular
from earwitness.skills.home.words import EXCEPT, PRONOUNS

_ASPECT = re.compile(
    r"\b(color temperature|brightness|volume|temperature|temp|speed|position|color|humidity|intensity|loudness)\b"
)
_DANGLING = (" by", " to", " at", " is", " are")
_NEEDS_A_THING = frozenset(
    {Action.ON, Action.OFF, Action.TOGGLE, Action.OPEN, Action.CLOSE, Action.LOCK, Action.UNLOCK, Action.PRESS}
)
"""Actions that "it" alone does not say enough for."""
_NO_ITEM = (
    "the ",
    "my ",
    "to ",
    "you ",
    "it ",
    "this ",
    "that ",
    "some light",
    "more light",
    "help",
    "a hand",
    "some air",
)
"""What nobody needs from the shop: "I need the porch lit"."""
_OFTEN_BARE = frozenset({Action.ASK, Action.ADJUST, Action.SET})
"""Actions that are said of a place alone as often as of a device."""


def orders(reading: grammar.Reading, home: Home, before: tuple[str, ...], degree: float) -> Iterator[Order]:
    """Return what one reading of a sentence asks of a home.

    ``before`` are the entities that "it" means, ``degree`` is how much "a bit" is: 1 if nobody says.
    """
    action = Action(reading.action)
    slots = dict(reading.slots)
    if str(slots.get("target") or "").endswith(_DANGLING) or not _is_place(slots.get("place"), action, home):
        return
    if str(slots.get("item") or "").startswith(_NO_ITEM):
        return
    quantities, slots = _amounts(slots)
    if action is Action.SET and not quantities:
        return
    slots["degree"] = degree
    if action is Action.REMARK:
        remark = meaning(slots, home)
        if remark is None:
            return
        action, slots, quantity = remark
        quantities, slots["degree"] = [quantity] if quantity else [], 1.0
        slots["remark"] = True
    each_way: list[Amount | None] = [*quantities] or [None]
    for quantity in each_way:
        yield _order(reading, _Asked(action, _more(dict(slots)), quantity, home, before))


def _is_place(place: object, action: Action, home: Home) -> bool:
    """Whether what stands for a place is one; of a vacuum it is looked at later."""
    if not isinstance(place, str) or action is Action.VACUUM:
        return True
    said = [singular(word) for word in place.split()]
    scope = spot(said, home)
    return scope.named or bool({"here", "room", "house", "home", "place", "everywhere"} & set(said)) or not said


@dataclass(frozen=True, slots=True)
class _Asked:
    """One reading with its amount, in a home."""

    action: Action
    slots: dict[str, object]
    quantity: Amount | None
    home: Home
    before: tuple[str, ...]


def _order(reading: grammar.Reading, asked: _Asked) -> Order:
    phrase = _phrase(asked.slots)
    found, cannot = _find(phrase, asked)
    if cannot:
        asked.slots["cannot"] = True
    if asked.action is Action.LOCK and found.bare:
        found = replace(found, several=True)
    entities = preferred(asked.action, found, asked.home, reading.said, str(asked.slots.get("command") or ""))
    order = Order(asked.action, entities, found, asked.quantity, asked.slots, reading.said)
    return replace(order, score=_score(reading, order, told=bool(phrase)))


def _amounts(slots: dict[str, object]) -> tuple[list[Amount], dict[str, object]]:
    """Take the amount out of the slots; what was said behind it belongs to the phrase."""
    number, unit = slots.pop("number", None), slots.pop("unit", None)
    said = slots.pop("value", None) if not isinstance(slots.get("value"), bool) else None
    by = slots.pop("amount", None)
    if by:
        said, slots["by"] = by, True
    if isinstance(number, int | float):
        said = f"{number:g} {unit or ''}".strip()
    if not isinstance(said, str):
        return [], slots
    found = amounts.readings(said)
    if not found:
        slots["unread"] = said
    elif found[0].rest:
        slots["tail"] = found[0].rest
    return [replace(each, rest="") for each in found], slots


def _phrase(slots: dict[str, object]) -> str:
    parts = [str(slots.get("target") or slots.get("list") or "")]
    parts += [f"in {slots['place']}" if slots.get("place") else "", str(slots.get("tail") or "")]
    return " ".join(" ".join(parts).split())


def _more(slots: dict[str, object]) -> dict[str, object]:
    """Write out what one word says: "brighter" is what and which way; "did I lock it?" asks whether it is locked."""
    if deed := slots.pop("deed", None):
        slots["state"] = deed
    if more := slots.pop("more", None):
        aspect, _, way = str(more).partition(" ")
        return {**slots, "way": way, **({"aspect": aspect} if aspect != "level" else {})}
    return slots


def _find(phrase: str, asked: _Asked) -> tuple[Found, bool]:
    """Find the devices of a phrase; the second is whether they cannot do what is asked."""
    action, slots = asked.action, asked.slots
    aspect, phrase = _aspect(phrase, slots.get("aspect"))
    slots["aspect"] = aspect
    field = field_of(action, slots, asked.quantity, aspect)
    search = Search(asked.home, field.allows, field.usual, asked.before)
    if phrase in PRONOUNS and not asked.before and action in _NEEDS_A_THING:
        return Found(unknown=(phrase,)), False
    if action is Action.VACUUM:
        return _find_cleaner(slots, search), False
    wide = action in {Action.ASK, Action.READ_LIST, Action.MEDIA} or aspect == "volume"
    found = find(phrase, replace(search, wide=wide, all_of_it=action in {Action.ON, Action.OFF}))
    if found.entities or found.unknown or not phrase:
        return found, False
    anything = find(phrase, replace(search, allowed=lambda _: True, usual=()))
    return (anything, True) if anything.entities and not anything.bare else (found, False)


def _aspect(phrase: str, told: object) -> tuple[str | None, str]:
    """What of a device is meant ("the volume of the radio"), and the phrase with that in one word."""
    match = _ASPECT.search(re.split(EXCEPT, phrase)[0])
    if told or not match:
        return (str(told) if told else None), phrase
    if match[1] == "color temperature":
        phrase = phrase.replace("color temperature", "color")
    return {"temp": "temperature", "intensity": "brightness", "loudness": "volume"}.get(match[1], match[1]), phrase


def _find_cleaner(slots: dict[str, object], search: Search) -> Found:
    """A vacuum is named beside the place it is sent to, or not at all."""
    target, place = str(slots.get("target") or ""), str(slots.get("place") or "")
    found = find(target, search)
    if place:
        where = find(place, replace(search, allowed=lambda _: True))
        scope = where.scope
        if not scope.named:
            return replace(found, unknown=(*found.unknown, *(where.unknown or (place,))))
        floors = {area.floor for area in search.home.areas if scope.holds(search.home, area.id)}
        near = tuple(each for each in found.entities if search.home.floor_of(each) in floors) or found.entities
        found = replace(found, scope=scope, entities=near)
    return found if len(found.entities) != 1 else replace(found, several=True)


def _score(reading: grammar.Reading, order: Order, *, told: bool) -> float:
    """How well a reading explains the sentence: words that were fixed, devices that were found, nothing left over."""
    found = order.found
    score = 0.2 * reading.literal + (2.0 if order.entities else -2.0) + (0.5 if found.named else 0.0)
    score -= 3.0 * len(found.unknown) + 0.3 * found.guessed
    score -= 2.5 if order.slots.get("cannot") else 0.0
    score -= 0.4 if found.bare and told and order.action not in _OFTEN_BARE else 0.0
    score -= 0.6 if len(order.entities) > 1 and not found.several else 0.0
    score -= 4.0 if order.slots.get("unread") else 0.0
    return score + {Action.ASK: 0.6, Action.READ_LIST: 1.2}.get(order.action, 0.0)
