"""``earwitness export``: take everything about you home, encrypted to your own key."""

from pathlib import Path
from typing import Annotated

import typer

from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, examples
from earwitness.cli.output import note, show_record
from earwitness.cli.session import asking, opened


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export", epilog=examples("earwitness export --as Ana --to /media/usb"))(export)


def export(
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="The folder to write the archive into.")],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    as_json: JsonFlag = False,
) -> None:
    """Write an archive of everything held about you that your age key alone opens."""
    with opened(data) as house:
        person = asking(house, as_person)
        made = house.export.export(person.actor(), person.id, to)
    show_record({"archive": str(made.path), "recordings": made.recordings, "members": made.members}, as_json=as_json)
    if not as_json:
        note("Open it with: age -d -i YOUR-KEY-FILE ARCHIVE | tar x")
