"""Who asks, checked against the database: a role that was taken away is gone at the next question."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from earwitness.identity.staff import StaffMember, staff_member
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.errors import AccessDenied, NotFound
from earwitness.policy.actions import Asked
from earwitness.policy.facts import PersonFacts, person_facts
from earwitness.storage.schema import approval

UNKNOWN = "Nobody of that id and role is known here."


@dataclass(frozen=True, slots=True)
class Principal:
    """One who asks. ``actor`` tells the truth of the database about employer and country."""

    actor: Actor
    known: PersonFacts | StaffMember | None
    """None: a program"""


def find_principal(tx: Connection, actor: Actor) -> Principal:
    """Look the actor up.

    Raises:
        AccessDenied: nobody of this id, role and household is here.
    """
    if actor.role is Role.PROGRAM:
        return Principal(actor, None)
    if actor.role.is_staff:
        return _find_staff(tx, actor)
    who = person_facts(tx, [actor.id]).get(actor.id)
    if who is None or _role(who) is not actor.role or actor.household not in {None, who.household}:
        raise AccessDenied(UNKNOWN, next_step="Sign in again.")
    return Principal(replace(actor, employer="", country=""), who)


def approvers(tx: Connection, asked: Asked) -> dict[str, StaffMember]:
    """Return, by resource, who approved this very request of this actor, where the approval stands."""
    query = select(approval.c.resource, approval.c.approved_by).where(
        approval.c.action == str(asked.action),
        approval.c.purpose == str(asked.purpose),
        approval.c.requested_by == asked.actor.id,
        approval.c.resource.in_([each.id for each in asked.resources]),
        approval.c.approved_by.is_not(None),
        approval.c.approved_by != asked.actor.id,
        approval.c.expires_at > asked.now,
    )
    return {row.resource: staff_member(tx, row.approved_by) for row in tx.execute(query).all()}


def _find_staff(tx: Connection, actor: Actor) -> Principal:
    try:
        member = staff_member(tx, actor.id)
    except NotFound as error:
        raise AccessDenied(UNKNOWN, next_step="Sign in again.") from error
    if member.role is not actor.role:
        raise AccessDenied(UNKNOWN, next_step="Sign in again.")
    return Principal(replace(actor, household=None, employer=member.employer, country=member.country), member)


def _role(who: PersonFacts) -> Role:
    if not who.adult:
        return Role.CHILD
    return Role.OWNER if who.owner else Role.MEMBER
