"""What a person sees when a command fails: one line on standard error, or one JSON object.

Expected errors are the tree of :mod:`earwitness.kernel.errors`. Anything else is a bug: its message
and traceback may hold personal data, so only its class, place and a stable number are shown, unless
``EARWITNESS_DEBUG=1`` asks for all of it.
"""

import json
import os
import sys
import traceback

from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.errors import EarwitnessError

DEBUG = "EARWITNESS_DEBUG"
USAGE = 2


def report_expected(error: EarwitnessError, *, as_json: bool) -> int:
    """Show an error of the project's tree and return its exit code."""
    _show(error.what, error.next_step, as_json=as_json)
    return error.exit_code


def report_usage(message: str, command: str, *, as_json: bool) -> int:
    """Show what is wrong with the words on the command line and return 2."""
    _show(message, f"See {command} --help.", as_json=as_json)
    return USAGE


def report_stopped(*, as_json: bool) -> int:
    """Say that a question was not answered with yes, and return 1."""
    _show("Stopped; nothing was done.", "", as_json=as_json)
    return 1


def report_bug(error: Exception, *, as_json: bool) -> int:
    """Show where an unexpected exception came from, without what it says, and return 1."""
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error)
    what = f"Something went wrong inside Earwitness ({describe_bug(error)})."
    _show(what, f"{DEBUG}=1 shows all of it; it may hold personal data.", as_json=as_json)
    return 1


def _show(what: str, next_step: str, *, as_json: bool) -> None:
    if as_json:
        text = json.dumps({"error": what, "next_step": next_step}, ensure_ascii=False)
    else:
        text = f"error: {what} {next_step}".rstrip().replace("\n", " ")
    sys.stderr.write(text + "\n")
