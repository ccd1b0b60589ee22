"""P8: staff open data only with a second factor, a purpose and an expiring grant; identity takes two.

Tried, as staff who do not exist: to open a recording without a second factor, with a stale one and
with a fresh one, for every purpose; to learn who somebody is alone. And with a grant that is good: to
use it for something else, after it was revoked, and six minutes later by a clock that is set ahead. And at the staff
door: a wrong password, no code, a wrong one, one that was used, and a purpose of another role; then a right sign-in,
whose session ends by itself and with a suspension.
"""

from collections.abc import Callable

from earwitness.bootstrap import House
from earwitness.identity.staff import StaffMember
from earwitness.kernel.actors import Role
from earwitness.kernel.clock import DAY, MINUTE
from earwitness.kernel.errors import BadInput, GrantInvalid
from earwitness.policy.access import Access, Action, Resource
from earwitness.policy.grants import Grant
from earwitness.policy.purposes import Purpose
from earwitness.promises.ahead import ClockAhead
from earwitness.promises.canary import Canary
from earwitness.promises.checks import must_refuse
from earwitness.promises.staff_door import try_the_door

ROLES = (Role.REVIEWER, Role.OPERATOR, Role.AUDITOR)
OPENING = (Action.RECORDING_PLAY, Action.RECORDING_READ, Action.RECORDING_EXPORT)
GRANT_ENDS_BY = 6 * MINUTE


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    house = canary.house
    sample = canary.keep(canary.anna)
    resource = Resource(id=sample.id, subject=canary.anna.id, household=canary.household)
    tries = 0
    for role in ROLES:
        member = house.directory.staff.register(role, "promise check", "XX")
        try:
            tries += _as_staff(house, member, resource)
        finally:
            _dismiss(house, member.id)
    _with_a_grant(canary, resource)
    try_the_door(house)
    return (
        f"{tries} attempts as staff were refused; a misused, a made-up, a revoked and a late grant opened nothing; "
        "nobody signed in without password, code and a purpose of their role; a session ended by itself and by a "
        "suspension"
    )


def _dismiss(house: House, staff_id: str) -> None:
    """Let nothing remain of somebody made up; if they did open something, they stay listed and are suspended."""
    try:
        house.directory.staff.forget(staff_id)
    except BadInput:
        house.directory.staff.suspend(staff_id)


def _as_staff(house: House, member: StaffMember, recording: Resource) -> int:
    person = Resource(id=recording.subject, subject=recording.subject, household=recording.household)
    now, tries = house.clock.now_ms(), 0
    for factor in (None, now - 2 * DAY, now):
        for purpose in Purpose:
            for action, resource in [*((each, recording) for each in OPENING), (Action.PERSON_IDENTIFY, person)]:
                opening = _opening(house.access, member, factor, action, resource, purpose)
                must_refuse(f"{action} for {purpose} by a {member.role}", opening)
                tries += 1
    return tries


def _opening(  # noqa: PLR0913, PLR0917 - everything an attempt consists of
    access: Access, member: StaffMember, factor: int | None, action: Action, resource: Resource, purpose: Purpose
) -> Callable[[], Grant]:
    return lambda: access.open(member.actor(factor), action, [resource], purpose)


def _with_a_grant(canary: Canary, resource: Resource) -> None:
    house = canary.house
    clock = ClockAhead(house.clock)
    access = Access(house.database, clock, house.audit.record_access)

    def opened() -> Grant:
        return access.open(canary.anna.actor, Action.RECORDING_PLAY, [resource], Purpose.HISTORY)

    def use(grant: Grant, action: Action = Action.RECORDING_PLAY, of: str = resource.id) -> Callable[[], None]:
        return lambda: access.check(grant, action, of)

    grant = opened()
    use(grant)()
    must_refuse("Using a grant for another action", use(grant, Action.RECORDING_EXPORT), GrantInvalid)
    must_refuse("Using a grant for another recording", use(grant, of="rec_of_another"), GrantInvalid)
    must_refuse("Using a grant elsewhere", lambda: house.access.check(grant, grant.action, resource.id), GrantInvalid)
    access.revoke(grant.id)
    must_refuse("Using a revoked grant", use(grant), GrantInvalid)
    late = opened()
    clock.ahead = GRANT_ENDS_BY
    must_refuse("Using a grant after its end", use(late), GrantInvalid)
