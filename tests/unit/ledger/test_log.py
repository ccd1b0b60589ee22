"""Appending, publishing, proving; every test ends with both copies verified from their files."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from earwitness.kernel.errors import LogCorrupt, NoteInvalid, ProofInvalid, StorageError
from earwitness.ledger.commitments import Leaf, entry_commitment
from earwitness.ledger.log import Log
from earwitness.ledger.proof import parse_proof, verify_receipt
from earwitness.ledger.restoring import catch_up, copied_tombstones
from earwitness.ledger.tiles import numbered
from earwitness.ledger.tombstones import Tombstone
from earwitness.ledger.verify import verify
from earwitness.storage.database import Database, sqlite_url
from earwitness.storage.schema import ledger_leaf, tombstone
from earwitness.testing.clock import VirtualClock
from earwitness.testing.ledgers import append, fixed_signer, numbered_id, numbered_leaf, open_log, verify_everything


@pytest.fixture
def log(fresh_database: Database, tmp_path: Path, virtual_clock: VirtualClock) -> Log:
    return open_log(fresh_database, tmp_path / "log", virtual_clock, second=tmp_path / "second")


@pytest.fixture
def small(sqlite_database: Database, tmp_path: Path, virtual_clock: VirtualClock) -> Log:
    return open_log(sqlite_database, tmp_path / "log", virtual_clock, second=tmp_path / "second")


def reason_of(act: Callable[[], object]) -> str:
    with pytest.raises((LogCorrupt, ProofInvalid, NoteInvalid)) as wrong:
        act()
    return wrong.value.reason


def test_an_empty_log_is_published_and_verifies(small: Log) -> None:
    assert small.published() is None
    assert small.publish().size == 0
    assert verify_everything(small).size == 0


def test_leaves_and_tombstones_take_the_next_indexes(log: Log, fresh_database: Database) -> None:
    with fresh_database.write() as tx:
        assert log.append(tx, [numbered_leaf(0), numbered_leaf(1)]) == range(2)
        assert log.bury(tx, [numbered_id(2)]) == range(2, 3)
        assert log.append(tx, []) == range(3, 3)
        assert log.append(tx, [numbered_leaf(3)]) == range(3, 4)
    assert log.size() == 4
    log.publish(require_second=True)
    report = verify_everything(log)
    assert (report.size, report.tombstones) == (4, 1)
    assert verify(log.second or "", log.signer.vkey).sealed == 3


def test_what_is_rolled_back_leaves_no_gap(log: Log, fresh_database: Database) -> None:
    def fail_half_way() -> None:
        with fresh_database.write() as tx:
            log.append(tx, [numbered_leaf(0), numbered_leaf(1)])
            log.bury(tx, [b"too short"])

    assert reason_of(fail_half_way) == "leaf-length"
    assert append(log, fresh_database, 2) == range(2)
    assert log.publish().size == 2
    verify_everything(log)


@pytest.mark.parametrize("batches", [[1, 255, 1], [256, 256], [255, 2, 254, 1, 513], [700, 64_900]])
def test_publishing_in_steps_gives_the_same_tree_as_at_once(
    small: Log, sqlite_database: Database, tmp_path: Path, batches: list[int]
) -> None:
    for count in batches:
        append(small, sqlite_database, count - 1, tombstones=1)
        small.publish(require_second=True)
    at_once = open_log(sqlite_database, tmp_path / "at-once", small.clock)
    assert at_once.publish() == small.published()
    report = verify_everything(small)
    assert (report.size, report.tombstones) == (sum(batches), len(batches))
    assert not list(small.folder.glob(f"{numbered('tile/0', 0)}.p")) or sum(batches) < 256


def test_publishing_nothing_new_writes_nothing(small: Log, sqlite_database: Database) -> None:
    append(small, sqlite_database, 5)
    small.publish()
    before = {path: path.stat().st_mtime_ns for path in small.folder.rglob("*")}
    small.publish()
    assert {path: path.stat().st_mtime_ns for path in small.folder.rglob("*")} == before


def test_every_leaf_of_every_size_is_proved_from_the_tiles(small: Log, sqlite_database: Database) -> None:
    append(small, sqlite_database, 300)
    small.publish()
    for index in (0, 1, 127, 255, 256, 299):
        receipt = small.receipt(index, numbered_leaf(index).commitment)
        verified = verify_receipt(receipt, small.signer.key, numbered_leaf(index).commitment)
        assert (verified.index, verified.checkpoint.size) == (index, 300)
        assert parse_proof(receipt).encode() == receipt
    assert reason_of(lambda: small.proof(300)) == "index-out-of-range"
    assert reason_of(lambda: small.proof(7, 7)) == "index-out-of-range"
    assert reason_of(lambda: small.receipt(3, numbered_leaf(4).commitment)) == "root-mismatch"
    assert reason_of(lambda: small.consistency(5, 301)) == "not-published"
    verify_everything(small)


def test_a_receipt_carries_what_its_leaf_opens_to(small: Log, sqlite_database: Database) -> None:
    salt, entry = bytes(range(32)), b'{"seq":0}'
    with sqlite_database.write() as tx:
        small.append(tx, [Leaf(entry_commitment(salt, entry), b"sealed")])
        small.bury(tx, [numbered_id(1)])
    small.publish()
    with sqlite_database.read() as tx:
        leaves = small.leaves(tx, [1, 0])
    opened = verify_receipt(small.receipt(0, leaves[1].commitment, extra=salt + entry), small.signer.key)
    assert opened.opened == salt + entry
    assert verify_receipt(small.receipt(1, leaves[0].commitment, extra=numbered_id(1)), small.signer.key).index == 1
    swapped = small.receipt(0, leaves[1].commitment, extra=salt + b'{"seq":1}')
    assert reason_of(lambda: verify_receipt(swapped, small.signer.key)) == "root-mismatch"
    assert reason_of(lambda: verify_receipt(swapped, small.signer.key, leaves[1].commitment)) == "extra-mismatch"
    bare = small.receipt(0, leaves[1].commitment)
    assert reason_of(lambda: verify_receipt(bare, small.signer.key)) == "extra-mismatch"
    verify_everything(small)


def test_erasing_sealed_bytes_does_not_change_the_tree(log: Log, fresh_database: Database) -> None:
    append(log, fresh_database, 5)
    log.publish()
    with fresh_database.write() as tx:
        log.erase_sealed(tx, [1, 3])
        assert log.sealed(tx, [0, 1, 3, 9]) == [numbered_leaf(0).sealed, None, None, None]
        assert log.leaves(tx, [3])[0] == Leaf(numbered_leaf(3).commitment, b"")
        assert reason_of(lambda: log.leaves(tx, [0, 9])) == "sequence-gap"
    append(log, fresh_database, 1)
    assert log.publish().size == 6
    verify_everything(log)


def test_the_public_folder_holds_no_sealed_byte(small: Log, sqlite_database: Database, tmp_path: Path) -> None:
    with sqlite_database.write() as tx:
        small.append(tx, [Leaf(bytes(32), b"SEALED-CANARY" * 3)] * 300)
    small.publish(require_second=True)
    files = [path.read_bytes() for path in small.folder.rglob("*") if path.is_file()]
    assert not any(b"SEALED-CANARY" in data for data in files)
    kept = [path.read_bytes() for path in (tmp_path / "second").rglob("*") if path.is_file()]
    assert any(b"SEALED-CANARY" in data for data in kept)
    verify_everything(small)


def test_commitments_and_ids_of_the_wrong_length_are_refused(small: Log, sqlite_database: Database) -> None:
    with sqlite_database.write() as tx:
        assert reason_of(lambda: small.append(tx, [Leaf(b"short", b"")])) == "leaf-length"
        assert reason_of(lambda: small.bury(tx, [b"short"])) == "leaf-length"
    assert small.size() == 0


# --- what publishing refuses ------------------------------------------------------------------


def test_a_database_behind_the_log_is_refused(small: Log, sqlite_database: Database) -> None:
    append(small, sqlite_database, 10)
    small.publish()
    with sqlite_database.write() as tx:
        tx.execute(delete(ledger_leaf).where(ledger_leaf.c.idx >= 8))
    before = small.checkpoint_note()
    assert reason_of(small.publish) == "database-behind-log"
    assert small.checkpoint_note() == before


@pytest.mark.parametrize("size", [10, 256])
def test_a_database_of_another_history_is_refused(small: Log, sqlite_database: Database, size: int) -> None:
    append(small, sqlite_database, size)
    small.publish()
    with sqlite_database.write() as tx:
        tx.execute(update(ledger_leaf).where(ledger_leaf.c.idx == size - 1).values(commitment=bytes(32)))
    append(small, sqlite_database, 3)
    before = small.checkpoint_note()
    assert reason_of(small.publish) == "database-diverged"
    assert small.checkpoint_note() == before


def test_a_gap_in_the_database_is_refused(small: Log, sqlite_database: Database) -> None:
    append(small, sqlite_database, 10)
    with sqlite_database.write() as tx:
        tx.execute(delete(ledger_leaf).where(ledger_leaf.c.idx == 4))
    assert reason_of(small.publish) == "sequence-gap"
    assert small.published() is None


def test_a_tombstone_row_that_its_leaf_does_not_know_is_refused(small: Log, sqlite_database: Database) -> None:
    append(small, sqlite_database, 10)
    with sqlite_database.write() as tx:
        tx.execute(insert(tombstone).values(idx=3, id=numbered_id(3)))
    assert reason_of(small.publish) == "tombstone-leaf"


@pytest.mark.parametrize(("size", "name"), [(10, "tile/0/000.p/10"), (256, "tile/1/000.p/1"), (300, "tile/1/000.p/1")])
def test_a_damaged_edge_is_never_signed_over(small: Log, sqlite_database: Database, size: int, name: str) -> None:
    append(small, sqlite_database, size)
    small.publish()
    data = bytearray((small.folder / name).read_bytes())
    data[5] ^= 4
    (small.folder / name).write_bytes(data)
    append(small, sqlite_database, 1)
    assert reason_of(small.publish) == "tile-mismatch"


def test_a_log_of_another_key_is_left_alone(small: Log, sqlite_database: Database) -> None:
    append(small, sqlite_database, 3)
    small.publish()
    other = Log(sqlite_database, small.folder, fixed_signer("other.test/log"), clock=small.clock)
    assert reason_of(other.publish) == "note-unknown-key"
    verify_everything(small)


def test_a_lost_tombstone_head_is_written_anew(small: Log, sqlite_database: Database) -> None:
    append(small, sqlite_database, 3, tombstones=2)
    small.publish()
    note = small.checkpoint_note()
    (small.folder / "tombstones/head").unlink()
    small.publish()
    assert small.checkpoint_note() == note
    assert verify_everything(small).tombstones == 2


# --- the second copy ------------------------------------------------------------------------------


def test_a_second_copy_that_was_away_catches_up(small: Log, sqlite_database: Database, tmp_path: Path) -> None:
    append(small, sqlite_database, 300, tombstones=3)
    small.publish(require_second=True)
    aside = tmp_path / "aside"
    (tmp_path / "second").rename(aside)
    (tmp_path / "second").write_text("not a folder")
    append(small, sqlite_database, 600, tombstones=300)
    assert small.publish().size == 1203
    assert isinstance(small.second_copy().error, StorageError)
    assert small.second_copy().size == 303
    with pytest.raises(StorageError):
        small.publish(require_second=True)
    (tmp_path / "second").unlink()
    aside.rename(tmp_path / "second")
    small.publish(require_second=True)
    assert small.second_copy().error is None
    assert verify_everything(small).size == 1203


def test_a_second_copy_of_another_history_is_refused(small: Log, sqlite_database: Database, tmp_path: Path) -> None:
    append(small, sqlite_database, 5)
    other_database = Database.open(sqlite_url(tmp_path / "other.db"))
    other = open_log(other_database, tmp_path / "second", small.clock)
    with other_database.write() as tx:
        other.append(tx, [numbered_leaf(99)])
    other.publish()
    other_database.close()
    assert reason_of(small.publish) == "second-copy-diverged"
    assert small.published() is not None


def test_a_second_copy_ahead_of_the_first_is_refused(small: Log, sqlite_database: Database) -> None:
    append(small, sqlite_database, 5)
    small.publish()
    shutil.rmtree(small.folder)
    with sqlite_database.write() as tx:
        tx.execute(delete(ledger_leaf).where(ledger_leaf.c.idx >= 2))
    assert reason_of(small.publish) == "second-copy-diverged"


def test_a_restored_database_catches_up_from_the_second_copy(
    small: Log, sqlite_database: Database, tmp_path: Path
) -> None:
    append(small, sqlite_database, 40, tombstones=2)
    small.publish()
    older = Database.open(sqlite_url(tmp_path / "older.db"))
    restored = open_log(older, small.folder, small.clock, second=small.second)
    append(restored, older, 40, tombstones=2)
    append(small, sqlite_database, 500, tombstones=300)
    small.publish(require_second=True)
    assert reason_of(restored.publish) == "database-behind-log"
    with older.write() as tx:
        assert catch_up(older, tx, tmp_path / "second", small.signer.key) == range(42, 842)
        assert restored.sealed(tx, [45, 541, 542]) == [numbered_leaf(45).sealed, numbered_leaf(541).sealed, None]
    assert restored.publish().size == 842
    append(restored, older, 1, tombstones=1)
    assert restored.publish(require_second=True).size == 844
    assert copied_tombstones(tmp_path / "second", small.signer.key)[-1] == Tombstone(843, numbered_id(843))
    verify_everything(restored)
    older.close()


def test_a_database_that_went_another_way_does_not_catch_up(
    small: Log, sqlite_database: Database, tmp_path: Path
) -> None:
    append(small, sqlite_database, 300)
    small.publish(require_second=True)
    older = Database.open(sqlite_url(tmp_path / "older.db"))
    restored = open_log(older, tmp_path / "elsewhere", small.clock)
    append(restored, older, 270)
    with older.write() as tx:
        tx.execute(update(ledger_leaf).where(ledger_leaf.c.idx == 260).values(commitment=bytes(32)))
    with older.write() as tx:
        assert reason_of(lambda: catch_up(older, tx, tmp_path / "second", small.signer.key)) == "database-diverged"
    append(restored, older, 31)
    with older.write() as tx:
        assert reason_of(lambda: catch_up(older, tx, tmp_path / "second", small.signer.key)) == "second-copy-behind"
    older.close()
