"""Fifty good devices beside fifty bad ones, against a gateway in a process of its own: nobody good notices."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

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
)
from earwitness.testing.devices import UTTERANCE
from earwitness.testing.runlog import RunLog

MANY = 50
PIECE = bytes(1_280)  # 40 ms
TURNS = 8  # of half a second
SLOWEST = 0.5  # seconds from the last sound of a turn to its end; the machine may be busy
MOST_MEMORY = 60 * 2**20  # more than before anybody came
SOON = 10
PATIENT = {half_open, silent, greets_not, clipped, slow_headers, reads_nothing}  # their ends come later
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


async def good(url: str, token: str) -> list[float]:
    """Talk as a device that streams does; return how long each turn waited for its end."""
    waited: list[float] = []
    loop = asyncio.get_running_loop()
    async with connect(url, compression=None, open_timeout=20) as socket:
        await socket.send(encode_from_device(Hello((1,), token, "streams", "good", "1", muted=False)))
        assert isinstance(decode_from_hub(await socket.recv()), Welcome)
        for _ in range(TURNS):
            due = loop.time()
            for _ in range(-(-UTTERANCE // len(PIECE))):
                await socket.send(PIECE)
                due += 0.04
                await _until(due)
            asked = loop.time()
            while not isinstance(await _next(socket), Idle):
                pass
            waited.append(loop.time() - asked)
    return waited


async def _next(socket: object) -> object:
    received = await socket.recv()  # type: ignore[attr-defined] # a connection
    return decode_from_hub(received) if isinstance(received, str) else received


async def _until(moment: float) -> None:
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    loop.call_at(moment, done.set_result, None)
    await done


async def together(url: str) -> list[list[float]]:
    bad = [
        asyncio.create_task(misbehave(each, url, token))
        for each, token in zip(islice(cycle(EVERY_BAD), MANY), BAD, strict=True)
    ]
    try:
        return await asyncio.gather(*(good(url, token) for token in GOOD))
    finally:
        for each in bad:
            each.cancel()
        await asyncio.gather(*bad, return_exceptions=True)


def test_fifty_good_devices_notice_nothing_of_fifty_bad_ones(gateway: tuple[str, int]) -> None:
    url, process = gateway
    before = memory(process, "VmRSS")
    waited = asyncio.run(together(url))
    assert [len(each) for each in waited] == [TURNS] * MANY
    assert max(max(each) for each in waited) < SLOWEST
    assert memory(process, "VmHWM") - before < MOST_MEMORY


IMPATIENT = [each for each in EVERY_BAD if each not in PATIENT]


@pytest.mark.parametrize("bad", IMPATIENT, ids=lambda bad: bad.__name__)
def test_what_is_wrong_at_once_is_ended(bad: Bad, gateway: tuple[str, int]) -> None:
    """What is thrown at the hub above does reach it."""
    url, _ = gateway

    async def once() -> None:
        async with asyncio.timeout(SOON), raw(url) as hub:
            with suppress(OSError, asyncio.IncompleteReadError):
                await bad(hub, "bad0")

    asyncio.run(once())
