"""Near misses: what was said is close to a sentence the templates allow, but is none.

The words of the household (names, numbers, times…) are replaced by marks, then the rest is compared with
samples of the templates whose slots carry the same marks. Words that turn a meaning round (on and off, open
and close…) are never bridged: a sample with the other one is out, one with a word that was not said counts less.
"""

import itertools
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from rapidfuzz import fuzz, process

from earwitness.understanding import slots
from earwitness.understanding.colours import COLOURS
from earwitness.understanding.context import Context
from earwitness.understanding.names import NameIndex, bare, nearest
from earwitness.understanding.numbers import ORDINALS, TENS, UNITS
from earwitness.understanding.sampling import Draw, draws
from earwitness.understanding.sentences import HOME_ASSISTANT, Sentences
from earwitness.understanding.times import DAYS, MONTHS
from earwitness.understanding.values import Intent, Interpretation, SlotValue, Source
from earwitness.understanding.wording import plain

LEAST = 78.0  # percent of likeness below which a sample is not looked at; calibrated scores there are near 0
SAMPLES = 8
SEED = 5
LONGEST_VALUE = 8  # words
LONGEST_NAME = 5
MOST_WORDS = 40  # what is longer is no near miss of a template
MOST_CHOICES = 6
NAMES_APART = 0.1  # of two names nearer in likeness than this, both are offered
WORD_ALIKE = 70.0  # percent
WORD_INVENTED = 0.8  # a word of the sample that was not said: worse than one said that the sample has no use for
WORD_UNUSED = 0.9
NAME_IN_SENTENCE = 0.82  # inside a sentence more looks alike than alone
_NAMES = ("name", "area", "list", "person", "floor")
_VALUES = ("duration", "date", "time", "temperature", "percent", "color", "number")
_MARKS = {kind: chr(0xE000 + at) for at, kind in enumerate((*_NAMES, "duration", "date", "color", "value"))}
_WIDTH = 4  # a mark weighs as much as a short word
_TURNS: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (frozenset(one.split()), frozenset(other.split()))
    for one, other in (
        ("on enable activate start", "off out disable deactivate kill"),
        (
            "open raise up brighten brighter louder warmer hotter increase",
            "close shut lower down dim darker quieter softer cooler colder decrease reduce dimmer darken",
        ),
        ("lock locked", "unlock unlocked"),
        ("mute", "unmute"),
        ("pause hold", "resume unpause continue"),
        ("next skip", "previous last back"),
        ("add put set create", "remove delete cancel clear erase take"),
        ("yes yeah", "no nope don't"),
    )
)

_SMALL = frozenset(["the", "my", "our", "in", "on", "to", "of", "a", "an", "at", "for", "off", "and", "is"])
_FILLERS = frozenset(
    [
        "please",
        "now",
        "could",
        "can",
        "you",
        "would",
        "will",
        "me",
        "thanks",
        "hey",
        "okay",
        "just",
        "some",
        "i",
        "want",
        "it's",
    ]
)
_NOT_ALONE = frozenset(["second", "first", "may", "march", "half", "o", "oh", "one", "a", "minute"])
_BEGINNINGS = (
    frozenset(
        [
            "a",
            "an",
            "half",
            "quarter",
            "three",
            "noon",
            "midday",
            "midnight",
            "today",
            "tonight",
            "tomorrow",
            "yesterday",
            "this",
            "next",
            "on",
            "in",
            "the",
            "minus",
            "negative",
            "full",
            "maximum",
            "max",
            "minimum",
            "min",
            "hundred",
        ]
    )
    | {word for words in (UNITS, TENS, ORDINALS, DAYS, MONTHS) for word in words}
    | {name.split()[0] for name in COLOURS}
)
_MISHEARD_OFF = re.compile(r"\b(turn|switch|shut) of\b")


