"""A restore that cannot be proved, and a backup that is not what was written, are refused by name."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from earwitness.backup.keycopies import KeyBackupMade, backup_keys, expire_key_backups
from earwitness.backup.making import BackupMade, backup
from earwitness.backup.manifest import KEY_MANIFEST
from earwitness.backup.opening import open_data_backup
from earwitness.backup.restoring import Sources, restore
from earwitness.bootstrap import open_house
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import (
    BackupCorrupt,
    BackupExpired,
    BadInput,
    LogCorrupt,
    NoteInvalid,
    NotFound,
    RestoreGap,
)
from earwitness.ledger.signer import NoteSigner
from earwitness.storage.schema import key_backup
from earwitness.testing.canary import NAME
from earwitness.testing.clock import VirtualClock
from earwitness.testing.homes import Adult, Home, make_home


@dataclass
class Place:
    """A home and its two backups."""

    folder: Path
    clock: VirtualClock
    home: Home
    ada: Adult
    data: BackupMade
    keys: KeyBackupMade

    @property
    def second(self) -> Path:
        return self.home.house.data / "second"

    def restore(self, **how: object) -> None:
        sources = Sources(self.data.folder, self.keys.folder, **({"second": self.second} | how))
        restore(sources, self.folder / "new", clock=self.clock)

    def nothing_new(self) -> bool:
        """No folder that could be opened, and no key left lying about."""
        return not (self.folder / "new").exists() and not (self.folder / "new.restoring").exists()


@pytest.fixture
def place(tmp_path: Path, virtual_clock: VirtualClock) -> Iterator[Place]:
    home = make_home(tmp_path / "old", virtual_clock)
    ada = home.adult(NAME)
    home.keep(ada)
    made = backup(home.house, tmp_path / "usb"), backup_keys(home.house, tmp_path / "safe", 14)
    yield Place(tmp_path, virtual_clock, home, ada, *made)
    home.house.close()


# --- evidence ---------------------------------------------------------------------------------------


def test_a_second_copy_behind_the_newest_checkpoint_states_the_gap(place: Place, tmp_path: Path) -> None:
    shown = place.home.house.log.publish()
    shutil.copytree(place.second, tmp_path / "left behind")
    place.home.keep(place.ada)
    newest = place.home.house.log.publish()
    note = place.home.house.log.checkpoint_note()
    with pytest.raises(RestoreGap) as refusal:
        place.restore(second=tmp_path / "left behind", checkpoint=note)
    numbers = [int(each) for each in re.findall(r"\b\d+\b", refusal.value.what.partition("since")[0])]
    assert numbers == [place.data.ledger, shown.size, newest.size, newest.size - shown.size]
    assert place.nothing_new()


def test_a_checkpoint_alone_is_enough_while_the_backup_reaches_it(place: Place) -> None:
    place.restore(second=None, checkpoint=place.home.house.log.checkpoint_note())
    with open_house(place.folder / "new", clock=place.clock) as house:
        assert house.log.size() > place.data.ledger


def test_a_checkpoint_beyond_the_backup_states_the_gap(place: Place) -> None:
    place.home.keep(place.ada)
    newest = place.home.house.log.publish()
    with pytest.raises(RestoreGap, match=f"one of {newest.size} was seen: {newest.size - place.data.ledger} entries"):
        place.restore(second=None, checkpoint=place.home.house.log.checkpoint_note())


def test_a_second_copy_older_than_the_backup_proves_nothing(place: Place, tmp_path: Path) -> None:
    shutil.copytree(place.second, tmp_path / "stale")
    place.home.keep(place.ada)
    place.data = backup(place.home.house, tmp_path / "usb")
    with pytest.raises(RestoreGap, match="nothing of what came after"):
        place.restore(second=tmp_path / "stale")


def test_a_checkpoint_of_another_log_is_not_believed(place: Place) -> None:
    other = NoteSigner(place.home.house.log.signer.name, bytes(32))
    text = place.home.house.log.publish().text
    with pytest.raises(NoteInvalid):
        place.restore(second=None, checkpoint=other.sign(text).encode())


def test_a_second_copy_of_another_history_is_found_out(place: Place, tmp_path: Path) -> None:
    """Two houses restored from one backup sign two histories; they cannot be mixed."""
    place.restore()
    with open_house(place.folder / "new", clock=place.clock) as house:
        Home(house, place.home.household).keep(place.ada)
        house.log.publish()
    place.home.keep(place.ada)
    place.data = backup(place.home.house, tmp_path / "usb")
    with pytest.raises((BackupCorrupt, LogCorrupt), match=r"not the one in the copy|another history"):
        restore(
            Sources(place.data.folder, place.keys.folder, place.folder / "new" / "second"),
            tmp_path / "third",
            clock=place.clock,
        )
    assert not (tmp_path / "third").exists()


def test_a_folder_that_is_no_log_is_no_second_copy(place: Place, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no copy of a log"):
        place.restore(second=tmp_path / "nothing")


# --- damage -----------------------------------------------------------------------------------------


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()  # it may be a hard link of the living house's
    path.write_bytes(data)


def _one(folder: Path, pattern: str) -> str:
    return next(path for path in sorted(folder.glob(pattern)) if path.is_file()).relative_to(folder).as_posix()


@pytest.mark.parametrize(
    "pattern",
    ["data.db", "blobs/*/*", "log/tile/0/*.p/*", "log/checkpoint", "earwitness.toml", "manifest", "files.sha256"],
)
def test_a_changed_file_of_the_data_backup_is_named(place: Place, pattern: str) -> None:
    name = _one(place.data.folder, pattern)
    _flip(place.data.folder / name)
    with pytest.raises(BackupCorrupt, match=re.escape(name)):
        place.restore()
    assert place.nothing_new()


def test_a_missing_file_is_named_and_an_unfinished_backup_is_none(place: Place) -> None:
    name = _one(place.data.folder, "blobs/*/*")
    (place.data.folder / name).unlink()
    with pytest.raises(BackupCorrupt, match=re.escape(name)):
        place.restore()
    (place.data.folder / "manifest").unlink()
    with pytest.raises(BackupCorrupt, match="no complete backup"):
        place.restore()


def test_a_manifest_that_somebody_wrote_anew_does_not_verify(place: Place) -> None:
    """Whoever can write to the backup's place can make every hash right, but not the signature."""
    manifest = place.data.folder / "manifest"
    key = place.home.house.log.signer.key
    opened = open_data_backup(place.data.folder, key)
    manifest.write_bytes(opened.manifest.sign(NoteSigner(key.name, bytes(32))))
    with pytest.raises(BackupCorrupt, match=r"manifest of the backup .* signature"):
        place.restore()


