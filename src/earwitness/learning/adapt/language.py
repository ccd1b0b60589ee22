"""What may be said in a household, as the learner's process knows it: sentences, names, meanings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from earwitness.kernel.word_graph import WordGraph
from earwitness.understanding.context import Context, Named
from earwitness.understanding.grammar import compile_grammar
from earwitness.understanding.loading import of
from earwitness.understanding.matcher import Matcher
from earwitness.understanding.sentences import Sentences, load
from earwitness.understanding.taught import NOTHING, Taught
from earwitness.understanding.values import Hypothesis, Interpretation, Kind

Meaning = tuple[str, frozenset[tuple[str, str]]]
"""An intent with its slots as they were spoken."""
OWN: Final = ("areas", "floors", "devices", "lists", "people")


@dataclass(frozen=True, slots=True)
class Language:
    """Where the sentences are and which names there are; goes over to the learner's process as JSON."""

    folders: tuple[Path, ...] = ()
    shipped: bool = True
    names: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, folders: Sequence[Path], context: Context, *, shipped: bool = True) -> "Language":
        """The language of a household's context."""
        kinds = {"areas": context.areas, "floors": context.floors, "devices": context.devices}
        kinds |= {"lists": context.lists, "people": context.people, **context.more}
        return cls(tuple(folders), shipped, {kind: [_shown(each) for each in named] for kind, named in kinds.items()})

    def to_json(self) -> dict[str, Any]:
        """As it goes to the learner's process."""
        return {"folders": [str(each) for each in self.folders], "shipped": self.shipped, "names": dict(self.names)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Language":
        """Read what :meth:`to_json` made."""
        return cls(tuple(Path(each) for each in body["folders"]), bool(body["shipped"]), body["names"])

    def context(self) -> Context:
        """The names."""
        named = {kind: tuple(map(_named, each)) for kind, each in self.names.items()}
        areas, floors, devices, lists, people = (named.pop(kind, ()) for kind in OWN)
        return Context(areas, floors, devices, lists, people, more=named)

    def sentences(self) -> Sentences:
        """Load the sentences, without Home Assistant's: the recogniser does not hear those either."""
        return load(list(self.folders), shipped=self.shipped, home=False)


@dataclass(slots=True)
class Speech:
    """The sentences of a language, compiled, with what was taught on top."""

    context: Context
    graph: WordGraph
    matcher: Matcher
    taught: Taught = NOTHING

    @classmethod
    def open(cls, language: Language, taught: Taught = NOTHING, understanding: Path | None = None) -> "Speech":
        """Load and compile."""
        sentences, context = language.sentences(), language.context()
        graph = taught.shape(compile_grammar(sentences.sources[:1], context))
        return cls(context, graph, of(sentences, understanding), taught)

    def meaning(self, readings: Sequence[Hypothesis] | str) -> Meaning | None:
        """What was meant, None where it is not understood."""
        best = self._best(readings)
        if best is None:
            return None
        return best.intent.name, frozenset((name, slot.text.lower()) for name, slot in best.intent.slots.items())

    def _best(self, readings: Sequence[Hypothesis] | str) -> Interpretation | None:
        understood = self.matcher.understand(readings, replace(self.context, taught=self.taught))
        return understood.best if understood.kind is Kind.UNDERSTOOD else None


def wanted(intent: str, slots: Mapping[str, str]) -> Meaning:
    """A meaning as somebody wrote it down."""
    return intent, frozenset((name, " ".join(value.lower().split())) for name, value in slots.items())


def _shown(each: Named) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "variants": list(each.variants),
        "domain": each.domain,
        "area": each.area,
    }


def _named(body: Mapping[str, Any]) -> Named:
    return Named(body["id"], body["name"], tuple(body["variants"]), body["domain"], body["area"])
