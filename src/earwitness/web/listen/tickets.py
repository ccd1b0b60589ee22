"""Tickets: how the page that listens shows the hub which device its browser is (docs/listening-page.md, "The ticket").

A ticket is 256 random bits, good for one connection that begins within half a minute. The connection is then good for
as long as the session that asked for it: signing out closes the microphone. Tickets rest in this process alone; a hub
that starts again knows none, and the page asks for another.
"""

import secrets
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.directory import Directory
from earwitness.kernel.clock import SECOND, Clock
from earwitness.kernel.errors import AccessDenied, NotFound
from earwitness.kernel.ids import RandomBytes
from earwitness.web.sign_in.accounts import Accounts
from earwitness.web.sign_in.doors import Resident
from earwitness.web.sign_in.sessions import Sessions
from earwitness.web.sign_in.tokens import new_token

PREFIX: Final = "ewt1_"
TO_BE_USED_WITHIN: Final = 30 * SECOND


@dataclass(frozen=True, slots=True)
class _Ticket:
    text: str = field(repr=False)
    device: str
    person: str
    account: str
    session: str
    made_at: int


class Tickets:
    """The tickets of this hub: of each device at most one that waits and one that is in use. Thread-safe."""

    def __init__(
        self,
        accounts: Accounts,
        sessions: Sessions,
        directory: Directory,
        clock: Clock,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Nobody has asked for one yet."""
        self._accounts = accounts
        self._sessions = sessions
        self._directory = directory
        self._clock = clock
        self._random = random
        self._waiting: dict[str, _Ticket] = {}
        self._in_use: dict[str, _Ticket] = {}
        self._lock = Lock()

    @staticmethod
    def is_one(token: str) -> bool:
        """Say whether a token has the form of a ticket; a satellite's pairing token has another."""
        return token.startswith(PREFIX)

    def issue(self, resident: Resident, device: str) -> str:
        """Return a ticket for a device that is the resident's own; the one that waited before is void.

        Raises:
            NotFound: there is no such device of theirs.
        """
        if not self._is_theirs(device, resident.person.id):
            raise NotFound("This browser is no device of yours any more.", next_step="Set it up again.")
        session = resident.visitor.session
        made = _Ticket(
            text=PREFIX + new_token(self._random),
            device=device,
            person=resident.person.id,
            account=session.account,
            session=session.id,
            made_at=self._clock.running_ms(),
        )
        with self._lock:
            self._waiting[device] = made
        return made.text

    def redeem(self, text: str) -> str:
        """Take a ticket for a connection that begins; return its device. It is taken once.

        Raises:
            AccessDenied: it is none, was taken before, is too old, or whoever asked for it is gone.
        """
        with self._lock:
            found = _find(self._waiting, text)
            if found is not None:
                del self._waiting[found.device]
        if found is None or self._clock.running_ms() - found.made_at > TO_BE_USED_WITHIN or not self._stands(found):
            raise AccessDenied("This ticket is not good, or not any more.", next_step="Ask for another.")
        with self._lock:
            self._in_use[found.device] = found
        return found.device

    def is_welcome(self, text: str, device: str) -> bool:
        """Say whether the connection that began with this ticket may go on."""
        with self._lock:
            found = _find(self._in_use, text)
        return found is not None and found.device == device and self._stands(found)

    def _stands(self, ticket: _Ticket) -> bool:
        """Say whether the session has not ended, its account is still this person's, and the device too."""
        try:
            account = self._accounts.get(ticket.account)
        except NotFound:
            return False
        sessions = {each.id for each in self._sessions.of(ticket.account)}
        return (
            account.person == ticket.person
            and ticket.session in sessions
            and self._is_theirs(ticket.device, ticket.person)
        )

    def _is_theirs(self, device: str, person: str) -> bool:
        try:
            found = self._directory.devices.get(device)
            owner = self._directory.people.get(person)
        except NotFound:
            return False
        return found.mode is DeviceMode.PERSONAL and found.person == person and owner.erased_at is None


def _find(tickets: dict[str, _Ticket], text: str) -> _Ticket | None:
    given = text.encode()
    return next((each for each in tickets.values() if secrets.compare_digest(each.text.encode(), given)), None)
