"""The sweep: what a crash left goes, what belongs to somebody stays, and the wrong database is refused."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import contextmanager
from pathlib import Path

import pytest

from earwitness.bootstrap import House, intake_lock, open_house
from earwitness.kernel.errors import LogCorrupt, RowCorrupt
from earwitness.storage.files import FolderLock
from earwitness.testing.canary import AUDIO
from earwitness.testing.clock import VirtualClock
from earwitness.testing.house import Family, copy_house
from earwitness.vault import sweep as sweep_module
from earwitness.vault.kinds import DEIDENTIFIED


def orphans(family: Family, count: int) -> None:
    """Leave what a crash before the commit point leaves: keys and objects without a row."""
    house = family.house
    house.keyring.add_keys(
        [(family.ada.id, f"rec_orphan{number}", bytes([number % 256]) * 32) for number in range(count)]
    )
    house.blobs.put_many([(f"ab/abcdef{number:06x}", b"sealed") for number in range(count)])


def keys(house: House) -> set[str]:
    return {key for key in house.keyring.key_ids() if ":" not in key}


def test_orphans_go_and_everything_else_stays(family: Family) -> None:
    house, ada = family.house, family.ada
    kept = family.keep(ada, artefacts={DEIDENTIFIED: AUDIO}).recording
    objects = set(house.blobs.names())
    orphans(family, 3)
    done = house.sweep()
    assert (done.keys, done.blobs, done.resumed) == (3, 3, 0)
    assert keys(house) == {kept}
    assert set(house.blobs.names()) == objects
    assert AUDIO in family.play(ada, kept)
    assert house.directory.people.get(ada.id).name
    done = house.sweep()
    assert (done.keys, done.blobs) == (0, 0)


def test_deidentified_copies_have_an_owner(small_family: Family) -> None:
    family, house = small_family, small_family.house
    kept = family.keep(family.ada, artefacts={DEIDENTIFIED: AUDIO}).recording
    with house.database.read() as tx:
        row = tx.exec_driver_sql("SELECT * FROM recording WHERE id = ?", (kept,)).one()
    assert house.deidentified.take_over(row) == 1
    done = house.sweep()
    assert (done.keys, done.blobs) == (0, 0)
    (copy,) = house.deidentified.of_holder(str(family.ada.identity))
    assert house.deidentified.open(copy.handle) == AUDIO


def test_a_key_of_a_person_who_is_about_to_be_added_is_left(small_house: House) -> None:
    small_house.keyring.create_subject("person_about_to_be")
    assert small_house.sweep().keys == 0
    assert small_house.keyring.has_subject("person_about_to_be")


def test_it_goes_in_parts(small_family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_module, "BATCH", 2)
    kept = [small_family.keep(small_family.ada).recording for _ in range(5)]
    orphans(small_family, 7)
    done = small_family.house.sweep()
    assert (done.keys, done.blobs) == (7, 7)
    assert keys(small_family.house) == set(kept)


def test_it_waits_for_an_intake_that_is_under_way(small_family: Family) -> None:
    house = small_family.house
    orphans(small_family, 1)
    with ThreadPoolExecutor(1) as other:
        with FolderLock(intake_lock(house.data), exclusive=False):
            sweeping = other.submit(house.sweep)
            with pytest.raises(StillRunning):
                sweeping.result(0.2)
            assert keys(house) == {"rec_orphan0"}
        assert sweeping.result(10).keys == 1


def test_too_many_orphans_are_no_crash(small_family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    house = small_family.house
    monkeypatch.setattr(sweep_module, "FEW", 10)
    orphans(small_family, 11)
    before = keys(house)
    with pytest.raises(RowCorrupt, match=r"11 of \d+ keys have no recording in this database"):
        house.sweep()
    assert keys(house) == before
    assert len(list(house.blobs.names())) == 11
    assert house.sweep(insist=True).keys == 11


@contextmanager
def with_another_database(template: Path, data: Path, *, of: str) -> Iterator[House]:
    """Open a house whose database was lost, or put back from an old copy, behind everybody's back."""
    clock = VirtualClock()
    with copy_house(template, data, clock) as house:
        old = data.parent / "old.db"
        family = Family.move_in(house)
        house.database.close()
        shutil.copy(data / "data.db", old)
        family.keep(family.ada)
    for path in data.glob("data.db*"):
        path.unlink()
    if of == "before":
        shutil.copy(old, data / "data.db")
    house = open_house(data, clock=clock)
    try:
        yield house
    finally:
        house.closing.close()  # it could not publish


@pytest.mark.parametrize("of", ["before", "nothing"])
def test_a_database_that_is_older_than_its_log_destroys_no_key(house_template: Path, tmp_path: Path, of: str) -> None:
    with with_another_database(house_template, tmp_path / "data", of=of) as house:
        before, objects = keys(house), list(house.blobs.names())
        assert len(before) == len(objects) == 1
        with pytest.raises(LogCorrupt) as refused:
            house.sweep()
        assert refused.value.reason == "database-behind-log"
        with pytest.raises(LogCorrupt):
            house.start()
        assert keys(house) == before
        assert list(house.blobs.names()) == objects
