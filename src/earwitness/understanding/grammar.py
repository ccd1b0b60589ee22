"""Sentence templates → the recogniser's grammar: which words may follow which, right now, in this household.

Templates are walked from their end to their beginning, so that a piece of a sentence is compiled once for each
thing that may follow it; equal states are one state (suffixes are shared) and states are made deterministic
(beginnings are shared). Pieces are fragments and spaces first ("light" + "s"), words after. Numbers become
words. A list with ``wildcard: true`` becomes an open slot.

The grammar takes a little more than the templates (contexts beyond the kind of a device are not held), so what
was recognised is matched against the templates again.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import hassil

from earwitness.kernel.errors import BadInput
from earwitness.kernel.word_graph import WordGraph, is_open
from earwitness.understanding.context import Context
from earwitness.understanding.sentences import SentenceSource, slot_lists
from earwitness.understanding.spelling import number_words
from earwitness.understanding.wording import plain

MOST_STATES = 200_000
DEEPEST = 60
SPACE = " "
_PIECES = re.compile(r"\s+|[^\s]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*'?")

State = int
Arcs = frozenset[tuple[str, State]]


def compile_grammar(sources: Iterable[SentenceSource], context: Context) -> WordGraph:
    """Compile every template of ``sources`` with the names of ``context``.

    Raises:
        BadInput: rules that lead back to themselves, or more sentences than a recogniser can hold.
    """
    builder = _Builder()
    starts: set[State] = set()
    names = slot_lists(context)
    for source in sources:
        for intent in source.intents.intents.values():
            for block in intent.data:
                scope = _Scope(source.intents, block, names)
                starts |= {builder.compile(sentence.expression, builder.end, scope, 0) for sentence in block.sentences}
    return _Words(builder).graph(builder.join(starts))


class _Scope:
    """The lists and rules one block of templates sees."""

    __slots__ = ("_lists", "_requires", "_rules", "key")

    def __init__(self, intents: hassil.Intents, block: hassil.IntentData, names: Mapping[str, hassil.SlotList]) -> None:
        self._lists = {**intents.slot_lists, **names, **block.slot_lists}
        self._rules = {**intents.expansion_rules, **block.expansion_rules}
        self._requires = {name: _allowed(value) for name, value in block.requires_context.items()}
        local = id(block) if block.slot_lists or block.expansion_rules else id(intents)
        self.key = (local, *sorted((name, tuple(sorted(map(str, values)))) for name, values in self._requires.items()))

    def rule(self, name: str) -> hassil.Expression:
        if name not in self._rules:
            msg = f"A sentence uses the rule <{name}>, which is nowhere defined."
            raise BadInput(msg, next_step="Add it under 'expansion_rules'.")
        return self._rules[name].expression

    def values(self, name: str) -> list[hassil.Expression] | None:
        """What may be said for a list; None if anything may."""
        found = self._lists.get(name)
        if isinstance(found, hassil.TextSlotList):
            return [value.text_in for value in found.values if self._fits(value.context)]
        if isinstance(found, hassil.RangeSlotList):
            return _numbers(int(found.start), int(found.stop), int(found.step))
        return None if isinstance(found, hassil.WildcardSlotList) else []

    def _fits(self, context: Mapping[str, object] | None) -> bool:
        known = context or {}
        return all(
            not allowed or name not in known or known[name] in allowed for name, allowed in self._requires.items()
        )


def _allowed(value: object) -> frozenset[object]:
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, (list, tuple, set, frozenset)):
        return frozenset(value)
    return frozenset() if value is None else frozenset({value})


def _numbers(start: int, stop: int, step: int) -> list[hassil.Expression]:
    return [hassil.TextChunk(way) for value in range(start, stop + 1, step) for way in number_words(value)]


@dataclass(slots=True)
class _Builder:
    """States whose arcs are fragments of words or spaces; equal states are the same number."""

    arcs: list[Arcs] = field(default_factory=list)
    final: set[State] = field(default_factory=set)
    end: State = 0
    _known: dict[tuple[Arcs, bool], State] = field(default_factory=dict)
    _memory: dict[tuple[object, ...], State] = field(default_factory=dict)
    _kept: list[hassil.Expression] = field(default_factory=list)  # so that an id names one expression

    def __post_init__(self) -> None:
        self.end = self.state(frozenset(), final=True)

    def state(self, arcs: Arcs, *, final: bool = False) -> State:
        key = (arcs, final)
        if key not in self._known:
            if len(self.arcs) >= MOST_STATES:
                msg = "The sentences allow too much at once for a recogniser."
                raise BadInput(msg, next_step="Split long lists of optional parts into several sentences.")
            self._known[key] = len(self.arcs)
            self.arcs.append(arcs)
            if final:
                self.final.add(self._known[key])
        return self._known[key]

    def join(self, states: Iterable[State]) -> State:
        """The state from which all that the given ones allow may be said."""
        several = frozenset(states)
        if len(several) == 1:
            return next(iter(several))
        key = ("join", several)
        if key not in self._memory:
            targets: dict[str, set[State]] = {}
            for label, to in (arc for each in several for arc in self.arcs[each]):
                targets.setdefault(label, set()).add(to)
            arcs = frozenset((label, self.join(group)) for label, group in targets.items())
            self._memory[key] = self.state(arcs, final=bool(several & self.final))
        return self._memory[key]

    def compile(self, expression: hassil.Expression, then: State, scope: _Scope, depth: int) -> State:
        """The state from which ``expression`` and what follows in ``then`` may be said."""
        if depth > DEEPEST:
            msg = "A sentence's rules lead too deep."
            raise BadInput(msg, next_step="Look for a rule that leads back to itself.")
        if isinstance(expression, hassil.TextChunk):
            return self._text(expression.text, then)
        key = (id(expression), then, scope.key)
        if key not in self._memory:
            self._kept.append(expression)
            self._memory[key] = self._compile(expression, then, scope, depth + 1)
        return self._memory[key]

    def _compile(self, expression: hassil.Expression, then: State, scope: _Scope, depth: int) -> State:
        if isinstance(expression, hassil.ListReference):
            return self._list(expression, then, scope, depth)
        if isinstance(expression, hassil.RuleReference):
            return self.compile(scope.rule(expression.rule_name), then, scope, depth)
        if isinstance(expression, hassil.Alternative):
            return self.join(self.compile(item, then, scope, depth) for item in expression.items)
        if isinstance(expression, hassil.Permutation):
            return self._permuted(tuple(expression.items), then, scope, depth)
        if isinstance(expression, hassil.Group):
            for item in reversed(expression.items):
                then = self.compile(item, then, scope, depth)
        return then

    def _permuted(self, items: Sequence[hassil.Expression], then: State, scope: _Scope, depth: int) -> State:
        key = ("permuted", tuple(map(id, items)), then, scope.key)
        if key not in self._memory:
            starts = {then} if not items else set()
            for at, item in enumerate(items):
                rest = self._permuted((*items[:at], *items[at + 1 :]), then, scope, depth)
                starts.add(self.compile(item, rest, scope, depth))
            self._memory[key] = self.join(starts)
        return self._memory[key]

    def _list(self, reference: hassil.ListReference, then: State, scope: _Scope, depth: int) -> State:
        name = reference.list_name
        if not reference.is_inline_range and scope.values(name) is None:
            return self.state(frozenset({(f"{{{reference.slot_name}}}", then)}))
        key = ("list", name, scope.key)
        if key not in self._memory:
            bounds = reference.get_inline_range()
            values = _numbers(*bounds) if bounds else scope.values(name) or []
            self._memory[key] = self.join({self.compile(value, self.end, scope, depth) for value in values})
        return self._graft(self._memory[key], then)

    def _graft(self, state: State, then: State) -> State:
        """What ``state`` allows, and ``then`` where it might end: long lists are compiled once, then copied."""
        if then == self.end:
            return state
        key = ("graft", state, then)
        if key not in self._memory:
            arcs = frozenset((label, self._graft(to, then)) for label, to in self.arcs[state])
            ends = {then} if state in self.final else set()
            self._memory[key] = self.join({self.state(arcs), *ends} if arcs else ends)
        return self._memory[key]

    def _text(self, text: str, then: State) -> State:
        words = plain(text)
        spoken = f"{SPACE if text[:1].isspace() else ''}{words}{SPACE if text[-1:].isspace() and words else ''}"
        for piece in reversed(_PIECES.findall(spoken)):
            then = self.state(frozenset({(SPACE if piece.isspace() else piece, then)}))
        return then


class _Words:
    """Turns fragments and spaces into words."""

    def __init__(self, builder: _Builder) -> None:
        self._from = builder
        self._to = _Builder()
        self._done: dict[State, State] = {}

    def graph(self, start: State) -> WordGraph:
        first = self._word(start)
        numbers: dict[State, int] = {}
        waiting = [first]
        while waiting:
            state = waiting.pop()
            if state not in numbers:
                numbers[state] = len(numbers)
                waiting += sorted((to for _, to in self._to.arcs[state]), reverse=True)
        arcs = tuple(
            MappingProxyType({word: numbers[to] for word, to in sorted(self._to.arcs[state])}) for state in numbers
        )
        return WordGraph(
            arcs, numbers[first], frozenset(numbers[state] for state in self._to.final if state in numbers)
        )

    def _word(self, state: State) -> State:
        """The state of words for a state that stands between two words."""
        if state not in self._done:
            ends: dict[str, set[State]] = {}
            final = self._spell(state, "", ends)
            arcs = frozenset((word, self._to.join(map(self._word, to))) for word, to in ends.items())
            self._done[state] = self._to.state(self._alive(arcs), final=final)
        return self._done[state]

    def _alive(self, arcs: Arcs) -> Arcs:
        return frozenset((word, to) for word, to in arcs if self._to.arcs[to] or to in self._to.final)

    def _spell(self, state: State, word: str, ends: dict[str, set[State]]) -> bool:
        """Collect the words from ``state`` into ``ends``; say whether the sentence may end before any word."""
        if state in self._from.final and word:
            self._close(word, self._from.end, ends)
        final = state in self._from.final and not word
        for label, to in self._from.arcs[state]:
            if label == SPACE:
                if word:
                    self._close(word, to, ends)
                else:
                    final |= self._spell(to, "", ends)
            elif is_open(label):
                if not word:
                    ends.setdefault(label, set()).add(to)
            else:
                final |= self._spell(to, word + label, ends)
        return final

    def _close(self, word: str, to: State, ends: dict[str, set[State]]) -> None:
        if _WORD.fullmatch(word):
            ends.setdefault(word, set()).add(to)
