"""The ``earwitness`` command. Each module listed in ``COMMANDS`` adds its own; errors end here."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from earwitness import __version__
from earwitness.cli import failures
from earwitness.cli.output import say
from earwitness.kernel.errors import EarwitnessError

COMMANDS = (
    "up",
    "init",
    "person",
    "device",
    "consent",
    "keep",
    "history",
    "erase",
    "receipts",
    "export",
    "verify",
    "promises",
    "incident",
    "upkeep",
    "witness",
    "bench",
)
"""Modules of this package with a ``register(app: typer.Typer) -> None``, in the order of the help.

A command that has its module's name is loaded without the other modules."""


def make_app(commands: Sequence[str] = COMMANDS) -> typer.Typer:
    """Put these commands together."""
    app = typer.Typer(
        name="earwitness",
        help="A voice assistant you host yourself, whose privacy promises can be checked.",
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_global_options)
    for name in commands:
        import_module(f"earwitness.cli.{name}").register(app)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code.

    0: done; 1: failed, or a check found something broken; 2: the input was bad and nothing was
    changed; 3: a policy said no; 130: interrupted.
    """
    as_json = "--json" in arguments
    try:
        code = get_command(make_app(_needed(arguments)))(
            args=list(arguments) or ["--help"], prog_name="earwitness", standalone_mode=False
        )
    except EarwitnessError as error:
        return failures.report_expected(error, as_json=as_json)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "earwitness"
        return failures.report_usage(error.format_message(), command, as_json=as_json)
    except typer.Abort:
        return failures.report_stopped(as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the one place where the unexpected ends
        return failures.report_bug(error, as_json=as_json)
    return code if isinstance(code, int) else 0


def _needed(arguments: Sequence[str]) -> Sequence[str]:
    """Import only the command that is asked for: the whole house takes a second to load."""
    asked = next((word for word in arguments if not word.startswith("-")), "")
    if list(arguments) == ["--version"]:
        return ()
    return (asked,) if asked in COMMANDS else COMMANDS


def main() -> None:
    """Run as a program."""
    sys.exit(run(sys.argv[1:]))


def _global_options(
    *, version: Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version.")] = False
) -> None:
    if version:
        say(f"earwitness {__version__}")
        raise typer.Exit