def test_a_log_checkpoint_is_no_manifest(place: Place) -> None:
    (place.data.folder / "manifest").write_bytes(place.home.house.log.checkpoint_note())
    with pytest.raises(BackupCorrupt, match="something else that this log signed"):
        place.restore()


@pytest.mark.parametrize("name", ["keys/CURRENT", "keys/root-1.key", "keys/ring-1.db", "keys/log.key"])
def test_a_changed_file_of_the_key_backup_is_named(place: Place, name: str) -> None:
    _flip(place.keys.folder / name)
    with pytest.raises(BackupCorrupt, match=re.escape(name)):
        place.restore()


# --- the life of a key backup -------------------------------------------------------------------------


def test_an_expired_key_backup_is_refused(place: Place) -> None:
    place.clock.advance(14 * DAY)
    with pytest.raises(BackupExpired, match=place.keys.id):
        place.restore()


def test_a_clock_before_the_key_backup_is_told(place: Place) -> None:
    place.clock.jump_to(place.keys.made_at - DAY)
    with pytest.raises(BadInput, match="clock"):
        place.restore()


def test_expired_key_backups_are_destroyed_and_others_left(place: Place) -> None:
    young = backup_keys(place.home.house, place.folder / "safe", 30)
    root = (place.keys.folder / "keys" / "root-1.key").read_bytes()
    os.link(place.keys.folder / "keys" / "root-1.key", place.folder / "a second name")
    place.clock.advance(20 * DAY)
    assert expire_key_backups(place.folder / "safe", place.clock.now_ms()) == [place.keys.id]
    assert [path.name for path in (place.folder / "safe").iterdir()] == [young.folder.name]
    assert (place.folder / "a second name").read_bytes() != root
    assert expire_key_backups(place.folder / "safe", place.clock.now_ms()) == []


