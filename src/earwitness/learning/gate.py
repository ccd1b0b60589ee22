"""May a model be released? Decided from paired trials on people who were left out; it can say that it does not know.

*Better*: the interval of the difference lies above zero, in quiet or in noise, and no condition lost more than is put
up with. *Worse*: an interval lies below zero. Anything else is *not enough evidence*, and the old model stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from earwitness.learning.paired import Paired

MOST_LOST: Final = -0.03  # of the share accepted in one condition, beside a gain in another
FEWEST_PEOPLE: Final = 3
FEWEST_TRIALS: Final = 20


class Verdict(StrEnum):
    """What the gate says."""

    BETTER = "better"
    WORSE = "worse"
    NOT_ENOUGH = "not_enough"
    OWN_WORDS = "own_words"
    """nothing to compare: sentences of people's own, which change nothing else"""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict on one part of a model, with a sentence that says why."""

    verdict: Verdict
    why: str

    def to_json(self) -> dict[str, Any]:
        """As the manifest has it."""
        return {"verdict": str(self.verdict), "why": self.why}


def judge(conditions: "Sequence[Paired]") -> Judged:
    """Judge one part from its trials under each condition."""
    enough = [each for each in conditions if each.trials >= FEWEST_TRIALS and each.people >= FEWEST_PEOPLE]
    if not enough:
        found = max((each.trials for each in conditions), default=0)
        people = max((each.people for each in conditions), default=0)
        return Judged(
            Verdict.NOT_ENOUGH,
            f"not enough evidence: {found} trials of {people} other people, {FEWEST_TRIALS} of {FEWEST_PEOPLE} needed",
        )
    for each in enough:
        if each.high < 0:
            return Judged(Verdict.WORSE, f"worse {each.told()}")
    better = [each for each in enough if each.low > 0]
    if better and all(each.difference >= MOST_LOST for each in enough):
        return Judged(Verdict.BETTER, f"better {better[0].told()}")
    return Judged(Verdict.NOT_ENOUGH, f"not enough evidence: {min(enough, key=lambda each: each.p).told()}")


def overall(parts: Iterable[Judged]) -> Verdict:
    """One verdict for what is released: the parts that were not better are left out of it."""
    found = {each.verdict for each in parts}
    for verdict in (Verdict.BETTER, Verdict.OWN_WORDS, Verdict.WORSE):
        if verdict in found:
            return verdict
    return Verdict.NOT_ENOUGH
