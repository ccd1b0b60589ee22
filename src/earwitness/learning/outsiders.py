"""What is in use, heard by people of whom nothing was learned and nothing is kept: before and after, side by side.

For demonstrations and measurements: the clips are given, not read from the house.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from earwitness.learning.adapt.background import samples
from earwitness.learning.adapt.language import Language, wanted
from earwitness.learning.adapt.material import Lesson
from earwitness.learning.budget import Budget
from earwitness.learning.evaluate import LEVELS_DB, Comparison, Progress, Recipe, paired, trials
from earwitness.learning.examples import Account, Example, Source
from earwitness.learning.learner import InUse
from earwitness.learning.paired import Paired
from earwitness.learning.split import Side


@dataclass(frozen=True, slots=True)
class Outsider:
    """A clip (s16le, 16 kHz) of somebody who took no part, with what it means; ``name`` tells clips apart."""

    name: str
    person: str
    pcm: bytes = field(repr=False)
    intent: str
    slots: Mapping[str, str]


def compare_outsiders(  # noqa: PLR0913 - what is compared, on what, and how long
    language: Language,
    in_use: InUse,
    clips: Sequence[Outsider],
    *,
    noise: bytes = b"",
    levels_db: tuple[float, ...] = LEVELS_DB,
    budget: Budget | None = None,
    progress: Progress = lambda _done, _all: None,
) -> list[Paired]:
    """Compare what ships with what is in use: in quiet, and with ``noise`` (s16le) below the speech at each level.

    Raises:
        EngineMissing: an engine is not installed.
    """
    both = Comparison(
        Recipe(language),
        Recipe(language, in_use.taught, in_use.acoustics, in_use.understanding),
        [_lesson(each) for each in clips],
        samples(noise) if noise else None,
        levels_db,
    )
    return paired(trials(both, budget or Budget(3_600.0, len(clips)), progress))


def _lesson(clip: Outsider) -> Lesson:
    account = Account(intent=clip.intent, slots=clip.slots, for_me=True)
    example = Example(clip.name, clip.person, "", Source.ANNOTATION, account, "", False, clip.pcm)
    return Lesson(example, Side.TEST, None, wanted(clip.intent, clip.slots))
