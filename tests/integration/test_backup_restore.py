"""Last week's backup restored after this week's erasures: what was erased, ended or narrowed stays so."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from earwitness.backup.keycopies import KeyBackupMade, backup_keys
from earwitness.backup.making import BackupMade, backup
from earwitness.backup.restoring import Restored, Sources, restore
from earwitness.bootstrap import open_house
from earwitness.identity.people import Standing
from earwitness.kernel.clock import DAY, HOUR
from earwitness.kernel.errors import EarwitnessError, KeyDestroyed, NotFound, RestoreGap
from earwitness.ledger.verify import verify
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.storage.schema import artefact, consent, key_backup, ledger_leaf, person, recording
from earwitness.testing.canary import AUDIO, NAME, OTHER_NAME, traces_in_folder
from earwitness.testing.clock import VirtualClock
from earwitness.testing.homes import Adult, Home, make_home

WEEK = 7 * DAY


@dataclass
class Town:
    """A home with two adults, a backup of it, and what happened since."""

    folder: Path
    clock: VirtualClock
    home: Home
    ada: Adult
    ben: Adult
    data: BackupMade | None = None
    keys: KeyBackupMade | None = None

    def back_up(self) -> None:
        self.data = backup(self.home.house, self.folder / "usb")
        self.keys = backup_keys(self.home.house, self.folder / "safe", 14)

    @property
    def second(self) -> Path:
        return self.home.house.data / "second"

    def restore(self, **how: object) -> Restored:
        self.home.house.log.publish()  # as the hub does twice a second
        sources = Sources(self.data.folder, self.keys.folder, **({"second": self.second} | how))
        return restore(sources, self.folder / "new", clock=self.clock)


@pytest.fixture
def town(tmp_path: Path, virtual_clock: VirtualClock) -> Iterator[Town]:
    home = make_home(tmp_path / "old", virtual_clock)
    made = Town(tmp_path, virtual_clock, home, home.adult(NAME, Standing.OWNER), home.adult(OTHER_NAME))
    yield made
    home.house.close()


@pytest.fixture
def new_home(town: Town) -> Iterator["Opener"]:
    opener = Opener(town)
    yield opener
    opener.close()


@dataclass
class Opener:
    """Opens the restored house and, at the end, checks its log and closes it."""

    town: Town
    home: Home | None = None

    def __call__(self) -> Home:
        house = open_house(self.town.folder / "new", clock=self.town.clock)
        self.home = Home(house, self.town.home.household)
        return self.home

    def close(self) -> None:
        if self.home is not None:
            house = self.home.house
            house.sweep()
            house.log.publish()
            verify(house.log.folder, house.log.signer.vkey)
            verify(house.data / "second", house.log.signer.vkey)
            house.close()


def test_an_erased_recording_stays_erased_and_the_others_play(town: Town, new_home: Opener) -> None:
    erased, standing = town.home.keep(town.ada), town.home.keep(town.ada)
    town.back_up()
    town.clock.advance(WEEK)
    accepted = town.home.erase(town.ada, erased)
    done = town.restore()
    assert done.ended["recording"] == 1
    assert done.relied_on == "second copy"
    assert done.filled > 0
    home = new_home()
    with pytest.raises(NotFound):
        home.play(town.ada, erased)
    with pytest.raises(KeyDestroyed):
        home.house.keyring.key(erased)
    assert AUDIO in home.play(town.ada, standing)
    with home.house.database.read() as tx:
        assert tx.execute(select(artefact).where(artefact.c.recording_id == erased)).first() is None
    receipts = home.house.receipts.of(town.ada.id)
    assert [receipt.erasure for receipt in receipts] == [accepted.erasure]


def test_an_erased_person_stays_erased_with_everything(town: Town, new_home: Opener) -> None:
    kept = town.home.keep(town.ben)
    town.back_up()
    town.home.erase(town.ben)
    done = town.restore()
    assert done.ended["person"] == 1
    home = new_home()
    assert not home.house.keyring.has_subject(town.ben.id)
    with home.house.database.read() as tx:
        row = tx.execute(select(person).where(person.c.id == town.ben.id)).one()
        assert row.erased_at is not None
        assert row.sealed is None
        assert tx.execute(select(recording).where(recording.c.id == kept)).first() is None
        assert tx.execute(select(consent).where(consent.c.person_id == town.ben.id)).first() is None
    assert not traces_in_folder(town.folder / "new")


def test_a_withdrawn_consent_stays_withdrawn(town: Town, new_home: Opener) -> None:
    town.back_up()
    with town.home.house.database.write() as tx:
        town.home.house.consents.withdraw(tx, town.ada.actor, town.ada.id, Purpose.ASSIST)
    done = town.restore()
    assert done.ended["consent"] == 1
    home = new_home()
    with home.house.database.read() as tx:
        assert not home.house.consents.is_given(tx, town.ada.id, Purpose.ASSIST)
        assert home.house.consents.is_given(tx, town.ben.id, Purpose.ASSIST)
    with pytest.raises(EarwitnessError):
        home.keep(town.ada)


def test_a_shortened_choice_stays_short_and_what_is_too_old_is_gone(town: Town, new_home: Opener) -> None:
    old = town.home.keep(town.ada)
    town.clock.advance(2 * DAY)
    young, others = town.home.keep(town.ada), town.home.keep(town.ben)
    town.back_up()
    town.clock.advance(HOUR)
    town.home.house.retention.choose(town.ada.actor, town.ada.id, RetentionChoice.DAY)
    done = town.restore()
    assert done.ended["retention_choice"] == 1
    assert done.expired == 1
    home = new_home()
    with home.house.database.read() as tx:
        kept = dict(tx.execute(select(recording.c.id, recording.c.expires_at - recording.c.kept_at)).all())
        assert home.house.choices.current(tx, town.ada.id).choice is RetentionChoice.DAY
    assert kept == {young: DAY, others: RetentionChoice.THREE_MONTHS.lifetime_ms}
    assert old not in kept


def test_a_removed_device_and_a_withdrawn_agreement_stay_so(town: Town, new_home: Opener) -> None:
    town.back_up()
    town.home.house.directory.devices.remove(town.ada.device)
    done = town.restore()
    assert done.ended["device"] == 1
    with pytest.raises(EarwitnessError):
        new_home().keep(town.ada)


def test_the_entries_of_the_gap_are_given_back_to_their_people(town: Town, new_home: Opener) -> None:
    kept = town.home.keep(town.ada)
    town.back_up()
    town.home.play(town.ada, kept)
    before = [entry.text for entry in town.home.house.audit.entries(town.ada.id)]
    done = town.restore()
    assert done.entries_given_back >= 1
    assert done.entries_unopened == 0
    home = new_home()
    after = [entry.text for entry in home.house.audit.entries(town.ada.id)]
    assert after[: len(before)] == before
    assert not list(home.house.audit.chain_breaks(town.ada.id))
    assert home.house.audit.entries(town.ada.id)[-1].body["action"] == "house:restored"


def test_the_key_backup_ends_with_the_epoch_it_opened(town: Town, new_home: Opener) -> None:
    town.home.keep(town.ada)
    town.back_up()
    done = town.restore()
    assert done.epoch == town.keys.epoch + 1
    home = new_home()
    assert home.house.keyring.ended_epoch() == town.keys.epoch
    assert not list((town.folder / "new" / "keys").glob(f"*-{town.keys.epoch}.*"))
    with home.house.database.read() as tx:
        assert town.keys.id in set(tx.scalars(select(key_backup.c.id)))


def test_what_is_newer_than_the_key_backup_is_removed_and_counted(town: Town, new_home: Opener) -> None:
    old = town.home.keep(town.ada)
    town.keys = backup_keys(town.home.house, town.folder / "safe", 14)
    young = town.home.keep(town.ada)
    town.home.adult("Zebrafinch the newcomer")
    town.data = backup(town.home.house, town.folder / "usb")
    done = town.restore()
    assert (done.without_key, done.people_lost) == (1, 1)
    home = new_home()
    assert AUDIO in home.play(town.ada, old)
    with pytest.raises(NotFound):
        home.play(town.ada, young)


def test_a_restored_house_goes_on_and_its_second_copy_follows(town: Town, new_home: Opener) -> None:
    town.back_up()
    town.home.keep(town.ada)
    town.restore()
    home = new_home()
    assert AUDIO in home.play(town.ada, home.keep(town.ada))
    shown = home.house.log.publish()
    with town.home.house.database.read() as tx:
        leaves = tx.scalars(select(ledger_leaf.c.commitment).order_by(ledger_leaf.c.idx)).all()
    with home.house.database.read() as tx:
        again = tx.scalars(select(ledger_leaf.c.commitment).order_by(ledger_leaf.c.idx)).all()
    assert again[: len(leaves)] == leaves
    assert shown.size == len(again)


def test_an_erasure_under_way_at_the_backup_is_carried_out(town: Town, new_home: Opener) -> None:
    kept = town.home.keep(town.ada)
    accepted = town.home.erase(town.ada, kept)
    town.back_up()
    done = town.restore()
    assert done.removed == 1
    assert [each.erasure for each in new_home().house.receipts.of(town.ada.id)] == [accepted.erasure]


def test_no_second_copy_and_no_checkpoint_is_refused(town: Town) -> None:
    town.back_up()
    with pytest.raises(RestoreGap, match="is the newest"):
        town.restore(second=None)
    assert not (town.folder / "new").exists()


def test_what_is_dangerous_says_so_by_its_name(town: Town, new_home: Opener) -> None:
    erased = town.home.keep(town.ada)
    town.back_up()
    town.home.erase(town.ada, erased)
    sources = Sources(town.data.folder, town.keys.folder)
    done = restore(sources, town.folder / "new", clock=town.clock, without_second_copy_erased_things_may_return=True)
    assert done.relied_on == "none"
    assert AUDIO in new_home().play(town.ada, erased)
