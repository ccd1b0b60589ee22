"""P8 (the data part): staff open data only with a second factor, a purpose and an expiring grant; identity takes two.

Tried, as staff who do not exist: to open a recording without a second factor, with one, with a stale
one; to use a grant after its end, for something else, and one that was made up; to learn who somebody
is alone, and with one's own approval.
"""

import dataclasses

from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import DAY, MINUTE, Clock
from earwitness.kernel.errors import GrantInvalid, Refused
from earwitness.policy.access import Access, Action, Resource
from earwitness.policy.purposes import Purpose
from earwitness.promises.canary import Canary
from earwitness.promises.checks import must_refuse, require

ROLES = (Role.REVIEWER, Role.OPERATOR, Role.AUDITOR)


@dataclasses.dataclass(frozen=True, slots=True)
class _Later:
    """The installation's clock, some milliseconds ahead."""

    clock: Clock
    ahead: int

    def now_ms(self) -> int:
        """Wall time, ahead."""
        return self.clock.now_ms() + self.ahead

    def running_ms(self) -> int:
        """Running time, ahead."""
        return self.clock.running_ms() + self.ahead


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    house, anna = canary.house, canary.anna
    sample = canary.keep(anna)
    resource = Resource(id=sample.id, subject=anna.id, household=canary.household)
    person = Resource(id=anna.id, subject=anna.id, household=canary.household)
    now = house.clock.now_ms()
    tries = 0
    for role in ROLES:
        member = house.directory.staff.register(role, "promise check", "XX")
        try:
            for factor in (None, now - 2 * DAY, now):
                actor = Actor(member.id, role, None, factor, "promise check", "XX")
                for purpose in Purpose:
                    for action in (Action.RECORDING_PLAY, Action.RECORDING_READ, Action.RECORDING_EXPORT):
                        must_refuse(f"{action} by a {role}", _opening(house.access, actor, action, resource, purpose))
                        tries += 1
                    must_refuse(
                        f"learning who somebody is, by a {role} alone",
                        _opening(house.access, actor, Action.PERSON_IDENTIFY, person, purpose),
                    )
                    tries += 1
        finally:
            house.directory.staff.suspend(member.id)
    _grants(canary, resource)
    return f"{tries} attempts as staff were refused; a stale, a borrowed and a made-up grant opened nothing"


def _opening(access: Access, actor: Actor, action: Action, resource: Resource, purpose: Purpose):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return lambda: access.open(actor, action, [resource], purpose)


def _grants(canary: Canary, resource: Resource) -> None:
    house = canary.house
    grant = house.access.open(canary.anna.actor, Action.RECORDING_PLAY, [resource], Purpose.HISTORY)
    house.access.check(grant, Action.RECORDING_PLAY, resource.id)
    must_refuse(
        "Using a grant for another action",
        lambda: house.access.check(grant, Action.RECORDING_EXPORT, resource.id),
        GrantInvalid,
    )
    must_refuse(
        "Using a grant for another recording",
        lambda: house.access.check(grant, Action.RECORDING_PLAY, "recording_other"),
        GrantInvalid,
    )
    must_refuse("Making a grant up", lambda: dataclasses.replace(grant, expires_at=grant.expires_at + DAY), Refused, TypeError)
    require(grant.expires_at <= house.clock.now_ms() + 5 * MINUTE, "A grant lasts longer than five minutes.")
    house.access.revoke(grant.id)
    must_refuse(
        "Using a revoked grant",
        lambda: house.access.check(grant, Action.RECORDING_PLAY, resource.id),
        GrantInvalid,
    )
