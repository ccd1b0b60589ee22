"""``earwitness rotate``, ``sweep`` and ``jobs``: what the hub does by itself, done now."""

from typing import Annotated

import typer

from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag
from earwitness.cli.output import note, progress, say, show_record, show_rows
from earwitness.cli.session import opened
from earwitness.jobs import work


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("rotate")(rotate)
    app.command("sweep")(sweep)
    app.command("jobs")(jobs)


def rotate(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """Turn the root epoch now: re-wrap what survives, destroy the old root key, complete erasures."""
    with opened(data) as house:
        before = house.keyring.epoch
        with progress("re-wrapping", quiet=as_json) as advance:
            completed = house.turn_epoch(advance)
        shown: dict[str, object] = {"old_epoch": before, "new_epoch": house.keyring.epoch, "completed": len(completed)}
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
        found = house.sweep(insist=insist)
        with progress("removing what has expired", quiet=as_json) as advance:
            swept = house.retention.sweep(progress=advance)
        overdue = house.removal.overdue()
    shown: dict[str, object] = {
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
        note(f"Past their bound and not final: {', '.join(overdue)}. Run earwitness rotate.")


def jobs(
    data: DataFolder = DEFAULT_DATA,
    run: Annotated[bool, typer.Option("--run", help="Run what is due first.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Count the background work by kind and state."""
    with opened(data) as house:
        if run:
            say_run = house.runner.run_due()
            if not as_json:
                say(f"{say_run} run")
        with house.database.read() as tx:
            counts = work.overview(tx)
    rows = [
        {"kind": kind, "state": state, "count": n} for kind, states in counts.items() for state, n in states.items()
    ]
    show_rows(rows, {"kind": "kind", "state": "state", "count": "count"}, as_json=as_json)
