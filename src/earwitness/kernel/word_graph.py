"""The sentences that may be said right now, as a graph of words that understanding and the recogniser share.

Acyclic and deterministic: from a state each word leads to one state only. A word in braces, like
``{message}``, is an *open slot*: any words stand there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

OPEN = "{"


def is_open(word: str) -> bool:
    """Whether an arc of this word is an open slot."""
    return word.startswith(OPEN)


@dataclass(frozen=True, slots=True)
class WordGraph:
    """``arcs[state]`` maps each word to the state it leads to; a sentence may end in the states of ``final``."""

    arcs: tuple[Mapping[str, int], ...]
    start: int
    final: frozenset[int]

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
        return WordGraph(arcs, self.start, self.final)

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
