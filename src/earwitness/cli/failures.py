"""What a person sees when a command fails: one line on standard error, or one JSON object.

Expected errors are the tree of :mod:`earwitness.kernel.errors`. Anything else is a bug: its message
and traceback may hold personal data, so only its class, place and a stable number are shown, unless
``EARWITNESS_DEBUG=1`` asks for all of it.
"""

import json
import os
import re
import sys
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING

from earwitness.cli import nextsteps
from earwitness.cli.output import one_line
from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.errors import AccessDenied, EarwitnessError

if TYPE_CHECKING:
    from typer.exceptions import TyperException

DEBUG = "EARWITNESS_DEBUG"
USAGE = 2
_EXTRA = re.compile(r"Got unexpected extra argument(?:\(s\)|s)? \((.*)\)", re.DOTALL)
_NO_CHOICE = re.compile(r"Value error, .* is not one of", re.DOTALL)


def report_expected(error: EarwitnessError, *, as_json: bool) -> int:
    """Show an error of the project's tree and return its exit code."""
    found = {name: getattr(error, name, None) for name in ("reason", "file", "index")}
    where = {name: value for name, value in found.items() if value not in {None, ""}}
    _show(type(error).__name__, error.what, nextsteps.complete(_step(error)), as_json=as_json, where=where)
    return error.exit_code


def _step(error: EarwitnessError) -> str:
    if isinstance(error, AccessDenied) and not error.next_step:
        return "docs/policy.md says who may do what."
    return error.next_step


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
    step = f"See {command} --help."
    if command == "earwitness" and message.startswith("No such option"):
        step = "Options come after the command: earwitness COMMAND --data FOLDER. See earwitness --help."
    _show("BadInput", _in_plain_words(message), step, as_json=as_json)
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


def _in_plain_words(message: str) -> str:
    """Say it without what was typed, which may be a name or a sentence, and without the words of the parser."""
    extra = _EXTRA.match(message)
    if extra:
        return f"{len(extra[1].split())} word(s) too many; put a text with spaces in quotes."
    message = _NO_CHOICE.sub("it is not one of", message).replace("Input should be", "it should be")
    return message if message.endswith((".", "?")) else f"{message}."


def _show(kind: str, what: str, next_step: str, *, as_json: bool, where: Mapping[str, object] | None = None) -> None:
    if as_json:
        text = json.dumps({"error": what, "kind": kind, "next_step": next_step, **(where or {})}, ensure_ascii=False)
    else:
        text = one_line(f"error: {what} {next_step}".rstrip().replace("\n", " "))
    sys.stderr.write(text + "\n")
