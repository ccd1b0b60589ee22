"""Staff: reviewers, operators and auditors. No names: an id, the employer's kind and the country.

A right lasts a quarter and is certified anew by somebody else; one that is not used for 30 days
lapses; suspending takes effect on the next read of anything.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from earwitness.identity.names import clean_name
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import DAY, Clock
from earwitness.kernel.errors import AccessDenied, BadInput, NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.storage.database import Database
from earwitness.storage.schema import staff

QUARTER = 92 * DAY
UNUSED_AFTER = 30 * DAY
COUNTRY_LETTERS = 2


@dataclass(frozen=True, slots=True)
class StaffMember:
    """One who works here without being of a household; moments in ms since the epoch."""

    id: str
    role: Role
    employer: str
    country: str
    created_at: int
    certified_until: int
    last_used_at: int | None
    suspended_at: int | None

    def is_active(self, now: int) -> bool:
        """Say whether they are certified and not suspended at ``now``."""
        return self.suspended_at is None and now < self.certified_until

    def actor(self, second_factor_at: int | None) -> Actor:
        """Return them as one who asks; authenticating them is the caller's duty."""
        return Actor(self.id, self.role, None, second_factor_at, self.employer, self.country)


class Staff:
    """The staff of this installation."""

    def __init__(self, database: Database, clock: Clock, random: RandomBytes = secrets.token_bytes) -> None:
        """Keep staff in ``database``."""
        self._database = database
        self._clock = clock
        self._random = random

    def register(self, role: Role, employer: str, country: str) -> StaffMember:
        """Register a staff member, certified for a quarter.

        Args:
            role: reviewer, operator or auditor.
            employer: its kind as people are shown it, e.g. ``contractor``; never a name.
            country: two letters, ISO 3166-1.

        Raises:
            BadInput: the role is no staff role, or employer or country is no good.
        """
        if not role.is_staff:
            raise BadInput("Staff are reviewers, operators or auditors.")
        if not (len(country) == COUNTRY_LETTERS and country.isascii() and country.isalpha()):
            raise BadInput("The country is not two letters.", next_step="Write it as in ISO 3166-1, e.g. DE.")
        now = self._clock.now_ms()
        row = {
            "id": new_id("staff", self._random),
            "role": str(role),
            "employer": clean_name(employer, what="employer"),
            "country": country.upper(),
            "created_at": now,
            "certified_until": now + QUARTER,
        }
        with self._database.write() as tx:
            tx.execute(insert(staff), [row])
        return self.get(str(row["id"]))

    def get(self, staff_id: str) -> StaffMember:
        """Return one staff member.

        Raises:
            NotFound: there is none with this id.
        """
        with self._database.read() as tx:
            return staff_member(tx, staff_id)

    def list(self) -> Sequence[StaffMember]:
        """Return all staff, also the suspended, oldest first."""
        with self._database.read() as tx:
            rows = tx.execute(select(staff).order_by(staff.c.created_at, staff.c.id)).all()
        return [_read(row) for row in rows]

    def suspend(self, staff_id: str) -> StaffMember:
        """Suspend at once; anybody may, for this is the safe direction.

        Raises:
            NotFound: there is none with this id.
        """
        return self._change(staff_id, suspended_at=self._clock.now_ms())

    def forget(self, staff_id: str) -> None:
        """Remove somebody who never opened anything; whoever did stays listed for those it touched.

        Raises:
            NotFound: there is none with this id.
            BadInput: they have opened something.
        """
        if self.get(staff_id).last_used_at is not None:
            raise BadInput("This member of staff has opened something and stays listed.", next_step="Suspend them.")
        with self._database.write() as tx:
            tx.execute(delete(staff).where(staff.c.id == staff_id))

    def certify(self, by: Actor, staff_id: str) -> StaffMember:
        """Certify that the right is still needed, for another quarter; this ends a suspension.

        Raises:
            NotFound: there is none with this id.
            AccessDenied: ``by`` is no active operator, or certifies themself.
        """
        now = self._clock.now_ms()
        with self._database.read() as tx:
            certifier = _active(tx, by, now)
        if certifier is None or certifier.role is not Role.OPERATOR or by.id == staff_id:
            raise AccessDenied("An operator certifies staff, and never themself.")
        return self._change(staff_id, certified_until=now + QUARTER, suspended_at=None, last_used_at=now)

    def lapse_unused(self, now: int) -> Sequence[str]:
        """End the certification of all whose rights were not used for 30 days; return their ids."""
        last = func.coalesce(staff.c.last_used_at, staff.c.created_at)
        stale = (last <= now - UNUSED_AFTER) & (staff.c.certified_until > now)
        with self._database.write() as tx:
            ids = list(tx.scalars(select(staff.c.id).where(stale).order_by(staff.c.id)))
            tx.execute(update(staff).where(staff.c.id.in_(ids)).values(certified_until=now))
        return ids

    def _change(self, staff_id: str, **values: Any) -> StaffMember:
        with self._database.write() as tx:
            staff_member(tx, staff_id)
            tx.execute(update(staff).where(staff.c.id == staff_id).values(**values))
        return self.get(staff_id)


def staff_member(tx: Connection, staff_id: str) -> StaffMember:
    """Return one staff member.

    Raises:
        NotFound: there is none with this id.
    """
    row = tx.execute(select(staff).where(staff.c.id == staff_id)).first()
    if row is None:
        raise NotFound("There is no such staff member.")
    return _read(row)


def mark_used(tx: Connection, staff_id: str, now: int) -> None:
    """Note that a right was used."""
    tx.execute(update(staff).where(staff.c.id == staff_id).values(last_used_at=now))


def _active(tx: Connection, actor: Actor, now: int) -> StaffMember | None:
    row = tx.execute(select(staff).where(staff.c.id == actor.id)).first()
    member = _read(row) if row is not None else None
    return member if member and member.is_active(now) else None


def _read(row: Row[Any]) -> StaffMember:
    return StaffMember(
        id=row.id,
        role=Role(row.role),
        employer=row.employer,
        country=row.country,
        created_at=row.created_at,
        certified_until=row.certified_until,
        last_used_at=row.last_used_at,
        suspended_at=row.suspended_at,
    )
