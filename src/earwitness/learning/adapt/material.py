"""What the adapters are given: examples with the side each is on, and the words and meaning of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from earwitness.learning.adapt.language import Meaning
from earwitness.learning.examples import Example
from earwitness.learning.split import Side

ALONE: Final = 1


@dataclass(frozen=True, slots=True)
class Lesson:
    """An example with its words as they were said and what they meant, as far as that could be made out."""

    example: Example
    side: Side
    words: str | None
    meaning: Meaning | None

    @property
    def means(self) -> str:
        """The sentence that the words stand for; empty where nobody named one."""
        return self.example.account.meant or ""

    @property
    def person(self) -> str:
        """Whose it is."""
        return self.example.subject


@dataclass(frozen=True, slots=True)
class Material:
    """``fewest``: how many people must have taught a word before it may go into what others use."""

    lessons: tuple[Lesson, ...]
    fewest: int = ALONE
    noise: bytes = field(default=b"", repr=False)

    def without(self, people: frozenset[str]) -> "Material":
        """The same, learned from everybody but these people, who are tested on."""
        dealt = (replace(each, side=Side.TEST if each.person in people else Side.LEARN) for each in self.lessons)
        return replace(self, lessons=tuple(dealt))

    def learn(self) -> tuple[Lesson, ...]:
        """Those to learn from."""
        return tuple(each for each in self.lessons if each.side is Side.LEARN)

    def test(self) -> tuple[Lesson, ...]:
        """Those of other people, to test on."""
        return tuple(each for each in self.lessons if each.side is Side.TEST)


def taught_by(items: Iterable[tuple[str, str]]) -> Mapping[str, set[str]]:
    """Of each item the people who taught it, from pairs of item and person."""
    people: dict[str, set[str]] = {}
    for item, person in items:
        people.setdefault(item, set()).add(person)
    return people
