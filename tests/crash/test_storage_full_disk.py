"""The disk runs full at every page of a transaction, of a first opening and of a batch of objects."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from earwitness.storage.blobs import LocalBlobs
from earwitness.storage.database import Database, sqlite_url
from earwitness.storage.schema import meta
from earwitness.testing.crash.facts import Fact, Stage, acknowledged_of
from earwitness.testing.crash.full_disk import PAGE, SmallDisk, fill_step_by_step, in_own_mounts
from earwitness.testing.crash.image import read_image

NAMES = ["ab/00000000", "cd/11111111", "ab/22222222"]
ROWS = 100


def count(tx: Connection) -> int:
    return tx.execute(select(func.count()).select_from(meta)).scalar_one()


def keep_rows(folder: Path, facts: list[Fact]) -> None:
    database = Database.open(sqlite_url(folder / "data.db"))
    try:
        with database.write() as tx:
            tx.execute(meta.insert(), [{"key": str(n), "value": "v" * 900} for n in range(ROWS)])
        facts.append(Fact(Stage.ACK, "rows"))
    finally:
        database.close()


def rows_are_all_or_none(folder: Path, facts: Sequence[Fact]) -> None:
    database = Database.open(sqlite_url(folder / "data.db"))
    with database.write() as tx:
        assert tx.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
        assert count(tx) == (ROWS if acknowledged_of(facts, "rows") else 0)
        tx.execute(meta.insert(), {"key": "works again", "value": ""})
    database.close()


@in_own_mounts
def test_a_transaction_is_kept_or_gone(tmp_path: Path) -> None:
    Database.open(sqlite_url(tmp_path / "start" / "data.db")).close()
    start = read_image(tmp_path / "start")
    with SmallDisk(tmp_path / "disk", 512 * PAGE) as disk:
        tally = fill_step_by_step(disk, start, keep_rows, rows_are_all_or_none, stride=3)
    assert tally.ran_full > 8


@in_own_mounts
def test_a_first_opening_succeeds_or_can_be_repeated(tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "disk", 768 * PAGE) as disk:
        tally = fill_step_by_step(disk, {}, keep_rows, rows_are_all_or_none, stride=12)
    assert tally.ran_full > 8


def keep_objects(folder: Path, facts: list[Fact]) -> None:
    LocalBlobs(folder).put_many([(name, name.encode() * 1500) for name in NAMES])
    facts.append(Fact(Stage.ACK, "objects"))


def objects_are_all_or_none(folder: Path, facts: Sequence[Fact]) -> None:
    blobs = LocalBlobs(folder)
    assert sorted(blobs.names()) == (sorted(NAMES) if acknowledged_of(facts, "objects") else [])
    if not acknowledged_of(facts, "objects"):
        keep_objects(folder, [])
    assert all(blobs.get(name) == name.encode() * 1500 for name in NAMES)


@in_own_mounts
def test_a_batch_of_objects_is_kept_or_gone(tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "disk", 64 * PAGE) as disk:
        tally = fill_step_by_step(disk, {}, keep_objects, objects_are_all_or_none)
    assert tally.ran_full > 10
