"""The small disk itself, with the product's own writer of files and with one that leaves halves behind."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from earwitness.kernel.errors import StorageFull
from earwitness.storage.files import os_errors, write_durably
from earwitness.testing.crash.facts import Fact, Stage, acknowledged_of
from earwitness.testing.crash.full_disk import PAGE, FullTally, SmallDisk, fill_step_by_step, in_own_mounts
from earwitness.testing.crash.image import Entry

OLD = {"letter": Entry(0o600, b"old" * 2000), "sub": Entry(0o700, None)}
NEW = b"new" * 6000


def write_right(folder: Path, facts: list[Fact]) -> None:
    write_durably(folder / "letter", NEW)
    facts.append(Fact(Stage.ACK, "letter"))


def write_in_place(folder: Path, _: list[Fact]) -> None:
    with os_errors(folder / "letter"):
        (folder / "letter").write_bytes(NEW)


def whole(folder: Path, facts: Sequence[Fact]) -> None:
    content = (folder / "letter").read_bytes()
    assert content == (NEW if acknowledged_of(facts, "letter") else OLD["letter"].data)
    assert sorted(path.name for path in folder.iterdir()) == ["letter", "sub"]


def filled(tmp_path: Path, attempt: object) -> FullTally:
    with SmallDisk(tmp_path / "disk", 64 * PAGE) as disk:
        return fill_step_by_step(disk, OLD, attempt, whole)  # type: ignore[arg-type]


@in_own_mounts
def test_it_leaves_exactly_so_many_pages(tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "disk", 64 * PAGE) as disk:
        disk.fill(leaving=3 * PAGE)
        assert disk.free() == 3 * PAGE
        with pytest.raises(StorageFull):
            write_durably(disk.at / "too large", bytes(3 * PAGE + 1))
        write_durably(disk.at / "just right", bytes(3 * PAGE))
        disk.release()
        assert disk.free() > 40 * PAGE


@in_own_mounts
def test_a_writer_that_leaves_nothing_half_done_passes(tmp_path: Path) -> None:
    tally = filled(tmp_path, write_right)
    assert tally.pages_needed == -(-len(NEW) // PAGE)
    assert tally.ran_full == tally.pages_needed


@in_own_mounts
def test_a_writer_that_leaves_a_half_is_caught(tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as caught:
        filled(tmp_path, write_in_place)
    assert caught.value.__notes__ == ["with 0 pages free"]
