"""What every room of the app is given: the house, who is at the door, and how a page is shown."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from fastapi.responses import HTMLResponse, RedirectResponse

from earwitness.web.listen.tickets import Tickets
from earwitness.web.rooms import Rooms
from earwitness.web.sign_in.codes import Codes
from earwitness.web.sign_in.doors import Doors, Visitor
from earwitness.web.sign_in.passkeys import Passkeys
from earwitness.web.sign_in.passwords import Passwords
from earwitness.web.sign_in.sessions import Sessions
from earwitness.web.sign_in.tries import Tries
from earwitness.web.templates import Templates

SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class Front:
    """The house as its app sees it; thread-safe."""

    rooms: Rooms
    templates: Templates
    doors: Doors
    passwords: Passwords
    codes: Codes
    passkeys: Passkeys
    tries: Tries
    tickets: Tickets

    @classmethod
    def of(cls, rooms: Rooms, zone: tzinfo | None = None, passwords: Passwords | None = None) -> "Front":
        """Put the front of a house together.

        Moments are shown in ``zone``, the machine's unless given; ``passwords`` are cheaper ones, for tests.
        """
        accounts, clock, database = rooms.accounts, rooms.clock, rooms.database
        sessions = Sessions(database, clock)
        return cls(
            rooms=rooms,
            templates=Templates(zone),
            doors=Doors(accounts, sessions, rooms.directory, clock),
            passwords=passwords or Passwords(),
            codes=Codes(database, rooms.keyring, clock),
            passkeys=Passkeys(database, clock),
            tries=Tries(database, accounts.blinder, clock),
            tickets=Tickets(accounts, sessions, rooms.directory, clock),
        )

    def show(self, name: str, visitor: Visitor | None, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Show a page to somebody; ``here`` among the values says where in the app they are."""
        common = {"visitor": visitor, "here": "", "token": visitor.token if visitor else "", "error": ""}
        return self.templates.page(name, common | values, status)


def go(to: str) -> RedirectResponse:
    """Send the browser on after a form was taken."""
    return RedirectResponse(to, SEE_OTHER)
