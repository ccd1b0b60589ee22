"""Export: all of one person, for that person alone, or no archive at all."""

import io
import json
import os
import tarfile
from base64 import b64encode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import update

from earwitness.bootstrap import House
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import (
    AccessDenied,
    BadInput,
    BlobCorrupt,
    BlobMissing,
    KeyCorrupt,
    KeyDestroyed,
    NotFound,
    StorageError,
    StorageFull,
)
from earwitness.ledger.commitments import entry_commitment
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.proof import verify_receipt
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema import artefact, person
from earwitness.testing.canary import ADDRESS, AUDIO, CONTACT, NAME, TRANSCRIPT, canary, traces
from earwitness.testing.house import Family
from earwitness.testing.limits import largest_file
from earwitness.testing.waiting import wait_until
from earwitness.transparency import export_worker
from earwitness.vault.effects import Effect
from earwitness.vault.kinds import TRACE


def opened(family: Family, path: Path) -> dict[str, bytes]:
    """Open an archive as Ada does."""
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(path.read_bytes(), [family.ada.identity]))) as tar:
        return {name: file.read() for name in tar.getnames() if (file := tar.extractfile(name))}


def test_everything_is_in_it(small_family: Family, tmp_path: Path) -> None:
    family, house = small_family, small_family.house
    kept = family.keep(family.ada, artefacts={"transcript": TRANSCRIPT.encode(), TRACE: b"[]"}).recording
    house.directory.contacts.add(family.ada.id, CONTACT, ["doc zebrafinch"], ADDRESS)
    family.say_yes(family.ada, Purpose.REVIEW)
    family.say_no(family.ada, Purpose.REVIEW)
    with house.database.write() as tx:
        house.effects.record(tx, Effect("", kept, family.ada.id, "list", 1, canary("seed"), {"item": 7}))
        house.review.budgets.choose(tx, family.ada.actor, family.ada.id, 3)
    erased = family.keep(family.ada).recording
    family.remove(family.erase(family.ada, erased))
    made = house.export.export(family.ada.actor, family.ada.id, tmp_path)
    files = opened(family, made.path)
    told = json.loads(files["person.json"])
    assert told["person"]["name"] == NAME
    assert [(each["purpose"], each["given"]) for each in told["consents"]][-2:] == [("review", 1), ("review", 0)]
    assert [each["clips"] for each in told["listening"]] == [3]
    assert (told["contacts"][0]["name"], told["contacts"][0]["address"]) == (CONTACT, ADDRESS)
    assert json.loads(files["effects.json"])[0]["what"] == canary("seed")
    assert files[f"recordings/{kept}/audio.wav"][44:] == AUDIO
    assert files[f"recordings/{kept}/trace.1.json"] == b"[]"
    described = json.loads(files[f"recordings/{kept}/recording.json"])
    assert {each["kind"] for each in described["artefacts"]} == {"audio", "transcript", "trace"}
    assert not [name for name in files if erased in name]
    assert made.recordings == 1
    assert made.members == len(files) - 1


def test_the_manifest_sums_everything_else(small_family: Family, tmp_path: Path) -> None:
    family = small_family
    family.keep(family.ada)
    files = opened(family, family.house.export.export(family.ada.actor, family.ada.id, tmp_path).path)
    manifest = json.loads(files.pop("manifest.json"))
    sums = {name: {"size": len(data), "sha256": sha256(data).hexdigest()} for name, data in files.items()}
    assert manifest["members"] == sums
    assert manifest["person"] == family.ada.id


