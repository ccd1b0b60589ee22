import pytest
from sqlalchemy import delete, select, update

from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Age, Person
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.storage.schema import device, person, retention_choice
from earwitness.testing.canary import traces
from earwitness.testing.village import Village

BOTH = (Purpose.ASSIST, Purpose.HISTORY)
THREE_MONTHS = RetentionChoice.THREE_MONTHS.lifetime_ms


@pytest.fixture
def home(village: Village) -> str:
    return village.household()


@pytest.fixture
def ada(village: Village, home: str) -> Person:
    who = village.person(home)
    village.say_yes(who, *BOTH)
    return who


@pytest.fixture
def ben(village: Village, home: str) -> Person:
    who = village.person(home)
    village.say_yes(who, *BOTH)
    return who


@pytest.fixture
def personal(village: Village, home: str, ada: Person) -> str:
    made = village.device(home, DeviceMode.PERSONAL, ada.id).id
    village.agreements.confirm(ada.actor(), made)
    return made


@pytest.fixture
def shared(village: Village, home: str, ada: Person, ben: Person) -> str:
    made = village.device(home, DeviceMode.SHARED).id
    for who in (ada, ben):
        village.agreements.agree(who.actor(), made)
    return made


def test_a_confirmed_personal_device_keeps_for_its_adult(
    village: Village, home: str, ada: Person, personal: str
) -> None:
    decision = village.may_keep(personal)
    assert (decision.keep, decision.subject, decision.household) == (True, ada.id, home)
    assert decision.lifetime_ms == THREE_MONTHS
    assert decision.reason == "the device is personal, and its adult said yes; for 3 months"
    assert village.may_keep(personal, ada.id) == decision


def test_before_it_is_confirmed_a_personal_device_keeps_nothing(village: Village, home: str, ada: Person) -> None:
    made = village.device(home, DeviceMode.PERSONAL, ada.id)
    assert not village.may_keep(made.id).keep
    village.agreements.confirm(ada.actor(), made.id)
    assert village.may_keep(made.id).keep


def test_a_personal_device_keeps_nothing_for_somebody_else(village: Village, personal: str, ben: Person) -> None:
    assert not village.may_keep(personal, ben.id).keep


@pytest.mark.parametrize("missing", BOTH)
def test_without_a_yes_to_both_nothing_is_kept(village: Village, ada: Person, personal: str, missing: Purpose) -> None:
    village.say_no(ada, missing)
    decision = village.may_keep(personal)
    assert (decision.keep, decision.lifetime_ms) == (False, 0)
    assert decision.reason == f"no yes to {missing}"


def test_a_history_opened_to_another_is_no_yes_to_keeping(village: Village, home: str, ada: Person) -> None:
    who = village.person(home)
    village.say_yes(who, Purpose.ASSIST)
    village.say_yes(who, Purpose.HISTORY, toward=ada.id)
    assert not village.may_keep(None, who.id).keep


@pytest.mark.parametrize("choice", list(RetentionChoice))
def test_what_is_kept_lives_as_long_as_was_chosen(
    village: Village, ada: Person, personal: str, choice: RetentionChoice
) -> None:
    village.choose(ada, choice)
    decision = village.may_keep(personal)
    assert decision.keep == (choice is not RetentionChoice.NOTHING)
    assert decision.lifetime_ms == choice.lifetime_ms


def test_a_shared_device_keeps_for_the_household_once_every_adult_agreed(
    village: Village, home: str, ada: Person, ben: Person
) -> None:
    made = village.device(home, DeviceMode.SHARED).id
    assert not village.may_keep(made).keep
    village.agreements.agree(ada.actor(), made)
    assert village.may_keep(made).reason == "1 adult(s) have not agreed to this shared device"
    village.agreements.agree(ben.actor(), made)
    decision = village.may_keep(made)
    assert (decision.keep, decision.subject, decision.household) == (True, home, home)


def test_another_adult_stops_a_shared_device_until_they_agree_too(village: Village, home: str, shared: str) -> None:
    assert village.may_keep(shared).keep
    newcomer = village.person(home)
    assert not village.may_keep(shared).keep
    village.agreements.agree(newcomer.actor(), shared)
    assert not village.may_keep(shared).keep  # the newcomer has not said yes to anything yet
    village.say_yes(newcomer, *BOTH)
    assert village.may_keep(shared).keep


