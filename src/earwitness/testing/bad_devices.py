"""Devices as no one wants them: each does one bad thing to a hub, over and over, until it is told to stop.

Raw sockets, because no library would send these. What the hub answers is read only where reading is part of it.
"""

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from earwitness.protocol.device.codec import encode_from_device
from earwitness.protocol.device.messages import Hello, Listen

TEXT, BINARY, CONTINUATION, PING, PONG = 1, 2, 0, 9, 10
UPGRADE = (
    "GET /device HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
ELSEWHERE = "127.0.0.2"  # on Linux all of 127/8 is this machine
TEN_GB = 10 * 2**30
CHUNK = bytes(65_536)


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, claim: int | None = None) -> bytes:
    """A masked frame; ``claim`` is the length that its header states."""
    length = len(payload) if claim is None else claim
    first = bytes([(0x80 if fin else 0) | rsv | opcode])
    if length < 126:  # noqa: PLR2004 - RFC 6455, 5.2
        size = bytes([0x80 | length])
    elif length < 65_536:  # noqa: PLR2004 - likewise
        size = bytes([0x80 | 126]) + struct.pack("!H", length)
    else:
        size = bytes([0x80 | 127]) + struct.pack("!Q", length)
    return first + size + bytes(4) + payload


class Raw:
    """A socket to the hub."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        """Talk on an open connection."""
        self.reader = reader
        self.writer = writer
        self.host = host

    async def send(self, *data: bytes) -> None:
        """Send bytes."""
        self.writer.write(b"".join(data))
        await self.writer.drain()

    async def upgrade(self, token: str | None = None) -> None:
        """Open the WebSocket, and say hello if there is a token."""
        await self.send(UPGRADE.format(host=self.host).encode() + b"\r\n")
        await self.reader.readuntil(b"\r\n\r\n")
        if token is not None:
            hello = Hello((1,), token, "streams", "bad", "0", muted=False)
            await self.send(frame(TEXT, encode_from_device(hello).encode()))

    async def read_to_end(self) -> None:
        """Read until the hub ends it."""
        while await self.reader.read(65_536):
            pass


@asynccontextmanager
async def raw(url: str) -> AsyncIterator[Raw]:
    """Connect to the hub's port, as another machine would."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, local_addr=(ELSEWHERE, 0))
    try:
        yield Raw(reader, writer, parts.netloc)
    finally:
        writer.transport.abort()  # what it could not send is nobody's loss
        with suppress(OSError):
            await writer.wait_closed()


Bad = Callable[[Raw, str], Awaitable[None]]


async def truncated(hub: Raw, token: str) -> None:
    """Leave in the middle of a frame."""
    await hub.upgrade(token)
    await hub.send(frame(BINARY, bytes(3_000))[:1_000])


async def half_open(hub: Raw, token: str) -> None:
    """Stop in the middle of a frame, and stay."""
    await hub.upgrade(token)
    await hub.send(frame(BINARY, bytes(3_000))[:1_000])
    await hub.read_to_end()


async def silent(hub: Raw, token: str) -> None:  # noqa: ARG001 - it says nothing
    """Connect and say nothing."""
    await hub.read_to_end()


async def greets_not(hub: Raw, token: str) -> None:  # noqa: ARG001 - it says nothing
    """Open the WebSocket and say nothing."""
    await hub.upgrade()
    await hub.read_to_end()


async def claims_10_gb(hub: Raw, token: str) -> None:
    """State a payload of ten gigabytes and send for as long as it is taken."""
    await hub.upgrade(token)
    await hub.send(frame(BINARY, claim=TEN_GB))
    while True:
        await hub.send(CHUNK)


async def claims_10_gb_at_once(hub: Raw, token: str) -> None:  # noqa: ARG001 - it never says who it is
    """The same before hello, as text."""
    await hub.upgrade()
    await hub.send(frame(TEXT, claim=TEN_GB), CHUNK)
    await hub.read_to_end()


