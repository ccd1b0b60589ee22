"""From a sentence to orders: every reading of the sentence is tried on the home, and the one that explains most wins.

A sentence that no reading explains whole is tried in parts ("… and then …"). Before that, two kinds of sentence
are set aside that sound like orders and are none: negated ones, and those for another time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from earwitness.skills.home import amounts, grammar
from earwitness.skills.home.amounts import Amount, Unit
from earwitness.skills.home.model import Entity, Home
from earwitness.skills.home.orders import Action, Choice, Nothing, Order, Reading, Why
from earwitness.skills.home.places import name_words, spot
from earwitness.skills.home.remarks import meaning
from earwitness.skills.home.scopes import Field, field_of, preferred
from earwitness.skills.home.targets import PRONOUNS, Found, Search, entity_names, find
from earwitness.skills.home.wording import normalise, singular, uniform
from earwitness.skills.home.words import EXCEPT

_NEGATED = re.compile(
    r"^(?:no |please )?(?:do not|never|no need to|stop trying to|you must not|you should not|do you not|let us not|i do not want you to|"
    r"i never want|i would not|i would rather not|not)\b|\b(?:i|we) (?:do not|would not|never) (?:want|like|need) (?:you to|the|to)\b"
    r"|^(?:leave) .* (?:on|off|open|closed|shut|locked|unlocked|alone|running|as it is|as they are|the way .*)$"
    r"|\b(?:never ?mind|forget it|forget that|cancel that|scratch that)\b|\bor (?:else )?do not$"
)
_WANTED_OFF = re.compile(r"^(?:i|we) do not (?:need|want) .*(?:any ?more|any longer|on)$")
_LATER = re.compile(
    r"\b(?:in|for|after|every|within) (?:\d+(?:\.\d+)?|a|an|half an|a few|a couple of) (?:more )?(?:second|minute|min|hour|day|week|hr|sec)s?\b"
    r"|\bat (?:\d{1,2}(?::\d\d)? ?(?:am|pm|a m|p m|o ?clock|oclock)|\d{1,2}:\d\d|noon|midnight|sunset|sunrise|dusk|dawn|night)\b"
    r"|\b(?:tomorrow|later|next (?:week|morning)|this (?:evening|afternoon)|every (?:day|morning|evening|night|week|monday|sunday|hour)|"
    r"until|before (?:i|we|bed|sunset|dinner)|after (?:i|we|dinner|sunset|lunch)|half past|quarter (?:past|to)|on (?:mon|tues|wednes|thurs|fri|satur|sun)days?)\b"
    r"|^(?:when|whenever|if|once|unless|while|as soon as)\b|\b(?:when|whenever|if|once|unless|as soon as|while) (?:i|we|you|it|the|there|someone|somebody|nobody|no one|everyone|my|he|she|they|anyone)\b"
)
_REPORTED = re.compile(
    r"\b(?:tell me|check|see|know|find out|look|say|wonder|wondering|true|idea|sure)\b.{0,12}\b(?:if|whether|that|when)\b"
)
_PARTS = re.compile(
    r" (?:and then|and also|and|then|but|plus|as well as|while you are at it) | , (?:and |then |and then |but )?"
)
_DEGREE = re.compile(
    r"(?<!how )(?<!too )(?<!so )(?<!the )(?<!half )(?<!as )\b(?:(a (?:little|tiny|wee|small) bit|a bit|a little|slightly|a touch|a tad|a notch|1 notch|somewhat|a smidge|a hair|just)"
    r"|(a lot|much|way|significantly|considerably|a great deal|a whole lot|drastically|loads|tons|by a lot))\b"
)
_ASPECT = re.compile(
    r"\b(color temperature|brightness|volume|temperature|temp|speed|position|color|humidity|intensity|loudness)\b"
)
_ASKING = re.compile(
    r"^(?:what|which|how|is|are|was|were|did|does|do i|do we|do you know|who|where|why|has|have i|have we|tell me|am i)\b"
)
_TELLING = frozenset({Action.ASK, Action.READ_LIST, Action.REMARK, Action.VACUUM})
"""What a question can be: asked, or a remark ("why is it so dark?"); a vacuum may be searched for."""
_PLACE_LAST = re.compile(
    r"^(.*\S) (on|off|up|down|out|open|closed|shut|brighter|dimmer|warmer|cooler|louder|quieter) ((?:in|at|on|for|of) (?:the )?.+|upstairs|downstairs|everywhere|outside|here)$"
)
_WISH = re.compile(r"^(?:i|we) (?:want|need|like|could use) (.+)$")
_DANGLING = (" by", " to", " at", " is", " are")
LONGEST_PLACE = 6
"""Words of a place at the start of a sentence."""
_NEEDS_A_THING = frozenset(
    {Action.ON, Action.OFF, Action.TOGGLE, Action.OPEN, Action.CLOSE, Action.LOCK, Action.UNLOCK, Action.PRESS}
)
"""Actions that "it" alone does not say enough for."""
LEAST_SCORE = 0.0
"""Readings below this are not believed."""


@dataclass(frozen=True, slots=True)
class Context:
    """What went before: the entities that "it" means."""

    before: tuple[str, ...] = ()


NO_CONTEXT = Context()


def interpret(sentence: str, home: Home, sentences: grammar.Grammar, context: Context = NO_CONTEXT) -> list[Reading]:
    """Return what a sentence asks for: orders in their order, or one thing that stands in the way."""
    text = normalise(sentence)
    if not text:
        return [Nothing(Why.NOT_UNDERSTOOD)]
    if _NEGATED.search(text) and not _WANTED_OFF.search(text):
        return [Nothing(Why.NEGATED)]
    if _LATER.search(text) and not _REPORTED.search(text):
        return [Nothing(Why.LATER)]
    whole = _best(text, home, sentences, context)
    if isinstance(whole, Nothing) or (isinstance(whole, Choice) and _PARTS.search(text)):
        parts = _in_parts(text, home, sentences, context)
        if parts:
            return parts
    return [whole]


def _in_parts(text: str, home: Home, sentences: grammar.Grammar, context: Context) -> list[Reading]:
    """Read "close the blinds and turn on the lamp" part by part; empty if a part makes no sense alone."""
    for cut in _PARTS.finditer(text):
        first = _best(text[: cut.start()], home, sentences, context)
        if isinstance(first, Nothing):
            continue
        rest = normalise(text[cut.end() :])
        told = Context(tuple(each.id for each in _entities(first)) or context.before)
        second = _best(rest, home, sentences, told)
        others = [second] if not isinstance(second, Nothing) else _in_parts(rest, home, sentences, told)
        if others and not any(isinstance(each, Nothing) for each in others):
            return [first, *others]
    return []


def _entities(reading: Reading) -> tuple[Entity, ...]:
    return reading.entities if isinstance(reading, Order) else ()


def _best(text: str, home: Home, sentences: grammar.Grammar, context: Context) -> Reading:
    """Choose the reading that explains the sentence best."""
    texts, degree = _variants(text, home)
    orders = [
        order
        for each in texts
        for reading in sentences.readings(each)
        if not _ASKING.match(text) or reading.action in _TELLING
        for order in _orders(reading, home, context, degree)
    ]
    orders += _named_alone(text, home)
    good = sorted(orders, key=lambda order: -order.score)
    if not good:
        return Nothing(Why.NOT_UNDERSTOOD)
    return _judge(good[0])


def _judge(order: Order) -> Reading:
    found = order.found
    if (
        found.unknown
        and order.action is Action.ASK
        and not found.scope.named
        and not order.entities
        and found.kind is None
    ):
        return Nothing(Why.NOT_UNDERSTOOD, order=order)
    if found.unknown:
        return Nothing(Why.UNKNOWN_NAME, " ".join(found.unknown), order)
    if order.score < LEAST_SCORE:
        return Nothing(Why.NOT_UNDERSTOOD, order=order)
    if not order.entities:
        return Nothing(Why.UNKNOWN_NAME, order=order)
    if order.slots.get("cannot"):
        return Nothing(Why.CANNOT, order=order)
    if len(order.entities) > 1 and not found.several and order.action is not Action.ASK:
        return Choice(order, order.entities)
    return order


def _variants(text: str, home: Home) -> tuple[list[str], float]:
    """The sentence, and the same with a place moved to where it is said more often; and how much is "a bit"."""
    degree = 1.0
    if match := _DEGREE.search(text):
        degree = 0.5 if match[1] else 2.0
        shorter = " ".join(_DEGREE.sub(" ", text).split())
        text = shorter or text
    texts = [text]
    if match := _PLACE_LAST.match(text):
        texts.append(f"{match[1]} {match[3]} {match[2]}")
    if place := _leading_place(text, home):
        texts.append(f"{normalise(text[len(place) :].strip(' ,'))} {place}")
        if second := _PLACE_LAST.match(texts[-1]):
            texts.append(f"{second[1]} {second[3]} {second[2]}")
    if wish := _WISH.match(text):
        texts.append(re.sub(r"\b(?:to be|turned|switched|set to) ", "", wish[1]))
    elif " to be " in text:
        texts.append(text.replace(" to be ", " "))
    return texts, degree


def _leading_place(text: str, home: Home) -> str:
    """ "in the office turn the lamp on": the words at the start that are a place and nothing else."""
    words = text.split()
    for size in range(min(LONGEST_PLACE, len(words) - 1), 0, -1):
        said = [singular(word) for word in words[:size]]
        scope = spot(said, home)
        if scope.named and all(
            at in scope.words or word in {"in", "on", "at", "the", "my", "our", ",", "floor"}
            for at, word in enumerate(said)
        ):
            return " ".join(words[:size]) if words[0] in {"in", "on", "at"} or words[size] == "," else ""
    return ""


def _orders(reading: grammar.Reading, home: Home, context: Context, degree: float) -> Iterator[Order]:
    action = Action(reading.action)
    slots = dict(reading.slots)
    if str(slots.get("target") or "").endswith(_DANGLING) or not _is_place(slots.get("place"), action, home):
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
    for quantity in quantities or [None]:
        yield _order(reading, action, dict(slots), quantity, home, context)


def _is_place(place: object, action: Action, home: Home) -> bool:
    """Whether what stands for a place is one; of a vacuum it is looked at later."""
    if not isinstance(place, str) or action is Action.VACUUM:
        return True
    said = [singular(word) for word in place.split()]
    scope = spot(said, home)
    return scope.named or bool({"here", "room", "house", "home", "place", "everywhere"} & set(said)) or not said


def _order(
    reading: grammar.Reading,
    action: Action,
    slots: dict[str, object],
    quantity: Amount | None,
    home: Home,
    context: Context,
) -> Order:
    phrase = _phrase(slots)
    slots = _more(slots)
    if deed := slots.pop("deed", None):
        slots["state"] = deed  # "did I lock it?" asks whether it is locked
    found, cannot = _find(phrase, action, slots, quantity, home, context)
    if cannot:
        slots["cannot"] = True
    entities = preferred(action, slots, found, home, reading.said)
    return Order(
        action,
        entities,
        found,
        quantity,
        slots,
        reading.said,
        _score(reading, found, entities, cannot=cannot, told=bool(phrase), action=action),
    )


def _amounts(slots: dict[str, object]) -> tuple[list[Amount], dict[str, object]]:
    """Take the amount out of the slots; what was said behind it belongs to the phrase."""
    number, unit = slots.pop("number", None), slots.pop("unit", None)
    said = slots.pop("value", None) if not isinstance(slots.get("value"), bool) else None
    said = slots.pop("amount", None) or said
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
    """ "Brighter" is two slots: what, and which way."""
    if more := slots.pop("more", None):
        aspect, _, way = str(more).partition(" ")
        return {**slots, "way": way, **({"aspect": aspect} if aspect != "level" else {})}
    return slots


def _find(
    phrase: str, action: Action, slots: dict[str, object], quantity: Amount | None, home: Home, context: Context
) -> tuple[Found, bool]:
    aspect = slots.get("aspect")
    if not aspect and (match := _ASPECT.search(re.split(EXCEPT, phrase)[0])):
        aspect = {"temp": "temperature", "intensity": "brightness", "loudness": "volume"}.get(match[1], match[1])
        phrase = phrase.replace("color temperature", "color") if match[1] == "color temperature" else phrase
    field = field_of(action, slots, quantity, str(aspect) if aspect else None)
    wide = action in {Action.ASK, Action.READ_LIST, Action.MEDIA} or aspect == "volume"
    if phrase in PRONOUNS and not context.before and action in _NEEDS_A_THING:
        return Found(unknown=(phrase,)), False
    if action is Action.VACUUM:
        return _find_cleaner(phrase, slots, Search(home, field.allows, field.usual, context.before)), False
    found = find(phrase, Search(home, field.allows, field.usual, context.before, wide))
    slots["aspect"] = aspect
    if found.entities or found.unknown or not phrase:
        return found, False
    anything = find(phrase, Search(home, Field(()).allows, (), context.before))
    if anything.entities and not anything.bare:
        return anything, True
    return found, False


def _find_cleaner(phrase: str, slots: dict[str, object], search: Search) -> Found:
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


def _score(
    reading: grammar.Reading, found: Found, entities: tuple[Entity, ...], *, cannot: bool, told: bool, action: Action
) -> float:
    score = 0.2 * reading.literal
    score += 2.0 if entities else -2.0
    score -= 3.0 * len(found.unknown) + 0.3 * found.guessed
    score -= 2.5 if cannot else 0.0
    score += 0.5 if found.named else 0.0
    score -= (
        0.4 if found.bare and told and action not in {Action.REMARK, Action.ASK, Action.ADJUST, Action.SET} else 0.0
    )
    score -= 0.6 if len(entities) > 1 and not found.several else 0.0
    score -= 4.0 if reading.slots.get("unread") else 0.0
    score += {Action.ASK: 0.6, Action.READ_LIST: 1.2}.get(action, 0.0)
    return score


def _named_alone(text: str, home: Home) -> list[Order]:
    """ "Movie night": the name of a scene or a script, alone."""
    said = name_words(text)
    found = [
        entity
        for entity in home.entities
        if entity.domain in {"scene", "script"} and any(name == said for name in entity_names(entity))
    ]
    return [Order(Action.ON, (each,), Found((each,), named=True), text=text, score=4.0) for each in found[:1]]


def choose(question: Choice, answer: str) -> Reading:
    """Take what the person chose: a name, a place, "the first one",
    "both"; the question again if that decides nothing."""
    words = re.sub(r"\b(?:ones?|1)\b", " ", uniform(answer)).strip()
    said = {singular(word) for word in words.split()} - {"the", "one", "please", "in", "i", "mean"}
    if said & {"both", "all", "every"}:
        return replace(question.order, found=replace(question.order.found, several=True))
    ordinals = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": len(question.options) - 1}
    for word, at in ordinals.items():
        if word in said and at < len(question.options):
            return replace(question.order, entities=(question.options[at],))
    ids = {each.id for each in question.options}
    found = find(words, Search(Home(entities=question.options), lambda entity: entity.id in ids))
    narrowed = found.entities if found.entities and not found.bare else ()
    if len(narrowed) == 1:
        return replace(question.order, entities=narrowed)
    return question


def is_colour(quantity: Amount | None) -> bool:
    """Whether an amount is a colour or a white."""
    return quantity is not None and quantity.unit in {Unit.COLOUR, Unit.KELVIN}
