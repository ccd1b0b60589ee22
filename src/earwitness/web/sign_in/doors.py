"""Who is at the door: from the cookie of a request to the person or member of staff who asks.

Every page that shows something of somebody takes a :class:`Visitor` from here, made anew for each request from the
database as it is then: an account that was removed, a person who was erased and staff who were suspended are
strangers at their next request. Forms are read here too (forms.py says what is asked of them).
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response

from earwitness.identity.directory import Directory
from earwitness.identity.people import Age, Person
from earwitness.identity.staff import StaffMember
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import FactorMissing, NotFound, NotSignedIn
from earwitness.policy.access import Resource
from earwitness.web.sign_in.accounts import Account, Accounts
from earwitness.web.sign_in.sessions import Session, Sessions, Stage
from earwitness.web.sign_in.tokens import form_token, new_token

QUIETLY = "x-quietly"
"""A request with this header is a page asking for news by itself; it does not keep the session awake."""
LOCAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the browser is, as it says itself; only names that the hub answers to come this far."""

    scheme: str
    host: str
    port: int
    origin: str

    @classmethod
    def of(cls, request: Request) -> "Place":
        """Read it off a request."""
        url = request.base_url
        port = url.port or LOCAL_PORTS.get(url.scheme, 0)
        return cls(url.scheme, url.hostname or "", port, f"{url.scheme}://{url.netloc}")

    @property
    def has_name(self) -> bool:
        """Whether passkeys are possible here: not under an address made of numbers."""
        return ":" not in self.host and not self.host.replace(".", "").isdigit()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in; exactly one of ``person`` and ``staff`` is set."""

    session: Session
    account: Account
    actor: Actor
    person: Person | None
    staff: StaffMember | None
    token: str
    """what their forms carry"""

    @property
    def name(self) -> str:
        """What the pages call them."""
        return (self.person.name if self.person else None) or self.account.name


@dataclass(frozen=True, slots=True)
class Resident:
    """A person of a household who is signed in."""

    visitor: Visitor
    person: Person

    @property
    def actor(self) -> Actor:
        """Them as one who asks."""
        return self.visitor.actor

    @property
    def is_adult(self) -> bool:
        """Whether they decide for themselves."""
        return self.person.age is Age.ADULT

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose things are theirs: their own, and an adult's also what the household shares."""
        return (self.person.id, self.person.household) if self.is_adult else (self.person.id,)

    def resource(self, subject: str) -> Resource:
        """Return one of their subjects as the policies see it."""
        return Resource(id=subject, subject=subject, household=self.person.household)


class Doors:
    """Finds out who asks. Its methods are dependencies of routes."""

    def __init__(self, accounts: Accounts, sessions: Sessions, directory: Directory, clock: Clock) -> None:
        """Look accounts and sessions up there, people and staff in ``directory``."""
        self.accounts = accounts
        self.sessions = sessions
        self._directory = directory
        self._clock = clock

    def half_way(self, request: Request) -> Session:
        """Return the session of somebody who gave the password and still owes the second factor.

        Raises:
            NotSignedIn: nobody did, or they are through.
        """
        session = self._session(request)
        if session.stage is not Stage.PASSWORD:
            raise NotSignedIn(next_step="Sign in.")
        return session

    def visitor(self, request: Request) -> Visitor:
        """Return who is signed in.

        Raises:
            NotSignedIn: nobody is.
        """
        session = self._session(request)
        if session.stage is not Stage.FULL:
            raise NotSignedIn(next_step="Sign in.")
        try:
            account = self.accounts.get(session.account)
            person = self._directory.people.get(account.person) if account.person else None
            staff = self._directory.staff.get(account.staff) if account.staff else None
        except NotFound as error:
            raise NotSignedIn(next_step="Sign in.") from error
        token = form_token(request.cookies[session_cookie(request)])
        if person is not None and person.erased_at is None:
            return Visitor(session, account, person.actor(session.second_factor_at), person, None, token)
        if staff is not None and staff.is_active(self._clock.now_ms()):
            return Visitor(session, account, staff.actor(session.second_factor_at), None, staff, token)
        raise NotSignedIn(next_step="Sign in.")

    def anybody(self, request: Request) -> Visitor | None:
        """Return who is signed in, None if nobody is: for pages that are for everybody."""
        try:
            return self.visitor(request)
        except NotSignedIn:
            return None

    def resident(self, request: Request) -> Resident:
        """Return the person of a household who is signed in.

        Raises:
            NotSignedIn: nobody is.
            NotFound: it is somebody of staff, who has nothing to see here.
        """
        visitor = self.visitor(request)
        if visitor.person is None:
            raise NotFound("There is no such page for staff.", next_step="Sign in as yourself at home.")
        return Resident(visitor, visitor.person)

    def worker(self, request: Request) -> Visitor:
        """Return the member of staff who is signed in with a second factor.

        Raises:
            NotSignedIn: nobody is.
            NotFound: it is somebody of a household.
            FactorMissing: they have not given a second factor.
        """
        visitor = self.visitor(request)
        if visitor.staff is None:
            raise NotFound("There is no such page.")
        if visitor.session.second_factor_at is None:
            raise FactorMissing(next_step="Set one up, then sign in with it.")
        return visitor

    def _session(self, request: Request) -> Session:
        token = request.cookies.get(session_cookie(request))
        if not token:
            raise NotSignedIn(next_step="Sign in.")
        return self.sessions.find(token, quietly=QUIETLY in request.headers)


def visit(request: Request, response: Response) -> str:
    """Return the cookie of a browser in which nobody is signed in yet; give it one if it has none."""
    name = visit_cookie(request)
    token = request.cookies.get(name) or new_token()
    _set(request, response, name, token, None)
    return token


Visit = Annotated[str, Depends(visit)]


def let_in(request: Request, response: Response, token: str) -> None:
    """Give the browser the cookie of its session; it ends with the session on the server."""
    _set(request, response, session_cookie(request), token, 90 * 24 * 3600)


def let_out(request: Request, response: Response) -> None:
    """Take the cookie back."""
    _set(request, response, session_cookie(request), "", 0)


def session_cookie(request: Request) -> str:
    """Return the session cookie's name; cookies do not know ports, and two hubs may run on one machine."""
    return _cookie(request, "session")


def visit_cookie(request: Request) -> str:
    """Return the name of the cookie before sign-in."""
    return _cookie(request, "visit")


def _cookie(request: Request, what: str) -> str:
    place = Place.of(request)
    return f"{'__Host-' if place.scheme == 'https' else ''}earwitness_{what}_{place.port}"


def _set(request: Request, response: Response, name: str, value: str, seconds: int | None) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=Place.of(request).scheme == "https",
        httponly=True,
        samesite="strict",
    )
