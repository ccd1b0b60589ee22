"""What a household taught: sentences of its own with their meaning, and which words it says after which.

Used in three places: the graph of sentences gets the taught ones and chances (:meth:`Taught.shape`), so that the
recogniser can hear them and prefers what people here say; the matcher asks for the meaning of a taught sentence word
for word, before any template: an intent with slots, or another sentence that it stands for. The file
(``taught.json``) is data: JSON, UTF-8, written and read here.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from earwitness.kernel.errors import BadInput
from earwitness.kernel.word_graph import END, WordGraph
from earwitness.understanding.context import Context
from earwitness.understanding.values import Intent, Interpretation, SlotValue, Source
from earwitness.understanding.wording import plain

VERSION: Final = 1
CAUTION: Final = 4.0  # a word seen fewer times than this says little about what follows it
SURE: Final = 0.99
ORIGIN: Final = "taught"


@dataclass(frozen=True, slots=True)
class TaughtSentence:
    """Words, and the intent and slots they stand for; slot values as they are spoken.

    ``means``: in their place the sentence they stand for, which is understood anew each time.
    """

    said: str
    intent: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    means: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it stands in the file."""
        whole = {"said": self.said, "intent": self.intent, "slots": dict(self.slots)}
        return whole | {"means": self.means} if self.means else whole


@dataclass(frozen=True, slots=True)
class Taught:
    """``pairs[word][next]``: how often ``next`` came after ``word``; :data:`END` stands at both ends."""

    sentences: tuple[TaughtSentence, ...] = ()
    pairs: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The same for the same teaching."""
        return sha256(self.to_bytes()).hexdigest() if self else ""

    def __bool__(self) -> bool:
        """Whether anything was taught."""
        return bool(self.sentences or self.pairs)

    def shape(self, graph: WordGraph) -> WordGraph:
        """The graph with the taught sentences, and with chances."""
        new = [words for each in self.sentences if not graph.accepts(words := each.said.split())]
        if new:
            graph = graph.joined(new)
        return graph.weighed(self._chances) if self.pairs else graph

    def _chances(self, before: frozenset[str], may: frozenset[str]) -> Mapping[str, float]:
        seen = dict.fromkeys(may, 0.0)
        for word in before:
            for following, count in self.pairs.get(word, {}).items():
                if following in seen:
                    seen[following] += count
        total = sum(seen.values())
        share = total / (total + CAUTION)
        return {
            word: (share * count / total if total else 0.0) + (1 - share) / len(seen) for word, count in seen.items()
        }

    def meaning(self, text: str, context: Context) -> Interpretation | None:
        """What a taught sentence means, word for word; None for any other, and for one that stands for another."""
        found = self._find(text)
        if found is None or found.means:
            return None
        slots = {name: _slot(name, value, context) for name, value in found.slots.items()}
        return Interpretation(Intent(found.intent, slots), SURE, Source.LEARNED, text, found.said, ORIGIN)

    def stands_for(self, text: str) -> str:
        """The sentence that a taught one stands for, word for word; empty for any other."""
        found = self._find(text)
        return found.means if found else ""

    def _find(self, text: str) -> TaughtSentence | None:
        said = plain(text)
        return next((each for each in self.sentences if each.said == said), None)

    def to_bytes(self) -> bytes:
        """The file."""
        sentences = [each.to_json() for each in self.sentences]
        pairs = {word: dict(following) for word, following in self.pairs.items()}
        body = {"v": VERSION, "sentences": sentences, "pairs": pairs}
        return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


NOTHING: Final = Taught()


def read_taught(data: bytes) -> Taught:
    """Read what :meth:`Taught.to_bytes` wrote.

    Raises:
        BadInput: it is something else.
    """
    try:
        body = json.loads(data)
        if body["v"] != VERSION:
            raise _wrong()
        sentences = tuple(
            TaughtSentence(str(each["said"]), str(each["intent"]), _texts(each["slots"]), str(each.get("means", "")))
            for each in body["sentences"]
        )
        pairs = {
            str(word): {str(each): float(count) for each, count in following.items()}
            for word, following in body["pairs"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _wrong() from error
    return Taught(sentences, pairs)


def together(layers: Iterable[Taught]) -> Taught:
    """Several layers as one; where two taught the same words, the first counts."""
    sentences: dict[str, TaughtSentence] = {}
    pairs: dict[str, dict[str, float]] = {}
    for layer in layers:
        for each in layer.sentences:
            sentences.setdefault(each.said, each)
        for word, following in layer.pairs.items():
            for after, count in following.items():
                known = pairs.setdefault(word, {})
                known[after] = known.get(after, 0.0) + count
    return Taught(tuple(sentences.values()), pairs)


def pairs_of(sentence: str) -> Iterable[tuple[str, str]]:
    """Each word with the one after it, from the beginning to the end."""
    words = [END, *sentence.split(), END]
    return pairwise(words)


def _slot(name: str, spoken: str, context: Context) -> SlotValue:
    """The value of a slot: the id where it names something of the household, the words otherwise."""
    for kind, named in context.kinds():
        for each in named:
            if spoken.lower() in {way.lower() for way in each.spoken()}:
                return SlotValue(kind, each.id, spoken)
    return SlotValue(name, spoken, spoken)


def _texts(value: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(each) for name, each in value.items()}


def _wrong() -> BadInput:
    return BadInput("What was taught cannot be read.", next_step="Let it learn again.")
