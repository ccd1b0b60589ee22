"""What a person sees when a command fails: one line on standard error, or one JSON object.

Expected errors are the tree of :mod:`earwitness.kernel.errors`. Anything else is a bug: its message
and traceback may hold personal data, so only its class, place and a stable number are shown, unless
``EARWITNESS_DEBUG=1`` asks for all of it.
"""

import json
import os
import sys
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING

from earwitness.cli import nextsteps
from earwitness.cli.output import one_line
from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.errors import EarwitnessError

if TYPE_CHECKING:
    from typer.exceptions import TyperException

DEBUG = "EARWITNESS_DEBUG"
USAGE = 2


def report_expected(error: EarwitnessError, *, as_json: bool) -> int:
    """Show an error of the project's tree and return its exit code."""
    found = {name: getattr(error, name, None) for name in ("reason", "file", "index")}
    where = {name: value for name, value in found.items() if value not in {None, ""}}
    _show(type(error).__name__, error.what, error.next_step, as_json=as_json, where=where)
    return error.exit_code


def report_usage(error: "TyperException", *, as_json: bool) -> int:
    """Show what is wrong with the words on the command line and return 2."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "earwitness"
    message = error.format_message()
    if context and message == context.get_help():  # a group of which no command was named
        if not as_json:
            sys.stderr.write(f"{message}\n")
            return USAGE
        message = "A command is missing."
    _show("BadInput", message, f"See {command} --help.", as_json=as_json)
    return USAGE


def report_stopped(*, as_json: bool) -> int:
    """Say that a question was not answered with yes, and return 1."""
    _show("Stopped", "Stopped; nothing was done.", "", as_json=as_json)
    return 1


def report_bug(error: Exception, *, as_json: bool) -> int:
    """Show where an unexpected exception came from, without what it says, and return 1."""
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error)
    what = f"Something went wrong inside Earwitness ({describe_bug(error)})."
    _show("Bug", what, f"{DEBUG}=1 shows all of it; it may hold personal data.", as_json=as_json)
    return 1


def _show(kind: str, what: str, next_step: str, *, as_json: bool, where: Mapping[str, object] | None = None) -> None:
    next_step = nextsteps.complete(next_step)
    if as_json:
        text = json.dumps({"error": what, "kind": kind, "next_step": next_step, **(where or {})}, ensure_ascii=False)
    else:
        text = one_line(f"error: {what} {next_step}".rstrip().replace("\n", " "))
    sys.stderr.write(text + "\n")
