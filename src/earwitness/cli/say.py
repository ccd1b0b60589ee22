"""``earwitness say``: play recordings to the assistant, as if a device had heard them."""

import asyncio
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from earwitness.assistant.events import Answered, Event, Heard, Kept, Woken
from earwitness.assistant.playing import Played, Player
from earwitness.bootstrap import House
from earwitness.bootstrap.listening import Loop, listening
from earwitness.cli.finding import find_device
from earwitness.cli.options import DEFAULT_DATA, DataFolder, HouseholdName, JsonFlag, examples
from earwitness.cli.output import note, say, show_json
from earwitness.cli.person import require_free
from earwitness.cli.session import one_household, opened
from earwitness.cli.telling import told
from earwitness.identity.devices import Device
from earwitness.kernel.audio import Clip, read_clip
from earwitness.kernel.errors import BadInput, NotFound

EXAMPLES = examples(
    "earwitness say alexa-lights.wav",
    "earwitness say --button lights.flac --device Kitchen --reply answer.wav",
    'earwitness say --text "set a timer for ten minutes"',
    "earwitness say first.wav then.wav --why",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("say", epilog=EXAMPLES)(say_command)


def say_command(  # noqa: PLR0917 - options
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE…", help="WAV, FLAC, Ogg Vorbis or MP3, in any rate.")
    ] = None,
    data: DataFolder = DEFAULT_DATA,
    device: Annotated[
        str, typer.Option(metavar="DEVICE", help="The device that hears it; needed where there are several.")
    ] = "",
    household: HouseholdName = "",
    button: Annotated[bool, typer.Option("--button", help="As if its button were pressed: no wake word.")] = False,
    text: Annotated[str, typer.Option(metavar="SENTENCE", help="Type instead of speaking; nothing is kept.")] = "",
    reply: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the spoken reply into a WAV file.")] = None,
    why: Annotated[bool, typer.Option("--why", help="Show every step of each turn.")] = False,
    pace: Annotated[bool, typer.Option("--pace", help="Play as slowly as life.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Play recordings to the assistant, one after the other, as if a device had heard them.

    Everything is as with a device: wake word, verification, end of speech, recognition, skill, spoken reply,
    and what may be kept is kept.
    """
    if bool(files) == bool(text):
        raise BadInput("Say either a FILE or --text.", next_step="earwitness say --help shows examples.")
    if reply is not None:
        require_free(reply)
    clips = [(path.name, read_clip(path, convert=True)) for path in files or ()]
    with opened(data) as house:
        found = hearing_device(house, household, device)
        if text:
            asyncio.run(_typed(house, found, text, as_json=as_json))
        else:
            shower = _Shower(as_json=as_json, why=why)
            asyncio.run(_spoken(house, found, clips, shower, button=button, pace=pace))
            shower.end()
            _save(reply, shower)


def hearing_device(house: House, household: str, name: str) -> Device:
    """Return the named device, or the only one there is.

    Raises:
        NotFound: there is none.
        BadInput: there are several and none was named.
    """
    home = one_household(house, household).id
    if name:
        return find_device(house, home, name)
    devices = house.directory.devices.list(home)
    if not devices:
        raise NotFound("There is no device yet.", next_step="earwitness device add Kitchen --mode shared")
    if len(devices) > 1:
        raise BadInput(f"There are {len(devices)} devices.", next_step="Say which one hears it with --device LABEL.")
    return devices[0]


async def _typed(house: House, device: Device, text: str, *, as_json: bool) -> None:
    async with listening(house, recognisers=1) as loop:
        reply = await loop.assistant.ask(device.id, text)
    if as_json:
        show_json({"said": text, "reply": reply.text, "ending": reply.ending})
    else:
        say(reply.text or "(a tone)")


async def _spoken(
    house: House, device: Device, clips: Sequence[tuple[str, Clip]], shower: "_Shower", *, button: bool, pace: bool
) -> None:
    async with listening(house, recognisers=1) as loop:
        player = Player(loop.assistant, device.id, shower.event, pace=pace)
        for name, clip in clips:
            shower.begin(name, clip, device.label or device.id)
            played = await player.play(clip.pcm, button=button)
            shower.finish(played, loop, device.id)
        await player.close()


def _save(path: Path | None, shower: "_Shower") -> None:
    if path is None:
        return
    if not shower.reply:
        note("Nothing was said aloud, so no reply was written.")
        return
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(shower.rate)
        out.writeframes(bytes(shower.reply))


class _Shower:
    """Shows what happens, as it happens; with ``--json`` all of it at the end."""

    def __init__(self, *, as_json: bool, why: bool) -> None:
        self._as_json, self._why = as_json, why
        self._turns: list[dict[str, Any]] = []
        self.reply = bytearray()
        self.rate = 0

    def begin(self, name: str, clip: Clip, label: str) -> None:
        if not self._as_json:
            say(f"{name}, {clip.duration_ms / 1000:.1f} s, to {label}")
        self._turns.append({"file": name, "events": []})

    def event(self, at: float, event: Event) -> None:
        line = told(event)
        if line:
            self._turns[-1]["events"].append({"at": round(at, 3), "event": type(event).__name__.lower(), "says": line})
            if not self._as_json:
                say(f"  {at:6.2f} s  {line}")

    def finish(self, played: Played, loop: Loop, device: str) -> None:
        turn = self._turns[-1]
        woken, heard, answered = played.last(Woken), played.last(Heard), played.last(Answered)
        kept = played.last(Kept)
        turn |= {
            "woke": woken is not None,
            "heard": heard.text if heard else None,
            "reply": answered.text if answered else None,
            "ending": answered.ending if answered else None,
            "recording": kept.recording if kept else None,
        }
        self.reply += played.reply
        self.rate = played.rate or self.rate
        steps = loop.assistant.steps(device) if answered else ()
        turn["steps"] = [each.to_json() for each in steps]
        if not played.events and not self._as_json:
            say("  nothing woke it; begin with its wake word, or give --button")
        if self._why and not self._as_json:
            for each in steps:
                score = "" if each.score is None else f" ({each.score:.2f})"
                say(f"            {each.said}{score}")

    def end(self) -> None:
        if self._as_json:
            show_json(self._turns)
