"""Wyoming in front of a real house: what a satellite hears is its household's, what clients bring is nobody's."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.wake import Detect

from earwitness.bootstrap import House
from earwitness.bootstrap.listening import listening
from earwitness.bootstrap.wyoming import Wyoming, allowed_by, places_of, serving_wyoming
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.policy.purposes import Purpose
from earwitness.protocol.device.messages import Listens
from earwitness.settings import SatelliteSettings, Settings
from earwitness.testing.aloud import said, silence
from earwitness.testing.house import Family
from earwitness.testing.runlog import RunLog
from earwitness.testing.waiting import until
from earwitness.testing.wyoming_satellite import RealSatellite

ALL = ("wake", "asr", "intent", "handle", "tts")
Chosen = Callable[..., House]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def chosen(house: House, **settings: object) -> House:
    """The same house with other settings."""
    return replace(house, settings=Settings.model_validate({**house.settings.model_dump(), **settings}))


def run(house: House, talk: Callable[[Wyoming], Awaitable[None]]) -> None:
    async def inside() -> None:
        async with asyncio.timeout(60), listening(house, recognisers=1) as loop:
            async with serving_wyoming(house, loop.assistant) as wyoming:
                await talk(wyoming)
            await loop.assistant.close()

    asyncio.run(inside())


async def answer(client: AsyncTcpClient, *types: str) -> Event:
    while (event := await client.read_event()) is not None:
        if event.type in types:
            return event
    raise AssertionError("no answer")


def test_what_a_satellite_hears_is_kept_as_its_device_says(
    small_family: Family, satellite_python: Path, tmp_path: Path, run_log: RunLog
) -> None:
    house, ada = small_family.house, small_family.ada
    device = small_family.shared_device()
    small_family.say_yes(ada, Purpose.HISTORY)
    port = free_port()
    served = chosen(house, satellites=(SatelliteSettings(host="127.0.0.1", port=port, device=device),))
    folder = tmp_path / "satellite"
    folder.mkdir()

    async def talk(wyoming: Wyoming) -> None:
        assert wyoming.server is None
        with RealSatellite(satellite_python, folder, port, run_log.file("wyoming-satellite")) as real:
            await until(lambda: wyoming.satellites.standings[0].streams)
            real.say(said("alexa") + silence(0.25) + said("what is the time") + silence(1.0))
            await until(lambda: ("tts-stop", "") in real.lights)

    run(served, talk)
    report = house.directory.device_facts.report(device)
    assert report is not None
    assert (report.program, report.listens) == ("wyoming-satellite", Listens.STREAMS)
    page = house.reading.page(ada.actor, [small_family.household]).items
    assert [item.device for item in page] == [device]


def test_what_clients_bring_is_kept_nowhere(small_family: Family) -> None:
    house = small_family.house
    device = small_family.shared_device()
    port = free_port()
    served = chosen(house, wyoming_port=port, wyoming_services=ALL, wyoming_device=device)
    before, stored = house.log.size(), files(house)

    async def talk(_wyoming: Wyoming) -> None:
        async with AsyncTcpClient("127.0.0.1", port) as client:
            await client.write_event(Transcribe().event())
            await send(client, silence(0.3) + said("what is the time") + silence(0.5))
            await client.write_event(AudioStop().event())
            heard = Transcript.from_event(await answer(client, "transcript"))
            assert heard.text == "what is the time"
            await client.write_event(heard.event())
            assert (await answer(client, "handled", "not-handled")).type == "handled"
            await client.write_event(Detect().event())
            await send(client, silence(0.5) + said("alexa") + silence(0.5))
            await answer(client, "detection")

    run(served, talk)
    assert house.log.size() == before  # no entry: nothing was kept, nothing opened
    assert files(house) == stored  # and no file
    kept = house.reading.page(small_family.ada.actor, [small_family.household, small_family.ada.id]).items
    assert not list(kept)


def files(house: House) -> set[Path]:
    return set((house.data / "blobs").rglob("*")) | set((house.data / "keys").rglob("*"))


async def send(client: AsyncTcpClient, pcm: bytes) -> None:
    await client.write_event(AudioStart(16_000, 2, 1).event())
    for at in range(0, len(pcm), 2_048):
        await client.write_event(AudioChunk(16_000, 2, 1, pcm[at : at + 2_048]).event())


def test_settings_that_cannot_be_are_refused(small_family: Family) -> None:
    house = small_family.house
    device = small_family.shared_device()
    with pytest.raises(BadInput, match="none is allowed"):
        allowed_by(chosen(house, wyoming_host="0.0.0.0").settings)  # noqa: S104 - refused
    with pytest.raises(BadInput, match="neither an address nor a network"):
        allowed_by(chosen(house, wyoming_allow=("kitchen",)).settings)
    allowed_by(chosen(house, wyoming_host="192.0.2.1", wyoming_allow=("192.0.2.7",)).settings)
    twice = (SatelliteSettings(host="a", device=device), SatelliteSettings(host="b", device=device))
    with pytest.raises(BadInput, match="one device"):
        places_of(chosen(house, satellites=twice))
    with pytest.raises(NotFound):
        places_of(chosen(house, satellites=(SatelliteSettings(host="a", device="dev_none"),)))
