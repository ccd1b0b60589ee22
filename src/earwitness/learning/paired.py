"""Old against new on the same clips: the difference, its interval by people, and McNemar's exact test.

The interval is a percentile bootstrap in two stages, people and then clips of each: clips of one voice succeed and
fail together, and with few people the clips' own chance must not be lost (Bisani and Ney, "Bootstrap estimates for
confidence intervals in ASR performance evaluation", 2004; Davison and Hinkley, "Bootstrap Methods", 1997, 3.8).
McNemar's test counts only the clips on which the two differ.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

DRAWS: Final = 4_000
LEVEL: Final = 0.95
SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Trial:
    """One clip under one condition: whose it is, and whether each system got it right."""

    person: str
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class Paired:
    """Shares right before and after, with the interval of the difference; ``p`` by McNemar's exact test."""

    condition: str
    trials: int
    people: int
    before: float
    after: float
    low: float
    high: float
    gained: int
    lost: int
    p: float

    @property
    def difference(self) -> float:
        """After less before."""
        return self.after - self.before

    def told(self) -> str:
        """In words."""
        return (
            f"{self.condition}: {self.before:.1%} → {self.after:.1%} of {self.trials} hearings of {self.people} other "
            f"people (difference {100 * self.low:+.1f} to {100 * self.high:+.1f} points)"
        )

    def to_json(self) -> dict[str, Any]:
        """As the manifest has it."""
        rounded = {name: round(getattr(self, name), 4) for name in ("before", "after", "low", "high", "p")}
        whole = {name: getattr(self, name) for name in ("trials", "people", "gained", "lost")}
        return {"condition": self.condition, **rounded, **whole}


def compare(condition: str, trials: Sequence[Trial]) -> Paired:
    """Compare; with one person or none the interval is everything from -1 to 1."""
    gained = sum(each.after and not each.before for each in trials)
    lost = sum(each.before and not each.after for each in trials)
    count = max(1, len(trials))
    before, after = sum(each.before for each in trials) / count, sum(each.after for each in trials) / count
    people = {each.person for each in trials}
    low, high = _interval(trials)
    return Paired(condition, len(trials), len(people), before, after, low, high, gained, lost, mcnemar(gained, lost))


def _interval(trials: Sequence[Trial]) -> tuple[float, float]:
    people = sorted({each.person for each in trials})
    if len(people) < 2:  # noqa: PLR2004 - nothing varies between people where there is one
        return -1.0, 1.0
    at = {person: index for index, person in enumerate(people)}
    outcomes = np.zeros((len(people), 3))  # lost, as before, gained
    for each in trials:
        outcomes[at[each.person], 1 + each.after - each.before] += 1
    counts = outcomes.sum(axis=1)
    random = np.random.default_rng(SEED)
    drawn = random.integers(0, len(people), (DRAWS, len(people)))
    clips = random.multinomial(counts[drawn].astype(int), (outcomes / counts[:, None])[drawn])
    differences = (clips[..., 2] - clips[..., 0]).sum(axis=1) / counts[drawn].sum(axis=1)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(differences, [tail, 1 - tail])
    return float(low), float(high)


def mcnemar(gained: int, lost: int) -> float:
    """The two-sided exact p of so many clips gained and lost, were both as likely."""
    count = gained + lost
    if not count:
        return 1.0
    tail = sum(math.comb(count, at) for at in range(min(gained, lost) + 1))
    return min(1.0, float(2 * tail) / float(2**count))
