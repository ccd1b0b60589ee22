"""Match a sentence against the sentence files (hassil), every way it can be read.

The wildcards of the files make most sentences readable in several ways; which one is meant is decided
by what it makes of the home (``interpret``), so all readings are given.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from hassil.errors import HassilError
from hassil.intents import Intents, SlotList, TextSlotList
from hassil.recognize import recognize_all
from hassil.util import merge_dict

from earwitness.kernel.errors import BadInput
from earwitness.skills.home import amounts

WILDCARDS = frozenset({"target", "place", "value", "amount", "item", "query", "list", "how", "the_list"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a sentence: an action and the words of its slots. ``literal``: how many words were fixed."""

    action: str
    slots: Mapping[str, Any] = field(default_factory=dict)
    literal: int = 0
    said: str = ""


class Grammar:
    """The sentences of a household."""

    def __init__(self, sources: Sequence[str]) -> None:
        """Compile these YAML texts, each on top of those before it.

        Raises:
            BadInput: a text is no sentence file.
        """
        merged: dict[str, Any] = {}
        try:
            for source in sources:
                merge_dict(merged, yaml.safe_load(source) or {})
            self._intents = Intents.from_dict(merged)
            for intent in self._intents.intents.values():
                for data in intent.data:
                    _ = data.sentences  # parses them, so that a mistake shows now
        except (yaml.YAMLError, HassilError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise BadInput(
                "A file of home sentences cannot be read.", next_step="docs/skills/home.md shows its shape."
            ) from error
        self._lists: dict[str, SlotList] = {"word_value": TextSlotList.from_strings(amounts.words(), name="word_value")}

    def readings(self, text: str) -> Iterator[Reading]:
        """Every way to read a sentence (after :func:`~.wording.normalise`), in no order."""
        for result in recognize_all(text, self._intents, slot_lists=self._lists, language="en"):
            slots = {name: _value(entity.value) for name, entity in result.entities.items()}
            fixed = sum(
                len(str(entity.text_clean).split()) for name, entity in result.entities.items() if name in WILDCARDS
            )
            yield Reading(result.intent.name, slots, len(text.split()) - fixed, text)


def _value(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


@lru_cache(maxsize=4)
def load(*own: Path) -> Grammar:
    """The built-in sentences, with a household's ``own`` files on top.

    Raises:
        BadInput: a file cannot be read.
    """
    built_in = files("earwitness.skills.home").joinpath("sentences/en.yaml").read_text(encoding="utf-8")
    try:
        return Grammar([built_in, *(path.read_text(encoding="utf-8") for path in own)])
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("A file of home sentences cannot be read.", next_step="Check its path.") from error
