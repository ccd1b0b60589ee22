"""The keyring on both ring stores: destruction, rotation, and a crash after each of its durable steps."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from earwitness.kernel.errors import (
    BadInput,
    KeyCorrupt,
    KeyDestroyed,
    KeyringError,
    NotFound,
    RowCorrupt,
    StorageBusy,
    StorageFull,
)
from earwitness.testing.clock import VirtualClock
from earwitness.vault.custodians.keyfile import KeyFile
from earwitness.vault.keyring import Keyring, Rotation
from earwitness.vault.rings import Ring, RingFiles, RingStore
from earwitness.vault.rings.schemas import RingSchemas
from earwitness.vault.wrapping import fingerprint

PERSON, OTHER = "person_a", "household_b"
BEFORE_THE_SWITCH = ["marked", "root made", "ring made", "copied", "indexed", "caught up", "finished"]
AFTER_THE_SWITCH = ["switched", "root destroyed", "ring dropped", "ended"]


class PowerCut(BaseException):
    """Ends a rotation where it stands, with none of its cleaning up: no ``except Exception`` sees it."""


class Installation:
    """A keys folder, or keys database with its root files, that can be opened again and again."""

    def __init__(self, folder: Path, url: str, closing: ExitStack) -> None:
        self.folder, self.url, self.closing = folder, url, closing
        folder.mkdir(exist_ok=True)
        self.custodian = KeyFile(folder)
        self.clock = VirtualClock()

    def store(self) -> RingStore:
        store = RingSchemas(self.url) if self.url else RingFiles(self.folder)
        self.closing.callback(store.close)
        return store

    def create(self) -> Keyring:
        return Keyring.create(self.store(), self.custodian, self.clock)

    def open(self) -> Keyring:
        return Keyring(self.store(), self.custodian, self.clock)

    def roots(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("root-*"))


@pytest.fixture(params=["files", "schemas"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    with ExitStack() as closing:
        url = request.getfixturevalue("empty_postgresql_url") if request.param == "schemas" else ""
        yield Installation(tmp_path / "keys", url, closing)


@pytest.fixture
def keyring(installation: Installation) -> Keyring:
    keyring = installation.create()
    keyring.create_subject(PERSON)
    keyring.create_subject(OTHER)
    return keyring


def key(number: int) -> bytes:
    return number.to_bytes(32)


def cut_at(step: str) -> Callable[[str], None]:
    def cut(name: str) -> None:
        if name == step:
            raise PowerCut

    return cut


def at(step: str, act: Callable[[], object]) -> Callable[[str], None]:
    def hook(name: str) -> None:
        if name == step:
            act()

    return hook


def test_keys_come_back_to_every_process(installation: Installation, keyring: Keyring) -> None:
    keyring.add_keys([(PERSON, "one", key(1)), (OTHER, "two", key(2))])
    for each in (keyring, installation.open()):
        assert each.key("one") == key(1)
        assert each.keys(["one", "two", "three"]) == {"one": key(1), "two": key(2)}
        assert sorted(each.key_ids()) == sorted(
            ["one", "two", f"audit:{PERSON}", f"profile:{PERSON}", f"audit:{OTHER}", f"profile:{OTHER}"]
        )
        with pytest.raises(KeyDestroyed):
            each.key("three")
    assert keyring.keys([]) == {}


def test_a_destroyed_key_is_gone_at_once_for_every_process(installation: Installation, keyring: Keyring) -> None:
    keyring.add_keys([(PERSON, "one", key(1)), (PERSON, "two", key(2))])
    other = installation.open()
    assert other.key("one") == key(1)
    assert keyring.destroy_keys(["one", "three"]) == [fingerprint(key(1))]
    assert keyring.destroy_keys(["one"]) == []
    for each in (keyring, other):
        assert each.keys(["one", "two"]) == {"two": key(2)}


def test_a_destroyed_subject_takes_its_keys_along_and_no_one_elses(
    installation: Installation, keyring: Keyring
) -> None:
    keyring.add_keys([(PERSON, "one", key(1)), (OTHER, "two", key(2))])
    other = installation.open()
    assert other.keys(["one", f"audit:{PERSON}"]).keys() == {"one", f"audit:{PERSON}"}
    assert len(keyring.destroy_subject(PERSON)) == 16
    assert keyring.destroy_subject(PERSON) == ""
    for each in (keyring, other):
        assert not each.has_subject(PERSON)
        assert each.has_subject(OTHER)
        assert each.keys(["one", "two", f"audit:{PERSON}", f"profile:{PERSON}"]) == {"two": key(2)}
        with pytest.raises(KeyDestroyed):
            each.add_keys([(OTHER, "three", key(3)), (PERSON, "four", key(4))])
        assert each.keys(["three"]) == {}


def test_a_subject_that_is_made_again_does_not_open_what_the_first_one_had(keyring: Keyring) -> None:
    keyring.add_keys([(PERSON, "one", key(1))])
    sealed = keyring.seal(PERSON, "person.name", b"text")
    keyring.destroy_subject(PERSON)
    keyring.create_subject(PERSON)
    assert keyring.keys(["one"]) == {}
    with pytest.raises(RowCorrupt):
        keyring.open(PERSON, "person.name", sealed)


def test_making_a_subject_twice_keeps_its_keys(keyring: Keyring) -> None:
    audit = keyring.key(f"audit:{PERSON}")
    keyring.create_subject(PERSON)
    assert keyring.key(f"audit:{PERSON}") == audit


def test_a_batch_is_stored_whole_or_not_at_all(keyring: Keyring) -> None:
    keyring.add_keys([(PERSON, "one", key(1))])
    for bad in ((PERSON, "one", key(9)), ("nobody", "x", key(9)), (PERSON, "x", b"short"), (PERSON, "a b", key(9))):
        with pytest.raises((KeyringError, BadInput)):
            keyring.add_keys([(PERSON, "new", key(2)), bad])
    assert keyring.keys(["one", "new"]) == {"one": key(1)}


def test_small_texts_are_bound_to_their_subject_and_label(keyring: Keyring) -> None:
    sealed = keyring.seal(PERSON, "person.name", b"text")
    assert b"text" not in sealed
    assert sealed != keyring.seal(PERSON, "person.name", b"text")
    assert keyring.open(PERSON, "person.name", sealed) == b"text"
    for subject, label, bad in (
        (OTHER, "person.name", sealed),
        (PERSON, "place.name", sealed),
        (PERSON, "person.name", sealed[:-1]),
        (PERSON, "person.name", b"XXXX" + sealed[4:]),
        (PERSON, "person.name", b""),
    ):
        with pytest.raises(RowCorrupt):
            keyring.open(subject, label, bad)
    keyring.destroy_subject(PERSON)
    with pytest.raises(KeyDestroyed):
        keyring.open(PERSON, "person.name", sealed)


def test_a_rotation_keeps_what_lives_under_fresh_wrapping(installation: Installation, keyring: Keyring) -> None:
    keyring.add_keys([(PERSON, f"key {number}".replace(" ", "_"), key(number)) for number in range(50)])
    keyring.destroy_keys(["key_7"])
    other = installation.open()
    before = other.keys([f"key_{number}" for number in range(50)])
    wrapped = {row[3] for row in installation.store().read(lambda ring: ring.keys_after(0, 999, 999))}
    installation.clock.advance(5)
    done: list[tuple[int, int]] = []
    assert keyring.rotate(lambda so_far, total: done.append((so_far, total))) == Rotation(1, 2, 53, 0)
    assert done[-1] == (53, 53)
    for each in (keyring, other, installation.open()):
        assert each.keys([f"key_{number}" for number in range(50)]) == before
        assert (each.epoch, each.finality_epoch(), each.ended_epoch()) == (2, 2, 1)
        assert each.opened_at == installation.clock.now_ms()
    assert not wrapped & {row[3] for row in installation.store().read(lambda ring: ring.keys_after(0, 999, 999))}
    assert installation.roots() == ["root-2.key"]
    assert installation.store().epochs() == [2]


def test_a_rotation_leaves_keys_of_destroyed_subjects_behind(installation: Installation, keyring: Keyring) -> None:
    keyring.add_keys([(PERSON, "one", key(1)), (OTHER, "two", key(2))])
    keyring.destroy_subject(PERSON)
    assert "one" in set(keyring.key_ids())
    assert keyring.rotate().rewrapped == 3
    assert "one" not in set(keyring.key_ids())
    assert installation.open().keys(["one", "two"]) == {"two": key(2)}


def test_many_rotations_in_a_row(installation: Installation, keyring: Keyring) -> None:
    for number in range(1, 5):
        keyring.add_keys([(PERSON, f"key_{number}", key(number))])
        assert keyring.rotate().new == number + 1
    assert installation.open().keys(["key_1", "key_4"]) == {"key_1": key(1), "key_4": key(4)}
    assert keyring.ended_epoch() == 4


@pytest.mark.parametrize("step", BEFORE_THE_SWITCH)
def test_a_crash_before_the_switch_leaves_the_old_epoch(
    installation: Installation, keyring: Keyring, step: str
) -> None:
    keyring.add_keys([(PERSON, "one", key(1)), (OTHER, "two", key(2))])
    keyring.destroy_keys(["two"])
    with pytest.raises(PowerCut):
        keyring.rotate(step=cut_at(step))
    again = installation.open()
    assert (again.epoch, again.finality_epoch(), again.ended_epoch()) == (1, 1, 0)
    assert again.keys(["one", "two"]) == {"one": key(1)}
    assert installation.roots() == ["root-1.key"]
    assert installation.store().epochs() == [1]
    assert again.rotate() == Rotation(1, 2, 5, 0)
    assert again.keys(["one", "two"]) == {"one": key(1)}


@pytest.mark.parametrize("step", AFTER_THE_SWITCH)
def test_a_crash_after_the_switch_ends_the_old_epoch_at_the_next_start(
    installation: Installation, keyring: Keyring, step: str
) -> None:
    keyring.add_keys([(PERSON, "one", key(1))])
    with pytest.raises(PowerCut):
        keyring.rotate(step=cut_at(step))
    again = installation.open()
    assert (again.epoch, again.finality_epoch(), again.ended_epoch()) == (2, 2, 1)
    assert again.keys(["one"]) == {"one": key(1)}
    assert installation.roots() == ["root-2.key"]
    assert installation.store().epochs() == [2]


def test_every_step_of_a_rotation_is_named_here(keyring: Keyring) -> None:
    steps: list[str] = []
    keyring.rotate(step=steps.append)
    assert steps == BEFORE_THE_SWITCH + AFTER_THE_SWITCH


@pytest.mark.parametrize("step", BEFORE_THE_SWITCH)
def test_a_failure_that_is_no_crash_is_tidied_up_at_once(
    installation: Installation, keyring: Keyring, step: str
) -> None:
    def full(name: str) -> None:
        if name == step:
            raise StorageFull

    keyring.add_keys([(PERSON, "one", key(1))])
    with pytest.raises(StorageFull):
        keyring.rotate(step=full)
    assert installation.roots() == ["root-1.key"]
    assert installation.store().epochs() == [1]
    assert keyring.finality_epoch() == 1
    assert keyring.key("one") == key(1)


@pytest.mark.parametrize("step", ["begun", "root made", "finished", "switched"])
def test_a_crash_while_the_first_epoch_is_made_is_no_obstacle(installation: Installation, step: str) -> None:
    with pytest.raises(PowerCut):
        Keyring.create(installation.store(), installation.custodian, installation.clock, step=cut_at(step))
    if step == "switched":
        keyring = installation.open()
    else:
        with pytest.raises(NotFound):
            installation.open()
        keyring = installation.create()
    keyring.create_subject(PERSON)
    assert installation.open().has_subject(PERSON)


def test_keys_are_made_once(installation: Installation, keyring: Keyring) -> None:
    with pytest.raises(BadInput):
        installation.create()
    assert keyring.has_subject(PERSON)


@pytest.mark.parametrize("step", ["marked", "copied", "indexed", "caught up"])
def test_what_changes_during_a_rotation_is_in_the_new_ring(
    installation: Installation, keyring: Keyring, step: str
) -> None:
    keyring.add_keys([(PERSON, name, key(1)) for name in ("stays", "goes")])
    keyring.add_keys([(OTHER, "others", key(2))])
    other = installation.open()

    def meanwhile() -> None:
        assert other.keys(["stays", "goes"]).keys() == {"stays", "goes"}
        other.create_subject("person_new")
        other.add_keys([("person_new", "new", key(3)), (PERSON, "late", key(4)), (PERSON, "short_lived", key(5))])
        assert other.destroy_keys(["goes", "short_lived"]) == [fingerprint(key(1)), fingerprint(key(5))]
        assert other.destroy_subject(OTHER)
        assert other.finality_epoch() == 2

    keyring.rotate(step=at(step, meanwhile))
    for each in (keyring, other, installation.open()):
        names = ["stays", "goes", "others", "new", "late", "short_lived"]
        assert each.keys(names) == {"stays": key(1), "new": key(3), "late": key(4)}
        assert not each.has_subject(OTHER)
        assert each.has_subject("person_new")
        assert each.finality_epoch() == 2
    assert "goes" not in set(keyring.key_ids())
    assert "others" not in set(keyring.key_ids())


def test_a_second_rotation_and_a_snapshot_are_refused_meanwhile(
    installation: Installation, keyring: Keyring, tmp_path: Path
) -> None:
    other, refused = installation.open(), []

    def meanwhile() -> None:
        for call in (other.rotate, lambda: other.snapshot(tmp_path / "copy")):
            with pytest.raises(StorageBusy):
                call()
            refused.append(call)

    assert keyring.rotate(step=at("copied", meanwhile)).new == 2
    assert len(refused) == 2
    assert other.rotate().new == 3


def test_opening_during_a_rotation_does_not_undo_it(installation: Installation, keyring: Keyring) -> None:
    keyring.add_keys([(PERSON, "one", key(1))])
    opened: list[Keyring] = []
    keyring.rotate(step=at("indexed", lambda: opened.append(installation.open())))
    assert keyring.epoch == 2
    assert opened[0].key("one") == key(1)


def test_a_snapshot_opens_by_itself_and_holds_no_destroyed_key(
    installation: Installation, keyring: Keyring, tmp_path: Path
) -> None:
    keyring.add_keys([(PERSON, "one", key(1)), (PERSON, "two", key(2))])
    keyring.rotate()
    wrapped = {row[1]: row[3] for row in installation.store().read(lambda ring: ring.keys_after(0, 99, 99))}
    keyring.destroy_keys(["two"])
    folder, restored = tmp_path / "snapshot", tmp_path / "restored"
    assert keyring.snapshot(folder) == 2
    assert sorted(path.name for path in folder.iterdir() if path.name != "turn") == [
        "CURRENT",
        "ring-2.db",
        "root-2.key",
    ]
    everything = b"".join(path.read_bytes() for path in folder.iterdir())
    assert wrapped["one"] in everything
    assert wrapped["two"] not in everything
    with pytest.raises(BadInput):
        keyring.snapshot(folder)
    keyring.destroy_subject(PERSON)
    assert Keyring.restore_snapshot(folder, restored) == 2
    back = Keyring(RingFiles(restored), KeyFile(restored), installation.clock)
    assert back.keys(["one", "two"]) == {"one": key(1)}
    assert back.rotate().new == 3
    back.close()
    with pytest.raises(BadInput):
        Keyring.restore_snapshot(folder, restored)
    with pytest.raises(NotFound):
        Keyring.restore_snapshot(tmp_path / "nothing", tmp_path / "other")


def test_a_damaged_row_is_named_and_touches_nothing_else(installation: Installation, keyring: Keyring) -> None:
    keyring.add_keys([(PERSON, "one", key(1)), (PERSON, "two", key(2)), (OTHER, "three", key(3))])
    with installation.store().write() as ring:
        damage(ring, "key", "one")
    with pytest.raises(KeyCorrupt, match="one"):
        keyring.key("one")
    assert keyring.keys(["two", "three"]) == {"two": key(2), "three": key(3)}
    assert keyring.rotate().damaged == 1
    with pytest.raises(KeyCorrupt, match="one"):
        keyring.key("one")
    with installation.store().write() as ring:
        damage(ring, "subject", PERSON)
    for call in (lambda: keyring.key("two"), lambda: keyring.add_keys([(PERSON, "four", key(4))])):
        with pytest.raises(KeyCorrupt):
            call()
    assert keyring.key("three") == key(3)
    assert keyring.rotate().damaged > 1
    assert keyring.key("three") == key(3)
    with pytest.raises(KeyCorrupt):
        keyring.key("two")
    assert keyring.destroy_keys(["one", "two", "three"]) == [fingerprint(key(3))]
    assert keyring.destroy_subject(PERSON) == ""
    assert not keyring.has_subject(PERSON)


def damage(ring: Ring, table: str, name: str) -> None:
    ((wrapped,),) = ring._sql.rows(f"SELECT wrapped FROM {table} WHERE id = ?", [name])  # noqa: S608 - a table of ours
    broken = bytes(wrapped[:-1]) + bytes([wrapped[-1] ^ 1])
    ring._sql.run(f"UPDATE {table} SET wrapped = ? WHERE id = ?", [broken, name])  # noqa: S608 - likewise


def test_a_missing_root_of_the_current_epoch_is_damage_and_not_destruction(
    installation: Installation, keyring: Keyring
) -> None:
    keyring.add_keys([(PERSON, "one", key(1))])
    root = installation.folder / "root-1.key"
    root.rename(installation.folder / "elsewhere")
    with pytest.raises(KeyCorrupt, match=r"root-1\.key"):
        installation.open()
    (installation.folder / "elsewhere").rename(root)
    assert installation.open().key("one") == key(1)


def test_a_wrong_root_is_damage_and_nothing_is_recovered_with_it(installation: Installation, keyring: Keyring) -> None:
    with pytest.raises(PowerCut):
        keyring.rotate(step=cut_at("copied"))
    root = installation.folder / "root-1.key"
    right = root.read_bytes()
    root.unlink()
    installation.custodian.create(1)
    with pytest.raises(KeyCorrupt):
        installation.open()
    assert installation.store().epochs() == [1, 2]
    root.write_bytes(right)
    installation.open()
    assert installation.store().epochs() == [1]


def test_an_idle_process_lets_go_of_an_ended_epoch(installation: Installation, keyring: Keyring) -> None:
    other = installation.open()
    keyring.rotate()
    other.refresh()
    held = other._unwrapper._kek
    assert held is not None
    assert held[0][0] == 2


def test_errors_name_no_key_material(installation: Installation, keyring: Keyring) -> None:
    keyring.add_keys([(PERSON, "one", key(1))])
    with installation.store().write() as ring:
        damage(ring, "key", "one")
    with pytest.raises(KeyCorrupt) as caught:
        keyring.key("one")
    assert key(1).hex() not in str(caught.value)
    assert key(1).hex() not in repr(keyring)