def test_a_child_or_a_stranger_does_not_count_for_a_shared_device(village: Village, home: str, shared: str) -> None:
    village.person(home, age=Age.CHILD)
    village.person(village.household())
    assert village.may_keep(shared).keep


def test_one_no_stops_a_shared_device(village: Village, ada: Person, ben: Person, shared: str) -> None:
    village.agreements.withdraw(ben.actor(), shared)
    assert not village.may_keep(shared).keep
    village.agreements.agree(ben.actor(), shared)
    village.say_no(ada, Purpose.HISTORY)
    assert not village.may_keep(shared).keep


def test_a_shared_device_keeps_as_long_as_the_shortest_choice(
    village: Village, ada: Person, ben: Person, shared: str
) -> None:
    village.choose(ada, RetentionChoice.UNTIL_DELETED)
    assert village.may_keep(shared).lifetime_ms == THREE_MONTHS
    village.choose(ben, RetentionChoice.DAY)
    assert village.may_keep(shared).lifetime_ms == RetentionChoice.DAY.lifetime_ms
    village.choose(ben, RetentionChoice.NOTHING)
    assert not village.may_keep(shared).keep


@pytest.mark.parametrize("mode", [DeviceMode.GUEST, DeviceMode.CHILD])
def test_guest_and_child_devices_keep_nothing(village: Village, home: str, ada: Person, mode: DeviceMode) -> None:
    made = village.device(home, mode).id
    for who in (None, ada.id):
        decision = village.may_keep(made, who)
        assert (decision.keep, decision.subject, decision.household) == (False, "", home)


def test_a_file_given_by_hand_is_kept_for_an_adult_who_said_yes(village: Village, home: str, ada: Person) -> None:
    assert village.may_keep(None, ada.id).subject == ada.id
    child = village.person(home, age=Age.CHILD)
    parent = village.person(home)
    for nobody in (child.id, parent.id, "person_none", None):
        assert not village.may_keep(None, nobody).keep


def test_what_is_gone_keeps_nothing(village: Village, ada: Person, personal: str, shared: str) -> None:
    assert not village.may_keep("device_none").keep
    village.devices.remove(shared)
    assert not village.may_keep(shared).keep
    village.change(lambda tx: tx.execute(update(person).where(person.c.id == ada.id).values(erased_at=1)))
    assert not village.may_keep(personal).keep
    assert not village.may_keep(None, ada.id).keep


def test_an_erased_adult_does_not_hold_a_shared_device_up(village: Village, ben: Person, shared: str) -> None:
    village.agreements.withdraw(ben.actor(), shared)
    village.change(lambda tx: tx.execute(update(person).where(person.c.id == ben.id).values(erased_at=1)))
    assert village.may_keep(shared).keep


def test_a_household_without_adults_keeps_nothing(village: Village) -> None:
    made = village.device(village.household(), DeviceMode.SHARED)
    assert not village.may_keep(made.id).keep


def test_a_restored_backup_does_not_bring_an_ended_mode_back(village: Village, personal: str) -> None:
    with village.database.read() as tx:
        backup = tx.execute(select(device).where(device.c.id == personal)).one()._asdict()
    village.devices.change_mode(personal, DeviceMode.GUEST)
    village.change(lambda tx: tx.execute(update(device).where(device.c.id == personal).values(**backup)))
    assert not village.may_keep(personal).keep


def test_a_choice_that_a_restore_lost_keeps_nothing(village: Village, ada: Person, personal: str) -> None:
    village.choose(ada, RetentionChoice.DAY)
    village.change(lambda tx: tx.execute(delete(retention_choice)))
    decision = village.may_keep(personal)
    assert not decision.keep
    assert decision.reason == "a restore lost how long to keep; it has to be chosen again"


def test_no_reason_names_anybody(village: Village, home: str, ada: Person, personal: str, shared: str) -> None:
    asked = [(personal, None), (shared, None), (None, ada.id), (None, "person_none"), ("device_none", None)]
    reasons = [village.may_keep(*each).reason for each in asked]
    village.person(home)
    reasons += [village.may_keep(*each).reason for each in asked]
    assert not traces(" ".join(reasons).encode(), "the reasons")
