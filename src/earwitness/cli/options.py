"""Options that many commands share, so that each is spelt and explained in one place."""

from pathlib import Path
from typing import Annotated

import typer

DataFolder = Annotated[
    Path,
    typer.Option("--data", envvar="EARWITNESS_DATA", help="The data folder.", show_default=True, file_okay=True),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AsPerson = Annotated[
    str,
    typer.Option(
        "--as", envvar="EARWITNESS_AS", help="Who you are: a name or an id. Needed where more than one adult lives."
    ),
]
HouseholdName = Annotated[str, typer.Option("--household", help="Which household, if there is more than one.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

DEFAULT_DATA = Path("data")


def examples(*lines: str) -> str:
    """Return the examples that stand at the end of a command's help."""
    return "Examples:\n\n" + "\n\n".join(lines)
