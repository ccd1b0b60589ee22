"""One recording made into a reviewer's copy, or withheld with the reason that is counted.

Pure but for the random coefficient: sound, texts and what the household calls things go in, a copy comes out. What is
unsure is withheld; the order of the steps is that of docs/formats/review.md, section 3.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from earwitness.kernel.audio import Clip
from earwitness.kernel.errors import EngineError, Withheld
from earwitness.review.deidentify.masking import Masked, Pronounce, find_masked, shown
from earwitness.review.deidentify.names import Hidden, Mask
from earwitness.review.deidentify.sound import Span, disguise
from earwitness.review.deidentify.voice import random_alpha
from earwitness.review.deidentify.words import LONGEST_MS, Aligner, spoken_tokens

MOST_MASKED: Final = 0.5
UNSURE_WORD: Final = 0.5
VERSION: Final = 1
_TAKEN: Final = re.compile(r"I took it for (?P<intent>\w+)(?: \((?P<slots>.*)\))?, ")


@dataclass(frozen=True, slots=True)
class Original:
    """A recording as it was kept."""

    clip: Clip
    transcript: str
    trace: bytes = b"[]"


@dataclass(frozen=True, slots=True)
class ReviewersCopy:
    """What a reviewer gets: a WAV file, and the text as JSON."""

    sound: bytes
    text: bytes


class Copying:
    """Makes copies. One at a time."""

    def __init__(
        self,
        aligner: Aligner,
        pronounce: Pronounce,
        given: frozenset[str],
        alpha: Callable[[], float] = random_alpha,
    ) -> None:
        """``alpha`` is asked for each copy and its answer kept nowhere."""
        self._aligner = aligner
        self._pronounce = pronounce
        self._given = given
        self._alpha = alpha

    def copy(self, original: Original, hidden: Hidden) -> ReviewersCopy:
        """Make a copy.

        Raises:
            Withheld: too-long, silent, unaligned, too-much.
        """
        if original.clip.duration_ms > LONGEST_MS:
            raise Withheld("too-long")
        tokens = spoken_tokens(original.transcript)
        if not tokens:
            raise Withheld("silent")
        words = self._aligner.align(original.clip, tokens)
        masked = self._masked(tokens, hidden)
        if sum(each.end - each.start for each in masked) > MOST_MASKED * len(tokens):
            raise Withheld("too-much")
        spans = [Span(words[each.start].start_ms, words[each.end - 1].end_ms) for each in masked]
        copied = disguise(original.clip, spans, self._alpha())
        doubt = [at for at, word in enumerate(words) if word.confidence < UNSURE_WORD]
        text = self._text(original, tokens, masked, doubt, hidden)
        return ReviewersCopy(copied.to_wav(), text)

    def _masked(self, tokens: Sequence[str], hidden: Hidden) -> list[Masked]:
        try:
            return find_masked(tokens, hidden, self._given, self._pronounce)
        except EngineError as error:
            raise Withheld("unpronounceable") from error

    def _text(
        self, original: Original, tokens: Sequence[str], masked: Sequence[Masked], doubt: Iterable[int], hidden: Hidden
    ) -> bytes:
        heard = shown(tokens, masked)
        intent, slots = _understood(original.trace)
        counts = Counter(each.mask.strip("[]") for each in masked)
        value: dict[str, Any] = {
            "v": VERSION,
            "heard": heard,
            "intent": intent,
            "slots": {name: self._hide(said, hidden) for name, said in slots.items()},
            "doubt": _places(len(tokens), masked, doubt),
            "masked": {str(mask).strip("[]"): counts[str(mask).strip("[]")] for mask in Mask},
            "seconds": round(original.clip.duration_ms / 1000, 1),
        }
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()

    def _hide(self, said: str, hidden: Hidden) -> str:
        tokens = spoken_tokens(said)
        return " ".join(shown(tokens, self._masked(tokens, hidden)))


def _places(count: int, masked: Sequence[Masked], doubt: Iterable[int]) -> list[int]:
    """Where doubtful words stand among the words as they are shown; masked ones are left out."""
    inside = {at for each in masked for at in range(each.start, each.end)}
    starts = {each.start for each in masked}
    shown_at, places = 0, {}
    for at in range(count):
        if at in inside and at not in starts:
            continue
        places[at] = shown_at
        shown_at += 1
    return [places[at] for at in doubt if at not in inside]


def _understood(trace: bytes) -> tuple[str, dict[str, str]]:
    """What the trace says was meant: the intent's name, and what was said for each slot."""
    for step in json.loads(trace or b"[]"):
        found = _TAKEN.search(step["said"]) if step.get("step") == "understanding" else None
        if found:
            pairs = (part.partition(": ") for part in (found["slots"] or "").split(", "))
            return found["intent"], {name: said for name, colon, said in pairs if colon}
    return "", {}
