"""Which words of a transcript are masked, and as what.

In this order: whole phrases the household calls something; words that sound like one of them; common given names;
words spelled letter by letter; numbers of three digits or more, and numbers next to each other. A single number below
a hundred stays, for "two coffees" and "ten minutes" say nothing about anybody.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
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
    found = itertools.chain(
        _phrases(tokens, hidden),
        _alike(tokens, hidden, pronounce),
        (Masked(at, at + 1, Mask.NAME) for at, token in enumerate(tokens) if token.removesuffix("'s") in given),
        _spelled(tokens),
        _numbers(tokens),
    )
    for each in found:
        for at in range(each.start, each.end):
            marks[at] = marks[at] or each.mask
    return [
        Masked(group[0], group[-1] + 1, mask)
        for mask, group in (
            (mask, list(places)) for mask, places in itertools.groupby(range(len(marks)), marks.__getitem__)
        )
        if mask is not None
    ]


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
    for phrase, mask in hidden.phrases.items():
        wanted = [each.removesuffix("'s") for each in phrase]
        for start in range(len(bare) - len(wanted) + 1):
            if bare[start : start + len(wanted)] == wanted:
                yield Masked(start, start + len(wanted), mask)


def _alike(tokens: Sequence[str], hidden: Hidden, pronounce: Pronounce) -> Iterator[Masked]:
    """Words, alone or up to three together, that sound like a phrase: a name the recogniser took for something else."""
    phrases = list(hidden.phrases)
    if not phrases or not tokens:
        return
    said = dict(
        zip(spoken := sorted({*tokens, *(word for each in phrases for word in each)}), pronounce(spoken), strict=True)
    )
    sounds = [(tuple(phone for word in each for phone in said[word]), hidden.phrases[each]) for each in phrases]
    for start, length in itertools.product(range(len(tokens)), range(1, MOST_WORDS + 1)):
        part = tokens[start : start + length]
        if len(part) < length:
            continue
        phones = tuple(phone for word in part for phone in said[word])
        for sound, mask in sounds:
            if min(len(sound), len(phones)) < LEAST_PHONES:
                continue
            if Levenshtein.normalized_similarity(sound, phones) >= ALIKE:
                yield Masked(start, start + length, mask)


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
