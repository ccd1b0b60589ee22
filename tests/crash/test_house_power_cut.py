"""A whole installation, with the power cut at every write of intake, erasure, rotation and append."""

import sys
from pathlib import Path

from earwitness.testing.crash.facts import acknowledged_of
from earwitness.testing.crash.house import HouseCheck, new_house
from earwitness.testing.crash.power_cut import Left, Plan, check_every_cut
from earwitness.testing.crash.record import record

WORKER = Path(__file__).parent / "workers" / "house.py"


def test_a_house_survives_every_cut(tmp_path: Path, scratch: Path) -> None:
    data = tmp_path / "data"
    new_house(data)
    recording = record([sys.executable, WORKER, data, "once", "1"], data)
    check = HouseCheck()
    tally = check_every_cut(recording, check, scratch, Plan(partial=1, most=150))
    assert tally.boundaries > 500
    assert tally.checked[Left.SYNCED] > 100
    assert tally.checked[Left.WRITTEN] == 150
    assert tally.checked[Left.PARTIAL] == 150
    *_, last = recording.play()
    assert len(check.keys) == len(acknowledged_of(last.facts, "keep"))
    check.check_finally(data, last.facts)
