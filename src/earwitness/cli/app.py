"""The ``earwitness`` command: finds the command that is asked for, imports it alone, and ends its errors."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from earwitness import __version__
from earwitness.cli import failures, nextsteps

if TYPE_CHECKING:
    from typer.core import TyperGroup

ENCODING_ERRORS = "backslashreplace"  # a name that this terminal cannot show is no reason to fail
INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code.

    0: done; 1: failed, or a check found something broken; 2: the input was bad and nothing was
    changed; 3: a policy said no; 130: interrupted.
    """
    if list(arguments) == ["--version"]:  # answered without loading anything
        sys.stdout.write(f"earwitness {__version__}\n")
        return 0
    nextsteps.remember(arguments)
    return _run(list(arguments), as_json="--json" in arguments)


def make_command() -> "TyperGroup":
    """Return the whole command, whose parts are imported when they are asked for."""
    return import_module("earwitness.cli.root").make_root()  # type: ignore[no-any-return]


def main() -> None:
    """Run as a program."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors=ENCODING_ERRORS)  # type: ignore[union-attr]
    sys.exit(run(sys.argv[1:]))


def _run(arguments: list[str], *, as_json: bool) -> int:
    import typer  # noqa: PLC0415 - the version is told without it
    from typer.exceptions import TyperException  # noqa: PLC0415 - likewise

    from earwitness.kernel.errors import EarwitnessError  # noqa: PLC0415 - likewise

    try:
        code = make_command()(args=arguments or ["--help"], prog_name="earwitness", standalone_mode=False)
    except EarwitnessError as error:
        return failures.report_expected(error, as_json=as_json)
    except TyperException as error:
        return failures.report_usage(error, as_json=as_json)
    except typer.Abort:
        return failures.report_stopped(as_json=as_json)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the one place where the unexpected ends
        return failures.report_bug(error, as_json=as_json)
    return code if isinstance(code, int) else 0
