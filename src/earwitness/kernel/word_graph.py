"""The sentences that may be said right now, as a graph of words that understanding and the recogniser share.

Acyclic and deterministic: from a state each word leads to one state only. A word in braces, like
``{message}``, is an *open slot*: any words stand there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

OPEN = "{"
END = ""
"""Stands for the end of the sentence among the chances of a state."""

Chances = Callable[[frozenset[str], frozenset[str]], Mapping[str, float]]
"""From the words that may have come before (:data:`END` at the beginning) and those that may come, to their chances."""


def is_open(word: str) -> bool:
    """Whether an arc of this word is an open slot."""
    return word.startswith(OPEN)


@dataclass(frozen=True, slots=True)
class WordGraph:
    """``arcs[state]`` maps each word to the state it leads to; a sentence may end in the states of ``final``.

    ``chances[state]`` maps each word, and :data:`END`, to its probability there; empty: all are as likely.
    """

    arcs: tuple[Mapping[str, int], ...]
    start: int
    final: frozenset[int]
    chances: tuple[Mapping[str, float], ...] = ()

    def chance(self, state: int, word: str) -> float:
        """The probability of a word, or of the end, in a state where it may stand."""
        if self.chances:
            return self.chances[state].get(word, 0.0)
        return 1.0 / max(1, len(self.arcs[state]) + (state in self.final))

    def weighed(self, chances: Chances) -> "WordGraph":
        """The same sentences with chances by what stands before; they are made to add up to one in each state."""
        before: list[set[str]] = [set() for _ in self.arcs]
        before[self.start].add(END)
        for arcs in self.arcs:
            for word, to in arcs.items():
                before[to].add(word)
        return replace(self, chances=tuple(self._shares(state, words, chances) for state, words in enumerate(before)))

    def _shares(self, state: int, before: set[str], chances: Chances) -> Mapping[str, float]:
        may = frozenset(self.arcs[state]) | ({END} if state in self.final else frozenset())
        found = chances(frozenset(before), may) if may else {}
        total = sum(found.values())
        return {word: chance / total for word, chance in found.items()}

    def joined(self, sentences: Iterable[Sequence[str]]) -> "WordGraph":
        """These sentences as well; chances are forgotten. States keep their numbers, the start may be another."""
        arcs = [dict(each) for each in self.arcs]
        final = set(self.final)

        def add(state: int | None, words: Sequence[str]) -> int:
            arcs.append(dict(arcs[state]) if state is not None else {})
            copy = len(arcs) - 1
            if state in final or not words:
                final.add(copy)
            if words:
                arcs[copy][words[0]] = add(arcs[copy].get(words[0]), words[1:])
            return copy

        start = self.start
        for sentence in sentences:
            start = add(start, list(sentence))
        return WordGraph(tuple(arcs), start, frozenset(final))

    def words(self) -> frozenset[str]:
        """Every word that can be said, open slots left out."""
        return frozenset(word for arcs in self.arcs for word in arcs if not is_open(word))

    def open_slots(self) -> frozenset[str]:
        """The open slots with their braces."""
        return frozenset(word for arcs in self.arcs for word in arcs if is_open(word))

    def accepts(self, words: Sequence[str]) -> bool:
        """Whether the words are a sentence; each open slot stands for one word or more."""
        states = {self.start}
        inside: set[int] = set()  # states behind an open slot that may still go on
        for word in words:
            opened = {to for state in states for arc, to in self.arcs[state].items() if is_open(arc)}
            inside |= opened
            states = {self.arcs[state][word] for state in states if word in self.arcs[state]} | inside
        return bool(states & self.final)

    def may_go_on(self, words: Sequence[str]) -> bool:
        """Whether a sentence that begins with these words may have more of them (false for no sentence)."""
        state = self.start
        for word in words:
            following = self.arcs[state].get(word)
            if following is None:
                return any(is_open(arc) for arc in self.arcs[state])
            state = following
        return bool(self.arcs[state])

    def closed(self) -> "WordGraph":
        """The sentences without an open slot; states keep their numbers."""
        kept = [{word: to for word, to in arcs.items() if not is_open(word)} for arcs in self.arcs]
        alive = self._alive(kept)
        arcs = tuple({word: to for word, to in each.items() if to in alive} for each in kept)
        return WordGraph(arcs, self.start, self.final, self.chances)

    def _alive(self, arcs: Sequence[Mapping[str, int]]) -> set[int]:
        """The states from which a sentence can come to its end."""
        before: dict[int, list[int]] = {}
        for state, each in enumerate(arcs):
            for to in each.values():
                before.setdefault(to, []).append(state)
        alive: set[int] = set()
        waiting = list(self.final)
        while waiting:
            state = waiting.pop()
            if state not in alive:
                alive.add(state)
                waiting += before.get(state, [])
        return alive

    def sentences(self, most: int) -> Iterator[tuple[str, ...]]:
        """Up to ``most`` sentences, depth first."""
        waiting: list[tuple[int, tuple[str, ...]]] = [(self.start, ())]
        while waiting and most > 0:
            state, said = waiting.pop()
            if state in self.final and said:
                most -= 1
                yield said
            waiting += [(to, (*said, word)) for word, to in sorted(self.arcs[state].items(), reverse=True)]
