"""From a sentence to orders: every reading of it is tried on the home, and the one that explains most wins.

A sentence that no reading explains whole is tried in parts ("… and then …"). Before that, two kinds of sentence
are set aside that sound like orders and are none: negated ones, and those for another time.
"""

import re
from dataclasses import dataclass, replace

from earwitness.skills.home import grammar
from earwitness.skills.home.guards import for_later, negated
from earwitness.skills.home.model import Entity, Home
from earwitness.skills.home.orders import Action, Choice, Nothing, Order, Reading, Why
from earwitness.skills.home.places import name_words, spot
from earwitness.skills.home.readings import orders
from earwitness.skills.home.targets import Found
from earwitness.skills.home.variants import variants
from earwitness.skills.home.vocabulary import entity_names
from earwitness.skills.home.wording import normalise, singular

_PARTS = re.compile(
    r" (?:and then|and also|and|then|but|plus|as well as|while you are at it) | , (?:and |then |and then |but )?"
)
_ASKING = re.compile(
    r"^(?:what|which|how|is|are|was|were|did|does|do i|do we|do you know|who|where|why|has|have i|have we|tell me|am i|"
    r"anything|any)\b"
)
_TELLING = frozenset({Action.ASK, Action.READ_LIST, Action.REMARK, Action.VACUUM})
"""What a question can be: asked, or a remark ("why is it so dark?"); a vacuum may be searched for."""
LEAST_SCORE = 0.0
"""Readings below this are not believed."""


@dataclass(frozen=True, slots=True)
class Context:
    """What went before: the entities that "it" means."""

    before: tuple[str, ...] = ()


NO_CONTEXT = Context()


@dataclass(frozen=True, slots=True)
class _Heard:
    """Where and with which sentences something is understood."""

    home: Home
    sentences: grammar.Grammar
    context: Context


def interpret(sentence: str, home: Home, sentences: grammar.Grammar, context: Context = NO_CONTEXT) -> list[Reading]:
    """Return what a sentence asks for: orders in their order, or one thing that stands in the way."""
    text = normalise(sentence)
    if not text:
        return [Nothing(Why.NOT_UNDERSTOOD)]
    if guarded := _guarded(text):
        return [guarded]
    heard = _Heard(home, sentences, context)
    whole = _best(text, heard)
    if isinstance(whole, Nothing) or (isinstance(whole, Choice) and _PARTS.search(text)):
        parts = _in_parts(text, heard)
        if parts:
            return parts
    return [whole]


def _guarded(text: str) -> Nothing | None:
    """Set aside what sounds like an order and is none."""
    if negated(text):
        return Nothing(Why.NEGATED)
    if for_later(text):
        return Nothing(Why.LATER)
    return None


def _in_parts(text: str, heard: _Heard) -> list[Reading]:
    """Read "close the blinds and turn on the lamp" part by part; empty if a part makes no sense alone."""
    for cut in _PARTS.finditer(text):
        found = _in_two(text[: cut.start()], normalise(text[cut.end() :]), heard, pause="," in cut[0])
        if found:
            return found
    return []


def _in_two(first_text: str, rest: str, heard: _Heard, *, pause: bool) -> list[Reading]:
    first = _guarded(first_text) or _best(first_text, heard)
    told = replace(heard, context=Context(tuple(each.id for each in _entities(first)) or heard.context.before))
    if pause and _is_reason(first):
        # "someone is coming, turn on the porch light": the reason is not the order
        alone = _guarded(rest) or _there(rest, first_text, told)
        if not isinstance(alone, Nothing):
            return [alone]
    if isinstance(first, Nothing):
        return []
    second = _guarded(rest) or _best(rest, told)
    others = [second] if not isinstance(second, Nothing) else _in_parts(rest, told)
    return [first, *others] if others and not any(isinstance(each, Nothing) for each in others) else []


def _is_reason(reading: Reading) -> bool:
    if isinstance(reading, Nothing):
        return reading.why is Why.NOT_UNDERSTOOD
    return isinstance(reading, Order) and bool(reading.slots.get("remark"))


def _there(text: str, reason: str, heard: _Heard) -> Reading:
    """Read an order in the place that its reason names: "nobody is upstairs, turn the lights off"."""
    words = reason.split()
    scope = spot([singular(word) for word in words], heard.home)
    place = " ".join(word for at, word in enumerate(words) if at in scope.words)
    closer = _best(f"{text} in {place}", heard) if place else Nothing(Why.NOT_UNDERSTOOD)
    return _best(text, heard) if isinstance(closer, Nothing) else closer


def _entities(reading: Reading) -> tuple[Entity, ...]:
    return reading.entities if isinstance(reading, Order) else ()


def _best(text: str, heard: _Heard) -> Reading:
    """Choose the reading that explains the sentence best."""
    texts, degree = variants(text, heard.home)
    found = [
        order
        for each in texts
        for reading in heard.sentences.readings(each)
        if not _ASKING.match(text) or reading.action in _TELLING
        for order in orders(reading, heard.home, heard.context.before, degree)
    ]
    good = sorted([*found, *_named_alone(text, heard.home)], key=lambda order: -order.score)
    if not good:
        return Nothing(Why.NOT_UNDERSTOOD)
    return _judge(good[0])


def _judge(order: Order) -> Reading:  # noqa: PLR0911 - one return a judgement
    found = order.found
    if found.unknown and order.action is Action.ASK and not (found.scope.named or order.entities or found.kind):
        return Nothing(Why.NOT_UNDERSTOOD, order=order)
    if found.unknown:
        return Nothing(Why.UNKNOWN_NAME, " ".join(found.unknown), order)
    if not order.entities:
        known = found.kind or found.scope.named or order.action not in {Action.ON, Action.ASK}
        return Nothing(Why.UNKNOWN_NAME if known else Why.NOT_UNDERSTOOD, order=order)
    if order.score < LEAST_SCORE:
        return Nothing(Why.NOT_UNDERSTOOD, order=order)
    if order.slots.get("cannot"):
        return Nothing(Why.CANNOT, order=order)
    if len(order.entities) > 1 and not found.several and order.action is not Action.ASK:
        return Choice(order, order.entities)
    return order


def _named_alone(text: str, home: Home) -> list[Order]:
    """Read "movie night": the name of a scene or a script, alone."""
    said = name_words(text)
    found = [
        entity
        for entity in home.entities
        if entity.domain in {"scene", "script"} and any(name == said for name in entity_names(entity))
    ]
    return [Order(Action.ON, (each,), Found((each,), named=True), text=text, score=4.0) for each in found[:1]]
