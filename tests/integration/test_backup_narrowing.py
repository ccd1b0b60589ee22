"""What a restored house must not go on with: rights, choices that were lost, homes that are gone, bounds too short."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from earwitness.backup.keycopies import KeyBackupMade, backup_keys
from earwitness.backup.making import BackupMade, backup
from earwitness.backup.restoring import Restored, Sources, restore
from earwitness.bootstrap import House, open_house
from earwitness.identity.device_rows import DeviceMode
from earwitness.kernel.actors import Role
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import AccessDenied, EarwitnessError, NotFound
from earwitness.ledger.verify import verify
from earwitness.policy.retention import RetentionChoice
from earwitness.storage.schema import (
    approval,
    audit_entry,
    deidentified,
    epoch,
    household,
    key_backup,
    ledger_leaf,
    meta,
    person,
    recording,
    work,
)
from earwitness.testing.canary import AUDIO, CHILD_NAME, NAME, OTHER_NAME
from earwitness.testing.clock import VirtualClock
from earwitness.testing.homes import Adult, Home, make_home
from earwitness.vault import epochs


@dataclass
class Scene:
    folder: Path
    clock: VirtualClock
    home: Home
    ada: Adult
    data: BackupMade | None = None
    keys: KeyBackupMade | None = None

    def back_up(self) -> None:
        self.data = backup(self.home.house, self.folder / "usb")
        self.keys = backup_keys(self.home.house, self.folder / "safe", 14)

    def restore(self) -> Restored:
        self.home.house.log.publish()
        second = self.home.house.data / "second"
        return restore(Sources(self.data.folder, self.keys.folder, second), self.folder / "new", clock=self.clock)

    def open(self) -> House:
        return open_house(self.folder / "new", clock=self.clock)


@pytest.fixture
def scene(tmp_path: Path, virtual_clock: VirtualClock) -> Iterator[Scene]:
    home = make_home(tmp_path / "old", virtual_clock)
    yield Scene(tmp_path, virtual_clock, home, home.adult(NAME))
    home.house.close()


def test_staff_and_approvals_have_to_be_given_anew(scene: Scene) -> None:
    house = scene.home.house
    member = house.directory.staff.register(Role.OPERATOR, "employee", "DE")
    row = {
        "id": "apr_one",
        "action": "person:identify",
        "resource": scene.ada.id,
        "purpose": "support",
        "requested_by": member.id,
        "requested_at": scene.clock.now_ms(),
        "expires_at": scene.clock.now_ms() + DAY,
    }
    with house.database.write() as tx:
        tx.execute(insert(approval), [row])
    scene.back_up()
    scene.restore()
    with scene.open() as new:
        assert not new.directory.staff.get(member.id).is_active(scene.clock.now_ms())
        with pytest.raises(AccessDenied):
            new.directory.staff.certify(member.actor(scene.clock.now_ms()), member.id)
        with new.database.read() as tx:
            assert tx.execute(select(approval.c.expires_at)).scalar_one() <= scene.clock.now_ms()


def test_work_that_was_leased_is_ready_again(scene: Scene) -> None:
    row = {
        "id": "work_one",
        "kind": "test.kind",
        "payload": "{}",
        "state": "leased",
        "run_at": 0,
        "lease_until": scene.clock.now_ms() + DAY,
        "lease_token": "t",
        "attempts": 1,
        "created_at": 0,
    }
    with scene.home.house.database.write() as tx:
        tx.execute(insert(work), [row, row | {"id": "work_two", "state": "done"}])
    scene.back_up()
    scene.restore()
    with scene.open() as new, new.database.read() as tx:
        rows = {each.id: each for each in tx.execute(select(work).where(work.c.kind == "test.kind"))}
    assert (rows["work_one"].state, rows["work_one"].lease_token, rows["work_two"].state) == ("ready", None, "done")


def test_a_choice_whose_successor_nobody_knows_lets_things_stay_a_day(scene: Scene) -> None:
    """The log says that the choice ended; the entry that says what came after does not open."""
    scene.home.house.retention.choose(scene.ada.actor, scene.ada.id, RetentionChoice.UNTIL_DELETED)
    old = scene.home.keep(scene.ada)
    scene.clock.advance(2 * DAY)
    young = scene.home.keep(scene.ada)
    scene.back_up()
    scene.home.house.retention.choose(scene.ada.actor, scene.ada.id, RetentionChoice.DAY)
    _spoil_the_last_entry(scene.home.house)
    done = scene.restore()
    assert (done.entries_unopened, done.ended["retention_choice"], done.expired) == (1, 1, 1)
    with scene.open() as new:
        with new.database.read() as tx:
            kept = dict(tx.execute(select(recording.c.id, recording.c.expires_at - recording.c.kept_at)).all())
            assert new.choices.current(tx, scene.ada.id).lost
        assert kept == {young: DAY}
        assert old not in kept
        with pytest.raises(EarwitnessError, match="chosen again"):
            Home(new, scene.home.household).keep(scene.ada)


def _spoil_the_last_entry(house: House) -> None:
    with house.database.write() as tx:
        last = tx.scalars(select(audit_entry.c.idx).order_by(audit_entry.c.idx.desc())).first()
        tx.execute(update(ledger_leaf).where(ledger_leaf.c.idx == last).values(sealed=secrets.token_bytes(80)))


def test_an_unspoken_default_that_was_shortened_stays_short(scene: Scene) -> None:
    scene.home.keep(scene.ada)
    scene.back_up()
    scene.home.house.retention.choose(scene.ada.actor, scene.ada.id, RetentionChoice.DAY)
    _spoil_the_last_entry(scene.home.house)
    scene.restore()
    with scene.open() as new, new.database.read() as tx:
        assert tx.execute(select(recording.c.expires_at - recording.c.kept_at)).scalar_one() == DAY


def test_a_longer_choice_is_taken_from_the_persons_own_entry(scene: Scene) -> None:
    scene.home.house.retention.choose(scene.ada.actor, scene.ada.id, RetentionChoice.DAY)
    kept = scene.home.keep(scene.ada)
    scene.back_up()
    scene.home.house.retention.choose(scene.ada.actor, scene.ada.id, RetentionChoice.UNTIL_DELETED)
    scene.clock.advance(5 * DAY)
    assert scene.restore().expired == 0
    with scene.open() as new:
        assert AUDIO in Home(new, scene.home.household).play(scene.ada, kept)


def test_what_a_household_shares_ends_with_the_shortest_choice(scene: Scene) -> None:
    ben = scene.home.adult(OTHER_NAME)
    directory = scene.home.house.directory
    kitchen = directory.devices.add(scene.home.household, "kitchen", DeviceMode.SHARED).id
    for each in (scene.ada, ben):
        directory.agreements.agree(each.actor, kitchen)
    shared = scene.home.keep(scene.ada, device=kitchen)
    scene.back_up()
    scene.home.house.retention.choose(ben.actor, ben.id, RetentionChoice.DAY)
    directory.agreements.withdraw(ben.actor, kitchen)
    done = scene.restore()
    assert done.ended["device_agreement"] == 1
    with scene.open() as new:
        with new.database.read() as tx:
            row = tx.execute(select(recording).where(recording.c.id == shared)).one()
        assert row.expires_at - row.kept_at == DAY
        with pytest.raises(EarwitnessError, match="not agreed"):
            Home(new, scene.home.household).keep(scene.ada, device=kitchen)


def test_a_household_that_is_gone_stays_gone(scene: Scene) -> None:
    house = scene.home.house
    other = Home(house, house.directory.households.add("another home").id)
    cleo = other.adult(CHILD_NAME)
    kept = other.keep(cleo)
    scene.back_up()
    other.house.removal.remove(other.erase(cleo).erasure)
    house.erasure.forget_household(other.household)
    done = scene.restore()
    assert (done.ended["household"], done.ended["person"], done.removed) == (1, 0, 1)
    with scene.open() as new, new.database.read() as tx:
        assert not tx.execute(select(household).where(household.c.id == other.household)).all()
        assert not tx.execute(select(person).where(person.c.id == cleo.id)).all()
        assert not tx.execute(select(recording).where(recording.c.id == kept)).all()
        assert not new.keyring.has_subject(other.household)
        assert not new.keyring.has_subject(cleo.id)


def test_a_deidentified_copy_that_its_person_erased_stays_erased(scene: Scene) -> None:
    house = scene.home.house
    house.retention.choose(scene.ada.actor, scene.ada.id, RetentionChoice.EIGHTEEN_MONTHS)
    for text in (b"short", b"long " * 4_000):
        scene.home.keep(scene.ada, {"deidentified": text})
    scene.clock.advance(190 * DAY)
    house.retention.sweep(now=scene.clock.now_ms())
    scene.back_up()
    first, second = house.deidentified.of_holder(str(scene.ada.identity))
    house.deidentified.erase(first.handle)
    assert scene.restore().ended["deidentified"] == 1
    with scene.open() as new:
        assert [each.handle for each in new.deidentified.of_holder(str(scene.ada.identity))] == [second.handle]
        assert new.deidentified.open(second.handle)
        with pytest.raises(NotFound):
            new.deidentified.open(first.handle)
        with new.database.read() as tx:
            names = set(tx.scalars(select(deidentified.c.blob).where(deidentified.c.blob.is_not(None))))
        assert set(new.blobs.names()) == names


def test_what_expired_meanwhile_is_removed_although_the_clock_leapt(scene: Scene) -> None:
    house = scene.home.house
    house.retention.choose(scene.ada.actor, scene.ada.id, RetentionChoice.DAY)
    scene.home.keep(scene.ada)
    house.retention.sweep()  # notes the time
    scene.back_up()
    scene.clock.advance(10 * DAY)
    done = scene.restore()
    assert done.expired == 1
    with scene.open() as new:
        assert not new.retention.sweep().waiting_for_clock
        with new.database.read() as tx:
            assert not tx.execute(select(recording)).all()
            assert not list(new.blobs.names())


def test_a_replayed_erasure_is_completed_when_every_key_backup_has_expired(scene: Scene) -> None:
    erased = scene.home.keep(scene.ada)
    scene.back_up()
    accepted = scene.home.erase(scene.ada, erased)
    scene.clock.advance(DAY)
    scene.restore()
    with scene.open() as new:
        assert new.removal.complete_due() == []
        with new.database.read() as tx:
            bounds = sorted(tx.scalars(select(key_backup.c.expires_at)))
        assert bounds == [scene.keys.expires_at, scene.clock.now_ms() + 14 * DAY]  # one may have been made since
        scene.clock.advance(14 * DAY)
        (receipt,) = new.removal.complete_due()
        assert (receipt.kind, receipt.erasure) == ("erasure-completed", accepted.erasure)


def test_epochs_that_the_key_backup_does_not_know_are_forgotten(scene: Scene) -> None:
    """An older key backup with newer data: the epochs between must not count as ended before they begin."""
    house = scene.home.house
    scene.keys = backup_keys(house, scene.folder / "safe", 14)
    for _ in range(3):
        epochs.turn(house.database, house.keyring, scene.clock)
    scene.data = backup(house, scene.folder / "usb")
    done = scene.restore()
    assert done.epoch == scene.keys.epoch + 1
    with scene.open() as new, new.database.read() as tx:
        rows = {row.number: row.destroyed_at for row in tx.execute(select(epoch))}
    assert max(rows) == done.epoch
    assert rows[done.epoch] is None
    assert rows[done.epoch - 1] is not None


def test_what_a_crashed_house_buried_beyond_its_checkpoint_is_replayed(scene: Scene) -> None:
    """The tombstones' head is shown before the checkpoint; the power may go between the two."""
    erased = scene.home.keep(scene.ada)
    scene.back_up()
    house = scene.home.house
    house.log.publish()
    second = house.data / "second"
    before = (second / "checkpoint").read_bytes()
    scene.home.erase(scene.ada, erased)
    (second / "checkpoint").write_bytes(before)
    sources = Sources(scene.data.folder, scene.keys.folder, second)
    done = restore(sources, scene.folder / "new", clock=scene.clock)
    assert done.ended["recording"] == 1
    with scene.open() as new:
        new.log.publish()
        verify(new.log.folder, new.log.signer.vkey)


def test_everybody_reads_in_their_log_that_the_house_was_restored(scene: Scene) -> None:
    scene.back_up()
    scene.restore()
    with scene.open() as new:
        last = new.audit.entries(scene.ada.id)[-1]
        assert last.body["action"] == "house:restored"
        assert last.body["details"]["backup_of"].startswith("2026-11-18T")
        with new.database.write() as tx:
            tx.execute(delete(meta).where(meta.c.key == "none"))  # and the house can be written to
