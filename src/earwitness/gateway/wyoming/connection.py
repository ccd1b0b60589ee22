"""One TCP connection that speaks Wyoming, with all its bounds."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from earwitness.gateway.wyoming.bounds import DEFAULT_BOUNDS, Bounds, Pace
from earwitness.kernel.errors import BadInput, EarwitnessError
from earwitness.protocol.wyoming import FROM_CLIENTS, Decoder, Event, Limits, Message, encode
from earwitness.protocol.wyoming.control import Error

READ_BYTES: Final = 64 * 1024
LINGER_S: Final = 1.0
LINGER_READS: Final = 64
KEEPALIVE: Final = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 4}  # a peer that is gone shows in 40 s


class Connection:
    """Receives events and sends messages. One reader; any number of writers."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        bounds: Bounds = DEFAULT_BOUNDS,
        limits: Limits = FROM_CLIENTS,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Speak over an open stream."""
        self._reader = reader
        self._writer = writer
        self._bounds = bounds
        self._wait = wait
        self._decoder = Decoder(limits)
        self._events = Pace(bounds.events_a_second, bounds.events_at_once)
        self._bytes = Pace(bounds.bytes_a_second, bounds.bytes_at_once)
        self._writing = asyncio.Lock()
        self._first = True
        self._due = 0.0  # when the event that has begun is to be whole
        _keep_alive(writer)

    async def receive(self, patience: float | None = None, *, endless: bool = False) -> Event | None:
        """The next event; None where the peer ended the connection in good order.

        For ``patience`` seconds nothing need come; as the bounds say if it is left out, or ``endless``.

        Raises:
            BadInput: malformed, cut off, or too slow; the connection cannot go on.
            ConnectionError: it broke.
        """
        if patience is None and not endless:
            patience = self._bounds.first_s if self._first else self._bounds.idle_s
        self._event_begins()
        event = self._decoder.next()
        while event is None:
            if not await self._more(patience):
                return None
            event = self._decoder.next()
            patience = self._bounds.event_s  # begun: now the rest has to come
        self._first = False
        if owed := self._events.take(1):
            await self._wait(owed)
        return event

    async def _more(self, patience: float | None) -> bool:
        """Read on; False at a good end."""
        deadline = None if self._decoder.idle else self._due
        try:
            async with asyncio.timeout(patience) as limit:
                if deadline is not None:
                    limit.reschedule(deadline)
                piece = await self._reader.read(READ_BYTES)
        except TimeoutError:
            raise BadInput("The Wyoming connection was silent for too long.", next_step="Connect again.") from None
        if not piece:
            self._decoder.end()
            return False
        if self._decoder.idle:
            self._event_begins()
        self._decoder.feed(piece)
        if owed := self._bytes.take(len(piece)):
            await self._wait(owed)
            self._due += owed
        return True

    def _event_begins(self) -> None:
        self._due = asyncio.get_running_loop().time() + self._bounds.event_s

    async def send(self, message: Message) -> None:
        """Send a message; returns when the peer takes it or enough buffers do.

        Raises:
            ConnectionError: the peer is gone, or does not take it in time.
        """
        try:
            async with self._writing, asyncio.timeout(self._bounds.write_s):
                self._writer.write(encode(message.event()))
                await self._writer.drain()
        except TimeoutError:
            raise ConnectionResetError("The peer does not take what it is sent.") from None

    async def refuse(self, error: EarwitnessError) -> None:
        """Say what cannot be, if the peer still listens, and that no more will come.

        What it goes on sending is read and dropped for a moment: closing at once would take the words back.
        """
        with suppress(OSError, TimeoutError):
            await self.send(Error(str(error), slug(error)))
            self._writer.write_eof()
            async with asyncio.timeout(LINGER_S):
                for _ in range(LINGER_READS):
                    if not await self._reader.read(READ_BYTES):
                        return

    async def close(self) -> None:
        """End; what was not taken in time is dropped."""
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()
            return
        self._writer.transport.abort()


def slug(error: EarwitnessError) -> str:
    """The error's kind as a stable code: ``bad-input``, ``engine-busy``."""
    name = type(error).__name__
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Find out about peers whose machine is gone."""
    one = writer.get_extra_info("socket")
    if one is None or one.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in KEEPALIVE.items():
        if hasattr(socket, name):
            one.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
