"""``earwitness history``, ``play``, ``why`` and ``who``: what is kept of you, and who opened it."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, examples
from earwitness.cli.output import note, progress, say, show_json, show_rows
from earwitness.cli.session import asking, opened
from earwitness.kernel.clock import rfc3339
from earwitness.kernel.errors import BadInput
from earwitness.ledger.merkle import leaf_hash
from earwitness.ledger.merkle_proofs import verify_inclusion
from earwitness.policy.access import Resource
from earwitness.policy.purposes import Purpose
from earwitness.storage.files import write_durably
from earwitness.transparency.history import AccessLine
from earwitness.vault.reading import Cursor

HISTORY = {"at": "when", "seconds": "s", "device": "through", "heard": "heard", "expires": "until", "id": "id"}
WHO = {"at": "when", "who": "who", "action": "did", "purpose": "why", "recordings": "recordings", "index": "log entry"}
PLAYERS = (["aplay", "-q"], ["paplay"], ["play", "-q"])
RecordingId = Annotated[str, typer.Argument(help="A recording's id, as history shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("history", epilog=examples("earwitness history --as Ana", "earwitness history --shared --limit 10"))(
        history
    )
    app.command("play", epilog=examples("earwitness play rec_… --to clip.wav", "earwitness play rec_… --to - | aplay"))(
        play
    )
    app.command("why")(why)
    app.command("who", epilog=examples("earwitness who --as Ana --check"))(who)


def history(  # noqa: PLR0917 - options
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    shared: Annotated[bool, typer.Option("--shared", help="What shared devices kept for the household.")] = False,
    of: Annotated[str, typer.Option(help="Somebody who opened their history to you.")] = "",
    limit: Annotated[int, typer.Option(help="How many, at most 200.")] = 50,
    before: Annotated[str, typer.Option(help="Go on from where the last page ended.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """List what is kept of you, newest first. The look itself goes into your log."""
    with opened(data) as house:
        person = asking(house, as_person)
        subject = house.directory.people.find(of, person.household).id if of else person.id
        page = house.history.page(
            person.actor(), [person.household if shared else subject], limit=limit, before=_cursor(before)
        )
    rows = [
        {
            "at": rfc3339(line.started_at)[:19].replace("T", " "),
            "seconds": round(line.duration_ms / 1000, 1),
            "device": line.device,
            "heard": line.heard,
            "answered": line.answered,
            "expires": rfc3339(line.expires_at)[:10],
            "id": line.id,
            "damaged": line.damaged,
        }
        for line in page.lines
    ]
    following = f"{page.following.started_at}:{page.following.id}" if page.following else None
    if as_json:
        show_json({"recordings": rows, "next": following})
        return
    show_rows(rows, HISTORY, as_json=False)
    if not rows:
        note("Nothing is kept.")
    damaged = sum(line.damaged for line in page.lines)
    if damaged:
        note(f"{damaged} of these are damaged and show no text; earwitness why ID names what is wrong.")
    if following:
        note(f"More: earwitness history --before {following}")


def play(
    recording: RecordingId,
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    to: Annotated[str, typer.Option(help="Write the WAV here instead of playing it; - is standard output.")] = "",
) -> None:
    """Play a recording. Who played it goes into the log first."""
    with opened(data) as house:
        opening = house.reading.play(asking(house, as_person).actor(), recording, Purpose.HISTORY)
        if to == "-":
            for piece in opening.stream():
                sys.stdout.buffer.write(piece)
        elif to:
            write_durably(Path(to), opening.read())
            note(f"written to {to}; that copy is yours to look after")
        else:
            _play(opening.read())


def why(
    recording: RecordingId, data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False
) -> None:
    """Explain a recording: how it came in, what was understood, why it was kept."""
    with opened(data) as house:
        chain = house.history.why(asking(house, as_person).actor(), recording)
    if as_json:
        show_json(chain)
    else:
        for sentence in chain:
            say(sentence)


def who(  # noqa: PLR0917 - options
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    shared: Annotated[bool, typer.Option("--shared", help="The log of what the household shares.")] = False,
    limit: Annotated[int | None, typer.Option(help="Only the newest so many.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Check each entry's proof in the published log.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List everybody and everything that opened or changed something of yours, newest first."""
    with opened(data) as house:
        person = asking(house, as_person)
        subject = person.household if shared else person.id
        resource = Resource(id=subject, subject=subject, household=person.household)
        lines = house.history.who(person.actor(), resource, limit=limit)
        checked = _check(house, subject, lines) if check else 0
    show_rows([_who_row(line) for line in lines], WHO, as_json=as_json)
    if check and not as_json:
        note(f"{checked} entries have a valid proof in the published log, and none is missing from your chain")


def _check(house: House, subject: str, lines: list[AccessLine]) -> int:
    checkpoint = house.log.publish()
    wanted = {line.index for line in lines}
    entries = [entry for entry in house.audit.entries(subject) if entry.index in wanted]
    with progress("checking proofs", len(entries)) as advance:
        for done, entry in enumerate(entries, start=1):
            proof = house.log.proof(entry.index, checkpoint.size)
            verify_inclusion(entry.index, checkpoint.size, leaf_hash(entry.commitment), proof, checkpoint.root)
            advance(done)
    house.audit.require_whole(subject)
    return len(entries)


def _who_row(line: AccessLine) -> dict[str, object]:
    return {
        "at": line.at[:19].replace("T", " "),
        "who": line.who,
        "role": line.role,
        "action": line.action,
        "purpose": line.purpose,
        "recordings": ", ".join(line.recordings[:2])
        + (f" and {len(line.recordings) - 2} more" if len(line.recordings) > 2 else ""),  # noqa: PLR2004 - two fit in a line
        "index": line.index,
    }


def _cursor(text: str) -> Cursor | None:
    if not text:
        return None
    moment, _, name = text.partition(":")
    if not moment.isdigit() or not name:
        raise BadInput("--before takes what the last page printed.", next_step="Leave it out to begin anew.")
    return Cursor(int(moment), name)


def _play(wav: bytes) -> None:
    player = next((each for each in PLAYERS if shutil.which(each[0])), None)
    if player is None:
        raise BadInput(
            "There is no program here that plays sound.", next_step="Give --to FILE.wav, or install alsa-utils."
        )
    # Through a pipe: a temporary file would be a copy that nobody erases.
    done = subprocess.run([*player, "-"], input=wav, capture_output=True, check=False)  # noqa: S603 - a player from the list above
    if done.returncode:
        raise BadInput(f"{player[0]} could not play it.", next_step="Give --to FILE.wav.")
