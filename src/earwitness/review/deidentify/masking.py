"""Which words of a transcript are masked, and as what.

In this order: whole phrases the household calls something; words that sound like one of them; common given names;
words spelled letter by letter; numbers of three digits or more, and numbers next to each other. A single number below
a hundred stays, for "two coffees" and "ten minutes" say nothing about anybody.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import Levenshtein

from earwitness.review.deidentify.names import Hidden, Mask
from earwitness.understanding.numbers import ORDINALS, SCALES, TENS, UNITS, number

LARGEST_PLAIN: Final = 99
ALIKE: Final = 0.7  # of the phones
LEAST_PHONES: Final = 4
MOST_WORDS: Final = 3  # that one misheard name may have become
SPELLED: Final = 3  # letters in a row
_NUMBER_WORDS: Final = frozenset((*UNITS, *TENS, *SCALES, *ORDINALS, "hundred", "double", "triple", "dozen"))
_JOINTS: Final = frozenset({"and", "point", "dash", "slash", "dot"})

Pronounce = Callable[[Sequence[str]], list[tuple[str, ...]]]
"""The phones of each word."""


@dataclass(frozen=True, slots=True)
class Masked:
    """Words ``start`` up to, not including, ``end`` are masked."""

    start: int
    end: int
    mask: Mask


def find_masked(
    tokens: Sequence[str], hidden: Hidden, given: frozenset[str], pronounce: Pronounce
) -> list[Masked]:  # fmt: skip
    """Return the masked stretches in order; stretches that touch and are the same become one."""
    marks: list[Mask | None] = [None] * len(tokens)

    def mark(each: Masked) -> None:
        for at in range(each.start, each.end):
            marks[at] = marks[at] or each.mask

    for each in _phrases(tokens, hidden):
        mark(each)
    for each in _alike(tokens, hidden, pronounce):
        if not any(marks[each.start : each.end]):
            mark(each)
    names = (Masked(at, at + 1, Mask.NAME) for at, token in enumerate(tokens) if token.removesuffix("'s") in given)
    for each in itertools.chain(names, _spelled(tokens), _numbers(tokens)):
        mark(each)
    runs = ((mask, list(places)) for mask, places in itertools.groupby(range(len(marks)), marks.__getitem__))
    return [Masked(run[0], run[-1] + 1, mask) for mask, run in runs if mask is not None]


def shown(tokens: Sequence[str], masked: Sequence[Masked]) -> list[str]:
    """The words as a reviewer reads them, one mask for each stretch."""
    starts = {each.start: each for each in masked}
    inside = {at for each in masked for at in range(each.start, each.end)}
    return [
        str(starts[at].mask) if at in starts else token
        for at, token in enumerate(tokens)
        if at in starts or at not in inside
    ]


def _phrases(tokens: Sequence[str], hidden: Hidden) -> Iterator[Masked]:
    bare = [token.removesuffix("'s") for token in tokens]
    longest_first = sorted(hidden.phrases.items(), key=lambda each: (-len(each[0]), each[0]))
    for phrase, mask in longest_first:
        wanted = [each.removesuffix("'s") for each in phrase]
        for start in range(len(bare) - len(wanted) + 1):
            if bare[start : start + len(wanted)] == wanted:
                yield Masked(start, start + len(wanted), mask)


def _alike(tokens: Sequence[str], hidden: Hidden, pronounce: Pronounce) -> list[Masked]:
    """Words, alone or up to three together, that sound like a phrase, the most alike first.

    So a name is found that the recogniser took for something else.
    """
    if not hidden.phrases or not tokens:
        return []
    spoken = sorted({*tokens, *(word for phrase in hidden.phrases for word in phrase)})
    said = dict(zip(spoken, pronounce(spoken), strict=True))
    sounds = [(_phones(phrase, said), mask) for phrase, mask in hidden.phrases.items()]
    found: list[tuple[float, Masked]] = []
    for start, length in itertools.product(range(len(tokens)), range(1, MOST_WORDS + 1)):
        if start + length > len(tokens):
            continue
        phones = _phones(tokens[start : start + length], said)
        for sound, mask in sounds:
            if min(len(sound), len(phones)) < LEAST_PHONES:
                continue
            likeness = Levenshtein.normalized_similarity(sound, phones)
            if likeness >= ALIKE:
                found.append((likeness, Masked(start, start + length, mask)))
    found.sort(key=lambda each: (-each[0], each[1].start, each[1].end))
    return [each for _, each in found]


def _phones(words: Sequence[str], said: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(phone for word in words for phone in said[word])


def _spelled(tokens: Sequence[str]) -> Iterator[Masked]:
    for single, places in itertools.groupby(
        range(len(tokens)), lambda at: len(tokens[at]) == 1 and tokens[at].isalpha()
    ):
        run = list(places)
        if single and len(run) >= SPELLED:
            yield Masked(run[0], run[-1] + 1, Mask.NAME)


def _numbers(tokens: Sequence[str]) -> Iterator[Masked]:
    at = 0
    while at < len(tokens):
        end = _run_end(tokens, at)
        if end == at:
            at += 1
            continue
        if not _is_plain(list(tokens[at:end])):
            yield Masked(at, end, Mask.NUMBER)
        at = end


def _run_end(tokens: Sequence[str], start: int) -> int:
    """The end of the run of number words that begins here; joints count where a number follows."""
    at = start
    while at < len(tokens):
        if _is_number(tokens[at]):
            at += 1
        elif at > start and tokens[at] in _JOINTS and at + 1 < len(tokens) and _is_number(tokens[at + 1]):
            at += 2
        else:
            break
    return at


def _is_number(token: str) -> bool:
    return token in _NUMBER_WORDS or any(letter.isdigit() for letter in token)


def _is_plain(run: list[str]) -> bool:
    """One number below a hundred, or one ordinal, and nothing else."""
    if len(run) == 1 and run[0] in ORDINALS:
        return True
    found = number(run)
    return found is not None and found[1] == len(run) and abs(found[0]) <= LARGEST_PLAIN
