"""The disk runs full at every page of keeping keys and of a rotation: a clear error, and nothing half done."""

from collections.abc import Sequence
from pathlib import Path

from earwitness.kernel.errors import StorageFull
from earwitness.testing.clock import VirtualClock
from earwitness.testing.crash.facts import Fact, Stage, acknowledged_of
from earwitness.testing.crash.full_disk import PAGE, SmallDisk, fill_step_by_step, in_own_mounts
from earwitness.testing.crash.image import read_image
from earwitness.vault.custodians.keyfile import KeyFile
from earwitness.vault.keyring import Keyring
from earwitness.vault.rings import RingFiles

KEYS = {f"recording_{number}": number.to_bytes(32) for number in range(300)}
BATCH = {f"late_{number}": number.to_bytes(32) for number in range(100)}


def opened(folder: Path) -> Keyring:
    return Keyring(RingFiles(folder), KeyFile(folder), VirtualClock())


def make(folder: Path) -> None:
    keyring = Keyring.create(RingFiles(folder), KeyFile(folder), VirtualClock())
    keyring.create_subject("person_a")
    keyring.add_keys([("person_a", name, key) for name, key in KEYS.items()])
    keyring.close()


def keep(folder: Path, facts: list[Fact]) -> None:
    keyring = opened(folder)
    try:
        keyring.add_keys([("person_a", name, key) for name, key in BATCH.items()])
        facts.append(Fact(Stage.ACK, "keep"))
    finally:
        keyring.close()


def turn(folder: Path, facts: list[Fact]) -> None:
    keyring = opened(folder)
    try:
        keyring.rotate()
        facts.append(Fact(Stage.ACK, "turn"))
    except StorageFull:
        assert keyring.keys(list(KEYS)) == KEYS  # the same process reads on
        raise
    finally:
        keyring.close()


def all_is_right(folder: Path, facts: Sequence[Fact]) -> None:
    keyring = opened(folder)
    try:
        assert keyring.keys(list(KEYS)) == KEYS
        kept = keyring.keys(list(BATCH))
        assert kept == BATCH if acknowledged_of(facts, "keep") else kept in ({}, BATCH)
        epoch = keyring.epoch
        assert epoch >= 1 + len(acknowledged_of(facts, "turn"))
        assert {path.name.split(".")[0] for path in folder.glob("ring-*")} == {f"ring-{epoch}"}
        assert [path.name for path in folder.glob("root-*")] == [f"root-{epoch}.key"]
        assert keyring.rotate().new == epoch + 1
    finally:
        keyring.close()


@in_own_mounts
def test_a_batch_of_keys_is_kept_or_gone(tmp_path: Path) -> None:
    make(tmp_path / "start")
    with SmallDisk(tmp_path / "disk", 256 * PAGE) as disk:
        tally = fill_step_by_step(disk, read_image(tmp_path / "start"), keep, all_is_right, stride=2)
    assert tally.ran_full > 5


@in_own_mounts
def test_a_rotation_happens_or_leaves_nothing(tmp_path: Path) -> None:
    make(tmp_path / "start")
    with SmallDisk(tmp_path / "disk", 256 * PAGE) as disk:
        tally = fill_step_by_step(disk, read_image(tmp_path / "start"), turn, all_is_right, stride=2)
    assert tally.ran_full > 10
