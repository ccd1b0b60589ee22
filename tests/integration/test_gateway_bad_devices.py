"""Fifty good devices beside fifty bad ones, against a gateway in a process of its own: nobody good notices."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect

from earwitness.protocol.device.codec import decode_from_hub, encode_from_device
from earwitness.protocol.device.messages import Hello, Idle, Welcome
from earwitness.testing.bad_devices import (
    EVERY_BAD,
    Bad,
    clipped,
    greets_not,
    half_open,
    misbehave,
    raw,
    reads_nothing,
    silent,
    slow_headers,
    truncated,
)
from earwitness.testing.devices import REPLY, UTTERANCE
from earwitness.testing.runlog import RunLog

MANY = 50
PIECE = bytes(1_280)  # 40 ms
TURNS = 24  # of half a second
MOST_MEMORY = 60 * 2**20  # more than before anybody came
SOON = 10
PATIENT = {half_open, silent, greets_not, clipped, slow_headers, reads_nothing, truncated}  # their ends come later
GOOD = [f"good{n}" for n in range(MANY)]
BAD = [f"bad{n}" for n in range(MANY)]


@pytest.fixture(scope="module")
def gateway(run_log: RunLog) -> Iterator[tuple[str, int]]:
    command = [sys.executable, "-m", "earwitness.testing.devices", *GOOD, *BAD]
    with (
        run_log.file("gateway").open("ab") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.pid
        process.kill()


def memory(process: int, what: str) -> int:
    """Bytes of memory of a process: VmRSS now, VmHWM at most so far."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


async def good(url: str, token: str) -> list[bytes]:
    """Talk as a device that streams does; return the reply of each turn."""
    async with connect(url, compression=None, open_timeout=20) as socket:
        await socket.send(encode_from_device(Hello((1,), token, "streams", "good", "1", muted=False)))
        assert isinstance(decode_from_hub(await socket.recv()), Welcome)
        return [await turn(socket) for _ in range(TURNS)]


async def turn(socket: ClientConnection) -> bytes:
    """Say one thing and listen to the end of the reply."""
    for _ in range(-(-UTTERANCE // len(PIECE))):
        await socket.send(PIECE)
    reply = b""
    while True:
        received = await socket.recv()
        if isinstance(received, bytes):
            reply += received
        elif isinstance(decode_from_hub(received), Idle):
            return reply


async def together(url: str) -> list[list[bytes]]:
    """Let the good ones talk while every bad one is at it."""
    came = [asyncio.Event() for _ in BAD]
    bad = [
        asyncio.create_task(misbehave(*each))
        for each in zip(islice(cycle(EVERY_BAD), MANY), [url] * MANY, BAD, came, strict=True)
    ]
    try:
        await asyncio.gather(*(each.wait() for each in came))
        return await asyncio.gather(*(good(url, token) for token in GOOD))
    finally:
        for each in bad:
            each.cancel()
        ends = await asyncio.gather(*bad, return_exceptions=True)
        assert {type(end) for end in ends} == {asyncio.CancelledError}  # all of them went on to the end


def test_fifty_good_devices_notice_nothing_of_fifty_bad_ones(gateway: tuple[str, int]) -> None:
    url, process = gateway
    before = memory(process, "VmRSS")
    assert asyncio.run(together(url)) == [[REPLY] * TURNS] * MANY
    assert memory(process, "VmHWM") - before < MOST_MEMORY


IMPATIENT = [each for each in EVERY_BAD if each not in PATIENT]


@pytest.mark.parametrize("bad", IMPATIENT, ids=lambda bad: bad.__name__)
def test_what_is_wrong_at_once_is_ended(bad: Bad, gateway: tuple[str, int]) -> None:
    """What is thrown at the hub above does reach it."""
    url, _ = gateway

    async def ended_by_the_hub() -> bool:
        async with asyncio.timeout(SOON), raw(url) as hub:
            with suppress(OSError, asyncio.IncompleteReadError):
                await bad(hub, "bad0")
            return hub.reader.at_eof() or hub.writer.is_closing()

    assert asyncio.run(ended_by_the_hub())
