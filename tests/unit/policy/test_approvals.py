from collections.abc import Callable
from dataclasses import dataclass

import pytest

from earwitness.identity.people import Person
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import HOUR
from earwitness.kernel.errors import AccessDenied, BadInput, GrantInvalid, NotFound
from earwitness.policy.access import Action, Resource
from earwitness.policy.approvals import APPROVAL_LASTS, REQUEST_LASTS
from earwitness.policy.purposes import Purpose
from earwitness.testing.clock import VirtualClock
from earwitness.testing.village import Village

IDENTIFY, LEDGER = Action.PERSON_IDENTIFY, Action.LEDGER_READ
LEGAL, SUPPORT = Purpose.LEGAL, Purpose.SUPPORT


@pytest.fixture
def ada(village: Village) -> Resource:
    who: Person = village.person(village.household())
    return Resource(who.id, who.id, who.household)


@pytest.fixture
def staff(village: Village) -> Callable[..., Actor]:
    """Register a staff member, signed in now unless said otherwise."""

    def register(role: Role, factor_age: int | None = 0) -> Actor:
        now = village.clock.now_ms()
        return village.staff.register(role, "household", "DE").actor(None if factor_age is None else now - factor_age)

    return register


Register = Callable[..., Actor]


@dataclass(frozen=True)
class What:
    role: Role
    action: Action
    purpose: Purpose


def approved(village: Village, asks: Actor, approves: Actor, who: Resource, what: What) -> None:
    request = village.approvals.request(asks, what.action, who.id, what.purpose)
    village.approvals.approve(approves, request.id)


IDENTITY = What(Role.OPERATOR, IDENTIFY, LEGAL)


@pytest.mark.parametrize(
    "what",
    [
        What(Role.OPERATOR, IDENTIFY, SUPPORT),
        What(Role.OPERATOR, IDENTIFY, LEGAL),
        What(Role.AUDITOR, IDENTIFY, SUPPORT),
        What(Role.AUDITOR, IDENTIFY, LEGAL),
        What(Role.AUDITOR, LEDGER, LEGAL),
    ],
)
def test_two_different_people_open_it_together(village: Village, staff: Register, ada: Resource, what: What) -> None:
    asks, approves = staff(what.role), staff(Role.OPERATOR)
    with pytest.raises(AccessDenied):
        village.access.open(asks, what.action, [ada], what.purpose)
    approved(village, asks, approves, ada, what)
    grant = village.access.open(asks, what.action, [ada], what.purpose)
    village.access.check(grant, what.action, ada.id)
    with pytest.raises(AccessDenied):  # the approval is the requester's alone
        village.access.open(approves, what.action, [ada], what.purpose)


@pytest.mark.parametrize(
    "what",
    [
        What(Role.REVIEWER, IDENTIFY, LEGAL),
        What(Role.REVIEWER, LEDGER, LEGAL),
        What(Role.OPERATOR, LEDGER, LEGAL),
        What(Role.AUDITOR, LEDGER, SUPPORT),
        What(Role.AUDITOR, Action.RECORDING_PLAY, LEGAL),
        What(Role.AUDITOR, Action.PERSON_EXPORT, LEGAL),
    ],
)
def test_an_approval_adds_no_right_that_no_policy_gives(
    village: Village, staff: Register, ada: Resource, what: What
) -> None:
    asks = staff(what.role)
    approved(village, asks, staff(Role.AUDITOR), ada, what)
    with pytest.raises(AccessDenied):
        village.access.open(asks, what.action, [ada], what.purpose)


def test_an_approval_is_for_one_request(village: Village, staff: Register, ada: Resource) -> None:
    asks = staff(Role.OPERATOR)
    other = village.person(ada.household)
    approved(village, asks, staff(Role.AUDITOR), ada, IDENTITY)
    for resource, purpose in ((ada, SUPPORT), (Resource(other.id, other.id, other.household), LEGAL)):
        with pytest.raises(AccessDenied):
            village.access.open(asks, IDENTIFY, [resource], purpose)
    both = [ada, Resource(other.id, other.id, other.household)]
    with pytest.raises(AccessDenied):
        village.access.open(asks, IDENTIFY, both, LEGAL)


