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


@dataclass(frozen=True, slots=True)
class HouseDoorkeeper:
    """The port :class:`~earwitness.gateway.websocket.hub.Doorkeeper` over the registry of a house."""

    house: House

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
        try:
            return self._device_of(token) == device
        except AccessDenied:
            return False

    def saw(self, device: str, *, muted: bool | None = None) -> None:
        """See the port."""
        self.house.directory.device_facts.saw(device, muted=muted)

    def _device_of(self, token: str) -> str:
        """Check a token: the one place that does."""
        try:
            return self.house.directory.pairings.device_of(token)
        except NotFound as error:  # removed in between
            raise AccessDenied("The device was removed.") from error


def open_doors(app: FastAPI, house: House, assistant: Sessions) -> DeviceRoute:
    """Let devices in at ``/device`` of the hub's application."""
    route = DeviceRoute(HouseDoorkeeper(house), assistant)
    route.attach(app)
    return route
