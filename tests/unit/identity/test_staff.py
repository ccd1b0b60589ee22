import pytest

from earwitness.identity.staff import QUARTER, UNUSED_AFTER
from earwitness.kernel.actors import Role
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import AccessDenied, BadInput, NotFound
from earwitness.testing.clock import VirtualClock
from earwitness.testing.village import Village


def test_staff_are_registered_for_a_quarter(village: Village) -> None:
    made = village.staff.register(Role.REVIEWER, "contractor", "de")
    now = village.clock.now_ms()
    assert (made.country, made.certified_until) == ("DE", now + QUARTER)
    assert made.is_active(now)
    assert not made.is_active(now + QUARTER)
    assert village.staff.list() == [made]
    assert made.actor(5).second_factor_at == 5


@pytest.mark.parametrize(
    ("role", "employer", "country"),
    [
        (Role.OWNER, "contractor", "DE"),
        (Role.PROGRAM, "contractor", "DE"),
        (Role.REVIEWER, "", "DE"),
        (Role.REVIEWER, "contractor", "Germany"),
        (Role.REVIEWER, "contractor", "D1"),
    ],
)
def test_what_is_no_staff_is_refused(village: Village, role: Role, employer: str, country: str) -> None:
    with pytest.raises(BadInput):
        village.staff.register(role, employer, country)
    assert village.staff.list() == []


def test_an_operator_certifies_others_and_never_themself(village: Village, virtual_clock: VirtualClock) -> None:
    operator = village.staff.register(Role.OPERATOR, "household", "DE")
    reviewer = village.staff.register(Role.REVIEWER, "contractor", "PL")
    virtual_clock.advance(QUARTER - DAY)
    again = village.staff.certify(operator.actor(None), reviewer.id)
    assert again.certified_until == village.clock.now_ms() + QUARTER
    for by, whom in ((operator, operator), (reviewer, operator), (reviewer, reviewer)):
        with pytest.raises(AccessDenied):
            village.staff.certify(by.actor(None), whom.id)
    virtual_clock.advance(DAY)
    with pytest.raises(AccessDenied):  # the operator's own certification has ended
        village.staff.certify(operator.actor(None), reviewer.id)


def test_suspending_is_at_once_and_a_suspended_operator_certifies_nobody(village: Village) -> None:
    operator = village.staff.register(Role.OPERATOR, "household", "DE")
    reviewer = village.staff.register(Role.REVIEWER, "contractor", "PL")
    assert not village.staff.suspend(reviewer.id).is_active(village.clock.now_ms())
    assert village.staff.certify(operator.actor(None), reviewer.id).is_active(village.clock.now_ms())
    village.staff.suspend(operator.id)
    with pytest.raises(AccessDenied):
        village.staff.certify(operator.actor(None), reviewer.id)
    with pytest.raises(NotFound):
        village.staff.suspend("staff_none")


def test_rights_that_are_not_used_lapse(village: Village, virtual_clock: VirtualClock) -> None:
    stale = village.staff.register(Role.REVIEWER, "contractor", "PL")
    virtual_clock.advance(UNUSED_AFTER - 1)
    assert village.staff.lapse_unused(virtual_clock.now_ms()) == []
    fresh = village.staff.register(Role.REVIEWER, "contractor", "PL")
    virtual_clock.advance(1)
    assert village.staff.lapse_unused(virtual_clock.now_ms()) == [stale.id]
    assert village.staff.lapse_unused(virtual_clock.now_ms()) == []
    assert not village.staff.get(stale.id).is_active(virtual_clock.now_ms())
    assert village.staff.get(fresh.id).is_active(virtual_clock.now_ms())
