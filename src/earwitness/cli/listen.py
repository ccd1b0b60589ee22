"""``earwitness listen``: this machine's microphone, straight to the hub that runs on this data folder."""

import asyncio
from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.finding import find_device
from earwitness.cli.options import DEFAULT_DATA, DataFolder, HouseholdName, JsonFlag, examples
from earwitness.cli.output import note
from earwitness.cli.satellite import MicrophoneWish, Muted, SpeakerWish, Tones, WakeTone, WakeWord, serve
from earwitness.cli.session import one_household, opened
from earwitness.device.link import hub_address
from earwitness.device.outfit import DEFAULT, outfit
from earwitness.identity.device_rows import DeviceMode
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.protocol.device.messages import Listens
from earwitness.web.hub_lock import running_at

LABEL = "This machine"


def register(app: typer.Typer) -> None:
    """Add the command."""
    lines = ("earwitness listen", "earwitness listen --device Kitchen --microphone order.wav --speaker reply.wav")
    app.command("listen", epilog=examples(*lines))(listen)


def listen(  # noqa: PLR0917 - options
    data: DataFolder = DEFAULT_DATA,
    device: Annotated[
        str, typer.Option("--device", metavar="DEVICE", help="As which device; a shared one is added if none is named.")
    ] = "",
    wake_word: WakeWord = "",
    microphone: MicrophoneWish = DEFAULT,
    speaker: SpeakerWish = DEFAULT,
    muted: Muted = False,
    tones: Tones = True,
    wake_tone: WakeTone = False,
    household: HouseholdName = "",
    as_json: JsonFlag = False,
) -> None:
    """Talk to the running hub through this machine's microphone, as a satellite that pairs itself.

    The pairing ends with the command. What is kept follows the device's mode, as on every other.
    """
    parts = outfit(
        Listens.WAKES,
        microphone_wish=microphone,
        speaker_wish=speaker,
        wake_word=wake_word,
        tones=tones,
        wake_tone=wake_tone,
    )
    url = running_at(data)
    if not url:
        raise NotFound("No hub runs on this data folder.", next_step="earwitness up")
    with opened(data) as house:
        chosen = _device(house, device, household)
        token = house.directory.pairings.pair(chosen)
    try:
        asyncio.run(serve(parts, hub_address(url, insecure=True), token, muted=muted, as_json=as_json))
    finally:
        with opened(data) as house:
            house.directory.pairings.unpair(chosen)


def _device(house: House, wish: str, household: str) -> str:
    """Return the id of the device to be; add one for this machine if none was named."""
    home = one_household(house, household)
    if wish:
        found = find_device(house, home.id, wish)
        if house.directory.pairings.paired_at(found.id) is not None:
            raise BadInput(
                "That device is paired already; its token would end.",
                next_step=f"Leave --device out, or end it first: earwitness device unpair {found.id}",
            )
        return found.id
    known = [each for each in house.directory.devices.list(home.id) if each.label == LABEL]
    if known:
        return known[0].id
    made = house.directory.devices.add(home.id, LABEL, DeviceMode.SHARED)
    note(f"added the shared device “{LABEL}”; it keeps nothing until every adult agrees: earwitness device agree")
    return made.id
