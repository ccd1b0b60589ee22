"""From the learned model's guess to an interpretation: slots read, names found, what cannot be read refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import hassil

from earwitness.understanding import slots
from earwitness.understanding.context import Context
from earwitness.understanding.learned.lexicon import Names
from earwitness.understanding.learned.model import Found, LearnedModel
from earwitness.understanding.learned.naming import known_names, label
from earwitness.understanding.sentences import HOME_ASSISTANT, Sentences
from earwitness.understanding.values import Intent, Interpretation, SlotValue, Source
from earwitness.understanding.wording import plain

CONSIDERED = 3  # intents of the guess that are tried, until one's slots can be read
UNREAD = 0.35  # what is left of the probability where a slot's words were not understood
_SWITCHED = frozenset({"HassTurnOn", "HassTurnOff", "HassToggle", "HassSetPosition", "HassLightSet", "LightAdjust"})
_ADDRESSES = frozenset({"name", "area", "floor", "domain"})


def _addressed(intent: str, filled: Mapping[str, SlotValue]) -> bool:
    """Whether it is clear what is to be switched: "it on" alone must not pick a device."""
    return intent not in _SWITCHED or bool(_ADDRESSES & filled.keys())


def _fixed(value: object) -> SlotValue:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return SlotValue("number" if number else slots.FREE, value if number else str(value), "")  # type: ignore[arg-type]


def mandatory(expression: hassil.Expression, rules: Mapping[str, hassil.Sentence]) -> frozenset[str]:
    """The slots that every sentence of a template fills."""
    if isinstance(expression, hassil.ListReference):
        return frozenset({expression.slot_name})
    if isinstance(expression, hassil.RuleReference):
        return mandatory(rules[expression.rule_name].expression, rules)
    if not isinstance(expression, hassil.Group) or not expression.items:
        return frozenset()
    each = [mandatory(item, rules) for item in expression.items]
    if isinstance(expression, hassil.Alternative):
        return frozenset() if expression.is_optional else frozenset.intersection(*each)
    return frozenset.union(*each)


def spelled_out(values: hassil.TextSlotList, text: str) -> SlotValue | None:
    """The value of a list that is written out in a sentence file, by the words for it."""
    for each in values.values:
        if hassil.is_match(text, hassil.Sentence(_group(each.text_in))):
            out = text if each.value_out is None else each.value_out
            return SlotValue(slots.FREE if isinstance(out, str) else "number", out, text)
    return None


def _group(expression: hassil.Expression) -> hassil.Expression:
    return expression if isinstance(expression, hassil.Group) else hassil.Sequence(items=[expression])


@dataclass(slots=True)
class LearnedMatcher:
    """A model with the slot lists of the sentences it was trained for."""

    model: LearnedModel
    sentences: Sentences
    _kinds: dict[tuple[str, str], str] = field(default_factory=dict)
    _needed: dict[str, frozenset[str]] = field(default_factory=dict)
    _names: tuple[object, Names] | None = None

    def __post_init__(self) -> None:
        """Note for each intent which list fills which slot, and what no sentence of it does without."""
        always: dict[str, frozenset[str]] = {}
        for source, intent, block in self.sentences.templates():
            if source.name == HOME_ASSISTANT:
                continue
            rules = {**source.intents.expansion_rules, **block.expansion_rules}
            for sentence in block.sentences:
                for each in hassil.Sequence(items=[sentence.expression]).list_references(rules):
                    self._kinds.setdefault((intent, each.slot_name), each.list_name)
                said = mandatory(sentence.expression, rules) | frozenset(block.slots)
                name = label(intent, block.slots)
                always[name] = always.get(name, said) & said
        self._needed = always

    def match(self, text: str, context: Context) -> list[Interpretation]:
        """Readings of ``text``, best first; the probability of the first is calibrated."""
        said = plain(text)
        guess = self.model.guess(said)
        if not said or guess.probability < self.model.intents.calibration.least:
            return []
        return list(self._readings(said, guess.ranked[:CONSIDERED], guess.probability, context))

    def _readings(
        self, said: str, ranked: tuple[str, ...], probability: float, context: Context
    ) -> Iterator[Interpretation]:
        left = 1.0
        for name in ranked:
            share = min(probability, left)
            left -= share
            probability = left * probability
            values, unread = self._values(name, said, context)
            meant = self.model.classes[name]
            fixed = {slot: _fixed(value) for slot, value in meant.fixed.items()}
            filled = {**fixed, **values}
            if not self._needed.get(name, frozenset()) <= filled.keys() or not _addressed(meant.intent, filled):
                continue
            score = share * (UNREAD if unread else 1.0)
            for value in values.values():
                score *= value.score
            yield Interpretation(Intent(meant.intent, filled), score, Source.LEARNED, said, said=said, origin="learned")

    def _values(self, name: str, said: str, context: Context) -> tuple[dict[str, SlotValue], bool]:
        values: dict[str, SlotValue] = {}
        unread = False
        intent = self.model.classes[name].intent
        spans = self.model.slots(said, name, self._known(context))
        for found in self._resplit(intent, said, spans, context):
            value = self._value(intent, found, context)
            if value is None or found.slot in values:
                unread = True
            else:
                values[found.slot] = value
        return values, unread

    def _resplit(self, intent: str, said: str, spans: list[Found], context: Context) -> list[Found]:
        """Move the border of two neighbours where one cannot be read: "six | thirty tomorrow" at the "thirty"."""
        for at in range(len(spans) - 1):
            first, second = spans[at], spans[at + 1]
            if said[first.end : second.start].strip() or None not in (
                self._value(intent, first, context),
                self._value(intent, second, context),
            ):
                continue
            for border in (place for place in range(second.end, first.start, -1) if said[place - 1 : place] == " "):
                moved = (
                    Found(first.slot, first.start, border - 1, said[first.start : border - 1]),
                    Found(second.slot, border, second.end, said[border : second.end]),
                )
                if all(self._value(intent, each, context) for each in moved):
                    spans = [*spans[:at], *moved, *spans[at + 2 :]]
                    break
        return spans

    def _value(self, intent: str, found: Found, context: Context) -> SlotValue | None:
        kind = self._kinds.get((intent, found.slot), "")
        if kind in slots.PARSERS:
            return slots.parse(kind, found.text, context)
        for source in self.sentences.sources:
            values = source.intents.slot_lists.get(kind)
            if isinstance(values, hassil.TextSlotList):
                return spelled_out(values, found.text)  # a list written out in a file knows no other values
        if kind in {"area", "floor", "name", "list", "person"} and not context.named(kind):
            return None  # the household has none of the kind
        return slots.parse(kind, found.text, context)

    def _known(self, context: Context) -> Names:
        names = tuple(context.kinds())
        if self._names is None or self._names[0] != names:
            self._names = (names, known_names(context))
        return self._names[1]
