"""``kill -9`` at random moments while processes keep, erase, play, publish, sweep and turn the epoch."""

import sys
from pathlib import Path

import pytest

from earwitness.testing.crash.facts import acknowledged_of
from earwitness.testing.crash.house import HouseCheck, new_house
from earwitness.testing.crash.killing import KillTally, Rounds, kill_again_and_again

WORKER = Path(__file__).parent / "workers" / "house.py"


def killed(data: Path, rounds: Rounds, *, at_once: int) -> KillTally:
    new_house(data)
    check = HouseCheck()
    tally = kill_again_and_again(
        lambda number: [sys.executable, WORKER, data, "endlessly", str(rounds.seed * 10_000 + number)],
        data,
        check,
        rounds,
        at_once=at_once,
    )
    check.check_finally(data, tally.facts)
    return tally


def test_a_house_survives_being_killed(scratch: Path) -> None:
    tally = killed(scratch / "data", Rounds(number=25, facts_first=40, delay_ms=10), at_once=1)
    assert tally.killed == 25
    assert len(acknowledged_of(tally.facts, "keep")) > 50
    assert len(acknowledged_of(tally.facts, "erase")) > 10
    assert len(acknowledged_of(tally.facts, "turn")) > 2


def test_two_processes_on_one_house_survive_being_killed(tmp_path: Path) -> None:
    tally = killed(tmp_path / "data", Rounds(number=4, seed=2, facts_first=60, delay_ms=20), at_once=2)
    assert tally.killed == 8
    assert len(acknowledged_of(tally.facts, "keep")) > 10


@pytest.mark.soak
def test_a_house_survives_being_killed_five_hundred_times(tmp_path: Path) -> None:
    tally = killed(tmp_path / "data", Rounds(number=500, seed=7, facts_first=60, delay_ms=40), at_once=2)
    assert tally.killed == 1000