def test_nobody_approves_their_own_request(village: Village, staff: Register, ada: Resource) -> None:
    asks = staff(Role.OPERATOR)
    request = village.approvals.request(asks, IDENTIFY, ada.id, LEGAL)
    with pytest.raises(AccessDenied):
        village.approvals.approve(asks, request.id)
    assert village.approvals.pending() == [request]
    with pytest.raises(AccessDenied):
        village.access.open(asks, IDENTIFY, [ada], LEGAL)


def test_only_active_staff_with_a_second_factor_take_part(village: Village, staff: Register, ada: Resource) -> None:
    suspended = staff(Role.OPERATOR)
    village.staff.suspend(suspended.id)
    person = village.person(ada.household)
    outside = [
        staff(Role.OPERATOR, None),
        staff(Role.OPERATOR, 12 * HOUR + 1),
        staff(Role.OPERATOR, -1),
        suspended,
        person.actor(village.clock.now_ms()),
        Actor(staff(Role.REVIEWER).id, Role.OPERATOR, None, village.clock.now_ms()),
    ]
    request = village.approvals.request(staff(Role.AUDITOR, 12 * HOUR), IDENTIFY, ada.id, LEGAL)
    for actor in outside:
        with pytest.raises(AccessDenied):
            village.approvals.request(actor, IDENTIFY, ada.id, LEGAL)
        with pytest.raises(AccessDenied):
            village.approvals.approve(actor, request.id)
    with pytest.raises(AccessDenied):
        village.approvals.approve(staff(Role.REVIEWER), request.id)
    assert len(village.approvals.pending()) == 1


def test_a_request_and_an_approval_expire(
    village: Village, staff: Register, ada: Resource, virtual_clock: VirtualClock
) -> None:
    asks, approves = staff(Role.OPERATOR), staff(Role.AUDITOR)
    request = village.approvals.request(asks, IDENTIFY, ada.id, LEGAL)
    virtual_clock.advance(REQUEST_LASTS)
    approves_later, asks_later = staff(Role.AUDITOR), village.staff.get(asks.id).actor(virtual_clock.now_ms())
    with pytest.raises(NotFound):
        village.approvals.approve(approves_later, request.id)
    assert village.approvals.pending() == []
    approved(village, asks_later, approves_later, ada, IDENTITY)
    virtual_clock.advance(APPROVAL_LASTS - 1)
    grant = village.access.open(asks_later, IDENTIFY, [ada], LEGAL)
    virtual_clock.advance(1)
    with pytest.raises(GrantInvalid):
        village.access.check(grant, IDENTIFY, ada.id)
    with pytest.raises(AccessDenied):
        village.access.open(asks_later, IDENTIFY, [ada], LEGAL)
    assert approves.id != approves_later.id


def test_an_approval_goes_with_who_gave_it(village: Village, staff: Register, ada: Resource) -> None:
    asks, approves = staff(Role.OPERATOR), staff(Role.AUDITOR)
    approved(village, asks, approves, ada, IDENTITY)
    grant = village.access.open(asks, IDENTIFY, [ada], LEGAL)
    village.staff.suspend(approves.id)
    with pytest.raises(GrantInvalid):
        village.access.check(grant, IDENTIFY, ada.id)
    with pytest.raises(AccessDenied, match="identity-takes-two"):
        village.access.open(asks, IDENTIFY, [ada], LEGAL)


def test_it_is_approved_once_and_only_for_what_takes_two(village: Village, staff: Register, ada: Resource) -> None:
    request = village.approvals.request(staff(Role.OPERATOR), IDENTIFY, ada.id, LEGAL)
    village.approvals.approve(staff(Role.AUDITOR), request.id)
    with pytest.raises(BadInput):
        village.approvals.approve(staff(Role.AUDITOR), request.id)
    with pytest.raises(BadInput):
        village.approvals.request(staff(Role.OPERATOR), IDENTIFY, ada.id, Purpose.REVIEW)
    with pytest.raises(NotFound):
        village.approvals.approve(staff(Role.AUDITOR), "approval_none")
