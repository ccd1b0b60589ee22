"""Clients that misbehave: each is told, none disturbs another, and memory stays bounded."""

import asyncio
import json
import socket
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from wyoming.audio import AudioChunk, AudioStart
from wyoming.client import AsyncTcpClient
from wyoming.wake import Detect, Detection

from earwitness.assistant.hearing import Engines
from earwitness.gateway.wyoming import Allowed, Bounds, Kind, Services, WyomingServer, offers
from earwitness.protocol.wyoming import FROM_CLIENTS
from earwitness.testing.aloud import KITCHEN, aloud, parts, real_engines, said, silence
from earwitness.testing.waiting import until
from earwitness.web.listening import listen

SHORT = Bounds(first_s=0.4, event_s=0.4, idle_s=0.4, write_s=0.4, queue_s=0.3, utterance_s=2.0)
MANY = 50
WAKING = silence(1.0) + said("alexa") + silence(0.6)


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with real_engines() as opened:
        yield opened


@asynccontextmanager
async def served(
    engines: Engines, bounds: Bounds = SHORT, allowed: Allowed | None = None
) -> AsyncIterator[tuple[WyomingServer, int]]:
    programs = offers.programs(tuple(Kind), parts(engines))
    server = WyomingServer(Services(aloud(engines).assistant, programs, KITCHEN), allowed, bounds)
    listening = listen("127.0.0.1", 0)
    await server.start(listening.sockets)
    try:
        yield server, listening.port
    finally:
        await server.close()
        assert server.connections == 0
        assert server.counts.failed == 0


def run(
    engines: Engines,
    talk: Callable[[WyomingServer, int], Awaitable[None]],
    bounds: Bounds = SHORT,
    allowed: Allowed | None = None,
) -> None:
    async def inside() -> None:
        async with asyncio.timeout(50), served(engines, bounds, allowed) as (server, port):
            await talk(server, port)

    asyncio.run(inside())


