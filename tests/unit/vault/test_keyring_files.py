"""Rings as files: whose they are, what damage is called, what a full disk and two processes do."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from earwitness.kernel.errors import KeyCorrupt, KeyDestroyed, NotFound, StorageError, WrongPassphrase
from earwitness.testing.clock import VirtualClock
from earwitness.vault.custodians.keyfile import KeyFile
from earwitness.vault.custodians.passphrase import Argon2id, Passphrase
from earwitness.vault.keyring import Keyring
from earwitness.vault.rings import RingFiles

PERSON = "person_a"
CHEAP = Argon2id(memory_kib=64, passes=1, lanes=1)


def key(number: int) -> bytes:
    return number.to_bytes(32)


def reopened(folder: Path) -> Keyring:
    return Keyring(RingFiles(folder), KeyFile(folder), VirtualClock())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keyring(folder: Path) -> Iterator[Keyring]:
    store = RingFiles(folder)
    keyring = Keyring.create(store, KeyFile(folder), VirtualClock())
    keyring.create_subject(PERSON)
    yield keyring
    keyring.close()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but what SQLite makes anew for each opening and the locks, which are empty."""
    files = (path for path in folder.iterdir() if path.name[-4:] not in {"-wal", "-shm"})
    return {path.name: data for path in files if (data := path.read_bytes())}


def test_the_folder_and_everything_in_it_is_for_its_owner_alone(folder: Path, keyring: Keyring) -> None:
    keyring.add_keys([(PERSON, "one", key(1))])
    keyring.rotate()
    keyring.add_keys([(PERSON, "two", key(2))])
    assert folder.stat().st_mode & 0o777 == 0o700
    names = {path.name for path in folder.iterdir()}
    assert {"CURRENT", "ring-2.db", "ring-2.db-wal", "root-2.key"} <= names
    assert not [path.name for path in folder.iterdir() if path.stat().st_mode & 0o077]


