"""``earwitness promises``: try to break each promise on the running installation."""

import logging
import sys

import typer

from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import Moment, note, progress, show_json, show_rows
from earwitness.cli.session import opened
from earwitness.promises.run import CHECKS, run_checks
from earwitness.transparency.register import Result, State
from earwitness.web import logs

COLUMNS = {"id": "promise", "state": "state", "title": "what is promised", "tried": "how it was tried", "at": "when"}
READ_COLUMNS = {"id": "", "state": "state", "title": "what is promised", "tried": "how it was tried"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("promises", epilog=examples("earwitness promises", "earwitness promises --json"))(promises)


def promises(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """Try to break every promise, by its effect on a canary household.

    The household is made for it and erased again. Exit code 1 if a promise is broken.
    """
    logs.configure(level=logging.WARNING)  # a check asks the workbench; its requests are nobody's
    with opened(data) as house, progress("trying promises", len(CHECKS), quiet=as_json) as advance:
        tried: list[str] = []

        def begin(name: str) -> None:
            tried.append(name)
            advance(len(tried) - 1)

        results = run_checks(house, begin)
    _show(results, as_json=as_json)
    broken = [each.id for each in results if each.state is State.BROKEN]
    if broken:
        note(f"BROKEN: {', '.join(broken)}")
        raise typer.Exit(1)


def _show(results: list[Result], *, as_json: bool) -> None:
    if as_json:
        show_json([_json(each) for each in results])
    elif sys.stdout.isatty():  # not_built ones in a line of their own: there is nothing to read about them
        built = [each for each in results if each.state is not State.NOT_BUILT]
        show_rows([_row(each) for each in built], READ_COLUMNS, as_json=False, wraps=("title", "tried"))
        note(f"not built: {', '.join(each.id for each in results if each.state is State.NOT_BUILT)} (see PROMISES.md)")
    else:
        show_rows([_row(each) for each in results], COLUMNS, as_json=False)


def _json(result: Result) -> dict[str, object]:
    at = Moment(result.at) if result.at is not None else None
    return {"id": result.id, "state": str(result.state), "tried": result.tried, "at": at}


def _row(result: Result) -> dict[str, object]:
    return {"title": result.title, **_json(result)}
