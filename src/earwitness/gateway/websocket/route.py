"""The route ``/device``: who may connect at all, how many, and one connection a device."""

from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from earwitness.gateway.websocket import ending
from earwitness.gateway.websocket.connection import Connection
from earwitness.gateway.websocket.hub import Doorkeeper, Sessions
from earwitness.gateway.websocket.limits import Limits
from earwitness.gateway.websocket.origin import is_own
from earwitness.protocol.device.bounds import PATH

FORBIDDEN = 403
UNAVAILABLE = 503


class DeviceRoute:
    """All connections of the hub. Lives on the event loop."""

    def __init__(self, doorkeeper: Doorkeeper, sessions: Sessions, limits: Limits | None = None) -> None:
        """Let in whom ``doorkeeper`` admits, each into a session of its own."""
        self._doorkeeper = doorkeeper
        self._sessions = sessions
        self._limits = limits or Limits()
        self._ungreeted: dict[Connection, None] = {}  # oldest first
        self._devices: dict[str, Connection] = {}
        self._open = 0

    @property
    def connected(self) -> frozenset[str]:
        """The ids of the devices that are connected."""
        return frozenset(self._devices)

    @property
    def open(self) -> int:
        """How many connections there are, with those that have not said who they are."""
        return self._open

    def attach(self, app: FastAPI) -> None:
        """Add the route to the hub's application."""
        app.router.routes.append(WebSocketRoute(PATH, self.serve, name="device"))

    async def serve(self, socket: WebSocket) -> None:
        """Serve one connection until its end."""
        if not is_own(socket.headers):
            return await _deny(socket, FORBIDDEN, "Only this hub's own page may connect.")
        if self._open >= self._limits.connections:
            return await _deny(socket, UNAVAILABLE, "The hub is full.")
        self._open += 1
        try:
            await socket.accept()
            await self._serve(Connection(socket, self._doorkeeper, self._sessions, self._limits))
        finally:
            self._open -= 1

    def close(self) -> None:
        """Tell every device that the hub stops."""
        for each in [*self._ungreeted, *self._devices.values()]:
            each.end(ending.STOPPING)

    async def _serve(self, connection: Connection) -> None:
        self._ungreeted[connection] = None
        if len(self._ungreeted) > self._limits.ungreeted:
            next(iter(self._ungreeted)).end(ending.CROWDED_OUT)
        try:
            await connection.run(self._greet)
        finally:
            self._ungreeted.pop(connection, None)
            if self._devices.get(connection.device) is connection:
                del self._devices[connection.device]

    def _greet(self, connection: Connection) -> None:
        self._ungreeted.pop(connection, None)
        before = self._devices.get(connection.device)
        self._devices[connection.device] = connection
        if before is not None:
            before.end(ending.TAKEN_OVER)


async def _deny(socket: WebSocket, status: int, text: str) -> None:
    await socket.receive()
    await socket.send_denial_response(PlainTextResponse(text + "\n", status))
