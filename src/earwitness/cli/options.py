"""Options that many commands share, so that each is spelt and explained in one place."""

from pathlib import Path
from typing import Annotated

import typer

DataFolder = Annotated[
    Path,
    typer.Option("--data", envvar="EARWITNESS_DATA", help="The data folder.", metavar="FOLDER", show_default=True),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AsPerson = Annotated[
    str,
    typer.Option(
        "--as",
        envvar="EARWITNESS_AS",
        metavar="NAME",
        help="Who you are: a name or an id. Needed where more than one adult lives.",
    ),
]
AsStaff = Annotated[str, typer.Option("--as", metavar="STAFF", help="The id of the member of staff you are.")]
HouseholdName = Annotated[
    str, typer.Option("--household", metavar="NAME", help="Which household, if there is more than one.")
]
Since = Annotated[
    str, typer.Option("--from", metavar="MOMENT", help="Everything since then: a date, a time, or 3d for 3 days ago.")
]
Until = Annotated[str, typer.Option("--to", metavar="MOMENT", help="… and before then; now if left out.")]
Said = Annotated[
    list[str] | None,
    typer.Option("--said", metavar="NAME", help="Another way to say the name; may be given again."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

DEFAULT_DATA = Path("data")


def examples(*lines: str) -> str:
    """Return the examples that stand at the end of a command's help."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
