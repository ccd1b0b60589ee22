from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from earwitness.identity.changes import Change
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Age, Person
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.errors import AccessDenied, BadInput, NotFound
from earwitness.storage.schema import device_agreement, person, tombstone
from earwitness.testing.canary import OTHER_NAME
from earwitness.testing.village import Village


@pytest.fixture
def home(village: Village) -> str:
    return village.household()


@pytest.fixture
def ada(village: Village, home: str) -> Person:
    return village.person(home)


@pytest.fixture
def ben(village: Village, home: str) -> Person:
    return village.person(home)


def buried(village: Village) -> int:
    with village.database.read() as tx:
        return len(tx.execute(select(tombstone)).all())


def test_a_device_is_added_listed_found_renamed_and_removed(village: Village, home: str) -> None:
    made = village.devices.add(home, OTHER_NAME, DeviceMode.GUEST)
    assert village.devices.list(home) == [made]
    assert village.devices.find(home, OTHER_NAME.upper()) == made
    assert village.devices.find(home, made.id) == made
    assert village.devices.rename(made.id, "Radio").label == "Radio"
    village.devices.remove(made.id)
    assert village.devices.list(home) == []
    with pytest.raises(NotFound):
        village.devices.get(made.id)
    with pytest.raises(NotFound):
        village.devices.remove(made.id)


@pytest.mark.parametrize("mode", [DeviceMode.SHARED, DeviceMode.GUEST, DeviceMode.CHILD])
def test_only_a_personal_device_names_a_person(village: Village, home: str, ada: Person, mode: DeviceMode) -> None:
    with pytest.raises(BadInput):
        village.device(home, mode, ada.id)
    with pytest.raises(BadInput):
        village.device(home, DeviceMode.PERSONAL)


def test_a_personal_device_belongs_to_an_adult_of_its_household(village: Village, home: str) -> None:
    child = village.person(home, age=Age.CHILD)
    stranger = village.person(village.household())
    for nobody in (child.id, stranger.id):
        with pytest.raises(BadInput):
            village.device(home, DeviceMode.PERSONAL, nobody)
    with pytest.raises(NotFound):
        village.device(home, DeviceMode.PERSONAL, "person_none")


def test_only_its_adult_confirms_a_personal_device(village: Village, home: str, ada: Person, ben: Person) -> None:
    made = village.device(home, DeviceMode.PERSONAL, ada.id)
    assert made.confirmed_at is None
    with pytest.raises(AccessDenied):
        village.agreements.confirm(ben.actor(), made.id)
    village.agreements.confirm(ada.actor(), made.id)
    village.agreements.confirm(ada.actor(), made.id)
    assert village.devices.get(made.id).confirmed_at == village.clock.now_ms()
    assert [(each.subject, each.what, each.detail) for each in village.log.changes] == [
        (ada.id, Change.DEVICE_CONFIRMED, made.id)
    ]


def test_a_shared_device_is_agreed_to_and_the_yes_taken_back(
    village: Village, home: str, ada: Person, ben: Person
) -> None:
    made = village.device(home, DeviceMode.SHARED)
    village.agreements.agree(ada.actor(), made.id)
    village.agreements.agree(ben.actor(), made.id)
    village.agreements.agree(ben.actor(), made.id)
    assert village.devices.get(made.id).agreed == tuple(sorted([ada.id, ben.id]))
    village.agreements.withdraw(ben.actor(), made.id)
    village.agreements.withdraw(ben.actor(), made.id)
    assert village.devices.get(made.id).agreed == (ada.id,)
    assert buried(village) == 1
    village.agreements.agree(ben.actor(), made.id)
    assert village.devices.get(made.id).agreed == tuple(sorted([ada.id, ben.id]))
    assert [each.what for each in village.log.changes if each.subject == ben.id] == [
        Change.DEVICE_AGREED,
        Change.AGREEMENT_WITHDRAWN,
        Change.DEVICE_AGREED,
    ]


def test_a_restored_backup_does_not_bring_an_agreement_back(village: Village, home: str, ada: Person) -> None:
    made = village.device(home, DeviceMode.SHARED)
    village.agreements.agree(ada.actor(), made.id)
    with village.database.read() as tx:
        before = tx.execute(select(device_agreement)).one()._asdict()
    village.agreements.withdraw(ada.actor(), made.id)
    village.change(lambda tx: tx.execute(update(device_agreement).values(**before)))
    assert village.devices.get(made.id).agreed == ()
    village.agreements.agree(ada.actor(), made.id)  # and it can be given anew
    assert village.devices.get(made.id).agreed == (ada.id,)


def refused_agreements(village: Village, home: str) -> list[Actor]:
    child = village.person(home, age=Age.CHILD)
    stranger = village.person(village.household())
    return [child.actor(), stranger.actor(), village.staff.register(Role.REVIEWER, "contractor", "DE").actor(0)]


def test_only_adults_of_the_household_agree(village: Village, home: str) -> None:
    made = village.device(home, DeviceMode.SHARED)
    erased = village.person(home)
    village.change(lambda tx: tx.execute(update(person).where(person.c.id == erased.id).values(erased_at=1)))
    for actor in [*refused_agreements(village, home), erased.actor()]:
        for answer in (village.agreements.agree, village.agreements.withdraw):
            with pytest.raises(AccessDenied):
                answer(actor, made.id)
    assert village.devices.get(made.id).agreed == ()


def test_each_mode_has_its_own_yes(village: Village, home: str, ada: Person) -> None:
    personal = village.device(home, DeviceMode.PERSONAL, ada.id)
    shared = village.device(home, DeviceMode.SHARED)
    guest = village.device(home, DeviceMode.GUEST)
    wrong: list[Callable[[], None]] = [
        lambda: village.agreements.agree(ada.actor(), personal.id),
        lambda: village.agreements.agree(ada.actor(), guest.id),
        lambda: village.agreements.confirm(ada.actor(), shared.id),
        lambda: village.agreements.confirm(ada.actor(), guest.id),
    ]
    for attempt in wrong:
        with pytest.raises(BadInput):
            attempt()


def test_a_changed_mode_needs_every_yes_anew(village: Village, home: str, ada: Person) -> None:
    made = village.device(home, DeviceMode.PERSONAL, ada.id)
    village.agreements.confirm(ada.actor(), made.id)
    village.devices.change_mode(made.id, DeviceMode.SHARED)
    village.agreements.agree(ada.actor(), made.id)
    again = village.devices.change_mode(made.id, DeviceMode.PERSONAL, ada.id)
    assert again.confirmed_at is None
    shared = village.devices.change_mode(made.id, DeviceMode.SHARED)
    assert shared.agreed == ()
    assert buried(village) == 4  # three declared modes, one agreement
