"""The disk that a backup goes to, or a house is restored to, runs full at every few pages."""

from pathlib import Path

from earwitness.backup.keycopies import backup_keys
from earwitness.backup.making import backup
from earwitness.backup.restoring import Sources, restore
from earwitness.kernel.errors import StorageFull
from earwitness.testing.canary import NAME
from earwitness.testing.clock import VirtualClock
from earwitness.testing.crash.full_disk import PAGE, SmallDisk, in_own_mounts
from earwitness.testing.homes import make_home

SIZE = 1024 * PAGE
STRIDE = 23


@in_own_mounts
def test_a_backup_is_whole_or_not_there(tmp_path: Path) -> None:
    home = make_home(tmp_path / "old", VirtualClock())
    home.keep(home.adult(NAME))
    ran_full = 0
    with SmallDisk(tmp_path / "disk", SIZE) as disk:
        destination = disk.at / "usb"
        for pages in range(1, SIZE // PAGE, STRIDE):
            disk.fill(leaving=pages * PAGE)
            try:
                backup(home.house, destination)
            except StorageFull:
                ran_full += 1
                disk.release()
                assert list(destination.glob("*")) == []
                assert list(destination.glob(".*")) == []
            else:
                break
        assert len(list(destination.iterdir())) == 1
    home.house.close()
    assert ran_full > 2


@in_own_mounts
def test_a_house_is_restored_whole_or_not_at_all(tmp_path: Path) -> None:
    clock = VirtualClock()
    home = make_home(tmp_path / "old", clock)
    home.keep(home.adult(NAME))
    data, keys = backup(home.house, tmp_path / "usb"), backup_keys(home.house, tmp_path / "safe", 7)
    ran_full = 0
    with SmallDisk(tmp_path / "disk", SIZE) as disk:
        target = disk.at / "new"
        for pages in range(40, SIZE // PAGE, 2 * STRIDE):
            disk.fill(leaving=pages * PAGE)
            try:
                restore(Sources(data.folder, keys.folder, home.house.data / "second"), target, clock=clock)
            except StorageFull:
                ran_full += 1
                disk.release()
                assert [path.name for path in disk.at.iterdir()] == []
            else:
                break
        assert (target / "earwitness.toml").exists()
    home.house.close()
    assert ran_full > 2
