"""What a grant rests on is asked for anew at every read."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Person, Standing
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import HOUR, MINUTE
from earwitness.kernel.errors import GrantInvalid
from earwitness.policy.access import Action, Resource
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema import device, person, recording
from earwitness.testing.clock import VirtualClock
from earwitness.testing.village import Village


@pytest.fixture
def home(village: Village) -> str:
    return village.household()


@pytest.fixture
def ada(village: Village, home: str) -> Person:
    return village.person(home, Standing.OWNER)


@pytest.fixture
def ben(village: Village, home: str) -> Person:
    return village.person(home)


GONE = "rested on is gone"
PURPOSES = {Action.RECORDING_REVIEW: Purpose.REVIEW}


def begun(village: Village, actor: Actor, action: Action, resource: Resource) -> Callable[[], None]:
    """Open, read once, and return what reads again under the same grant."""
    grant = village.access.open(actor, action, [resource], PURPOSES.get(action, Purpose.HISTORY))
    village.access.check(grant, action, resource.id)
    return lambda: village.access.check(grant, action, resource.id)


def test_a_history_that_is_closed_again(village: Village, ada: Person, ben: Person, home: str) -> None:
    village.say_yes(ben, Purpose.HISTORY, toward=ada.id)
    clip = village.recording(home, ben.id)
    read_again = begun(village, ada.actor(), Action.RECORDING_PLAY, clip)
    village.say_no(ben, Purpose.HISTORY, toward=ada.id)
    with pytest.raises(GrantInvalid, match=GONE):
        read_again()


def test_an_agreement_that_is_withdrawn(village: Village, ada: Person, home: str) -> None:
    shared = village.device(home, DeviceMode.SHARED).id
    village.agreements.agree(ada.actor(), shared)
    clip = village.recording(home, home, shared)
    read_again = begun(village, ada.actor(), Action.RECORDING_PLAY, clip)
    village.agreements.withdraw(ada.actor(), shared)
    with pytest.raises(GrantInvalid, match=GONE):
        read_again()


@pytest.mark.parametrize("values", [{"state": "erased"}, {"state": "deidentified"}, {"expires_at": 0}])
def test_a_recording_that_is_erased_or_past_its_time(village: Village, ada: Person, values: dict[str, Any]) -> None:
    clip = village.recording(ada.household, ada.id)
    read_again = begun(village, ada.actor(), Action.RECORDING_PLAY, clip)
    village.change(lambda tx: tx.execute(update(recording).values(**values)))
    with pytest.raises(GrantInvalid, match=GONE):
        read_again()


def test_a_recording_that_expires_meanwhile(village: Village, ada: Person, virtual_clock: VirtualClock) -> None:
    clip = village.recording(ada.household, ada.id)
    soon = {"expires_at": virtual_clock.now_ms() + MINUTE}
    village.change(lambda tx: tx.execute(update(recording).values(**soon)))
    read_again = begun(village, ada.actor(), Action.RECORDING_PLAY, clip)
    virtual_clock.advance(MINUTE)
    with pytest.raises(GrantInvalid, match=GONE):
        read_again()


def test_a_person_who_is_erased(village: Village, ada: Person, ben: Person, home: str) -> None:
    village.say_yes(ben, Purpose.HISTORY, toward=ada.id)
    clip = village.recording(home, ben.id)
    erase = update(person).where(person.c.id == ben.id).values(erased_at=1)
    for actor in (ben.actor(), ada.actor()):
        village.change(lambda tx: tx.execute(update(person).where(person.c.id == ben.id).values(erased_at=None)))
        read_again = begun(village, actor, Action.RECORDING_PLAY, clip)
        village.change(lambda tx: tx.execute(erase))
        with pytest.raises(GrantInvalid, match=GONE):
            read_again()


def test_an_owner_who_is_one_no_more(village: Village, ada: Person, home: str) -> None:
    village.person(home, Standing.OWNER)
    resource = Resource(home, home, home)
    read_again = begun(village, ada.actor(), Action.HOUSEHOLD_MANAGE, resource)
    village.people.set_standing(ada.id, Standing.MEMBER)
    with pytest.raises(GrantInvalid, match=GONE):
        read_again()


def reviewing(village: Village, ben: Person) -> tuple[Actor, Resource, str]:
    village.say_yes(ben, Purpose.REVIEW)
    made = village.device(ben.household, DeviceMode.PERSONAL, ben.id).id
    member = village.staff.register(Role.REVIEWER, "contractor", "PL")
    factor_at = village.clock.now_ms() - 12 * HOUR + MINUTE
    return member.actor(factor_at), village.recording(ben.household, ben.id, made), made


@pytest.mark.parametrize("ending", ["consent", "suspension", "certification", "second factor", "device"])
def test_review_ends_at_the_next_read(village: Village, ben: Person, virtual_clock: VirtualClock, ending: str) -> None:
    reviewer, clip, made = reviewing(village, ben)
    endings: dict[str, Callable[[], Any]] = {
        "consent": lambda: village.say_no(ben, Purpose.REVIEW),
        "suspension": lambda: village.staff.suspend(reviewer.id),
        "certification": lambda: village.staff._change(reviewer.id, certified_until=virtual_clock.now_ms()),
        "second factor": lambda: virtual_clock.advance(MINUTE + 1),
        "device": lambda: village.change(
            lambda tx: tx.execute(update(device).where(device.c.id == made).values(mode="guest"))
        ),
    }
    read_again = begun(village, reviewer, Action.RECORDING_REVIEW, clip)
    endings[ending]()
    with pytest.raises(GrantInvalid, match=GONE):
        read_again()
