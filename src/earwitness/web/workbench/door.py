"""The staff door: password and one-time code together, a purpose that fits the role, and a session that ends soon.

What was wrong is not said. A session is looked up anew for each request, and so is the member of staff: whoever is
suspended is a stranger at their next request.
"""

from dataclasses import dataclass
from typing import Final

from earwitness.identity.staff import Staff, StaffMember
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput, NotFound, NotSignedIn
from earwitness.policy.purposes import Purpose
from earwitness.web.sign_in.accounts import Account, Accounts
from earwitness.web.sign_in.codes import Codes
from earwitness.web.sign_in.passwords import Passwords
from earwitness.web.sign_in.sessions import Session, Sessions, Stage
from earwitness.web.sign_in.tries import Tries

WRONG: Final = "Name, password or code is not right."
CLIENT: Final = "workbench"
PURPOSES: Final = {Role.REVIEWER: Purpose.REVIEW, Role.OPERATOR: Purpose.SUPPORT}
"""What each role may state as its purpose here; others have nothing to do at the workbench."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One who is signed in at the workbench; ``until`` is when the session ends unless it is used (ms)."""

    actor: Actor
    until: int
    session: Session


@dataclass(frozen=True, slots=True)
class StaffDoor:
    """Lets staff in; thread-safe."""

    accounts: Accounts
    sessions: Sessions
    passwords: Passwords
    codes: Codes
    tries: Tries
    staff: Staff
    clock: Clock

    def sign_in(self, name: str, password: str, code: str, purpose: str) -> str:
        """Sign a member of staff in; return the token of the session, which is kept nowhere.

        Raises:
            BadInput: something is not right, or the purpose is not one of the role's.
            TooManyTries: it has to wait.
        """
        self.tries.take("name", name.casefold())
        account = self.accounts.by_name(name)
        right = self.passwords.check(account.password if account else None, password)
        if account is None or not right:
            raise BadInput(WRONG)
        self.tries.take("code", account.id)
        member = self._member(account)
        if member is None or not self.codes.check(account, code):
            raise BadInput(WRONG)
        if PURPOSES.get(member.role) != purpose:
            raise BadInput("That purpose is not one of your role.", next_step="Choose the one you work for.")
        self.tries.forgive("name", name.casefold())
        self.tries.forgive("code", account.id)
        return self.sessions.begin(account.id, CLIENT, stage=Stage.FULL, second_factor=True)

    def worker(self, token: str) -> Worker:
        """Return who has this session.

        Raises:
            NotSignedIn: nobody, or they may not work here any more.
        """
        session = self.sessions.find(token)
        if not session.is_staff or session.stage is not Stage.FULL or session.second_factor_at is None:
            raise NotSignedIn(next_step="Sign in.")
        member = self._member(self._account(session))
        if member is None:
            raise NotSignedIn(next_step="Sign in.")
        return Worker(member.actor(session.second_factor_at), session.ends_at(), session)

    def sign_out(self, token: str) -> None:
        """End a session; one that has ended is fine.

        Raises:
            NotSignedIn: there is none.
        """
        session = self.sessions.find(token, quietly=True)
        self.sessions.end(session.account, session.id)

    def _account(self, session: Session) -> Account:
        try:
            return self.accounts.get(session.account)
        except NotFound as error:
            raise NotSignedIn(next_step="Sign in.") from error

    def _member(self, account: Account) -> StaffMember | None:
        """The active member of staff of an account."""
        if account.staff is None:
            return None
        try:
            member = self.staff.get(account.staff)
        except NotFound:
            return None
        return member if member.is_active(self.clock.now_ms()) and member.role in PURPOSES else None
