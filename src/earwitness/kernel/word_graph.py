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

    def sentences(self, most: int) -> Iterator[tuple[str, ...]]:
        """Up to ``most`` sentences, depth first."""
        waiting: list[tuple[int, tuple[str, ...]]] = [(self.start, ())]
        while waiting and most > 0:
            state, said = waiting.pop()
            if state in self.final and said:
                most -= 1
                yield said
            waiting += [(to, (*said, word)) for word, to in sorted(self.arcs[state].items(), reverse=True)]
