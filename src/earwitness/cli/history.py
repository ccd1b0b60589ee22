"""``earwitness history``, ``play`` and ``why``: what is kept of you."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from earwitness.cli.finding import find_person, find_recording
from earwitness.cli.nextsteps import as_before
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, examples
from earwitness.cli.output import Moment, note, say, show_json, show_record, show_rows
from earwitness.cli.session import asking, opened
from earwitness.kernel.clock import parse_rfc3339
from earwitness.kernel.errors import BadInput
from earwitness.policy.purposes import Purpose
from earwitness.storage.files import write_durably
from earwitness.transparency.history import HistoryPage
from earwitness.vault.reading import LARGEST_PAGE, Cursor, Playback

HISTORY = {"at": "when", "seconds": "s", "device": "through", "heard": "heard", "expires": "until", "id": "id"}
PLAYERS = (["aplay", "-q"], ["paplay"], ["play", "-q"])
LATEST_CURSOR = 10**15
EMPTY = "Nothing is kept of you. What shared devices heard is the household's: earwitness history --shared"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
RecordingId = Annotated[
    str, typer.Argument(metavar="RECORDING", help="A recording's id, as history shows it, or 'last' for your newest.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    lines = ("earwitness history --as Ana", "earwitness history --shared --limit 10", "earwitness history --of Bo")
    app.command("history", epilog=examples(*lines))(history)
    lines = ("earwitness play last", "earwitness play rec_… --to clip.wav", "earwitness play rec_… --to - | aplay")
    app.command("play", epilog=examples(*lines))(play)
    app.command("why", epilog=examples("earwitness why last", "earwitness why rec_… --as Ana"))(why)


def history(  # noqa: PLR0917 - options
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    shared: Annotated[bool, typer.Option("--shared", help="What shared devices kept for the household.")] = False,
    of: Annotated[str, typer.Option(metavar="NAME", help="Somebody who opened their history to you.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=LARGEST_PAGE, help="How many.")] = 50,
    before: Annotated[str, typer.Option(metavar="PLACE", help="Go on from where the last page ended.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """List what is kept of you, newest first.

    The look itself goes into your log.
    """
    if shared and of:
        raise BadInput("--shared and --of name two histories.", next_step="Give one of them.")
    cursor = _cursor(before)
    with opened(data) as house:
        person = asking(house, as_person)
        subject = find_person(house, of, person.household).id if of else person.id
        page = house.history.page(person.actor(), [person.household if shared else subject], limit=limit, before=cursor)
    _show_page(page, ("--shared " if shared else "") + (f"--of {of} " if of else ""), as_json=as_json)


def play(
    recording: RecordingId,
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    to: Annotated[
        str, typer.Option(metavar="FILE", help="Write the WAV here instead of playing it; - is standard output.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Play a recording, or save it.

    Who played it goes into the log first.
    """
    if to == "-" and sys.stdout.isatty():
        raise BadInput("A terminal shows no sound.", next_step="Give --to FILE, or pipe it into a program.")
    if to == "-" and as_json:
        raise BadInput("Standard output cannot take both the sound and JSON.", next_step="Give --to FILE.")
    player = None if to else _player()
    if to and to != "-":
        _require_free(Path(to))
    with opened(data) as house:
        person = asking(house, as_person)
        name = find_recording(house, person, recording)
        opening = house.reading.play(person.actor(), name, Purpose.HISTORY)
        _deliver(opening, to, player)
    if as_json:
        show_record({"recording": name, "written_to": to or None}, as_json=True)
    elif to and to != "-":
        note(f"written to {to}; that copy is yours to look after")


def why(
    recording: RecordingId, data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False
) -> None:
    """Explain a recording: how it came in, what was understood, why it was kept."""
    with opened(data) as house:
        person = asking(house, as_person)
        chain = house.history.why(person.actor(), find_recording(house, person, recording))
    if as_json:
        show_json(chain)
        return
    for sentence in chain:
        say(_MOMENT.sub(_local, sentence) if sys.stdout.isatty() else sentence)


def _show_page(page: HistoryPage, options: str, *, as_json: bool) -> None:
    rows = [
        {
            "at": Moment(line.started_at),
            "seconds": round(line.duration_ms / 1000, 1),
            "device": line.device,
            "heard": line.heard,
            "answered": line.answered,
            "expires": Moment(line.expires_at, day=True),
            "id": line.id,
            "damaged": line.damaged,
        }
        for line in page.lines
    ]
    following = f"{page.following.started_at}:{page.following.id}" if page.following else None
    if as_json:
        show_json({"recordings": rows, "next": following})
        return
    show_rows(
        rows, HISTORY, as_json=False, wraps=("heard", "device"), empty="Nothing is kept here." if options else EMPTY
    )
    damaged = sum(line.damaged for line in page.lines)
    if damaged:
        note(f"{damaged} of these are damaged and show no text; earwitness why ID names what is wrong.")
    if following:
        note(f"More: earwitness history {options}--before {following}{as_before()}")


def _cursor(text: str) -> Cursor | None:
    if not text:
        return None
    moment, _, name = text.partition(":")
    if not (moment.isascii() and moment.isdigit() and name and int(moment) < LATEST_CURSOR):
        raise BadInput("--before takes what the last page printed.", next_step="Leave it out to begin anew.")
    return Cursor(int(moment), name)


def _local(match: re.Match[str]) -> str:
    return Moment(parse_rfc3339(match[0])).local_with_zone()


def _require_free(path: Path) -> None:
    """Say before anything is opened (and logged) that the file cannot be written."""
    if path.exists():
        raise BadInput(f"{path} is there already.", next_step="Give --to a new file.")
    if not path.parent.is_dir():
        raise BadInput(f"{path.parent} is no folder.", next_step="Make it first, or give another --to.")


def _player() -> list[str]:
    player = next((each for each in PLAYERS if shutil.which(each[0])), None)
    if player is None:
        raise BadInput(
            "There is no program here that plays sound.", next_step="Give --to FILE.wav, or install alsa-utils."
        )
    return player


def _deliver(opening: Playback, to: str, player: list[str] | None) -> None:
    if to == "-":
        for piece in opening.stream():
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    elif to:
        write_durably(Path(to), opening.read())
    elif player:
        # Through a pipe: a temporary file would be a copy that nobody erases.
        done = subprocess.run([*player, "-"], input=opening.read(), capture_output=True, check=False)  # noqa: S603 - a player from the list above
        if done.returncode:
            raise BadInput(f"{player[0]} could not play it.", next_step="Give --to FILE.wav.")
