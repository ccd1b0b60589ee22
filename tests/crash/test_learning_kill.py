"""``kill -9`` at random moments of two processes that learn, release, take back and forget on one house."""

import sys
from pathlib import Path

import pytest

from earwitness.testing.crash.facts import acknowledged_of
from earwitness.testing.crash.killing import KillTally, Rounds, kill_again_and_again
from earwitness.testing.crash.learning import LearningCheck, new_learning_house

WORKER = Path(__file__).parent / "workers" / "learning.py"


def killed(data: Path, rounds: Rounds) -> KillTally:
    new_learning_house(data)
    return kill_again_and_again(
        lambda number: [sys.executable, WORKER, data, "endlessly", str(rounds.seed * 1_000 + number)],
        data,
        LearningCheck(alone=False),
        rounds,
        at_once=2,
    )


def test_learning_survives_being_killed(scratch: Path) -> None:
    tally = killed(scratch / "data", Rounds(number=6, facts_first=25, delay_ms=40))
    assert tally.killed == 12
    assert acknowledged_of(tally.facts, "run")
    assert acknowledged_of(tally.facts, "erase")


@pytest.mark.soak
def test_learning_survives_being_killed_a_hundred_times(scratch: Path) -> None:
    assert killed(scratch / "data", Rounds(number=100, seed=3, facts_first=25, delay_ms=60)).killed == 200
