"""A whole installation on a disk that runs full at each page: a clear error, and nothing half done."""

from pathlib import Path

from earwitness.bootstrap import open_house
from earwitness.testing.crash.facts import Fact
from earwitness.testing.crash.full_disk import SmallDisk, fill_step_by_step, in_own_mounts
from earwitness.testing.crash.house import HouseCheck, Load, new_house
from earwitness.testing.crash.image import read_image

DISK = 16 * 1024 * 1024


def work(data: Path, facts: list[Fact]) -> None:
    with open_house(data) as house:
        load = Load(house, "full", facts.append)
        first, _ = load.keep(), load.keep()
        load.remove(load.erase(first))
        load.turn()
        load.show()


@in_own_mounts
def test_a_house_survives_a_full_disk_at_each_page(tmp_path: Path) -> None:
    data = tmp_path / "data"
    new_house(data)
    start = read_image(data)
    with SmallDisk(tmp_path / "disk", DISK) as disk:
        tally = fill_step_by_step(disk, start, work, HouseCheck(), stride=2)
    assert tally.ran_full > 20
