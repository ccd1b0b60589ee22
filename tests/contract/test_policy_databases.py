"""Identity, consent, keeping and access on each database that the product runs on."""

import pytest
from sqlalchemy import delete, insert, select

from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Standing
from earwitness.kernel.actors import Role
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import AccessDenied, GrantInvalid
from earwitness.policy.access import Action, Resource
from earwitness.policy.purposes import NEEDED_TO_KEEP, Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.storage.database import Database
from earwitness.storage.schema import consent
from earwitness.testing.clock import VirtualClock
from earwitness.testing.village import Village


@pytest.fixture
def anywhere(fresh_database: Database, virtual_clock: VirtualClock) -> Village:
    return Village(fresh_database, virtual_clock)


def test_a_shared_device_from_pairing_to_hearing(anywhere: Village) -> None:
    v, home = anywhere, anywhere.household()
    ada, ben = v.person(home, Standing.OWNER), v.person(home)
    shared = v.device(home, DeviceMode.SHARED).id
    for who in (ada, ben):
        v.say_yes(who, *NEEDED_TO_KEEP)
        v.agreements.agree(who.actor(), shared)
    v.choose(ben, RetentionChoice.DAY)
    decision = v.may_keep(shared)
    assert (decision.keep, decision.subject, decision.lifetime_ms) == (True, home, RetentionChoice.DAY.lifetime_ms)
    clips = [v.recording(home, home, shared), v.recording(home, ada.id)]
    grant = v.access.open(ada.actor(), Action.RECORDING_PLAY, clips, Purpose.HISTORY)
    v.agreements.withdraw(ada.actor(), shared)
    v.access.check(grant, Action.RECORDING_PLAY, clips[1].id)
    with pytest.raises(GrantInvalid):
        v.access.check_all(grant, Action.RECORDING_PLAY, [each.id for each in clips])
    assert not v.may_keep(shared).keep
    v.agreements.agree(ada.actor(), shared)
    v.devices.change_mode(shared, DeviceMode.PERSONAL, ben.id)
    v.agreements.confirm(ben.actor(), shared)
    assert v.may_keep(shared).subject == ben.id
    assert v.people.find(ada.name or "") == ada


def test_a_restored_yes_does_not_count(anywhere: Village) -> None:
    v = anywhere
    who = v.person(v.household())
    v.say_yes(who, *NEEDED_TO_KEEP)
    with v.database.read() as tx:
        backup = [row._asdict() for row in tx.execute(select(consent))]
    v.say_no(who, *NEEDED_TO_KEEP)
    v.choose(who, RetentionChoice.DAY)
    v.change(lambda tx: (tx.execute(delete(consent)), tx.execute(insert(consent), backup)))
    assert not v.may_keep(None, who.id).keep


def test_identity_takes_two(anywhere: Village) -> None:
    v = anywhere
    who = v.person(v.household())
    ada = Resource(who.id, who.id, who.household)
    now = v.clock.now_ms()
    asks, approves = (v.staff.register(role, "household", "DE").actor(now) for role in (Role.OPERATOR, Role.AUDITOR))
    request = v.approvals.request(asks, Action.PERSON_IDENTIFY, who.id, Purpose.SUPPORT)
    with pytest.raises(AccessDenied):
        v.access.open(asks, Action.PERSON_IDENTIFY, [ada], Purpose.SUPPORT)
    v.approvals.approve(approves, request.id)
    v.access.open(asks, Action.PERSON_IDENTIFY, [ada], Purpose.SUPPORT)
    v.staff.suspend(asks.id)
    with pytest.raises(AccessDenied):
        v.access.open(asks, Action.PERSON_IDENTIFY, [ada], Purpose.SUPPORT)
    later = now + 31 * DAY
    assert set(v.staff.lapse_unused(later)) == {asks.id, approves.id}
