"""What somebody who listens would write down, as far as labels tell it: words whose meaning is the right one.

Orders have a meaning in their labels and no words. The words are then the reading, among those which the shipped
recogniser finds possible, that means what the label says; where there is none, nobody writes anything down.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from earwitness.demo.recordings import Recordings
from earwitness.demo.thread.speakers import Row
from earwitness.learning.adapt.language import Language, Meaning, wanted
from earwitness.learning.evaluate import Recipe, System
from earwitness.understanding.wording import plain


@dataclass(slots=True)
class Listener:
    """Knows what was meant, and finds words for it."""

    recordings: Recordings
    system: System

    @classmethod
    def open(cls, recordings: Recordings, language: Language) -> "Listener":
        """Load the shipped recogniser with the sentences of the installation."""
        return cls(recordings, System.open(Recipe(language)))

    def meant(self, row: Row) -> Meaning | None:
        """What was meant; None where that is not known."""
        if "intent" in row:
            return wanted(str(row["intent"]), slots_of(row))
        return self.system.speech.meaning(str(row["transcript"]))

    def right(self, row: Row, text: str) -> bool:
        """Whether words mean what was meant; of what has no meaning here, whether they are the ones that were said."""
        meant = self.meant(row)
        if meant is None:
            return plain(text) == plain(str(row.get("transcript", "")))
        return self.system.speech.meaning(text) == meant

    def words(self, row: Row) -> str | None:
        """What was said; None where nobody can tell."""
        if "transcript" in row:
            return str(row["transcript"])
        meant = self.meant(row)
        for reading in self.system.hear(self.recordings.sound(row)):
            if self.system.speech.meaning(reading.text) == meant:
                return reading.text
        return None


def slots_of(row: Row) -> Mapping[str, str]:
    """The values of a label as they are spoken."""
    found: Mapping[str, Any] = row.get("slots") or {}
    return {str(name): " ".join(str(value).split()) for name, value in found.items()}
