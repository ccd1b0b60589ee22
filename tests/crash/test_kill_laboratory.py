"""The kill driver itself: a right worker passes, one that acknowledges too early is caught."""

import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from earwitness.testing.crash.facts import Fact, acknowledged_of, tried_of
from earwitness.testing.crash.killing import KillTally, Rounds, kill_again_and_again
from earwitness.testing.crash.record import WorkerFailed

WORKER = Path(__file__).parent / "workers" / "endless_rows.py"


def rows_are_there(folder: Path, facts: Sequence[Fact]) -> None:
    connection = sqlite3.connect(folder / "rows.db")
    try:
        rows = {(name,) for (name,) in connection.execute("SELECT name FROM row")}
    finally:
        connection.close()
    assert set(acknowledged_of(facts, "row")) <= rows <= set(tried_of(facts, "row"))


def killed(tmp_path: Path, how: str, rounds: Rounds, *, at_once: int = 1) -> KillTally:
    folder = tmp_path / "data"
    folder.mkdir()
    return kill_again_and_again(
        lambda _: [sys.executable, WORKER, folder, how], folder, rows_are_there, rounds, at_once=at_once
    )


def test_a_right_worker_passes_every_round(tmp_path: Path) -> None:
    tally = killed(tmp_path, "right", Rounds(number=6))
    assert tally.killed == 6
    assert len(acknowledged_of(tally.facts, "row")) > 10


def test_several_workers_at_once_are_all_killed(tmp_path: Path) -> None:
    tally = killed(tmp_path, "right", Rounds(number=3), at_once=3)
    assert tally.killed == 9


def test_a_worker_that_acknowledges_too_early_is_caught(tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as caught:
        killed(tmp_path, "lazy", Rounds(number=300, facts_first=4, delay_ms=0.5))
    assert "of kill -9" in caught.value.__notes__[0]


def test_a_worker_may_end_by_itself(tmp_path: Path) -> None:
    tally = killed(tmp_path, "short", Rounds(number=2, facts_first=1000))
    assert tally.killed == 0
    assert len(tally.facts) == 16


def test_a_worker_that_gives_up_fails_the_test(tmp_path: Path) -> None:
    with pytest.raises(WorkerFailed, match="gives up"):
        killed(tmp_path, "failing", Rounds(number=1, facts_first=1000))
