"""What a reviewer writes down about a clip, and the errors that are counted from it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from rapidfuzz.distance import Levenshtein

from earwitness.kernel.clock import rfc3339
from earwitness.kernel.errors import BadInput
from earwitness.review.deidentify.names import Mask
from earwitness.review.deidentify.words import spoken_tokens

MOST_TOKENS: Final = 200
LONGEST_TEXT: Final = 2_000
LONGEST_VALUE: Final = 100
MOST_SLOTS: Final = 20
LONGEST_SPENT_MS: Final = 3_600_000
VERSION: Final = 1
_PARTS = re.compile(r"\[[a-z]+\]|[^\[\]]+|[\[\]]")
_MASKS: Final = frozenset(str(each) for each in Mask)
_INTENT = re.compile(r"\w{0,60}").fullmatch
_SLOT = re.compile(r"\w{1,40}").fullmatch


class Route(StrEnum):
    """How the words were come by: confirmed as they were, put right, or typed without seeing any."""

    VERIFY = "verify"
    EDIT = "edit"
    TYPE = "type"


class Wake(StrEnum):
    """Whether the clip was said to the assistant at all."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One reviewer's account of one clip. ``words`` is as typed; ``intent_right`` None: not judged."""

    route: Route
    words: str
    wake: Wake
    spent_ms: int
    intent_right: bool | None = None
    intent: str = ""
    slots: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be kept.

        Raises:
            BadInput: something is too long or no name.
        """
        slots = self.slots or {}
        if len(self.words) > LONGEST_TEXT or not 0 <= self.spent_ms <= LONGEST_SPENT_MS:
            raise BadInput("The words are too long, or the time cannot be.")
        if not _INTENT(self.intent) or len(slots) > MOST_SLOTS:
            raise BadInput("That is no intent, or there are too many slots.")
        if not all(_SLOT(name) and len(value) <= LONGEST_VALUE for name, value in slots.items()):
            raise BadInput("A slot's name or value cannot be kept.")

    @property
    def tokens(self) -> list[str]:
        """The words in the form in which they are compared, masks as they are.

        Raises:
            BadInput: a mask that is none, or more than 200 words.
        """
        tokens: list[str] = []
        for part in _PARTS.findall(self.words.lower()):
            if part in _MASKS:
                tokens.append(part)
            elif part[0] in "[]":
                raise BadInput("Square brackets stand for what is masked.", next_step=f"Write {', '.join(_MASKS)}.")
            else:
                tokens += spoken_tokens(part)
        if len(tokens) > MOST_TOKENS:
            raise BadInput(f"More than {MOST_TOKENS} words.")
        return tokens

    def to_bytes(self, heard: Sequence[str], reviewer: str, at: int) -> bytes:
        """The annotation as it is kept: JSON, UTF-8."""
        value: dict[str, Any] = {
            "v": VERSION,
            "route": str(self.route),
            "heard": list(heard),
            "words": self.tokens,
            "intent": self.intent,
            "intent_right": self.intent_right,
            "slots": dict(self.slots or {}),
            "wake": str(self.wake),
            "by": reviewer,
            "at": rfc3339(at),
            "spent_ms": self.spent_ms,
        }
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def word_errors(heard: Sequence[str], said: Sequence[str]) -> int:
    """Substitutions, insertions and deletions between what was recognised and what was said."""
    return int(Levenshtein.distance(list(heard), list(said)))
