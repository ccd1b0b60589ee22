"""Names as people write them and as they say them.

A name is kept as written (NFC, spaces trimmed) and compared in a normal form: NFKC, case folded,
runs of white space made one space (Unicode Standard, chapter 3.13 and annex 15).
"""

import unicodedata
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from earwitness.kernel.errors import BadInput, NotFound
from earwitness.kernel.ids import is_id

LONGEST_NAME = 80
MOST_VARIANTS = 20
_CONTROLS = {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
_TURNS_TEXT = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Identified(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str:
        """The id."""
        ...


T = TypeVar("T", bound=Identified)


def clean_name(text: str, *, what: str = "name") -> str:
    """Return the name as it is kept.

    Raises:
        BadInput: it is empty, longer than 80 characters, or holds control characters.
    """
    name = unicodedata.normalize("NFC", text.strip())
    if not name:
        raise BadInput(f"The {what} is empty.", next_step="Give a name.")
    if len(name) > LONGEST_NAME:
        raise BadInput(f"The {what} is longer than {LONGEST_NAME} characters.", next_step="Give a shorter one.")
    if any(unicodedata.category(each) in _CONTROLS or each in _TURNS_TEXT for each in name):
        raise BadInput(f"The {what} holds control characters.", next_step="Write it with letters, digits and spaces.")
    return name


def normalise(text: str) -> str:
    """Return the form in which names are compared; two spellings of one spoken name give the same."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def spoken_variants(name: str, variants: Iterable[str]) -> tuple[str, ...]:
    """Return the further ways to say ``name``, normalised, each once, without the name itself.

    Raises:
        BadInput: one is no good name, or there are more than 20.
    """
    said = dict.fromkeys(normalise(clean_name(each, what="spoken variant")) for each in variants)
    said.pop(normalise(name), None)
    if len(said) > MOST_VARIANTS:
        raise BadInput(f"There are more than {MOST_VARIANTS} spoken variants.", next_step="Keep those that are said.")
    return tuple(said)


def find_one(those: Iterable[T], text: str, what: str, names: Callable[[T], Iterable[str | None]]) -> T:
    """Find one of ``those`` by its id (``what`` is its prefix) or any of its names; no error repeats a name.

    Raises:
        NotFound: nothing matched.
        BadInput: several did; their ids are listed.
    """
    by_id, wanted = is_id(text, what), normalise(text)
    found = [each for each in those if (each.id == text if by_id else wanted in _normal(names(each)))]
    if not found:
        raise NotFound(f"There is no {what} of that name or id here.", next_step="Check the spelling.")
    if len(found) > 1:
        ids = ", ".join(sorted(each.id for each in found))
        raise BadInput(f"More than one {what} has that name: {ids}.", next_step="Give the id.")
    return found[0]


def _normal(names: Iterable[str | None]) -> set[str]:
    return {normalise(each) for each in names if each is not None}
