"""From what an open recogniser took down to sentences of the grammar: plain words, then the nearest sentences.

Open recognisers write "Turn on the lights, please. 7:30!"; the grammar has plain spoken words. Distance is counted in
words: one left out or put in costs 1, one for another as much of 1 as their letters differ; words in an open slot are
free. Within three tenths of the words it is taken for meant; beyond that it was nothing of the grammar.
"""

import heapq
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import Levenshtein

from earwitness.kernel.word_graph import WordGraph, is_open

FARTHEST: Final = 0.3  # of the words
MOST_WORDS: Final = 60
MOST_STEPS: Final = 200_000  # of the search: half a second; a household's grammar takes some hundreds
OPEN_COST: Final = 0.01  # a word that a template knows is better than the same in an open slot
_HESITATIONS: Final = frozenset({"uh", "um", "er", "erm", "hmm", "mm"})
_UNITS: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SIGNS: Final = {"%": " percent ", "°": " degrees ", "&": " and ", "+": " plus "}
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}\b)")
_DECIMAL: Final = re.compile(r"(?<=\d)\.(?=\d)")
_PIECES: Final = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*'?")


def plain_words(text: str) -> tuple[str, ...]:
    """The words as they were spoken: lower case, no punctuation, numbers in words, no hesitations."""
    text = unicodedata.normalize("NFC", text).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    text = _DECIMAL.sub(" point ", _THOUSANDS.sub("", text))
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    words: list[str] = []
    for piece in _PIECES.findall(text):
        words += _number(piece).split() if piece.isdecimal() else [piece]
    return tuple(word for word in words if word not in _HESITATIONS)


def _number(digits: str) -> str:
    value = int(digits[:12])
    if len(digits) > 1 and digits.startswith("0"):
        return " ".join(map(_cardinal, map(int, digits)))  # 0800, or the minutes of 7:05
    if value >= 1_000_000:  # noqa: PLR2004 - nobody says those to an assistant but digit by digit
        return " ".join(map(_cardinal, map(int, digits)))
    return _cardinal(value)


def _cardinal(value: int) -> str:
    if value < len(_UNITS):
        return _UNITS[value]
    if value < 100:  # noqa: PLR2004 - a hundred
        tens, rest = divmod(value, 10)
        return f"{_TENS[tens]} {_UNITS[rest]}" if rest else _TENS[tens]
    scale, name = (100, "hundred") if value < 1_000 else (1_000, "thousand")  # noqa: PLR2004 - a thousand
    count, rest = divmod(value, scale)
    return f"{_cardinal(count)} {name}" + (f" {_cardinal(rest)}" if rest else "")


@dataclass(frozen=True, slots=True)
class Near:
    """A sentence of the grammar and how far the words are from it, 0 to :data:`FARTHEST` of their number.

    ``places[i]`` is which of the heard words the sentence's word ``i`` stands for, -1 if none.
    """

    words: tuple[str, ...]
    distance: float
    places: tuple[int, ...]


def nearest(grammar: WordGraph, heard: tuple[str, ...], *, most: int = 3) -> tuple[Near, ...]:
    """Up to ``most`` sentences within :data:`FARTHEST` of the heard words, nearest first; exact costs little."""
    if not heard or len(heard) > MOST_WORDS:
        return ()
    found: dict[tuple[str, ...], Near] = {}
    limit = FARTHEST * len(heard)
    waiting: list[tuple[float, int, int, int, int, tuple[str, ...], tuple[int, ...]]] = []
    waiting.append((0.0, 0, grammar.start, 0, -1, (), ()))
    visits: dict[tuple[int, int, int], int] = {}
    for step in range(MOST_STEPS):
        if not waiting or len(found) == most:
            break
        cost, _, state, at, slot, said, places = heapq.heappop(waiting)
        visits[state, at, slot] = visits.get((state, at, slot), 0) + 1
        if visits[state, at, slot] > most:
            continue
        if at == len(heard) and slot < 0 and state in grammar.final and said:
            found.setdefault(said, Near(said, cost / len(heard), places))
        for extra, to, now, inside, word, place in _steps(grammar, heard, state, at, slot):
            if cost + extra <= limit:
                grown = ((*said, word), (*places, place)) if word else (said, places)
                heapq.heappush(waiting, (cost + extra, -step, to, now, inside, *grown))
    return tuple(found.values())


def _steps(
    grammar: WordGraph, heard: tuple[str, ...], state: int, at: int, slot: int
) -> Iterator[tuple[float, int, int, int, str, int]]:
    """From a state with ``at`` words used: cost, state, words used, the slot one is in, word said, which was heard."""
    more = at < len(heard)
    if slot >= 0:  # in an open slot: ``slot`` is the state behind it
        yield 0.0, slot, at, -1, "", -1
        if more:
            yield OPEN_COST, state, at + 1, slot, heard[at], at
        return
    if more:
        yield 1.0, state, at + 1, -1, "", -1
    for word, to in grammar.arcs[state].items():
        if is_open(word):
            if more:
                yield OPEN_COST, state, at + 1, to, heard[at], at
            continue
        yield 1.0, to, at, -1, word, -1
        if more:
            yield unlike(word, heard[at]), to, at + 1, -1, word, at


@lru_cache(maxsize=100_000)
def unlike(word: str, other: str) -> float:
    """How much the letters of two words differ: 0 to 1."""
    return float(Levenshtein.normalized_distance(word, other))
