"""The hub of a real Wyoming satellite: heard, verified, answered, played, its lights told; and again after it died."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from earwitness.assistant.hearing import Engines
from earwitness.gateway.wyoming import Kind, Services, WyomingServer, offers
from earwitness.gateway.wyoming.satellite import Place, SatelliteLink, SatelliteLinks, Standing, Wakes
from earwitness.skills.clock.skill import ClockSkill
from earwitness.testing.aloud import KITCHEN, Aloud, aloud, parts, real_engines, said, silence
from earwitness.testing.runlog import RunLog
from earwitness.testing.waiting import until
from earwitness.testing.wyoming_satellite import RATE, RealSatellite
from earwitness.web.listening import listen

MakeSatellite = Callable[..., RealSatellite]
ASKED = said("alexa") + silence(0.25) + said("what is the time") + silence(1.0)


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with real_engines() as opened:
        yield opened


@pytest.fixture
def satellite(satellite_python: Path, tmp_path: Path, run_log: RunLog) -> MakeSatellite:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]

    def make(*options: str) -> RealSatellite:
        return RealSatellite(satellite_python, tmp_path, port, run_log.file("wyoming-satellite"), options)

    return make


@asynccontextmanager
async def linked(house: Aloud, satellite: RealSatellite, wakes: Wakes = Wakes.HUB) -> AsyncIterator[list[Standing]]:
    seen: list[Standing] = []

    async def noted(standing: Standing) -> None:
        seen.append(standing)

    place = Place("127.0.0.1", satellite.port, KITCHEN, "alexa", wakes)
    links = SatelliteLinks([SatelliteLink(place, house.assistant, noted)])
    links.start()
    try:
        yield seen
    finally:
        await links.close()
        await house.assistant.close()


def run(engines: Engines, talk: Callable[[Aloud], Awaitable[None]]) -> None:
    async def inside() -> None:
        async with asyncio.timeout(50):
            await talk(aloud(engines, [ClockSkill()]))

    asyncio.run(inside())


def test_a_satellite_that_streams_is_heard_and_answered(engines: Engines, satellite: MakeSatellite) -> None:
    async def talk(house: Aloud) -> None:
        with satellite() as real:
            async with linked(house, real) as seen:
                await until(lambda: seen and seen[-1].streams)
                assert (seen[-1].connected, seen[-1].name, seen[-1].problem) == (True, "Test satellite", "")
                real.say(ASKED)
                await until(lambda: ("tts-stop", "") in real.lights)
                await until(lambda: len(real.played) > RATE)
                lights = [name for name, _ in real.lights]
                assert [each for each in lights if each != "detect"] == [
                    "detection", "stt-start", "stt-stop", "transcript", "synthesize", "tts-start", "tts-stop",
                ]  # fmt: skip
                words = dict(real.lights)
                assert words["detection"] == "alexa"
                assert words["transcript"] == "what is the time"
                assert words["synthesize"]
                (turn,) = house.kept
                assert turn.transcript == "what is the time"
                assert len(turn.pcm) < len(ASKED)

    run(engines, talk)


def test_a_satellite_is_connected_again_after_it_died(engines: Engines, satellite: MakeSatellite) -> None:
    async def talk(house: Aloud) -> None:
        with satellite() as real:
            async with linked(house, real) as seen:
                await until(lambda: seen and seen[-1].streams)
                real.__exit__()
                await until(lambda: not seen[-1].connected)
                with satellite():
                    await until(lambda: seen[-1].streams)
                    real.say(ASKED)
                    await until(lambda: house.kept)
                    assert house.kept[0].transcript == "what is the time"

    run(engines, talk)


@pytest.mark.parametrize("believed", [False, True])
def test_a_satellite_with_its_own_wake_word_is_heard_only_if_that_is_chosen(
    engines: Engines, satellite: MakeSatellite, *, believed: bool
) -> None:
    """Its own wake word comes from our wake service here, which verifies; the satellite sends nothing of it on."""

    async def talk(house: Aloud) -> None:
        programs = offers.programs([Kind.WAKE], parts(engines))
        server = WyomingServer(Services(house.assistant, programs))
        listening = listen("127.0.0.1", 0)
        await server.start(listening.sockets)
        wakes = Wakes.SATELLITE_UNVERIFIED if believed else Wakes.HUB
        with satellite("--wake-uri", f"tcp://127.0.0.1:{listening.port}", "--wake-word-name", "alexa") as real:
            async with linked(house, real, wakes) as seen:
                await until(lambda: seen and seen[-1].connected)
                detect = 2 if believed else 3  # from its own service, for run-satellite, and of a hub that wakes
                await until(lambda: real.lights.count(("detect", "")) >= detect)
                real.say(silence(0.5) + said("alexa") + silence(0.5) + said("what is the time") + silence(1.5))
                if believed:
                    await until(lambda: house.kept)
                    await until(lambda: ("tts-stop", "") in real.lights)
                    assert dict(real.lights)["transcript"] == "what is the time"
                else:
                    await until(lambda: "verify" in seen[-1].problem)
                    assert house.kept == []
                    assert house.assistant.counts.turns == 0
        await server.close()

    run(engines, talk)
