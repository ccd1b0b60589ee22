"""The product's writers of files and objects, with the power cut at every one of their calls."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from earwitness.ledger.signer import create_signer
from earwitness.ledger.verify import verify
from earwitness.storage.blobs import LocalBlobs
from earwitness.storage.database import Database, sqlite_url
from earwitness.testing.crash.facts import Fact, acknowledged_of, tried_of
from earwitness.testing.crash.power_cut import Left, Plan, check_every_cut
from earwitness.testing.crash.record import record

WORKERS = Path(__file__).parent / "workers"


def letters_are_right(folder: Path, facts: Sequence[Fact]) -> None:
    last_acknowledged = {name: int(number) for name, number in acknowledged_of(facts, "letter")}
    last_tried = {name: int(number) for name, number in tried_of(facts, "letter")}
    removed = {name for (name,) in acknowledged_of(facts, "remove")}
    going = {name for (name,) in tried_of(facts, "remove")}
    for name, number in last_acknowledged.items():
        path = folder / "letters" / "of" / "mine" / name
        assert not (name in removed and path.exists())
        if name in going and not path.exists():
            continue
        allowed = {f"letter {at}\n".encode() * 100 for at in range(number, last_tried[name] + 1)}
        assert path.read_bytes() in allowed


def objects_are_right(folder: Path, facts: Sequence[Fact]) -> None:
    blobs = LocalBlobs(folder / "blobs")
    there = set(blobs.names())
    put, tried = ({name for (name,) in of(facts, "put")} for of in (acknowledged_of, tried_of))
    deleted, going = ({name for (name,) in of(facts, "delete")} for of in (acknowledged_of, tried_of))
    assert put - going <= there <= put | tried
    assert not deleted & there
    for name in there & put:  # what was only tried may be there in part; nothing refers to it
        assert blobs.get(name) == name.encode() * 150


def all_is_right(folder: Path, facts: Sequence[Fact]) -> None:
    letters_are_right(folder, facts)
    objects_are_right(folder, facts)


@pytest.mark.parametrize("seed", [1, 2])
def test_files_and_objects_survive_every_cut(tmp_path: Path, scratch: Path, seed: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    recording = record([sys.executable, WORKERS / "blob_store.py", folder], folder)
    tally = check_every_cut(recording, all_is_right, scratch, Plan(seed=seed, partial=3))
    assert tally.checked[Left.SYNCED] > 30
    assert tally.checked[Left.WRITTEN] > 30
    assert tally.checked[Left.PARTIAL] > 40


def what_was_put_is_there(folder: Path, facts: Sequence[Fact]) -> None:
    if acknowledged_of(facts, "blob"):
        assert LocalBlobs(folder / "blobs").get("ab/abcdefgh00") == b"sealed"
    if acknowledged_of(facts, "shown"):
        assert verify(folder / "log", None).size == 1


def test_folders_that_a_killed_process_left_are_made_durable(tmp_path: Path, scratch: Path) -> None:
    folder = tmp_path / "data"
    for name in ("blobs", "log"):
        (folder / name).mkdir(parents=True)
    create_signer(folder / "log.key", "earwitness.test/crash")
    Database.open(sqlite_url(folder / "data.db")).close()
    recording = record([sys.executable, WORKERS / "after_a_kill.py", folder], folder)
    tally = check_every_cut(recording, what_was_put_is_there, scratch)
    assert tally.checked[Left.SYNCED] > 5
