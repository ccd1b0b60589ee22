"""Key files and salt files: who may read them, what damage is called, what destroying leaves."""

import base64
from pathlib import Path

import pytest
from argon2.low_level import Type, hash_secret_raw

from earwitness.kernel.errors import BadInput, KeyCorrupt, KeyDestroyed, StorageError, WrongPassphrase
from earwitness.vault.custodians.keyfile import KeyFile
from earwitness.vault.custodians.passphrase import Argon2id, Passphrase
from earwitness.vault.custodians.rootfiles import read_root, shred, unwrap_key, write_root

KEY = bytes(range(32))
CHEAP = Argon2id(memory_kib=64, passes=1, lanes=1)


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    custodian = KeyFile(tmp_path)
    custodian.create(3)
    assert custodian.path(3) == tmp_path / "root-3.key"
    assert custodian.path(3).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    custodian = KeyFile(tmp_path)
    custodian.create(1)
    wrapped = custodian.wrap(1, KEY)
    custodian.path(1).chmod(mode)
    with pytest.raises(KeyCorrupt) as caught:
        custodian.unwrap(1, wrapped)
    assert "chmod 600" in caught.value.next_step
    assert str(custodian.path(1)) in caught.value.what


def test_the_line_of_a_key_file_is_the_one_of_the_format(tmp_path: Path) -> None:
    custodian = KeyFile(tmp_path)
    custodian.create(4)
    magic, epoch, root, checksum = custodian.path(4).read_text().removesuffix("\n").split(" ")
    assert (magic, epoch, len(checksum)) == ("EARWITNESS-ROOT-1", "4", 16)
    assert unwrap_key(base64.b64decode(root), custodian.wrap(4, KEY)) == KEY


@pytest.mark.parametrize("suffix", [".key", ".pass"])
def test_any_changed_byte_of_a_root_file_is_found_and_the_file_is_named(tmp_path: Path, suffix: str) -> None:
    custodian = KeyFile(tmp_path) if suffix == ".key" else Passphrase(tmp_path, "words", cost=CHEAP)
    custodian.create(1)
    wrapped = custodian.wrap(1, KEY)
    path = custodian.path(1)
    right = path.read_bytes()
    for place in range(0, len(right) - 1, 3):
        path.write_bytes(right[:place] + bytes([right[place] ^ 2]) + right[place + 1 :])
        with pytest.raises(KeyCorrupt, match=path.name):
            custodian.unwrap(1, wrapped)
    for wrong in (b"", b"\n", right[:-5], b"\xff" * 90):
        path.write_bytes(wrong)
        with pytest.raises(KeyCorrupt, match=path.name):
            custodian.unwrap(1, wrapped)
    path.write_bytes(right)
    assert custodian.unwrap(1, wrapped) == KEY


def test_a_root_file_of_another_epoch_is_refused(tmp_path: Path) -> None:
    custodian = KeyFile(tmp_path)
    custodian.create(1)
    wrapped = custodian.wrap(1, KEY)
    custodian.path(1).rename(custodian.path(2))
    with pytest.raises(KeyCorrupt):
        custodian.unwrap(2, wrapped)
    with pytest.raises(KeyDestroyed):
        custodian.unwrap(1, wrapped)


def test_a_link_in_place_of_a_root_file_is_not_followed(tmp_path: Path) -> None:
    custodian = KeyFile(tmp_path)
    custodian.create(1)
    wrapped = custodian.wrap(1, KEY)
    custodian.path(1).rename(tmp_path / "elsewhere")
    custodian.path(1).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError):
        custodian.unwrap(1, wrapped)
    with pytest.raises(StorageError):
        custodian.destroy(1)
    assert (tmp_path / "elsewhere").exists()


def test_destroying_overwrites_the_bytes_before_it_removes_the_name(tmp_path: Path) -> None:
    path = tmp_path / "root-1.key"
    path.write_bytes(b"secret" * 20)
    (tmp_path / "same file").hardlink_to(path)
    shred(path, lambda size: b"\xaa" * size)
    assert not path.exists()
    assert (tmp_path / "same file").read_bytes() == b"\xaa" * 120


def test_a_wrong_passphrase_is_told_from_damage_and_changes_nothing(tmp_path: Path) -> None:
    right = Passphrase(tmp_path, "right", cost=CHEAP)
    right.create(1)
    wrapped = right.wrap(1, KEY)
    before = right.path(1).read_bytes()
    with pytest.raises(WrongPassphrase):
        Passphrase(tmp_path, "wrong", cost=CHEAP).unwrap(1, wrapped)
    assert right.path(1).read_bytes() == before
    with pytest.raises(KeyCorrupt):
        Passphrase(tmp_path, "right").unwrap(1, bytes([wrapped[0] ^ 1]) + wrapped[1:])


def test_a_passphrase_is_the_same_however_its_letters_are_composed(tmp_path: Path) -> None:
    Passphrase(tmp_path, "caf\u00e9", cost=CHEAP).create(1)
    composed = Passphrase(tmp_path, "cafe\u0301")
    assert composed.unwrap(1, composed.wrap(1, KEY)) == KEY


def test_the_root_is_argon2id_of_passphrase_and_salt(tmp_path: Path) -> None:
    custodian = Passphrase(tmp_path, "words", cost=CHEAP)
    custodian.create(1)
    fields = custodian.path(1).read_text().split()
    assert fields[:6] == ["EARWITNESS-PASS-1", "1", "argon2id", "64", "1", "1"]
    root = hash_secret_raw(b"words", base64.b64decode(fields[6]), 1, 64, 1, 32, Type.ID)
    assert unwrap_key(root, custodian.wrap(1, KEY)) == KEY


def test_the_default_cost_is_the_second_recommended_option_of_rfc_9106() -> None:
    assert Argon2id() == Argon2id(memory_kib=65536, passes=3, lanes=4)


def test_a_root_is_derived_once_an_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    derived = []
    derive = Argon2id.derive

    def counting(self: Argon2id, passphrase: bytes, salt: bytes) -> bytes:
        derived.append(salt)
        return derive(self, passphrase, salt)

    monkeypatch.setattr(Argon2id, "derive", counting)
    asked = []
    custodian = Passphrase(tmp_path, lambda: asked.append(1) or "words", cost=CHEAP)
    assert asked == []
    for epoch in (1, 2):
        custodian.create(epoch)
        for _ in range(3):
            custodian.unwrap(epoch, custodian.wrap(epoch, KEY))
    assert len(derived) == 2
    assert len(asked) == 1


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        Passphrase(tmp_path, "")


@pytest.mark.parametrize(
    "cost", [Argon2id(1 << 40, 1, 1), Argon2id(64, 0, 1), Argon2id(64, 1, 0), Argon2id(64, 10**6, 1)]
)
def test_a_salt_file_cannot_ask_for_what_no_machine_gives(tmp_path: Path, cost: Argon2id) -> None:
    custodian = Passphrase(tmp_path, "words", cost=CHEAP)
    custodian.create(1)
    fields = read_root(custodian.path(1), 1)
    fields[3:6] = [str(cost.memory_kib), str(cost.passes), str(cost.lanes)]
    write_root(custodian.path(1), fields)
    with pytest.raises(KeyCorrupt):
        Passphrase(tmp_path, "words").wrap(1, KEY)


def test_secrets_do_not_show_in_what_is_printed(tmp_path: Path) -> None:
    custodian = Passphrase(tmp_path, "words that no one sees", cost=CHEAP)
    custodian.create(1)
    assert "words that" not in repr(custodian)
