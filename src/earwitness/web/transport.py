"""The bounds of a connection that the server's own protocols leave open.

uvicorn waits for ever for a request's headers, answers any number of pings without looking whether the answers are
read, collects any number of empty fragments and of small messages that come in one read, and lets a connection that is
over wait until its last byte was taken.
Each of these lets one idle or spiteful client hold memory or a socket of the hub; here each has an end.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

LARGEST_HEADERS = 16 * 1024  # bytes
LARGEST_MESSAGE = 8 * 1024  # of a WebSocket, bytes; the device protocol's largest
MOST_CONNECTIONS = 2_000
MOST_FRAGMENTS = 64
MOST_WAITING = 512  # messages that the application has not taken
PINGS_AT_ONCE = 20
PINGS_A_SECOND = 2
REQUEST_WAIT = 10.0  # seconds for the headers of a request
MESSAGE_WAIT = 10.0  # seconds for the rest of a message that was begun
PARTING_WAIT = 5.0  # seconds for a connection that is over to take its last bytes
PING_EVERY = 20.0
TOO_LARGE = 1009
POLICY = 1008


class BoundedHTTP(H11Protocol):
    """HTTP/1.1 whose requests have to come, and whose connections are counted."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Wait for a request, for a while."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._deadline = self.loop.call_later(REQUEST_WAIT, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Stop waiting once a request has begun to be answered."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before or self.transport.is_closing():
            self._stop_waiting()

    def handle_websocket_upgrade(self, event: Any) -> None:
        """From here on the other protocol waits."""
        self._stop_waiting()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """The next request may take its time (uvicorn's keep-alive), but once begun it has to come whole."""
        super().on_response_complete()
        if not self.transport.is_closing() and self._deadline is None:
            wait = REQUEST_WAIT + self.timeout_keep_alive
            self._deadline = self.loop.call_later(wait, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose messages come whole, whose pings are counted, and which ends when it is over."""

    _unfinished: asyncio.TimerHandle | None = None
    _pings = float(PINGS_AT_ONCE)
    _pinged_at = 0.0

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._whole()
        super().connection_lost(exc)

    def handle_text(self, event: Frame) -> None:
        """Take the first frame of a message."""
        self._begin(event)
        super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """Take the first frame of a message."""
        self._begin(event)
        super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """Take a further frame; empty ones count too."""
        if len(self.frames) >= MOST_FRAGMENTS:
            self._fail(TOO_LARGE, "too many fragments")
            return
        if event.fin:
            self._whole()
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message on; many small ones can come in one read, before reading is paused."""
        if self.queue.qsize() >= MOST_WAITING:
            self._fail(POLICY, "too many messages")
            return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer a ping, if they are not too many."""
        if self._may_ping():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Take the answer to a ping; those that nobody asked for count as pings do."""
        if self._may_ping():
            super().handle_pong(event)

    def keepalive_timeout(self) -> None:
        """Cut a half-open connection off; it would not take the last bytes either."""
        super().keepalive_timeout()
        self.transport.abort()

    async def run_asgi(self) -> None:
        """Serve, and give what is left at the end a while to be taken."""
        await super().run_asgi()
        self.loop.call_later(PARTING_WAIT, self.transport.abort)

    def _may_ping(self) -> bool:
        now = self.loop.time()
        self._pings = min(PINGS_AT_ONCE, self._pings + (now - self._pinged_at) * PINGS_A_SECOND) - 1
        self._pinged_at = now
        if self._pings < 0:
            self._fail(POLICY, "too many pings")
        return self._pings >= 0

    def _begin(self, event: Frame) -> None:
        if not event.fin:
            self._unfinished = self.loop.call_later(MESSAGE_WAIT, self._fail, POLICY, "unfinished message")

    def _whole(self) -> None:
        if self._unfinished is not None:
            self._unfinished.cancel()
            self._unfinished = None

    def _fail(self, code: int, reason: str) -> None:
        """Close from this side at once; the application sees a disconnection."""
        self._whole()
        if not self.close_sent:
            self.conn.fail(code, reason)
            self.handle_parser_exception()
        self.loop.call_later(PARTING_WAIT, self.transport.abort)
