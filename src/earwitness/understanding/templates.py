"""Exact matching of one text against the templates, source by source.

Order: the household's and the shipped sentences first; Home Assistant's only where those say nothing, or
only something with free text. Among matches of one source the one with the least free text wins, then one
that asks for the kind of device, then the earlier template.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

import hassil
from hassil.models import MatchEntity

from earwitness.understanding import slots
from earwitness.understanding.context import Context
from earwitness.understanding.sentences import HOME_ASSISTANT, Sentences, SentenceSource, slot_lists
from earwitness.understanding.values import EMPTY, Duration, Intent, Interpretation, SlotValue, Source
from earwitness.understanding.wording import plain

MOST_MATCHES = 64  # a free-text template matches in as many ways as there are words
EXACT = 0.98  # what an exact match of plain text is worth; the rest is people meaning something else
FREE_TEXT = 0.9
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_UNITS = {"hours": 3_600, "minutes": 60, "seconds": 1}


@dataclass(frozen=True, slots=True)
class _Match:
    rank: tuple[int, int, int]
    interpretation: Interpretation


@dataclass(slots=True)
class TemplateMatcher:
    """Templates of one language, ready to match."""

    sentences: Sentences
    _lists_of: dict[int, Mapping[str, str]] = field(default_factory=dict)
    _filled: tuple[object, dict[str, hassil.SlotList]] | None = None

    def match(self, text: str, context: Context) -> list[Interpretation]:
        """All readings of ``text``, best first; empty if no template fits."""
        said = plain(text)
        found: list[_Match] = []
        for source in self.sentences.sources:
            if any(match.rank[0] == 0 for match in found):
                break
            found += self._in_source(source, said, context)
        return _distinct([match.interpretation for match in sorted(found, key=lambda match: match.rank)])

    def lists(self, context: Context) -> dict[str, hassil.SlotList]:
        """The slot lists of the household, made once for the same names."""
        names = tuple(context.kinds())
        if self._filled is None or self._filled[0] != names:
            self._filled = (names, slot_lists(context))
        return self._filled[1]

    def _in_source(self, source: SentenceSource, said: str, context: Context) -> Iterator[_Match]:
        ours = source.name != HOME_ASSISTANT
        text = _POINT.sub(" point ", said) if ours else said
        here = _here(context)
        results = hassil.recognize_all(
            text,
            source.intents,
            slot_lists=self.lists(context),
            intent_context=here,
            language=source.intents.language,
        )
        for result in islice(results, MOST_MATCHES):
            values = self._slots(source, result, context)
            if values is not None:
                yield _Match(_rank(result), self._interpretation(source, result, values, said))

    def _interpretation(
        self, source: SentenceSource, result: hassil.RecognizeResult, values: Mapping[str, SlotValue], said: str
    ) -> Interpretation:
        free = any(entity.is_wildcard for entity in result.entities_list)
        answers = source.responses.get(result.intent.name, {})
        return Interpretation(
            Intent(result.intent.name, values),
            FREE_TEXT if free else EXACT,
            Source.TEMPLATE,
            said,
            said=said,
            origin=source.name,
            response=answers.get(result.response or "default", ""),
            metadata=result.intent_metadata or {},
        )

    def _slots(
        self, source: SentenceSource, result: hassil.RecognizeResult, context: Context
    ) -> Mapping[str, SlotValue] | None:
        """The values of the slots; None where one does not read as what the template asks for."""
        kinds = self._kinds(source, result)
        values: dict[str, SlotValue] = {}
        for entity in result.entities_list:
            if entity.name.startswith("_"):
                continue
            value = _slot(entity, kinds.get(entity.name, ""), context)
            if value is None:
                return None
            values[entity.name] = value
        return with_duration(values) if values else EMPTY

    def _kinds(self, source: SentenceSource, result: hassil.RecognizeResult) -> Mapping[str, str]:
        """Which list each slot of the template that matched is filled from."""
        sentence = result.intent_sentence
        if sentence is None or not isinstance(sentence.expression, hassil.Group):
            return {}
        known = self._lists_of.get(id(sentence))
        if known is None:
            rules = {**source.intents.expansion_rules, **result.intent_data.expansion_rules}
            known = {each.slot_name: each.list_name for each in sentence.expression.list_references(rules)}
            self._lists_of[id(sentence)] = known
        return known


def _here(context: Context) -> dict[str, object]:
    place = next((area for area in context.areas if area.id == context.area), None)
    return {"area": {"value": place.id, "text": place.name}} if place else {}


def _rank(result: hassil.RecognizeResult) -> tuple[int, int, int]:
    free = [entity for entity in result.entities_list if entity.is_wildcard]
    asks = "domain" in result.intent_data.requires_context
    return len(free), sum(len(entity.text) for entity in free), 0 if asks else 1


def _slot(entity: MatchEntity, kind: str, context: Context) -> SlotValue | None:
    text = entity.text_clean
    if kind in slots.PARSERS and isinstance(entity.value, str):
        return slots.parse(kind, text, context)
    if context.named(kind):
        return SlotValue(kind, str(entity.value), text)
    if isinstance(entity.value, (int, float)) and not isinstance(entity.value, bool):
        return SlotValue("number", entity.value, text)
    if isinstance(entity.value, list):
        return SlotValue(slots.FREE, ",".join(map(str, entity.value)), text)
    return SlotValue(slots.FREE, str(entity.value).strip(), text)


def with_duration(values: Mapping[str, SlotValue]) -> Mapping[str, SlotValue]:
    """Home Assistant's hours, minutes and seconds as one duration, as our own sentences give it."""
    parts = {name: values[name].value for name in _UNITS if name in values}
    if not parts or not all(isinstance(value, (int, float)) for value in parts.values()):
        return values
    seconds = round(sum(_UNITS[name] * float(str(value)) for name, value in parts.items()))
    text = " ".join(f"{values[name].text} {name}" for name in parts)
    rest = {name: value for name, value in values.items() if name not in _UNITS}
    return rest | {"duration": SlotValue("duration", Duration(seconds), text)}


def _distinct(found: list[Interpretation]) -> list[Interpretation]:
    kept: list[Interpretation] = []
    for each in found:
        if not any(each.intent.same_as(other.intent) for other in kept):
            kept.append(each)
    return kept