def test_the_database_is_set_for_durability_and_forgetting(keyring: Keyring) -> None:
    with keyring._store.write() as ring:
        values = {
            name: ring._sql.rows(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "secure_delete")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


@pytest.mark.parametrize("content", [b"", b"x\n", b"-1\n", b"2", b"01\n", b"1\n2\n", b"9" * 40 + b"\n"])
def test_a_damaged_current_is_named_and_nothing_is_changed(folder: Path, keyring: Keyring, content: bytes) -> None:
    keyring.close()
    (folder / "CURRENT").write_bytes(content)
    before = contents(folder)
    with pytest.raises(KeyCorrupt, match="CURRENT"):
        reopened(folder)
    assert contents(folder) == before


def test_a_lost_current_is_not_taken_for_a_fresh_folder(folder: Path, keyring: Keyring) -> None:
    keyring.close()
    (folder / "CURRENT").unlink()
    before = contents(folder)
    with pytest.raises(KeyCorrupt, match="CURRENT"):
        reopened(folder)
    with pytest.raises(KeyCorrupt, match="CURRENT"):
        Keyring.create(RingFiles(folder), KeyFile(folder), VirtualClock())
    assert contents(folder) == before


def test_a_folder_without_keys_is_not_found(folder: Path) -> None:
    with pytest.raises(NotFound):
        reopened(folder)


def test_a_current_that_names_a_missing_ring_is_named(folder: Path, keyring: Keyring) -> None:
    keyring.close()
    (folder / "ring-1.db").rename(folder / "elsewhere")
    before = contents(folder)
    with pytest.raises(KeyCorrupt, match=r"ring-1\.db is missing"):
        reopened(folder)
    assert contents(folder) == before


@pytest.mark.parametrize("damage", ["nothing in it", "no database", "another database", "torn head"])
def test_a_damaged_ring_is_named_and_nothing_is_changed(folder: Path, keyring: Keyring, damage: str) -> None:
    keyring.close()
    path = folder / "ring-1.db"
    match damage:
        case "nothing in it":
            path.write_bytes(b"")
        case "no database":
            path.write_bytes(b"\xff" * 8192)
        case "another database":
            path.unlink()
            other = sqlite3.connect(path)
            other.execute("CREATE TABLE something (x)")
            other.close()
        case _:
            data = bytearray(path.read_bytes())
            data[4096 : 2 * 4096] = bytes(4096)
            path.write_bytes(bytes(data))
    path.chmod(0o600)
    before = path.read_bytes(), (folder / "root-1.key").read_bytes()
    with pytest.raises(KeyCorrupt, match=r"ring-1\.db"):
        reopened(folder)
    assert (path.read_bytes(), (folder / "root-1.key").read_bytes()) == before


def test_a_ring_of_another_epoch_does_not_open(folder: Path, keyring: Keyring) -> None:
    keyring.close()
    (folder / "ring-1.db").rename(folder / "ring-2.db")
    (folder / "CURRENT").write_text("2\n")
    with pytest.raises(KeyCorrupt):
        reopened(folder)


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(StorageError, match="elsewhere"):
        RingFiles(Path("/proc/elsewhere"))


def test_a_wrong_passphrase_opens_nothing_and_changes_nothing(folder: Path) -> None:
    folder.mkdir()
    keyring = Keyring.create(RingFiles(folder), Passphrase(folder, "right", cost=CHEAP), VirtualClock())
    keyring.create_subject(PERSON)
    keyring.add_keys([(PERSON, "one", key(1))])
    keyring.rotate()
    keyring.close()
    before = contents(folder)
    with pytest.raises(WrongPassphrase):
        Keyring(RingFiles(folder), Passphrase(folder, "wrong"), VirtualClock())
    assert contents(folder) == before
    again = Keyring(RingFiles(folder), Passphrase(folder, "right"), VirtualClock())
    assert again.key("one") == key(1)
    again.close()


def test_ids_that_labels_cannot_carry_are_refused(keyring: Keyring) -> None:
    for name in ("", "a b", "a\nb", "\u00e9", "x" * 201):
        with pytest.raises(Exception, match="printable ASCII"):
            keyring.create_subject(name)


def test_threads_that_keep_and_destroy_see_one_truth_through_rotations(folder: Path, keyring: Keyring) -> None:
    other = reopened(folder)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        ring = (keyring, other)[number % 2]
        try:
            for turn in range(25):
                kept, gone = f"kept_{number}_{turn}", f"gone_{number}_{turn}"
                ring.add_keys([(PERSON, kept, key(turn)), (PERSON, gone, key(turn))])
                assert len(ring.destroy_keys([gone])) == 1
                opened = ((other, keyring)[number % 2]).keys([kept, gone])
                assert opened == {kept: key(turn)}
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    turns = 0
    while any(thread.is_alive() for thread in threads):
        keyring.rotate()
        turns += 1
    for thread in threads:
        thread.join(60)
    assert failures == []
    keyring.rotate()
    expected = {f"kept_{number}_{turn}" for number in range(4) for turn in range(25)}
    assert set(keyring.key_ids()) == expected | {f"audit:{PERSON}", f"profile:{PERSON}"}
    assert set(other.keys(sorted(expected))) == expected
    assert turns > 0
    assert sorted(path.name for path in folder.glob("r*-*")) == [
        *(f"ring-{keyring.epoch}.db{suffix}" for suffix in ("", "-shm", "-wal")),
        f"root-{keyring.epoch}.key",
    ]
    other.close()


def test_an_ended_epoch_opens_nothing_even_with_its_ring_kept(folder: Path, keyring: Keyring) -> None:
    keyring.add_keys([(PERSON, "one", key(1))])
    copies = {path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith("ring-1.db")}
    keyring.destroy_keys(["one"])
    assert keyring.finality_epoch() == 1
    keyring.rotate()
    assert keyring.ended_epoch() == 1
    for name, data in copies.items():
        (folder / name).write_bytes(data)
    (folder / "CURRENT").write_text("1\n")
    with pytest.raises(KeyCorrupt, match=r"root-1\.key"):
        reopened(folder)
    with pytest.raises(KeyDestroyed):
        KeyFile(folder).unwrap(1, bytes(40))
