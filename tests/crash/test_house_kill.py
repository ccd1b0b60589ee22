"""``kill -9`` at random moments while two processes keep, erase, play, publish, sweep and turn the epoch."""

import sys
from pathlib import Path

import pytest

from earwitness.testing.crash.facts import acknowledged_of
from earwitness.testing.crash.house import HouseCheck, new_house
from earwitness.testing.crash.killing import KillTally, Rounds, kill_again_and_again

WORKER = Path(__file__).parent / "workers" / "house.py"


def killed(tmp_path: Path, rounds: Rounds) -> KillTally:
    data = tmp_path / "data"
    new_house(data)
    check = HouseCheck()
    tally = kill_again_and_again(
        lambda number: [sys.executable, WORKER, data, "endlessly", str(rounds.seed * 10_000 + number)],
        data,
        check,
        rounds,
        at_once=2,
    )
    check.check_finally(data, tally.facts)
    return tally


def test_a_house_survives_being_killed(tmp_path: Path) -> None:
    tally = killed(tmp_path, Rounds(number=25, facts_first=40, delay_ms=20))
    assert tally.killed == 50
    assert len(acknowledged_of(tally.facts, "keep")) > 50
    assert len(acknowledged_of(tally.facts, "erase")) > 10
    assert len(acknowledged_of(tally.facts, "turn")) > 2


@pytest.mark.soak
def test_a_house_survives_being_killed_five_hundred_times(tmp_path: Path) -> None:
    assert killed(tmp_path, Rounds(number=500, seed=7, facts_first=60, delay_ms=40)).killed == 1000
