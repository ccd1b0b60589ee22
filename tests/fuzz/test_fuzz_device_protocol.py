"""The fuzz target in a short run, and a device that says anything at all, in any order, to a real gateway."""

import asyncio
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from earwitness.protocol.device.codec import decode_from_hub, encode_from_device
from earwitness.protocol.device.messages import Cancel, Finish, FromHub, Hello, Listen, Mute, Played, Welcome, Woke
from earwitness.testing.devices import Served, served

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "docs/formats/vectors/device-protocol.json").read_text())
TARGET = Path(__file__).with_name("fuzz_device_protocol.py")
RUNS = 20_000

MESSAGES = st.sampled_from([Listen(), Finish(), Played(), Cancel(), Mute(on=True), Mute(on=False)]) | st.builds(
    Woke, st.just("alexa"), st.floats(0, 1), st.integers(1, 20_800)
)
SOUND = st.integers(0, 4_200).map(lambda samples: bytes(2 * samples))
FRAMES = st.lists(
    MESSAGES.map(encode_from_device) | SOUND | st.binary(max_size=50) | st.text(max_size=50), min_size=1, max_size=25
)
LISTENS = st.sampled_from(["wakes", "button", "streams"])


def test_the_target_finds_nothing_in_a_short_run(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this Python")
    for number, vector in enumerate(VECTORS["fine"]):
        (tmp_path / str(number)).write_text(vector["text"])
    command = [sys.executable, str(TARGET), f"-runs={RUNS}", "-seed=1", "-max_len=5000", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr[-2_000:]
    assert "Done" in ran.stderr


def test_a_device_may_say_anything_in_any_order() -> None:
    with served("odd", "even") as hub:

        @settings(max_examples=40, deadline=None)
        @given(frames=FRAMES, listens=LISTENS)
        def go(frames: list[str | bytes], listens: str) -> None:
            assert isinstance(asyncio.run(_said_before(hub, frames, listens)), Welcome)

        go()
        assert hub.sessions.of("odd")


async def _said_before(hub: Served, frames: list[str | bytes], listens: str) -> FromHub | None:
    """Say all of it; return what the hub says to another device that comes afterwards."""
    async with connect(hub.url, compression=None, close_timeout=0.1) as socket:
        await socket.send(encode_from_device(Hello((1,), "odd", listens, "odd", "1", muted=False)))
        with suppress(ConnectionClosed):
            for frame in frames:
                await socket.send(frame)
    async with connect(hub.url, compression=None, close_timeout=0.1) as socket:
        await socket.send(encode_from_device(Hello((1,), "even", "button", "even", "1", muted=False)))
        return decode_from_hub(await socket.recv())
