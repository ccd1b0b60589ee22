"""Where devices come in: the route of our own protocol, in front of the house's registry and its assistant."""

from dataclasses import dataclass

from fastapi import FastAPI

from earwitness import __version__
from earwitness.assistant.assistant import DEFAULT_WORD
from earwitness.bootstrap.house import House
from earwitness.gateway.websocket.hub import Admitted, Sessions
from earwitness.gateway.websocket.route import DeviceRoute
from earwitness.identity.device_facts import Report
from earwitness.kernel.errors import AccessDenied, NotFound
from earwitness.protocol.device.messages import Hello, Listens
from earwitness.web.listen.tickets import Tickets


@dataclass(frozen=True, slots=True)
class HouseDoorkeeper:
    """The port :class:`~earwitness.gateway.websocket.hub.Doorkeeper` over the registry of a house."""

    house: House
    tickets: Tickets | None = None
    """those of the page that listens; none where there are no pages"""

    def admit(self, hello: Hello) -> Admitted:
        """See the port."""
        device = self._device_of(hello.token)
        facts = self.house.directory.device_facts
        report = Report(
            program=hello.program,
            version=hello.program_version,
            listens=Listens(hello.listens),
            radios=hello.radios,
            wake_words=hello.wake_words,
            muted=hello.muted,
            microphone=hello.microphone,
        )
        facts.note(device, report)
        chosen = facts.chosen(device)
        outdated = report.older_than(__version__) is True
        return Admitted(device, chosen.wake_word or DEFAULT_WORD, chosen.area, outdated)

    def is_welcome(self, token: str, device: str) -> bool:
        """See the port."""
        if self.tickets is not None and self.tickets.is_one(token):
            return self.tickets.is_welcome(token, device)
        try:
            return self._device_of(token) == device
        except AccessDenied:
            return False

    def saw(self, device: str, *, muted: bool | None = None) -> None:
        """See the port."""
        self.house.directory.device_facts.saw(device, muted=muted)

    def _device_of(self, token: str) -> str:
        """Check a token of somebody who comes in: the one place that does. A ticket is taken by it."""
        if self.tickets is not None and self.tickets.is_one(token):
            return self.tickets.redeem(token)
        try:
            return self.house.directory.pairings.device_of(token)
        except NotFound as error:  # removed in between
            raise AccessDenied("The device was removed.") from error


def open_doors(app: FastAPI, house: House, assistant: Sessions) -> DeviceRoute:
    """Let devices in at ``/device`` of the hub's application, browsers with the tickets of its pages (web.app)."""
    tickets: Tickets | None = getattr(app.state, "tickets", None)
    route = DeviceRoute(HouseDoorkeeper(house, tickets), assistant)
    route.attach(app)
    return route
