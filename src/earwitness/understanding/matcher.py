"""Understand one turn: the recogniser's n-best in, what is meant out, or a question, or "not for me".

Order of evaluation: (0) sentences that the household taught, word for word; (1) templates, exactly, on every
hypothesis; (2) near misses of templates; (3) the learned matcher. What an earlier step understands with a score of at
least :data:`SURE` the later ones never see. Readings of the same meaning strengthen each other; two different ones that
are close make a question; none that reaches :data:`LEAST` is out of scope.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from earwitness.understanding.context import Context
from earwitness.understanding.fuzzy import FuzzyMatcher, Near
from earwitness.understanding.learned.matcher import LearnedMatcher
from earwitness.understanding.names import bare
from earwitness.understanding.taught import ORIGIN
from earwitness.understanding.taught import SURE as TAUGHT_SURE
from earwitness.understanding.templates import TemplateMatcher
from earwitness.understanding.values import Hypothesis, Interpretation, Kind, Source, Understanding

SURE = 0.75
LEAST = 0.5
CLOSE = 0.2  # readings nearer than this to the best make a question
MOST_HYPOTHESES = 10
LOOKED_AT_CLOSELY = 4  # hypotheses that the slower steps look at
MOST_OFFERED = 3
# Logistic curve from likeness to the probability of being right. Fitted on template sentences with words dropped,
# added, swapped and misspelt: 10.5 and 0.59. Moved up, since people err in more ways than that, and asking costs less.
STEEPNESS, HALF_WAY = 11.0, 0.68


@dataclass(slots=True)
class Matcher:
    """Everything that understands one language; ``learned`` is None where there is no model, and may be replaced."""

    templates: TemplateMatcher
    fuzzy: FuzzyMatcher
    learned: LearnedMatcher | None = None

    def understand(self, hypotheses: Sequence[Hypothesis] | str, context: Context) -> Understanding:
        """What the n-best (or a typed text) means."""
        heard = [Hypothesis(hypotheses)] if isinstance(hypotheses, str) else list(hypotheses)
        heard = sorted((each for each in heard if each.text.strip()), key=lambda each: -each.score)[:MOST_HYPOTHESES]
        readings = merged(_weighed(heard, lambda text: self._exact(text, context)))
        if not readings or readings[0].score < SURE:
            closely = heard[:LOOKED_AT_CLOSELY]
            readings = merged([*readings, *_weighed(closely, lambda text: self._freely(text, context))])
        return decided(readings)

    def _exact(self, text: str, context: Context) -> list[Interpretation]:
        """The best exact reading; further ones of the same text are its alternatives, not its rivals."""
        own = self._own(text, context)
        if own is not None:
            return [own]
        found = self.templates.match(text, context)
        return [replace(found[0], alternatives=tuple(found[1:]))] if found else []

    def _own(self, text: str, context: Context) -> Interpretation | None:
        """What a sentence of the household's own means; None for others, and where what it stands for means nothing."""
        if not context.taught:
            return None
        stands_for = context.taught.stands_for(text)
        if not stands_for:
            return context.taught.meaning(text, context)
        found = self.understand(stands_for, replace(context, taught=None))
        if found.kind is not Kind.UNDERSTOOD or found.best is None:
            return None
        return replace(found.best, score=TAUGHT_SURE, source=Source.LEARNED, text=text, origin=ORIGIN, alternatives=())

    def _freely(self, text: str, context: Context) -> list[Interpretation]:
        if self.fuzzy.is_a_name(text, context):
            return []
        near = [calibrated(each) for each in self.fuzzy.match(text, context)]
        if near and near[0].score >= SURE:
            return near
        return near + (self.learned.match(text, context) if self.learned else [])


def calibrated(near: Near) -> Interpretation:
    """A near miss with its probability of being what was meant."""
    probability = 1 / (1 + math.exp(-STEEPNESS * (near.likeness - HALF_WAY)))
    for value in near.interpretation.intent.slots.values():
        probability *= value.score
    return replace(near.interpretation, score=probability)


def _weighed(heard: Iterable[Hypothesis], read: Callable[[str], list[Interpretation]]) -> list[Interpretation]:
    return [
        replace(reading, score=reading.score * min(max(each.score, 0.0), 1.0))
        for each in heard
        for reading in read(each.text)
    ]


_ORDER = {Source.TEMPLATE: 0, Source.FUZZY: 1, Source.LEARNED: 2}


def merged(readings: Iterable[Interpretation]) -> list[Interpretation]:
    """One reading a meaning, best first; several ways to the same meaning make it likelier."""
    kept: list[Interpretation] = []
    for reading in sorted(readings, key=lambda each: (_ORDER[each.source], -each.score)):
        for at, other in enumerate(kept):
            if other.intent.same_as(reading.intent):
                kept[at] = replace(other, score=_either(other.score, reading.score))
                break
        else:
            kept.append(reading)
    return sorted(kept, key=lambda each: -each.score)


def _either(one: float, other: float) -> float:
    """Between the larger and the chance of either: hypotheses of one recording are not independent."""
    larger = max(one, other)
    return larger + (1 - larger) * min(one, other) * 0.5


def decided(readings: Sequence[Interpretation]) -> Understanding:
    """Understood, a question, or out of scope."""
    if not readings or readings[0].score < LEAST / 2:
        return Understanding(Kind.OUT_OF_SCOPE, alternatives=tuple(readings[:MOST_OFFERED]))
    best = _named(readings)
    others = [each for each in readings if not each.intent.same_as(best.intent)]
    offered = [best]
    for each in others:
        close = best.score - each.score < CLOSE and each.score >= LEAST / 2
        if close and len(offered) < MOST_OFFERED and not any(_same_words(each, other) for other in offered):
            offered.append(each)
    if len(offered) > 1:
        return Understanding(Kind.AMBIGUOUS, best, tuple(offered[1:]), did_you_mean(offered))
    if best.score < LEAST:
        return Understanding(Kind.OUT_OF_SCOPE, None, tuple(readings[:MOST_OFFERED]))
    return Understanding(
        Kind.UNDERSTOOD, replace(best, alternatives=(best.alternatives or tuple(others))[:MOST_OFFERED])
    )


def _named(readings: Sequence[Interpretation]) -> Interpretation:
    """The best reading; of a device and of the devices of a room by the same words the device, if they are close."""
    best = readings[0]
    if "name" in best.intent.slots:
        return best
    close = (each for each in readings[1:] if best.score - each.score < CLOSE and _same_words(best, each))
    named = next((each for each in close if "name" in each.intent.slots), best)
    return replace(named, score=best.score)


def _same_words(one: Interpretation, other: Interpretation) -> bool:
    """Whether a question could not tell them apart: "the kitchen light" as a device and as the light of a room."""
    if one.intent.name != other.intent.name:
        return False
    by_name = ("name" in one.intent.slots, "name" in other.intent.slots)
    return bare(one.said).split() == bare(other.said).split() or (one.text == other.text and by_name[0] != by_name[1])


def did_you_mean(offered: Sequence[Interpretation]) -> str:
    """The question that lets the person choose."""
    said = list(dict.fromkeys(each.said or each.text for each in offered))
    if len(said) == 1:
        return f"I am not sure what you want with “{said[0]}”. Could you say it another way?"
    return f"Did you mean {', '.join(f'“{each}”' for each in said[:-1])} or “{said[-1]}”?"
