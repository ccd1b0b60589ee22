"""``earwitness promises``: try to break each promise on the running installation."""

import typer

from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import note, progress, show_json, show_rows
from earwitness.cli.session import opened
from earwitness.kernel.clock import rfc3339
from earwitness.promises.run import CHECKS, run_checks
from earwitness.transparency.register import Result, State

COLUMNS = {"id": "promise", "state": "state", "title": "what is promised", "tried": "how it was tried", "at": "when"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("promises", epilog=examples("earwitness promises", "earwitness promises --json"))(promises)


def promises(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """Check every promise by its effect; exit with 1 if one is broken."""
    with opened(data) as house, progress("trying promises", len(CHECKS), quiet=as_json) as advance:
        tried: list[str] = []

        def begin(name: str) -> None:
            tried.append(name)
            advance(len(tried) - 1)

        results = run_checks(house, begin)
    if as_json:
        show_json([_json(each) for each in results])
    else:
        show_rows([_row(each) for each in results], COLUMNS, as_json=False)
    broken = [each.id for each in results if each.state is State.BROKEN]
    if broken:
        note(f"BROKEN: {', '.join(broken)}")
        raise typer.Exit(1)


def _json(result: Result) -> dict[str, object]:
    return {"id": result.id, "state": str(result.state), "tried": result.tried, "at": _at(result)}


def _row(result: Result) -> dict[str, object]:
    return {"title": result.title, **_json(result)}


def _at(result: Result) -> str | None:
    return rfc3339(result.at) if result.at is not None else None
