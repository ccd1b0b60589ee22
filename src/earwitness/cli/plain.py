"""Typer's applications and commands, with help in plain text: the same on a terminal, in a pipe and on a page."""

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand


class PlainCommand(TyperCommand):
    """A command whose help names its arguments as ``FILE``, not as ``{FILE} <path>``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words of the usage line."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write what the arguments and options mean."""
        for title, rows in records(self, ctx).items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def records(command: Any, ctx: Any) -> dict[str, list[tuple[str, str]]]:
    """Return name and meaning of each argument and option of a command."""
    found: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
    for each in command.get_params(ctx):
        record = each.get_help_record(ctx)
        if record and each.param_type_name == "argument":
            found["Arguments"].append((record[0].partition(" <")[0], record[1].replace("  [required]", "")))
        elif record:
            found["Options"].append(record)
    return found


class App(typer.Typer):
    """A group of commands in plain text."""

    def __init__(self, **settings: Any) -> None:
        """Make one; without a command it shows its help."""
        super().__init__(rich_markup_mode=None, no_args_is_help=True, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Any], Any]:
        """Add a command."""
        return super().command(name, cls=PlainCommand, **settings)
