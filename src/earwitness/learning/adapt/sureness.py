"""How much the recogniser's best reading stands out from the others, fitted to clips whose meaning is known.

Where it stands out too little the house asks back, or does not understand, though it heard right; too much, and it does
the wrong thing. Of a few powers of the scores the one is taken that gets most clips right, a wrong one costing
:data:`COST` right ones: asking is cheaper than acting wrongly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from earwitness.learning.adapt.language import Meaning
from earwitness.understanding.taught import sharpened
from earwitness.understanding.values import Hypothesis

POWERS: Final = (1.0, 1.5, 2.0, 3.0, 4.0)
COST: Final = 2
FEWEST: Final = 20

Understand = Callable[[Sequence[Hypothesis]], Meaning | None]


@dataclass(frozen=True, slots=True)
class Read:
    """What the recogniser made of a clip, and what was meant."""

    readings: tuple[Hypothesis, ...]
    meaning: Meaning


def fit_sharpness(clips: Sequence[Read], understand: Understand) -> float:
    """The power to take scores to; 1, as they are, with too few clips or where nothing is gained."""
    if len(clips) < FEWEST:
        return 1.0
    return max(POWERS, key=lambda power: (_worth(clips, understand, power), -power))


def _worth(clips: Sequence[Read], understand: Understand, power: float) -> int:
    answers = [(understand(sharpened(each.readings, power)), each.meaning) for each in clips]
    right = sum(found == meant for found, meant in answers)
    wrong = sum(found is not None and found != meant for found, meant in answers)
    return right - COST * wrong