@dataclass(frozen=True, slots=True)
class _Sample:
    draw: Draw
    text: str
    turns: frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with its values replaced by marks, and what they stand for in order."""

    text: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Near:
    """A near miss: likeness 0..1 before calibration."""

    interpretation: Interpretation
    likeness: float


@dataclass(slots=True)
class FuzzyMatcher:
    """Samples of the templates of one language, to compare with."""

    sentences: Sentences
    _samples: list[_Sample] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _index: tuple[object, NameIndex] | None = None

    def __post_init__(self) -> None:
        """Draw the samples; templates with free text are left to the learned matcher."""
        rng = random.Random(SEED)  # noqa: S311 - for variety, not for secrets
        seen: set[tuple[str, str]] = set()
        for source in self.sentences.sources:
            if source.name == HOME_ASSISTANT and len(self.sentences.sources) > 1:
                continue
            for draw in draws(source.intents, SAMPLES, rng):
                text = _marked_draw(draw)
                if text and (draw.intent, text) not in seen:
                    seen.add((draw.intent, text))
                    self._samples.append(_Sample(draw, text, turns(text.split())))
        self._texts = [sample.text for sample in self._samples]

    def match(self, text: str, context: Context) -> list[Near]:
        """Near misses of ``text``, nearest first, one for each meaning."""
        said = _MISHEARD_OFF.sub(r"\1 off", plain(text))
        found: list[Near] = []
        for marked in marked_texts(said, context, self._names(context)):
            found += self._nearest(marked, said, context)
        found.sort(key=lambda near: -near.likeness)
        kept: list[Near] = []
        for near in found:
            if not any(near.interpretation.intent.same_as(other.interpretation.intent) for other in kept):
                kept.append(near)
        return kept[:5]

    def is_a_name(self, text: str, context: Context) -> bool:
        """Whether something of the household is named and nothing else is said: that asks for nothing."""
        return bare(text) in self._names(context).forms

    def _names(self, context: Context) -> NameIndex:
        kinds = tuple((kind, names) for kind, names in context.kinds() if kind in _NAMES)
        if self._index is None or self._index[0] != kinds:
            self._index = (kinds, NameIndex.of(kinds))
        return self._index[1]

    def _nearest(self, marked: Marked, said: str, context: Context) -> Iterator[Near]:
        said_turns = turns(marked.text.split())
        hits = process.extract(marked.text, self._texts, scorer=fuzz.ratio, score_cutoff=LEAST, limit=30)
        for _, likeness, at in hits:
            sample = self._samples[at]
            share = _agreement(said_turns, sample.turns)
            if not share:
                continue
            share *= _covered(marked.text.split(), sample.text.split())
            for values in _assigned(sample.draw, marked.values, context):
                wording = _worded(sample.draw, values, context)
                reading = Interpretation(
                    Intent(sample.draw.intent, values),
                    0.0,
                    Source.FUZZY,
                    said,
                    said=wording,
                    origin="templates",
                    metadata=sample.draw.metadata,
                )
                yield Near(reading, share * likeness / 100)


def turns(words: Iterable[str]) -> frozenset[tuple[int, int]]:
    """The meaning-turning words: for each pair of opposites, which side was said."""
    said = set(words)
    return frozenset((at, side) for at, pair in enumerate(_TURNS) for side in (0, 1) if pair[side] & said)


def _agreement(said: frozenset[tuple[int, int]], sample: frozenset[tuple[int, int]]) -> float:
    if any((at, 1 - side) in sample and (at, side) not in sample for at, side in said):
        return 0.0
    return 0.85 ** len(said ^ sample)


def _mark(kind: str) -> str:
    return _MARKS.get(kind, _MARKS["value"]) * _WIDTH


def _marked_draw(draw: Draw) -> str:
    known = {*_NAMES, *_VALUES}
    if any(piece.list_name and piece.list_name not in known for piece in draw.pieces):
        return ""
    return " ".join(_mark(piece.list_name) if piece.list_name else piece.text for piece in draw.pieces)


def marked_texts(said: str, context: Context, index: NameIndex) -> list[Marked]:
    """The text with its values marked, in the ways that make sense: devices first, or rooms first."""
    words = said.split()[:MOST_WORDS]
    spans = list(_values(words, context)) + list(_named(words, index))
    found: dict[str, Marked] = {}
    for first in ("name", "area", "list", ""):
        marked = _marked(words, sorted(spans, key=lambda span: (span[2] != first, span[0] - span[1])))
        found.setdefault(marked.text, marked)
    return list(found.values())


_Span = tuple[int, int, str, str]


def _values(words: Sequence[str], context: Context) -> Iterator[_Span]:
    for start in range(len(words)):
        if not (words[start][0].isdigit() or words[start] in _BEGINNINGS):
            continue
        for end in range(min(len(words), start + LONGEST_VALUE), start, -1):
            text = " ".join(words[start:end])
            kind = next((kind for kind in _VALUES if slots.PARSERS[kind](text, context) is not None), None)
            if kind and text not in _NOT_ALONE:
                yield start, end, kind, text
                break


def _named(words: Sequence[str], index: NameIndex) -> Iterator[_Span]:
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + LONGEST_NAME) + 1):
            if words[start] in _SMALL or words[end - 1] in _SMALL:
                continue
            text = " ".join(words[start:end])
            for kind in {kind for kind, _, _ in index.near(text, NAME_IN_SENTENCE)}:
                yield start, end, kind, text


def _marked(words: Sequence[str], spans: Sequence[_Span]) -> Marked:
    taken: list[_Span] = []
    for span in spans:
        if all(span[1] <= other[0] or span[0] >= other[1] for other in taken):
            taken.append(span)
    taken.sort()
    pieces: list[str] = []
    at = 0
    for start, end, kind, _ in taken:
        pieces += [*words[at:start], _mark(kind)]
        at = end
    return Marked(" ".join([*pieces, *words[at:]]), tuple((kind, text) for _, _, kind, text in taken))


def _assigned(draw: Draw, values: Sequence[tuple[str, str]], context: Context) -> Iterator[dict[str, SlotValue]]:
    """The values in the slots of the sample, also with the second likeliest name; nothing if they do not fit."""
    wanted = [piece for piece in draw.pieces if piece.list_name]
    if len(wanted) != len(values):
        return
    choices: list[list[SlotValue]] = []
    for piece, (_, text) in zip(wanted, values, strict=True):
        read = _read(piece.list_name, text, context)
        choices.append([each for each in read if _suits(draw, piece.list_name, each, context)])
    fixed = {slot: _fixed(value) for slot, value in draw.fixed.items()}
    for chosen in islice(itertools.product(*choices), MOST_CHOICES):
        yield fixed | {piece.slot: value for piece, value in zip(wanted, chosen, strict=True)}


def _read(kind: str, text: str, context: Context) -> list[SlotValue]:
    if kind in slots.PARSERS:
        value = slots.parse(kind, text, context)
        return [value] if value else []
    near = nearest(text, context.named(kind))
    return [SlotValue(kind, each.id, text, score) for each, score in near if score >= near[0][1] - NAMES_APART]


def _fixed(value: object) -> SlotValue:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return SlotValue("number" if number else slots.FREE, value if number else str(value), "")  # type: ignore[arg-type]


def _covered(said: Sequence[str], sample: Sequence[str]) -> float:
    """Less for each word of weight that only one of the two has, not even nearly."""
    return float(WORD_INVENTED ** _unmatched(sample, said) * WORD_UNUSED ** _unmatched(said, sample))


def _unmatched(words: Sequence[str], others: Sequence[str]) -> int:
    left = [word for word in words if word not in others and word not in _SMALL and word not in _FILLERS]
    return sum(not any(fuzz.ratio(word, other) >= WORD_ALIKE for other in others) for word in left)


def _suits(draw: Draw, kind: str, value: SlotValue, context: Context) -> bool:
    wanted = draw.requires.get("domain")
    if wanted is None or kind != "name":
        return True
    domain = next((each.domain for each in context.named(kind) if each.id == value.value), "")
    return domain in (wanted if isinstance(wanted, list) else [wanted])


def _worded(draw: Draw, values: Mapping[str, SlotValue], context: Context) -> str:
    """The sample with its slots filled; names as the household has them, not as they were nearly said."""
    return " ".join(_spoken(values[piece.slot], context) if piece.list_name else piece.text for piece in draw.pieces)


def _spoken(value: SlotValue, context: Context) -> str:
    names = (each.name for each in context.named(value.kind) if each.id == value.value)
    return plain(next(names, value.text))
