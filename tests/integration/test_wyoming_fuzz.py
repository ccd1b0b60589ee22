"""Any events in any order, well formed or not: the server answers or refuses, and goes on."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earwitness.assistant.hearing import Engines
from earwitness.gateway.wyoming import Bounds, Kind, Services, WyomingServer, offers
from earwitness.protocol.wyoming import FROM_SERVERS, Decoder, Event, encode
from earwitness.skills.clock.skill import ClockSkill
from earwitness.testing.aloud import KITCHEN, aloud, parts, real_engines
from earwitness.web.listening import listen

KNOWN = (
    "describe", "ping", "pong", "detect", "transcribe", "transcript", "recognize", "audio-start", "audio-chunk",
    "audio-stop", "synthesize", "synthesize-start", "synthesize-chunk", "synthesize-stop", "run-pipeline", "info",
)  # fmt: skip
WORDS = st.sampled_from(["what is the time", "alexa", "stop", "", "en", "okay_nabu", "a. b. c.", "\0", "é" * 30])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70_000) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "text", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)
FORM = st.just({"rate": 16_000, "width": 2, "channels": 1})
FIELDS = st.sampled_from(
    ["text", "rate", "width", "channels", "names", "name", "language", "voice", "context", "timestamp"]
)
DATA = FORM | st.fixed_dictionaries({"text": WORDS}) | st.dictionaries(FIELDS, VALUES, max_size=4)
EVENTS = st.builds(Event, st.sampled_from(KNOWN), DATA, st.binary(max_size=64) | st.just(bytes(2_048)))
BOUNDS = Bounds(first_s=2.0, event_s=2.0, idle_s=2.0)


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with real_engines() as opened:
        yield opened


async def answers(port: int, data: bytes) -> list[Event]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    decoder = Decoder(FROM_SERVERS)
    writer.write(data)
    writer.write_eof()
    while piece := await reader.read(65_536):
        decoder.feed(piece)
    writer.close()
    await writer.wait_closed()
    found = []
    while (event := decoder.next()) is not None:
        found.append(event)
    decoder.end()
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, max_size=8), st.binary(max_size=40), st.booleans())
def test_any_events_in_any_order(engines: Engines, events: list[Event], junk: bytes, cut: bool) -> None:  # noqa: FBT001 - drawn
    sent = b"".join(map(encode, events))
    sent = sent[: len(sent) // 2] + junk if cut else sent

    async def inside() -> None:
        programs = offers.programs(tuple(Kind), parts(engines))
        server = WyomingServer(Services(aloud(engines, [ClockSkill()]).assistant, programs, KITCHEN), bounds=BOUNDS)
        listening = listen("127.0.0.1", 0)
        await server.start(listening.sockets)
        try:
            got, good = await asyncio.gather(
                answers(listening.port, sent), answers(listening.port, b'{"type": "describe"}\n')
            )
        finally:
            await server.close()
        assert [each.type for each in good] == ["info"]
        assert [each.type for each in got].count("error") <= 1
        assert "error" not in [each.type for each in got[:-1]]
        assert server.counts.failed == 0

    asyncio.run(inside())
