"""``earwitness rotate``, ``sweep`` and ``jobs``: what the hub does by itself, done now."""

from typing import Annotated

import typer

from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import note, progress, show_json, show_record, show_rows
from earwitness.cli.session import opened
from earwitness.jobs import work

JOBS = {"kind": "kind", "state": "state", "count": "count"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("rotate", epilog=examples("earwitness rotate"))(rotate)
    app.command("sweep", epilog=examples("earwitness sweep"))(sweep)
    app.command("jobs", epilog=examples("earwitness jobs", "earwitness jobs --run"))(jobs)


def rotate(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """Turn the root epoch now.

    Re-wraps what survives, destroys the old root key, and completes erasures for which only that was missing.
    """
    with opened(data) as house:
        before = house.keyring.epoch
        with progress("re-wrapping", quiet=as_json) as advance:
            completed = house.turn_epoch(advance)
        shown = {"old_epoch": before, "new_epoch": house.keyring.epoch, "erasures_completed": len(completed)}
    show_record(shown, as_json=as_json)


def sweep(
    data: DataFolder = DEFAULT_DATA,
    insist: Annotated[
        bool, typer.Option("--insist", help="Remove orphans even if they are a large share of all keys.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Remove what has expired and what a crash left, and resume accepted erasures."""
    with opened(data) as house:
        with progress("looking for what a crash left", quiet=as_json):
            found = house.sweep(insist=insist)
        with progress("removing what has expired", quiet=as_json) as advance:
            swept = house.retention.sweep(progress=advance)
        overdue = house.removal.overdue()
    shown = {
        "expired": swept.expired,
        "deidentified": swept.deidentified,
        "orphan_keys": found.keys,
        "orphan_blobs": found.blobs,
        "resumed_erasures": found.resumed,
        "overdue_erasures": len(overdue),
    }
    show_record(shown, as_json=as_json)
    if swept.waiting_for_clock:
        note("The clock has jumped ahead; removal waits until it has stood there for a day. Reading refuses already.")
    if overdue:
        note(f"Past their bound and not final: {', '.join(overdue)}. Next: earwitness rotate")


def jobs(
    data: DataFolder = DEFAULT_DATA,
    run: Annotated[bool, typer.Option("--run", help="Run what is due first.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Count the background work by kind and state."""
    with opened(data) as house:
        done = house.runner.run_due() if run else 0
        with house.database.read() as tx:
            counts = work.overview(tx)
    rows = [
        {"kind": kind, "state": state, "count": n} for kind, states in counts.items() for state, n in states.items()
    ]
    if as_json:
        show_json({"run": done, "jobs": rows})
        return
    if run:
        note(f"{done} run")
    show_rows(rows, JOBS, as_json=False, empty="There is no background work.")