def test_a_key_backup_is_known_to_the_bounds_before_it_exists(place: Place) -> None:
    with place.home.house.database.read() as tx:
        row = tx.execute(select(key_backup)).one()
    assert (row.id, row.epoch, row.expires_at) == (place.keys.id, place.keys.epoch, place.keys.expires_at)
    assert place.home.house.removal.bound(place.clock.now_ms())["due_at"] >= place.keys.expires_at


# --- places -------------------------------------------------------------------------------------------


def test_keys_and_data_are_never_put_together(place: Place) -> None:
    house = place.home.house
    for where in (
        house.data,
        house.data / "here",
        place.folder,
        place.data.folder,
        place.data.folder / "x",
        place.folder / "usb",
    ):
        with pytest.raises(BadInput, match="inside or around"):
            backup_keys(house, where, 7)
    for where in (house.data / "here", place.folder, place.keys.folder, place.folder / "safe"):
        with pytest.raises(BadInput, match="inside or around"):
            backup(house, where)


def test_the_target_must_be_empty_and_the_backups_of_one_house(place: Place, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "something").write_text("of somebody's")
    with pytest.raises(BadInput, match="not empty"):
        place.restore()
    shutil.rmtree(tmp_path / "new")
    stranger = make_home(tmp_path / "stranger", place.clock)
    try:
        keys = backup_keys(stranger.house, tmp_path / "strange safe", 7)
    finally:
        stranger.house.close()
    with pytest.raises(BackupCorrupt, match="signature"):
        restore(Sources(place.data.folder, keys.folder, place.second), tmp_path / "new", clock=place.clock)


def test_nothing_of_the_keys_is_in_a_data_backup(place: Place) -> None:
    keys = place.home.house.data / "keys"
    root = (keys / "root-1.key").read_text().split()[2].encode()
    seed = (keys / "log.key").read_text().strip().rpartition("+")[2].encode()
    secrets = [root, seed, b"EARWITNESS-ROOT", b"PRIVATE+KEY", b"wrapped_kek"]
    for path in place.data.folder.rglob("*"):
        assert not path.name.startswith(("ring-", "root-", "log.key", "CURRENT"))
        if path.is_file():
            data = path.read_bytes()
            assert not [secret for secret in secrets if secret in data], path.name


# --- a small disk and a crash ---------------------------------------------------------------------------


def test_what_a_crash_left_of_a_backup_is_removed_by_the_next(place: Place) -> None:
    left = place.folder / "usb" / ".earwitness-20261118T000000Z-0badcafe.partial"
    left.mkdir()
    (left / "data.db").write_bytes(b"half")
    backup(place.home.house, place.folder / "usb")
    assert not left.exists()


@pytest.mark.parametrize("stage", ["entries", "objects", "keys"])
def test_a_restore_that_is_cut_off_leaves_no_house_and_can_be_repeated(place: Place, stage: str) -> None:
    erased = place.home.keep(place.ada)
    place.home.erase(place.ada, erased)

    def stop_at(now: str, _done: int, _all: int) -> None:
        if now == stage:
            raise KeyboardInterrupt

    sources = Sources(place.data.folder, place.keys.folder, place.second)
    with pytest.raises(KeyboardInterrupt):
        restore(sources, place.folder / "new", clock=place.clock, progress=stop_at)
    assert place.nothing_new()
    place.restore()


def test_what_a_crash_left_of_a_restore_is_no_house(place: Place) -> None:
    left = place.folder / "new.restoring"
    place.restore()
    (place.folder / "new").rename(left)
    (left / "earwitness.toml").unlink()  # it is written last
    with pytest.raises(NotFound):
        open_house(left, clock=place.clock)
    place.restore()
    assert not left.exists()


def test_every_hash_can_be_checked_with_the_tool_everybody_has(place: Place) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "files.sha256"], check=True, cwd=place.data.folder)
    listed = {line[66:] for line in (place.data.folder / "files.sha256").read_text().splitlines()}
    there = {path.relative_to(place.data.folder).as_posix() for path in place.data.folder.rglob("*") if path.is_file()}
    assert there - listed == {"manifest", "files.sha256"}
    key_manifest = json.loads((place.keys.folder / KEY_MANIFEST).read_text())
    assert key_manifest["id"] == place.keys.id
