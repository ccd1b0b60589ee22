"""The server's bounds, by what a raw socket sees of them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from earwitness.testing.bad_devices import BINARY, CONTINUATION, PING, TEXT, UPGRADE, Raw, frame, raw
from earwitness.testing.devices import Served, served
from earwitness.testing.waiting import wait_until
from earwitness.web import transport
from earwitness.web.transport import Arrivals

SOON = 10
Act = Callable[[Raw], Awaitable[None]]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(transport, "REQUEST_WAIT", 0.2)
    monkeypatch.setattr(transport, "MESSAGE_WAIT", 0.2)
    monkeypatch.setattr(transport, "PENALTY", 0.05)
    monkeypatch.setattr(transport, "PARTING_WAIT", 0.2)
    with served("kitchen", ping=0.2) as running:
        yield running


def answer(hub: Served, act: Act) -> bytes:
    """Everything the hub says until it closes the connection."""
    said = bytearray()

    async def go() -> None:
        async with asyncio.timeout(SOON), raw(hub.url) as socket:
            try:
                await act(socket)
                while data := await socket.reader.read(65_536):
                    said.extend(data)
            except OSError:
                return

    asyncio.run(go())
    return bytes(said)


def close_code(said: bytes) -> int:
    """The code of the close frame at the end of what was said."""
    at = said.rindex(b"\x88")
    return int.from_bytes(said[at + 2 : at + 4], "big")


async def _nothing(_: Raw) -> None:
    pass


def test_who_never_asks_is_let_go(hub: Served) -> None:
    assert answer(hub, _nothing) == b""


def test_who_never_finishes_asking_is_let_go(hub: Served) -> None:
    asking = UPGRADE.encode() * 50
    sent = bytearray()

    async def slowly(socket: Raw) -> None:
        for letter in asking:
            await socket.send(bytes([letter]))
            sent.append(letter)
            done = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(0.01, done.set_result, None)
            await done

    assert answer(hub, slowly) == b""
    assert 0 < len(sent) < len(asking)


def test_headers_are_bounded(hub: Served) -> None:
    async def bomb(socket: Raw) -> None:
        await socket.send(UPGRADE.format(host=socket.host).encode(), b"X-Bomb: " + b"x" * 20_000 + b"\r\n\r\n")

    assert answer(hub, bomb).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (frame(BINARY, claim=10 * 2**30), 1009),
        (frame(TEXT, claim=8_193), 1009),
        (frame(TEXT, b"\xff"), 1007),
        (frame(TEXT, b"{", fin=False) + frame(CONTINUATION, b"\xff"), 1007),
        (frame(BINARY, b"\0\0", fin=False) + frame(CONTINUATION, fin=False) * 64, 1009),
        (frame(BINARY, b"\0\0", fin=False) + frame(CONTINUATION, bytes(8_191)), 1009),
        (frame(BINARY, b"\0\0", fin=False), 1008),
        (frame(PING) * 21, 1008),
        (frame(BINARY, rsv=0x40), 1002),
        (frame(3), 1002),
        (frame(CONTINUATION), 1002),
        (b"\x82\x02\0\0", 1002),  # not masked
    ],
)
def test_what_breaks_the_rules_is_told_which(hub: Served, frames: bytes, code: int) -> None:
    async def act(socket: Raw) -> None:
        await socket.upgrade()
        await socket.send(frames)

    assert close_code(answer(hub, act)) == code


def test_what_comes_within_the_rules_stays(hub: Served) -> None:
    said: list[bytes] = []

    async def act(socket: Raw) -> None:
        await socket.upgrade("kitchen")
        said.append(await socket.reader.readuntil(b"welcome"))
        await socket.send(
            frame(PING) * 10, frame(BINARY, bytes(640), fin=False), frame(CONTINUATION, bytes(640)), frame(8)
        )

    assert answer(hub, act).count(b"\x8a\x00") == 10
    assert said
    wait_until(lambda: hub.sessions.of("kitchen").heard == 1_280)


def test_a_half_open_connection_is_cut_off(hub: Served) -> None:
    """It never answers a ping."""

    async def act(socket: Raw) -> None:
        await socket.upgrade("kitchen")

    assert b"\x89" in answer(hub, act)
    wait_until(lambda: not hub.route.connected)
    assert hub.sessions.of("kitchen").closed


def test_an_address_may_not_come_too_often() -> None:
    arrivals = Arrivals()
    assert [arrivals.may_come("192.0.2.1", 0.0) for _ in range(101)] == [True] * 100 + [False]
    assert arrivals.may_come("192.0.2.2", 0.0)
    assert [arrivals.may_come("192.0.2.1", 0.1) for _ in range(3)] == [True, True, False]
    assert all(arrivals.may_come("127.0.0.1", 0.0) for _ in range(1_000))


def test_addresses_are_not_remembered_without_end() -> None:
    arrivals = Arrivals()
    for number in range(5_000):
        arrivals.may_come(f"address {number}", 0.0)
    assert len(arrivals._left) == transport.MOST_ADDRESSES


def test_connections_are_counted(hub: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MOST_CONNECTIONS", 0)
    assert answer(hub, _nothing) == b""