async def header_bomb(hub: Raw, token: str) -> None:  # noqa: ARG001 - it never comes to that
    """Send headers without end."""
    await hub.send(UPGRADE.format(host=hub.host).encode())
    while True:
        await hub.send(b"X-Bomb: " + b"x" * 4_000 + b"\r\n")


async def slow_headers(hub: Raw, token: str) -> None:  # noqa: ARG001 - it never comes to that
    """Send headers a letter at a time."""
    for letter in UPGRADE.format(host=hub.host).encode() * 100:
        await hub.send(bytes([letter]))
        await asyncio.sleep(0.05)


async def bad_utf8(hub: Raw, token: str) -> None:
    """Send text that is none."""
    await hub.upgrade(token)
    await hub.send(frame(TEXT, b'{"type":"\xff\xfe"}'))
    await hub.read_to_end()


async def nested_json(hub: Raw, token: str) -> None:
    """Send brackets."""
    await hub.upgrade(token)
    await hub.send(frame(TEXT, b"[" * 4_000))
    await hub.read_to_end()


async def not_audio(hub: Raw, token: str) -> None:
    """Send bytes that are no samples."""
    await hub.upgrade(token)
    await hub.send(frame(BINARY, os.urandom(3_001)))
    await hub.read_to_end()


async def clipped(hub: Raw, token: str) -> None:
    """Send the loudest sound there is, as fast as it is spoken."""
    await hub.upgrade(token)
    while True:
        await hub.send(frame(BINARY, b"\xff\x7f" * 320))
        await asyncio.sleep(0.02)


async def never_stops(hub: Raw, token: str) -> None:
    """Send sound as fast as it is taken."""
    await hub.upgrade(token)
    while True:
        await hub.send(frame(BINARY, bytes(8_192)) * 8)


async def crumbs(hub: Raw, token: str) -> None:
    """Send sound a sample at a time."""
    await hub.upgrade(token)
    while True:
        await hub.send(frame(BINARY, b"\0\0") * 8_000)


async def pings(hub: Raw, token: str) -> None:
    """Ping as fast as it is taken, and read no answer."""
    await hub.upgrade(token)
    while True:
        await hub.send(frame(PING, bytes(125)) * 500)


async def pongs(hub: Raw, token: str) -> None:
    """Answer pings that nobody sent."""
    await hub.upgrade(token)
    while True:
        await hub.send(frame(PONG, bytes(125)) * 500)


async def fragments(hub: Raw, token: str) -> None:
    """Begin a message and go on with nothing."""
    await hub.upgrade(token)
    await hub.send(frame(BINARY, bytes(2), fin=False))
    while True:
        await hub.send(frame(CONTINUATION, fin=False) * 2_000)


async def compressed(hub: Raw, token: str) -> None:
    """Say that a frame is compressed, which was not agreed on."""
    await hub.upgrade(token)
    await hub.send(frame(TEXT, b"\xaa\x56\x2a\xa9\x2c\x48", rsv=0x40))
    await hub.read_to_end()


async def reads_nothing(hub: Raw, token: str) -> None:
    """Ask again and again, and take no answer."""
    await hub.upgrade(token)
    ask = frame(TEXT, encode_from_device(Listen()).encode()) + frame(BINARY, bytes(8_192)) * 2
    while True:
        await hub.send(ask)
        await asyncio.sleep(0.2)


async def guesses(hub: Raw, token: str) -> None:  # noqa: ARG001 - it has none
    """Try tokens."""
    await hub.upgrade(f"ewd1_{os.urandom(26).hex()}")
    await hub.read_to_end()


EVERY_BAD: tuple[Bad, ...] = (
    *(truncated, half_open, silent, greets_not, claims_10_gb, claims_10_gb_at_once, header_bomb, slow_headers),
    *(bad_utf8, nested_json, not_audio, clipped, never_stops, crumbs, pings, pongs, fragments, compressed),
    *(reads_nothing, guesses),
)


async def misbehave(bad: Bad, url: str, token: str, came: asyncio.Event) -> None:
    """Do it again and again until cancelled; ``came`` is set when the hub was reached."""
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            async with raw(url) as hub:
                came.set()
                await bad(hub, token)
        await asyncio.sleep(0.02)