def test_its_log_lines_and_receipts_are_checked_in_the_public_log(small_family: Family, tmp_path: Path) -> None:
    family, house = small_family, small_family.house
    family.remove(family.erase(family.ada, family.keep(family.ada).recording))
    family.clock.advance(DAY)
    house.turn_epoch()
    files = opened(family, house.export.export(family.ada.actor, family.ada.id, tmp_path).path)
    lines = [json.loads(line) for line in files["log.jsonl"].splitlines()]
    with house.database.read() as tx:
        leaves = house.log.leaves(tx, [line["index"] for line in lines])
    for line, leaf in zip(lines, leaves, strict=True):
        assert entry_commitment(bytes.fromhex(line["salt"]), line["entry"].encode()) == leaf.commitment
    assert json.loads(lines[-1]["entry"])["action"] == "person:export"
    receipts = [data for name, data in files.items() if name.startswith("receipts/")]
    assert len(receipts) == 2
    for data in receipts:
        verify_receipt(data, parse_verifier_key(house.log.signer.vkey))


def test_nothing_can_be_read_without_the_key(small_family: Family, tmp_path: Path) -> None:
    family = small_family
    family.keep(family.ada)
    made = family.house.export.export(family.ada.actor, family.ada.id, tmp_path)
    assert not traces(made.path.read_bytes(), "the archive")
    assert not traces(made.path.name.encode(), "its name")
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(made.path.read_bytes(), [family.ben.identity])


def test_without_an_enrolled_key_there_is_none(small_family: Family, tmp_path: Path) -> None:
    family, house = small_family, small_family.house
    with house.database.write() as tx:
        tx.execute(update(person).where(person.c.id == family.ada.id).values(recipient=None))
    size = house.log.size()
    with pytest.raises(BadInput, match="enrolled no key"):
        house.export.export(family.ada.actor, family.ada.id, tmp_path)
    assert house.log.size() == size


