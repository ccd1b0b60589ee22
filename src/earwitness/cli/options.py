"""Options that many commands share, so that each is spelt and explained in one place."""

from pathlib import Path
from typing import Annotated

import typer

DataFolder = Annotated[
    Path,
    typer.Option("--data", envvar="EARWITNESS_DATA", help="The data folder.", show_default=True, file_okay=True),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

DEFAULT_DATA = Path("data")
