"""``earwitness keep``: keep an audio file as a recording, under the same rules as what a device hears."""

from pathlib import Path
from typing import Annotated

import typer

from earwitness.cli.finding import find_device
from earwitness.cli.moments import parse_moment
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, examples
from earwitness.cli.output import Moment, show_record
from earwitness.cli.session import asking, opened
from earwitness.kernel.audio import read_clip
from earwitness.kernel.clock import MINUTE
from earwitness.kernel.errors import BadInput
from earwitness.vault.intake import Incoming
from earwitness.vault.kinds import REPLY, TRANSCRIPT

LONGEST_TEXT = 10_000
EXAMPLES = examples(
    "earwitness keep hello.wav --as Ana",
    'earwitness keep light.wav --transcript "turn on the light" --as Ana',
    "earwitness keep hello.flac --device Kitchen --at 2h",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("keep", epilog=EXAMPLES)(keep)


def keep(  # noqa: PLR0917 - options
    file: Annotated[Path, typer.Argument(metavar="FILE", help="WAV, FLAC, Ogg Vorbis or MP3; mono at 16000 Hz.")],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    device: Annotated[
        str, typer.Option(metavar="DEVICE", help="As if this device had heard it: its label or id.")
    ] = "",
    transcript: Annotated[str, typer.Option(metavar="TEXT", help="What was said.")] = "",
    reply: Annotated[str, typer.Option(metavar="TEXT", help="What was answered.")] = "",
    at: Annotated[
        str, typer.Option(metavar="MOMENT", help="When it was said: a date, a time, or 2h for two hours ago.")
    ] = "now",
    as_json: JsonFlag = False,
) -> None:
    """Keep a recording, if consent, device and choice allow it."""
    clip = read_clip(file)
    artefacts = {kind: _text(text) for kind, text in ((TRANSCRIPT, transcript), (REPLY, reply)) if text}
    with opened(data) as house:
        now = house.clock.now_ms()
        started_at = parse_moment(at, now)
        if started_at > now + MINUTE:
            raise BadInput("That moment has not come yet.", next_step="Leave --at out, or give a time in the past.")
        person = asking(house, as_person)
        found = find_device(house, person.household, device).id if device else None
        owner = None if device else person.id
        kept = house.intake.keep(Incoming(clip, started_at, person.actor(), found, owner, artefacts))
    shown: dict[str, object] = {
        "recording": kept.recording,
        "seconds": round(clip.duration_ms / 1000, 1),
        "expires": Moment(kept.expires_at),
        "log_entry": kept.entry,
    }
    show_record(shown, as_json=as_json)


def _text(text: str) -> bytes:
    """Return a text as it is kept; the text is not repeated in an error."""
    if len(text) > LONGEST_TEXT:
        raise BadInput(f"The text is longer than {LONGEST_TEXT} characters.", next_step="Shorten it.")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadInput("The text is not UTF-8.", next_step="Write it in a UTF-8 terminal.") from error
