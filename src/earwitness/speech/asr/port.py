"""The port of a recogniser.

Sound is fed while the person speaks, 16 kHz mono s16le in pieces of any size; the answer is a
:class:`Recognition`. A recogniser is shared by turns one after the other, and holds one grammar; a
:class:`Listening` belongs to one turn and one thread.
"""

from dataclasses import dataclass
from typing import Protocol

from earwitness.kernel.word_graph import WordGraph

LONGEST_MS = 30_000  # of an utterance
FOR_ME = 0.3  # below, on other speakers, about nine of ten were no sentence


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its place in the utterance; ``confidence`` is 0 to 1."""

    text: str
    start_ms: int
    end_ms: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading; ``score`` is the probability that it is what was said, among readings that are."""

    text: str
    words: tuple[Word, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was heard, the most likely first; ``in_grammar`` is the calibrated probability that it was a sentence.

    No hypotheses at all: nothing of the grammar fits. ``heard_ms`` is the length of the sound. ``free`` is what an
    engine that takes down any speech took down, in plain words, whether or not it is a sentence of the grammar.
    """

    hypotheses: tuple[Hypothesis, ...]
    in_grammar: float
    heard_ms: int
    free: str = ""

    @property
    def best(self) -> Hypothesis | None:
        """The most likely reading."""
        return self.hypotheses[0] if self.hypotheses else None

    def for_me(self, threshold: float = FOR_ME) -> bool:
        """Whether it was a sentence of the grammar rather than talk that is not for the assistant."""
        return bool(self.hypotheses) and self.in_grammar >= threshold


@dataclass(frozen=True, slots=True)
class Partial:
    """What was heard so far.

    ``complete``: the words are a whole sentence. ``may_go_on``: a longer one begins with them ("make me a coffee"
    is complete, "with milk" may follow); endpointing waits least where that is not so.
    """

    text: str
    complete: bool
    may_go_on: bool


class Listening(Protocol):
    """One utterance being heard."""

    def feed(self, pcm: bytes) -> None:
        """Take more sound.

        Raises:
            BadInput: more than the longest utterance, or after the end.
        """
        ...

    def partial(self) -> Partial:
        """What was heard so far; cheap."""
        ...

    def settle(self) -> None:
        """The person seems to have paused: work ahead, so that ``finish`` answers at once if no speech follows."""
        ...

    def finish(self, *, speech_end_ms: int | None = None) -> Recognition:
        """End; ``speech_end_ms`` is where speech ended, if the endpointer knows."""
        ...

    def cancel(self) -> None:
        """End without an answer and forget the sound."""
        ...


class Recogniser(Protocol):
    """An engine with its model loaded."""

    def prepare(self, grammar: WordGraph) -> None:
        """Recognise the sentences of ``grammar`` from the next utterance on.

        Raises:
            EngineMissing: a word has no pronunciation and nothing that could make one is installed.
        """
        ...

    def listen(self) -> Listening:
        """Begin an utterance."""
        ...