def test_only_the_person_asks(small_family: Family, tmp_path: Path) -> None:
    family = small_family
    family.say_yes(family.ada, Purpose.HISTORY, toward=family.ben.id)  # to hear is not to take away
    with pytest.raises(AccessDenied):
        family.house.export.export(family.ben.actor, family.ada.id, tmp_path / "out")
    with pytest.raises(NotFound):
        family.house.export.export(family.ben.actor, "person_none", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_crash_left_is_removed(small_family: Family, tmp_path: Path) -> None:
    family = small_family
    leftover = tmp_path / f".earwitness-export-{family.ada.id}-x.tar.age.partial"
    others = tmp_path / f".earwitness-export-{family.ben.id}-x.tar.age.partial"
    for path in (leftover, others):
        path.write_bytes(b"half")
    made = family.house.export.export(family.ada.actor, family.ada.id, tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([made.path, others, family.house.data])


def flip(house: House, name: str) -> None:
    path = house.data / "blobs" / name
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def lose(house: House, name: str) -> None:
    house.blobs.delete_many([name])


@pytest.mark.parametrize(("damage", "error"), [(flip, BlobCorrupt), (lose, BlobMissing)])
def test_damage_is_named_and_there_is_no_archive(
    small_family: Family, tmp_path: Path, damage: Any, error: type[StorageError]
) -> None:
    family, house = small_family, small_family.house
    family.keep(family.ada)
    bad = family.keep(family.ada).recording
    with house.database.read() as tx:
        name = tx.scalar(
            artefact.select()
            .with_only_columns(artefact.c.blob)
            .where(artefact.c.recording_id == bad, artefact.c.kind == "audio")
        )
    damage(house, name)
    with pytest.raises(error, match=f"{bad}|{name}"):
        house.export.export(family.ada.actor, family.ada.id, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_without_room_there_is_no_archive(small_family: Family, tmp_path: Path) -> None:
    family = small_family
    for _ in range(3):
        family.keep(family.ada, audio=AUDIO * 100)
    with largest_file(4_000_000), pytest.raises(StorageFull):
        family.house.export.export(family.ada.actor, family.ada.id, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    family.house.export.export(family.ada.actor, family.ada.id, tmp_path / "out")


def test_a_place_that_is_no_folder_is_refused(small_family: Family, tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_bytes(b"mine")
    with pytest.raises(StorageError):
        small_family.house.export.export(small_family.ada.actor, small_family.ada.id, place)
    assert place.read_bytes() == b"mine"


def test_an_erasure_half_way_ends_it(small_family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    family, house = small_family, small_family.house
    family.keep(family.ada)
    lines = house.export._log_lines

    def erase_first(subject: str) -> Any:
        family.erase(family.ada)
        return lines(subject)

    monkeypatch.setattr(house.export, "_log_lines", erase_first)
    with pytest.raises(KeyDestroyed):
        house.export.export(family.ada.actor, family.ada.id, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


# --- the worker itself ------------------------------------------------------------------------------


def opening_line(family: Family, path: Path) -> dict[str, Any]:
    """What the hub tells a worker first, with Ada's key."""
    share = family.house.keyring.share(family.ada.id, [])
    return {
        "path": str(path),
        "recipient": family.ada.person.recipient,
        "blobs": {"folder": str(family.house.data / "blobs")},
        "at": 1_795_000_000,
        "manifest": {},
        "subject": family.ada.id,
        "epoch": share.epoch,
        "key": b64encode(share.key).decode(),
    }


def artefact_line(family: Family, recording: str, wrapped: bytes) -> dict[str, Any]:
    with family.house.database.read() as tx:
        row = tx.execute(artefact.select().where(artefact.c.recording_id == recording)).first()
    assert row is not None
    return {
        "name": "recordings/x/audio.wav",
        "recording": recording,
        "kind": row.kind,
        "version": row.version,
        "wrapped": b64encode(wrapped).decode(),
        "sealed": b64encode(row.sealed or b"").decode(),
        "blob": row.blob,
    }


def test_a_strangers_row_does_not_open(small_family: Family, tmp_path: Path) -> None:
    family = small_family
    theirs = family.keep(family.ben).recording
    wrapped = family.house.keyring.share(family.ben.id, [theirs]).wrapped[theirs]
    lines = [opening_line(family, tmp_path / "archive"), artefact_line(family, theirs, wrapped)]
    with pytest.raises(KeyCorrupt, match=f"key of {theirs}"):
        export_worker.work(iter(json.dumps(line) for line in lines))


def test_a_share_holds_no_key_of_a_stranger(small_family: Family) -> None:
    family = small_family
    theirs = family.keep(family.ben).recording
    assert family.house.keyring.share(family.ada.id, [theirs]).wrapped == {}


@pytest.mark.parametrize("lines", [[], ["{}"][:0]])
def test_nothing_given_is_said(lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr("sys.stdin", iter(lines))
    assert export_worker.main() == export_worker.DAMAGED
    assert json.loads(capsys.readouterr().out)["error"] == "BadInput"


def test_an_archive_is_never_written_over(small_family: Family, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    path.write_bytes(b"mine")
    with pytest.raises(StorageError):
        export_worker.work(iter([json.dumps(opening_line(small_family, path))]))
    assert path.read_bytes() == b"mine"


def test_the_worker_is_told_nothing_on_its_command_line(small_family: Family, tmp_path: Path) -> None:
    """What is on a command line every process of the machine can read."""
    family = small_family
    seen: list[list[bytes]] = []
    family.keep(family.ada)
    lines = family.house.export._log_lines

    def workers() -> list[list[bytes]]:
        found = []
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and process.name != str(os.getpid()):
                with suppress(OSError):
                    found.append((process / "cmdline").read_bytes().split(b"\0")[1:])
        return [each for each in found if any(b"export_worker" in word for word in each)]

    def look(subject: str) -> Any:
        wait_until(workers)  # a process that has just begun has none yet
        seen.extend(workers())
        return lines(subject)

    family.house.export._log_lines = look  # type: ignore[method-assign]
    family.house.export.export(family.ada.actor, family.ada.id, tmp_path)
    assert [b"-m", b"earwitness.transparency.export_worker", b""] in seen
