"""Who asks: the person, device, staff member or program on whose behalf something is opened."""

from dataclasses import dataclass
from enum import StrEnum

from earwitness.kernel.ids import HouseholdId


class Role(StrEnum):
    """What an actor is, as the log and the policies name it."""

    OWNER = "owner"
    MEMBER = "member"
    CHILD = "child"
    REVIEWER = "reviewer"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    PROGRAM = "program"

    @property
    def is_staff(self) -> bool:
        """Reviewers, operators and auditors: people who are no part of the household."""
        return self in {Role.REVIEWER, Role.OPERATOR, Role.AUDITOR}


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated caller.

    ``second_factor_at`` is the moment (ms) of the last second factor, None if there was none.
    ``employer`` (kind, never a name) and ``country`` are what a person sees of staff who opened
    something of theirs.
    """

    id: str
    role: Role
    household: HouseholdId | None = None
    second_factor_at: int | None = None
    employer: str = ""
    country: str = ""
