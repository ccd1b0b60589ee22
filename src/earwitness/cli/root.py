"""The group at the root of the command line: it knows every command's name and imports only what is asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from earwitness import __version__
from earwitness.cli.commands import COMMANDS, HIDDEN, SECTIONS
from earwitness.cli.output import say
from earwitness.cli.plain import App

SUMMARY = """\
A voice assistant you host yourself, whose privacy promises can be checked.

Exit codes: 0 done; 1 failed, or something is broken; 2 bad input, nothing was changed; 3 a policy said no.
"""
CLOSING = """\
\b
Every command has --help with examples, and --json for programs.
EARWITNESS_DATA names the data folder, EARWITNESS_AS who you are.
"""


class Root(TyperGroup):
    """All commands by section; each is loaded from its module when it is needed."""

    def __init__(self, **attributes: Any) -> None:
        """Know the names, so that a near miss is suggested without loading anything."""
        super().__init__(**attributes)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment] # loaded by get_command

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the caller's
        """Import one command."""
        listed = COMMANDS.get(cmd_name) or HIDDEN.get(cmd_name)
        return load(listed.module).get(cmd_name) if listed else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the caller's
        """Write the sections; nothing is imported for it."""
        longest = max(len(name) for name in COMMANDS)
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(longest), listed.summary) for name, listed in commands.items()])


def load(module: str) -> Mapping[str, Any]:
    """Import a module of commands and return what it registers, by name."""
    app = App()
    import_module(f"earwitness.cli.{module}").register(app)
    return get_group(app).commands


def make_root() -> TyperGroup:
    """Put the root together."""
    app = typer.Typer(
        name="earwitness",
        cls=Root,
        help=SUMMARY,
        epilog=CLOSING,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_global_options)
    return cast("TyperGroup", get_command(app))


def _global_options(
    *, version: Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version.")] = False
) -> None:
    if version:
        say(f"earwitness {__version__}")
        raise typer.Exit
