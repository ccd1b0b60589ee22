"""Where each word of a transcript stands in its sound, or that nobody can say.

The transcript is aligned with the sound that was kept: the recogniser may say this one sentence and nothing else, and
says how likely it is that it was said at all. What is not likely is not masked by guess, it is withheld.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from earwitness.kernel.audio import Clip
from earwitness.kernel.errors import BadInput, EngineError, Withheld
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.port import Recogniser, Word
from earwitness.understanding.spelling import number_words

LIKELY: Final = 0.5
LONGEST_MS: Final = 30_000
_APOSTROPHE: Final = "\N{RIGHT SINGLE QUOTATION MARK}"
_SAID = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_DIGIT_BY_DIGIT: Final = 3  # more digits than this are said one by one


class Aligner(Protocol):
    """Finds words in a sound."""

    def align(self, clip: Clip, tokens: Sequence[str]) -> list[Word]:
        """Return the tokens with their times, in order.

        Raises:
            Withheld: they are not likely to be what was said.
        """
        ...


class RecogniserAligner:
    """The recogniser with a grammar of one sentence. One clip at a time."""

    def __init__(self, load: Callable[[], Recogniser]) -> None:
        """``load`` is called for the first clip; the recogniser's grammar changes with every clip."""
        self._load = load
        self._recogniser: Recogniser | None = None

    def align(self, clip: Clip, tokens: Sequence[str]) -> list[Word]:
        """See the port."""
        if clip.duration_ms > LONGEST_MS:
            raise Withheld("too-long")
        self._recogniser = recogniser = self._recogniser or self._load()
        try:
            recogniser.prepare(_sentence(tokens))
            listening = recogniser.listen()
            listening.feed(clip.pcm)
            found = listening.finish()
        except (EngineError, BadInput) as error:
            raise Withheld("unaligned") from error
        best = found.best
        if best is None or found.in_grammar < LIKELY or [each.text for each in best.words] != list(tokens):
            raise Withheld("unaligned")
        return list(best.words)


def spoken_tokens(transcript: str) -> list[str]:
    """The words of a transcript as they were said: lower case, no punctuation, numbers in words."""
    tokens: list[str] = []
    for found in _SAID.findall(transcript.lower().replace(_APOSTROPHE, "'")):
        tokens += _in_words(found) if found.isdecimal() else [found]
    return tokens


def _in_words(digits: str) -> list[str]:
    if len(digits) <= _DIGIT_BY_DIGIT and not (digits.startswith("0") and len(digits) > 1):
        return number_words(int(digits))[0].split()
    return [number_words(int(digit))[0] for digit in digits]


def _sentence(tokens: Sequence[str]) -> WordGraph:
    arcs = (*({token: at + 1} for at, token in enumerate(tokens)), {})
    return WordGraph(arcs, 0, frozenset({len(tokens)}))
