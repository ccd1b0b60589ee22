"""Fakes of what stands behind the device gateway: who may come in, and sessions that note what they get.

The server is the real one (uvicorn with the product's bounds) on a free loopback port, in a thread of its own.
"""

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from fastapi import FastAPI

from earwitness.assistant.events import Event, Idle, Listening, Muted, Speech, SpeechEnded, Woken
from earwitness.gateway.websocket.hub import Admitted, Emit
from earwitness.gateway.websocket.limits import Limits
from earwitness.gateway.websocket.route import DeviceRoute
from earwitness.kernel.errors import AccessDenied
from earwitness.protocol.device.messages import Hello
from earwitness.web import logs, transport
from earwitness.web.listening import listen

WORD = "alexa"
REPLY = b"\1\0" * 1_600  # a tenth of a second at 16 kHz
UTTERANCE = 16_000  # bytes of sound that the fake takes for a whole utterance


@dataclass(slots=True)
class Guests:
    """The port ``Doorkeeper``: the tokens that are good, each with its device; notes what it is told."""

    tokens: dict[str, str] = field(default_factory=dict)
    hellos: list[Hello] = field(default_factory=list)
    seen: list[tuple[str, bool | None]] = field(default_factory=list)

    def admit(self, hello: Hello) -> Admitted:
        """See the port."""
        if hello.token not in self.tokens:
            raise AccessDenied("The pairing token is not known here.")
        self.hellos.append(hello)
        return Admitted(self.tokens[hello.token], WORD, "kitchen")

    def is_welcome(self, token: str, device: str) -> bool:
        """See the port."""
        return self.tokens.get(token) == device

    def saw(self, device: str, *, muted: bool | None = None) -> None:
        """See the port."""
        self.seen.append((device, muted))


@dataclass(slots=True)
class NotedSession:
    """The port ``Session``: notes its calls, and answers each whole utterance with a short reply."""

    device: str
    emit: Emit
    wakes_itself: bool
    calls: list[str] = field(default_factory=list)
    heard: int = 0  # bytes
    turns: int = 0
    closed: bool = False
    slowly: asyncio.Event | None = None  # taking sound waits for it
    _waited: int = 0
    _listening: bool = False

    async def hear(self, pcm: bytes) -> None:
        """See the port."""
        if self.slowly is not None:
            await self.slowly.wait()
        self.heard += len(pcm)
        self._waited += len(pcm)
        if self._waited >= UTTERANCE and (self._listening or not self.wakes_itself):
            await self._answer()

    async def woke(self, word: str, score: float, ends_at: int) -> None:
        """See the port."""
        self.calls.append(f"woke {word} {score:g} {ends_at}")
        await self.tell(Woken(word, score), Listening())
        self._begin()

    async def listen(self) -> None:
        """See the port."""
        self.calls.append("listen")
        await self.tell(Listening())
        self._begin()

    async def finish(self) -> None:
        """See the port."""
        self.calls.append("finish")
        if self._listening:
            await self._answer()

    async def played(self) -> None:
        """See the port."""
        self.calls.append("played")

    async def cancel(self) -> None:
        """See the port."""
        self.calls.append("cancel")
        self._listening = False
        await self.tell(Idle("cancelled"))

    async def mute(self, on: bool) -> None:  # noqa: FBT001 - the port's
        """See the port."""
        self.calls.append(f"mute {on}")
        await self.tell(Muted(on))

    async def close(self) -> None:
        """See the port."""
        self.closed = True

    async def tell(self, *told: Event) -> None:
        """Send events to the device."""
        for event in told:
            await self.emit(event)

    def _begin(self) -> None:
        self._listening, self._waited = True, 0

    async def _answer(self) -> None:
        self._waited, self._listening = 0, False
        self.turns += 1
        await self.tell(SpeechEnded(), Speech(REPLY, 16_000), Speech(b"", 16_000, last=True), Idle())


@dataclass(slots=True)
class NotedSessions:
    """The port ``Sessions``: every session that was opened, in order."""

    opened: list[NotedSession] = field(default_factory=list)

    async def open(self, device: str, emit: Emit, *, wakes_itself: bool, word: str) -> NotedSession:  # noqa: ARG002 - the port's
        """See the port."""
        self.opened.append(NotedSession(device, emit, wakes_itself))
        return self.opened[-1]

    def of(self, device: str) -> NotedSession:
        """Return the newest session of a device."""
        return next(each for each in reversed(self.opened) if each.device == device)


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway that runs: ``url`` for devices, and what stands behind it."""

    url: str
    route: DeviceRoute
    guests: Guests
    sessions: NotedSessions
    loop: asyncio.AbstractEventLoop


@contextmanager
def served(*devices: str, limits: Limits | None = None, ping: float = transport.PING_EVERY) -> Iterator[Served]:
    """Run a gateway that knows these devices; the token of each is its name."""
    guests, sessions = Guests({device: device for device in devices}), NotedSessions()
    route = DeviceRoute(guests, sessions, limits)
    with serving(route, ping=ping) as (url, loop):
        yield Served(url, route, guests, sessions, loop)


@contextmanager
def serving(
    route: DeviceRoute, *, ping: float = transport.PING_EVERY
) -> Iterator[tuple[str, asyncio.AbstractEventLoop]]:
    """Run a server with this route alone; give its address and its event loop."""
    app = FastAPI(openapi_url=None)
    route.attach(app)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        http=transport.BoundedHTTP,
        h11_max_incomplete_event_size=transport.LARGEST_HEADERS,
        ws=transport.BoundedWebSocket,
        ws_max_size=transport.LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        ws_ping_interval=ping,
        ws_ping_timeout=ping,
        timeout_graceful_shutdown=1,
    )
    server, ready = _Server(config), threading.Event()
    server.ready = ready
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=(list(listening.sockets),), name="gateway under test")
    thread.start()
    try:
        ready.wait()
        yield f"{listening.url.replace('http', 'ws')}/device", server.loop
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


class _Server(uvicorn.Server):
    ready: threading.Event
    loop: asyncio.AbstractEventLoop

    async def startup(self, sockets: "list[object] | None" = None) -> None:  # type: ignore[override] # sockets of any kind
        await super().startup(sockets)  # type: ignore[arg-type] # likewise
        self.loop = asyncio.get_running_loop()
        self.ready.set()


def serve_until_killed(*devices: str) -> None:
    """Run a gateway in this process; write its address on a line. Its sessions speak long when a turn is finished."""
    logs.configure()
    with served(*devices) as hub:
        sys.stdout.write(f"{hub.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    serve_until_killed(*sys.argv[1:])
