"""Approvals: what takes two members of staff. One asks, a different one approves, and it expires.

Both need a second factor not older than 12 hours and a certification that stands. Whether an approval
lets anything be opened is decided by the policies (rules/identity.cedar, rules/forbid.cedar).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from earwitness.identity.staff import StaffMember, staff_member
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import HOUR, Clock
from earwitness.kernel.errors import AccessDenied, BadInput, NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.policy.actions import Action
from earwitness.policy.purposes import Purpose
from earwitness.storage.database import Database
from earwitness.storage.schema import approval

SECOND_FACTOR_LASTS = 12 * HOUR
REQUEST_LASTS = 72 * HOUR
APPROVAL_LASTS = 8 * HOUR
_PURPOSES = {Purpose.SUPPORT, Purpose.LEGAL}
_APPROVERS = {Role.OPERATOR, Role.AUDITOR}


@dataclass(frozen=True, slots=True)
class Approval:
    """A request that waits for, or has, a second person's yes. Moments in ms since the epoch."""

    id: str
    action: Action
    resource: str
    purpose: Purpose
    requested_by: str
    requested_at: int
    approved_by: str | None
    approved_at: int | None
    expires_at: int


class Approvals:
    """Takes requests and approvals."""

    def __init__(self, database: Database, clock: Clock, random: RandomBytes = secrets.token_bytes) -> None:
        """Keep them in ``database``."""
        self._database = database
        self._clock = clock
        self._random = random

    def request(self, actor: Actor, action: Action, resource: str, purpose: Purpose) -> Approval:
        """Ask for another's yes; the request waits for three days.

        Raises:
            AccessDenied: the actor is no active staff member with a second factor.
            BadInput: nothing for this purpose takes an approval.
        """
        if purpose not in _PURPOSES:
            raise BadInput("Only a support or a legal purpose takes an approval.")
        now = self._clock.now_ms()
        row = {
            "id": new_id("approval", self._random),
            "action": str(action),
            "resource": resource,
            "purpose": str(purpose),
            "requested_by": actor.id,
            "requested_at": now,
            "expires_at": now + REQUEST_LASTS,
        }
        with self._database.write() as tx:
            _require_active(tx, actor, now)
            tx.execute(insert(approval), [row])
            return _read(_row(tx, str(row["id"]), now))

    def approve(self, actor: Actor, approval_id: str) -> Approval:
        """Give the second yes; it lasts eight hours.

        Raises:
            NotFound: there is no such request, or it has expired.
            AccessDenied: the actor asked for it themself, is no operator or auditor, or lacks a second factor.
            BadInput: it was approved already.
        """
        now = self._clock.now_ms()
        with self._database.write() as tx:
            self._database.serialize(tx, f"approval/{approval_id}")
            row = _row(tx, approval_id, now)
            if _require_active(tx, actor, now).role not in _APPROVERS:
                raise AccessDenied("An operator or an auditor approves.")
            if row.requested_by == actor.id:
                raise AccessDenied("Nobody approves their own request.", next_step="Ask another member of staff.")
            if row.approved_by is not None:
                raise BadInput("This was approved already.")
            values = {"approved_by": actor.id, "approved_at": now, "expires_at": now + APPROVAL_LASTS}
            tx.execute(update(approval).where(approval.c.id == approval_id).values(**values))
            return _read(_row(tx, approval_id, now))

    def pending(self) -> Sequence[Approval]:
        """Return the requests that wait, oldest first."""
        query = select(approval).where(approval.c.approved_by.is_(None), approval.c.expires_at > self._clock.now_ms())
        with self._database.read() as tx:
            return [_read(row) for row in tx.execute(query.order_by(approval.c.requested_at, approval.c.id))]


def _require_active(tx: Connection, actor: Actor, now: int) -> StaffMember:
    try:
        member = staff_member(tx, actor.id)
    except NotFound as error:
        raise AccessDenied("Approvals are for staff.") from error
    if member.role is not actor.role or not member.is_active(now):
        raise AccessDenied("Only active staff take part in approvals.")
    since = actor.second_factor_at
    if since is None or not 0 <= now - since <= SECOND_FACTOR_LASTS:
        raise AccessDenied("This needs a second factor.", next_step="Sign in with your second factor again.")
    return member


def _row(tx: Connection, approval_id: str, now: int) -> Row[Any]:
    row = tx.execute(select(approval).where(approval.c.id == approval_id, approval.c.expires_at > now)).first()
    if row is None:
        raise NotFound("There is no such request, or it has expired.")
    return row


def _read(row: Row[Any]) -> Approval:
    return Approval(
        row.id,
        Action(row.action),
        row.resource,
        Purpose(row.purpose),
        row.requested_by,
        row.requested_at,
        row.approved_by,
        row.approved_at,
        row.expires_at,
    )
