"""Learning, releasing, rolling back and forgetting, cut and killed at every step that reaches the disk."""

import sys
from pathlib import Path

from earwitness.testing.crash.facts import acknowledged_of
from earwitness.testing.crash.learning import LearningCheck, new_learning_house
from earwitness.testing.crash.power_cut import Left, Plan, check_every_cut
from earwitness.testing.crash.record import record

WORKER = Path(__file__).parent / "workers" / "learning.py"


def test_learning_survives_every_cut(tmp_path: Path, scratch: Path) -> None:
    data = tmp_path / "data"
    new_learning_house(data)
    recording = record([sys.executable, WORKER, data, "once", "1"], data)
    tally = check_every_cut(recording, LearningCheck(alone=True), scratch, Plan(partial=1, most=40))
    assert tally.boundaries > 300
    assert tally.checked[Left.WRITTEN] == 40
    *_, last = recording.play()
    assert len(acknowledged_of(last.facts, "run")) == 3
    assert len({name for (name,) in acknowledged_of(last.facts, "destroyed")}) >= 2
