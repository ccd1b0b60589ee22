"""What sounds like a wake word and is not: dictionary words near it, its own sounds changed one by one, and phrases.

The words come out of the CMU dictionary that PocketSphinx brings; distances count phones, a vowel for a vowel
being nearer than anything else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from earwitness.kernel.errors import BadInput, EngineMissing

# ARPAbet, as the dictionary writes it, in espeak-ng's mnemonics
ESPEAK = {
    "AA": "A:", "AE": "a", "AH": "@", "AO": "O:", "AW": "aU", "AY": "aI", "B": "b", "CH": "tS", "D": "d", "DH": "D",
    "EH": "E", "ER": "3:", "EY": "eI", "F": "f", "G": "g", "HH": "h", "IH": "I", "IY": "i:", "JH": "dZ", "K": "k",
    "L": "l", "M": "m", "N": "n", "NG": "N", "OW": "oU", "OY": "OI", "P": "p", "R": "r", "S": "s", "SH": "S",
    "T": "t", "TH": "T", "UH": "U", "UW": "u:", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "Z",
}  # fmt: skip
VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
KIN = ("P B", "T D", "K G", "S Z SH", "CH JH SH", "F V TH", "M N NG", "L R W", "L N", "IY IH EY", "EH AE AH IH",
       "AA AO AH OW", "UW UH OW", "AY EY OY", "ER AH", "T CH K", "K T P")  # fmt: skip
ENDINGS = ("S", "Z", "N", "AH N", "IH S", "D", "T", "M", "IY", "ER", "SH AH N", "AH L")
CARRIERS = ("{}", "{}", "{}", "{} please", "and then {} was there", "I think {} is fine", "the {} again",
            "so {} for you", "it was {}", "{} turn on the light")  # fmt: skip
TOO_NEAR = 0.5  # as good as the word itself


@dataclass(frozen=True, slots=True)
class Confusable:
    """``text`` as espeak-ng is given it; ``phonemes`` if that is mnemonics."""

    text: str
    phonemes: bool


def distance(first: list[str], second: list[str]) -> float:
    """Return the edit distance of two phone sequences."""
    row = [0.8 * n for n in range(len(second) + 1)]
    for i, phone in enumerate(first):
        above, row = row, [0.8 * (i + 1)]
        for j, other in enumerate(second):
            swap = 0.0 if phone == other else 0.6 if (phone in VOWELS) == (other in VOWELS) else 1.2
            row.append(min(above[j] + swap, above[j + 1] + 0.8, row[j] + 0.8))
    return row[-1]


def pronunciations(word: str) -> list[list[str]]:
    """Return the dictionary's pronunciations of a wake word of one or more words.

    Raises:
        BadInput: a word that the dictionary does not have.
    """
    known: dict[str, list[list[str]]] = {part: [] for part in word.lower().split()}
    for entry, phones in dictionary():
        if entry in known:
            known[entry].append(phones)
    missing = [part for part, ways in known.items() if not ways]
    if missing:
        msg = f"The dictionary does not say how '{missing[0]}' is pronounced."
        raise BadInput(msg, next_step="Give its phones, e.g. --phones 'N AA B UW'.")
    ways: list[list[str]] = [[]]
    for part in word.lower().split():
        ways = [[*way, *phones] for way in ways for phones in known[part]]
    return ways[:4]


def near_words(phones: list[str], most: int) -> list[Confusable]:
    """Return the nearest words of the dictionary, leaving out what is the word itself."""
    near: dict[str, float] = {}
    for entry, other in dictionary():
        if abs(len(other) - len(phones)) <= 4 and re.fullmatch("[a-z']+", entry):  # noqa: PLR2004 - so many phones apart sound alike no more
            near[entry] = min(near.get(entry, 99.0), distance(phones, other))
    ordered = sorted((entry for entry, far in near.items() if far > TOO_NEAR), key=near.__getitem__)
    return [Confusable(entry, phonemes=False) for entry in ordered[:most]]


def changed_sounds(phones: list[str]) -> list[Confusable]:
    """Return the word with one sound changed to its kin, left out, or with an ending that it does not have."""
    return [Confusable(mnemonics(way), phonemes=True) for way in _changes(phones)]


def mnemonics(phones: list[str]) -> str:
    """Return phones as espeak-ng writes them, the first strong vowel stressed."""
    strong = next((n for n, phone in enumerate(phones) if phone in VOWELS - {"AH"}), None)
    return "".join(("'" if n == strong else "") + ESPEAK[phone] for n, phone in enumerate(phones))


def _changes(phones: list[str]) -> Iterator[list[str]]:
    for at, phone in enumerate(phones):
        if len(phones) > 3:  # noqa: PLR2004 - less is no word any more
            yield phones[:at] + phones[at + 1 :]
        for other in sorted({kin for family in KIN if phone in family.split() for kin in family.split()} - {phone}):
            if phone != "AH" or 0 < at < len(phones) - 1:  # a coloured vowel at either end is still the word
                yield [*phones[:at], other, *phones[at + 1 :]]
    for ending in ENDINGS:
        yield [*phones, *ending.split()]
        yield [*phones[:-1], *ending.split()]


def dictionary() -> Iterator[tuple[str, list[str]]]:
    """Yield the words of the CMU dictionary and their phones.

    Raises:
        EngineMissing: PocketSphinx, which brings it, is not installed.
    """
    try:
        from pocketsphinx import get_model_path  # noqa: PLC0415 - loads a native library
    except (ImportError, OSError) as error:
        msg = "PocketSphinx, which brings the dictionary, is not installed."
        raise EngineMissing(msg, next_step="Install the package pocketsphinx.") from error
    path = Path(get_model_path()) / "en-us" / "cmudict-en-us.dict"
    with path.open(encoding="utf-8") as lines:
        for line in islice(lines, 1_000_000):
            entry, *phones = line.split()
            yield entry.partition("(")[0], phones
