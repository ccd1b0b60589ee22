"""The bounds of a connection that the server's own protocols leave open.

uvicorn waits for ever for a request's headers, parses whatever came in one read before anybody can object, answers any
number of pings without looking whether the answers are read, collects any number of empty fragments, and lets a
connection that is over wait until its last byte was taken. Each of these lets one idle or spiteful client hold memory,
a socket or the event loop of the hub; here each has an end. Whoever is cut off keeps its socket for a moment, unread,
so that coming back at once costs it more than it costs the hub.
"""

import asyncio
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

LARGEST_HEADERS = 16 * 1024  # bytes
LARGEST_MESSAGE = 8 * 1024  # of a WebSocket, bytes; the device protocol's largest
SLICE = 1024  # bytes that are parsed before what they hold is judged
LARGEST_GOODBYE = 16 * 1024  # bytes that are read from whoever was told that it is over
MOST_CONNECTIONS = 2_000
MOST_FRAGMENTS = 64
MOST_WAITING = 512  # messages that the application has not taken
PINGS_AT_ONCE = 20
PINGS_A_SECOND = 2
ARRIVALS_AT_ONCE = 100
ARRIVALS_A_SECOND = 20
MOST_ADDRESSES = 4_096
OWN_ADDRESSES = frozenset({"127.0.0.1", "::1"})  # this machine's programs, and a proxy that stands before all devices
REQUEST_WAIT = 10.0  # seconds for the headers of a request
MESSAGE_WAIT = 10.0  # seconds for the rest of a message that was begun
PARTING_WAIT = 2.0  # seconds for a connection that is over to take its last bytes
PENALTY = 1.0  # seconds until the socket of whoever was cut off is closed
PING_EVERY = 20.0
UNREADABLE = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
ABNORMAL = 1006
NOT_UTF8 = 1007
POLICY = 1008
TOO_LARGE = 1009


class Arrivals:
    """How often each address may connect. Belongs to one event loop."""

    def __init__(self) -> None:
        """Nobody has come yet."""
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left of its bucket, and since when

    def may_come(self, address: str, now: float) -> bool:
        """Count a connection from ``address`` at ``now`` (seconds); return whether it may stay."""
        if address in OWN_ADDRESSES:
            return True
        left, since = self._left.pop(address, (float(ARRIVALS_AT_ONCE), now))
        left = min(float(ARRIVALS_AT_ONCE), left + (now - since) * ARRIVALS_A_SECOND)
        may = left >= 1
        self._left[address] = (left - 1 if may else left, now)
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return may


_arrivals = Arrivals()


class BoundedHTTP(H11Protocol):
    """HTTP/1.1 whose requests have to come, and whose connections are counted."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Wait for a request, for a while."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if len(self.connections) > MOST_CONNECTIONS or not _arrivals.may_come(address, self.loop.time()):
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
        """From here on the other protocol waits; a request that it cannot read it would leave without an answer."""
        self._stop_waiting()
        super().handle_websocket_upgrade(event)
        upgraded = self.transport.get_protocol()
        if isinstance(upgraded, BoundedWebSocket) and not upgraded.handshake_initiated:
            self.transport.write(UNREADABLE)
            self.transport.close()

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
    """A WebSocket whose messages come whole, whose frames are counted, and which ends when it is over."""

    _unfinished: asyncio.TimerHandle | None = None
    _pings = float(PINGS_AT_ONCE)
    _pinged_at = 0.0
    _held = False
    _goodbye = 0

    def data_received(self, data: bytes) -> None:
        """Take what came, a little at a time: whoever is cut off on the way has the rest thrown away."""
        for at in range(0, len(data), SLICE):
            if self._held or self.transport.is_closing():
                return
            if self.close_sent:
                self._goodbye += SLICE
                if self._goodbye > LARGEST_GOODBYE:
                    self._hold()
                    return
            super().data_received(data[at : at + SLICE])

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
        elif self.curr_msg_data_type == "text" and not _is_utf8(b"".join(self.frames)):
            self._fail(NOT_UTF8, "not UTF-8")
        else:
            super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer a ping, if they are not too many."""
        if self._may_ping():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Take the answer to a ping; those that nobody asked for count as pings do."""
        if self._may_ping():
            super().handle_pong(event)

    def handle_parser_exception(self) -> None:
        """Say why, and let it wait."""
        sent = self.conn.close_sent
        code, reason = (sent.code, sent.reason) if sent is not None else (ABNORMAL, "")
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._hold()

    def keepalive_timeout(self) -> None:
        """Cut a half-open connection off; it would not take the last bytes either."""
        super().keepalive_timeout()
        self.transport.abort()

    async def run_asgi(self) -> None:
        """Serve, and give what is left at the end a while to be taken."""
        self.close_timeout = PARTING_WAIT
        await super().run_asgi()
        if not self._held:
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

    def _hold(self) -> None:
        """Read nothing more, and close the socket a moment later."""
        self._held = True
        self.read_paused = False  # so that taking what waits does not resume reading
        self.transport.pause_reading()
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(PENALTY, self.transport.abort)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
