"""Wyoming in front of a house: its voice services for clients that are allowed, and its satellites."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import metadata
from typing import Final

from earwitness.assistant.assistant import DEFAULT_WORD, Assistant
from earwitness.bootstrap.house import House
from earwitness.gateway.wyoming import Allowed, Kind, Services, WyomingServer, offers
from earwitness.gateway.wyoming.satellite import Noted, Place, SatelliteLink, SatelliteLinks, Standing, Wakes
from earwitness.identity.device_facts import Report
from earwitness.kernel.errors import BadInput
from earwitness.protocol.device.messages import Listens
from earwitness.settings import Settings
from earwitness.speech.tts.engines.espeak import PROGRAM as ESPEAK
from earwitness.web.listening import listen

SATELLITE: Final = "wyoming-satellite"
PACKAGES: Final = {
    "pymicro-wakeword": "pymicro-wakeword",
    "pocketsphinx": "pocketsphinx",
    "whisper": "faster-whisper",
    "moonshine": "moonshine-voice",
}


@dataclass(frozen=True, slots=True)
class Wyoming:
    """What runs: the server and the port it has, where it is switched on; and the satellites."""

    server: WyomingServer | None
    port: int
    satellites: SatelliteLinks


@asynccontextmanager
async def serving_wyoming(house: House, assistant: Assistant) -> AsyncIterator[Wyoming]:
    """Serve clients and drive satellites, as the settings say, until the block is left.

    Raises:
        BadInput: settings that cannot be.
        NotFound: a device that is not here.
        StorageBusy: the port is taken.
    """
    async with AsyncExitStack() as closing:
        server, port = None, 0
        if house.settings.wyoming_port:
            allowed = allowed_by(house.settings)
            services = await asyncio.to_thread(services_of, house, assistant)
            listening = listen(house.settings.wyoming_host, house.settings.wyoming_port)
            closing.callback(listening.close)
            server, port = WyomingServer(services, allowed), listening.port
            await server.start(listening.sockets)
            closing.push_async_callback(server.close)
        places = await asyncio.to_thread(places_of, house)
        links = SatelliteLinks([SatelliteLink(each, assistant, _noting(house)) for each in places])
        links.start()
        closing.push_async_callback(links.close)
        yield Wyoming(server, port, links)


def allowed_by(chosen: Settings) -> Allowed:
    """Who may connect.

    Raises:
        BadInput: an entry that is no address, or a door to others that nobody may use.
    """
    allowed = Allowed(chosen.wyoming_allow)
    if not allowed and chosen.wyoming_host not in Allowed() and chosen.wyoming_host != "localhost":
        raise BadInput(
            "wyoming_host lets other machines reach the voice services, but none is allowed to.",
            next_step="List their addresses in wyoming_allow. Wyoming has no authentication.",
        )
    return allowed


def services_of(house: House, assistant: Assistant) -> Services:
    """The services that are switched on.

    Raises:
        BadInput: some need a device, and none is set.
        NotFound: the device that is set is not here.
    """
    chosen = house.settings
    if chosen.wyoming_device:
        house.directory.devices.get(chosen.wyoming_device)
    engines = assistant.shared.engines
    parts = offers.Parts(engines.wake.words, chosen.recogniser, engines.voice.voice, versions())
    programs = offers.programs([Kind(each) for each in dict.fromkeys(chosen.wyoming_services)], parts)
    return Services(assistant, programs, chosen.wyoming_device)


def places_of(house: House) -> list[Place]:
    """The satellites of the settings, each with the wake word chosen for its device.

    Raises:
        NotFound: a satellite's device is not here.
        BadInput: two satellites for one device.
    """
    listed = house.settings.satellites
    if len({each.device for each in listed}) < len(listed):
        raise BadInput("Two satellites are listed for one device.", next_step="Add a device for each.")
    places = []
    for each in listed:
        house.directory.devices.get(each.device)
        word = house.directory.device_facts.chosen(each.device).wake_word or DEFAULT_WORD
        places.append(Place(each.host, each.port, each.device, word, Wakes(each.wakes)))
    return places


def _noting(house: House) -> Noted:
    """Write down what is known of a satellite, for whoever looks at the household's devices."""

    async def noted(standing: Standing) -> None:
        if standing.connected or standing.muted:
            await asyncio.to_thread(house.directory.device_facts.note, standing.place.device, report_of(standing))

    return noted


def report_of(standing: Standing) -> Report:
    """A satellite as the household's list of devices shows it."""
    streams = standing.place.wakes is Wakes.HUB
    return Report(
        program=SATELLITE,
        version=standing.version,
        listens=Listens.STREAMS if streams else Listens.WAKES,
        wake_words=(standing.place.word,) if streams else (),
        muted=standing.muted,
    )


def versions() -> Mapping[str, str]:
    """The versions of the engines, as far as they are installed."""
    found = {}
    for engine, package in PACKAGES.items():
        try:
            found[engine] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    program = shutil.which(ESPEAK)
    if program:
        said = subprocess.run((program, "--version"), capture_output=True, text=True, check=False).stdout  # noqa: S603 - a fixed question
        match = re.search(r"\d+(?:\.\d+)+\S*", said)
        found[ESPEAK] = match[0] if match else ""
    return found