async def answered(port: int, data: bytes, *, ends: bool = False) -> bytes:
    """Send bytes and return all that comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    with suppress(ConnectionError):
        writer.write(data)
        await writer.drain()
        if ends:
            writer.write_eof()
        while piece := await reader.read(65_536):
            got += piece
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return got


def code_of(answer: bytes) -> str:
    header, _, rest = answer.partition(b"\n")
    parsed = json.loads(header)
    assert parsed["type"] == "error"
    return str(json.loads(rest[: parsed["data_length"]])["code"])


BAD: dict[str, bytes] = {
    "not an event": b"GET / HTTP/1.1\r\nHost: here\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
    "bad utf-8": b'{"type": "\xc3\x28"}\n',
    "a header bomb": b"{" + b" " * (FROM_CLIENTS.header + 1),
    "ten gigabytes of payload": b'{"type": "audio-chunk", "payload_length": 10000000000}\n',
    "ten gigabytes of data": b'{"type": "describe", "data_length": 10000000000}\n',
    "negative": b'{"type": "describe", "data_length": -1}\n',
    "deeply nested": b'{"type": "describe", "data": {"a": ' + b"[" * 8_000 + b"]" * 8_000 + b"}}\n",
    "nothing at all": b"",
    "half a header": b'{"type": "desc',
    "half a payload": b'{"type": "audio-chunk", "payload_length": 1000}\nabc',
    "sound of no form": b'{"type": "detect"}\n{"type": "audio-chunk", "payload_length": 2}\nab',
    "sound before anything": b'{"type": "audio-stop"}\n',
    "text of another type": b'{"type": "synthesize", "data": {"text": ["a"]}}\n',
    "a voice of another type": b'{"type": "synthesize", "data": {"text": "a", "voice": 5}}\n',
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("ends", [False, True])
def test_what_cannot_be_is_told_and_ended(engines: Engines, data: bytes, *, ends: bool) -> None:
    async def talk(server: WyomingServer, port: int) -> None:
        answer = await answered(port, data, ends=ends)
        if data or not ends:
            assert code_of(answer) == "bad-input"
            assert server.counts.refused == 1

    run(engines, talk)


def test_a_slow_client_is_ended(engines: Engines) -> None:
    """A byte now and then keeps no connection open: an event that has begun has to end."""

    async def talk(_server: WyomingServer, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answer = asyncio.create_task(reader.read())
        with suppress(ConnectionError):
            while not answer.done():
                writer.write(b" ")
                await writer.drain()
                await asyncio.wait([answer], timeout=0.02)
        assert code_of(await answer) == "bad-input"
        writer.close()

    run(engines, talk)


def test_a_client_that_reads_nothing_is_ended(engines: Engines) -> None:
    async def talk(server: WyomingServer, port: int) -> None:
        one = socket.create_connection(("127.0.0.1", port))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        text = json.dumps({"text": "Hello. " * 500}).encode()
        one.sendall(b'{"type": "synthesize", "data_length": %d}\n' % len(text) + text)
        one.sendall(b'{"type": "describe"}\n' * 5_000)
        await until(lambda: server.counts.accepted and not server.connections)
        assert (server.counts.accepted, server.connections) == (1, 0)
        with pytest.raises(ConnectionError):
            one.sendall(b"\n" * 10_000_000)
        one.close()

    run(engines, talk)


def test_an_endless_utterance_is_ended(engines: Engines) -> None:
    chunk = AudioChunk(16_000, 2, 1, bytes(2_048)).event()
    header = json.dumps({"type": "audio-chunk", "data": chunk.data, "payload_length": 2_048}).encode()
    begin = b'{"type": "transcribe"}\n{"type": "audio-start", "data": {"rate": 16000, "width": 2, "channels": 1}}\n'
    sound = begin + (header + b"\n" + bytes(2_048)) * 200

    async def talk(_server: WyomingServer, port: int) -> None:
        assert b"at most 2 seconds" in await answered(port, sound)

    run(engines, talk)


def test_a_client_that_sends_on_hears_why_it_is_ended(engines: Engines) -> None:
    """Were the connection closed with its sound unread, the system would take the error back."""

    def send_all_then_read(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
            one.sendall(b'{"type": "audio-chunk", "payload_length": 10000000000}\n' + bytes(3_000_000))
            one.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: one.recv(65_536), b""))

    async def talk(_server: WyomingServer, port: int) -> None:
        assert code_of(await asyncio.to_thread(send_all_then_read, port)) == "bad-input"

    run(engines, talk)


class Nobody(Allowed):
    """Allows not even this machine, whose addresses are the only ones that a test has."""

    def __contains__(self, _host: str) -> bool:
        return False


def test_a_stranger_is_turned_away_without_a_word(engines: Engines) -> None:
    async def talk(server: WyomingServer, port: int) -> None:
        assert await answered(port, b'{"type": "describe"}\n') == b""
        assert (server.counts.not_allowed, server.counts.accepted) == (1, 0)

    run(engines, talk, allowed=Nobody())


def test_more_than_there_is_room_for_are_turned_away(engines: Engines) -> None:
    async def talk(server: WyomingServer, port: int) -> None:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert code_of(await answered(port, b'{"type": "describe"}\n')) == "storage-busy"
        assert server.counts.too_many == 1
        for _, writer in held:
            writer.close()
            await writer.wait_closed()

    run(engines, talk, Bounds(connections=3))


def test_somebody_else_is_turned_away_when_all_are_transcribed(engines: Engines) -> None:
    begin = b'{"type": "transcribe"}\n{"type": "audio-start", "data": {"rate": 16000, "width": 2, "channels": 1}}\n'

    async def talk(_server: WyomingServer, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begin)
        assert b"transcript-start" in await reader.readline()
        assert code_of(await answered(port, begin)) == "engine-busy"
        writer.close()
        await writer.wait_closed()
        assert b"transcript-start" in await answered(port, begin)

    run(engines, talk, Bounds(queue_s=0.2, idle_s=1.0))


async def good(port: int) -> str | None:
    """One stream with a wake word in it, sent as fast as it is taken."""
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Detect(names=["alexa"]).event())
        await client.write_event(AudioStart(16_000, 2, 1).event())
        for at in range(0, len(WAKING), 2_048):
            await client.write_event(AudioChunk(16_000, 2, 1, WAKING[at : at + 2_048]).event())
        while (event := await client.read_event()) is not None:
            if Detection.is_type(event.type):
                return Detection.from_event(event).name
    return None


async def bad(port: int, number: int) -> None:
    with suppress(ConnectionError):
        await answered(port, list(BAD.values())[number % len(BAD)])


def test_good_streams_go_on_beside_as_many_bad_ones(engines: Engines) -> None:
    async def talk(server: WyomingServer, port: int) -> None:
        tracemalloc.start()
        try:
            streams = [good(port) for _ in range(MANY)]
            heard, _ = await asyncio.gather(
                asyncio.gather(*streams), asyncio.gather(*(bad(port, number) for number in range(MANY)))
            )
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert heard == ["alexa"] * MANY
        assert server.counts.refused >= MANY - MANY // len(BAD) - 1
        assert peak < 60_000_000

    run(engines, talk, Bounds(first_s=5.0, event_s=5.0))
