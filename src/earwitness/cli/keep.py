"""``earwitness keep``: keep an audio file as a recording, under the same rules as what a device hears."""

from pathlib import Path
from typing import Annotated

import typer

from earwitness.cli.moments import parse_moment
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, examples
from earwitness.cli.output import show_record
from earwitness.cli.session import asking, opened
from earwitness.kernel.audio import read_clip
from earwitness.kernel.clock import rfc3339
from earwitness.vault.intake import Incoming
from earwitness.vault.kinds import REPLY, TRANSCRIPT

EXAMPLES = examples(
    'earwitness keep light.wav --transcript "turn on the light" --as Ana', "earwitness keep hello.flac --device Kitchen"
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("keep", epilog=EXAMPLES)(keep)


def keep(  # noqa: PLR0917 - options
    file: Annotated[Path, typer.Argument(help="WAV, FLAC, Ogg Vorbis or MP3; mono at 16000 Hz.", dir_okay=True)],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    device: Annotated[str, typer.Option(help="As if this device had heard it: its label or id.")] = "",
    transcript: Annotated[str, typer.Option(help="What was said.")] = "",
    reply: Annotated[str, typer.Option(help="What was answered.")] = "",
    at: Annotated[str, typer.Option(help="When it was said: a time, or e.g. 2h for two hours ago.")] = "now",
    as_json: JsonFlag = False,
) -> None:
    """Keep a recording, if consent, device and choice allow it."""
    clip = read_clip(file)
    texts = {TRANSCRIPT: transcript, REPLY: reply}
    artefacts = {kind: text.encode() for kind, text in texts.items() if text}
    with opened(data) as house:
        started_at = parse_moment(at, house.clock.now_ms())
        person = asking(house, as_person)
        found = house.directory.devices.find(person.household, device).id if device else None
        owner = None if device else person.id
        kept = house.intake.keep(Incoming(clip, started_at, person.actor(), found, owner, artefacts))
    shown: dict[str, object] = {
        "recording": kept.recording,
        "seconds": round(clip.duration_ms / 1000, 1),
        "expires": rfc3339(kept.expires_at),
        "log_entry": kept.entry,
    }
    show_record(shown, as_json=as_json)
