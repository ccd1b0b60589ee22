"""``earwitness bench``: measure this machine, beside the bare library calls in the same run."""

import json
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from earwitness.bench.erase import run_erase
from earwitness.bench.history import run_history
from earwitness.bench.ledger import run_ledger
from earwitness.bench.review import run_review
from earwitness.bench.vault import run_vault
from earwitness.cli import bench_speech
from earwitness.cli.options import examples
from earwitness.cli.output import progress, show_record
from earwitness.storage.files import write_durably
from earwitness.web import logs

Scratch = Annotated[Path | None, typer.Option("--scratch", help="Measure on the disk of this folder.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file, as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    bench = typer.Typer(help="Measure this machine, beside the bare libraries in the same run.", no_args_is_help=True)
    bench.command("vault", epilog=examples("earwitness bench vault --json vault.json"))(vault)
    bench.command("ledger", epilog=examples("earwitness bench ledger --entries 100000"))(ledger)
    bench.command("verify", epilog=examples("earwitness bench verify --entries 1000000"))(verify)
    bench.command("erase", epilog=examples("earwitness bench erase --recordings 20000"))(erase)
    bench.command("history", epilog=examples("earwitness bench history --recordings 100000"))(history)
    bench.command("review", epilog=examples("earwitness bench review --clips 100000"))(review)
    bench_speech.register(bench)
    app.add_typer(bench, name="bench")


def vault(
    clips: Annotated[int, typer.Option(min=80, help="How many clips of 100 KB.")] = 4_000,
    scratch: Scratch = None,
    to: JsonFile = None,
) -> None:
    """Intake of 100 KB clips at 8 in flight."""
    _report(run_vault(clips, scratch), to)


def review(
    clips: Annotated[int, typer.Option(min=1_000, help="How many clips the house holds.")] = 50_000,
    scratch: Scratch = None,
    to: JsonFile = None,
) -> None:
    """The reviewer's desk over its socket: next clip, opening it, saving an answer."""
    logs.configure(level=logging.WARNING)  # every request is one of the measurement
    with progress("preparing clips") as advance:
        figures = run_review(clips, folder=scratch, progress=advance)
    _report(figures, to)


def ledger(
    entries: Annotated[int, typer.Option(min=2_000, help="How many entries the log has.")] = 1_000_000,
    scratch: Scratch = None,
    to: JsonFile = None,
) -> None:
    """Durable appends, inclusion proofs, and verification offline."""
    _report(_ledger_figures(entries, scratch), to)


def verify(
    entries: Annotated[int, typer.Option(min=2_000, help="How many entries the log has.")] = 1_000_000,
    scratch: Scratch = None,
    to: JsonFile = None,
) -> None:
    """Verification of a log offline: seconds and peak memory."""
    figures = _ledger_figures(entries, scratch)
    _report({key: figures[key] for key in ("entries", "verify_s", "verify_mb", "peer_frontier_per_s")}, to)


def erase(
    recordings: Annotated[int, typer.Option(min=1_000, help="How many recordings the person has.")] = 100_000,
    scratch: Scratch = None,
    to: JsonFile = None,
) -> None:
    """Erasing a person: until unreadable, and until removed."""
    with progress("filling", recordings) as advance:
        figures = run_erase(recordings, scratch, advance)
    _report(figures, to)


def history(
    recordings: Annotated[int, typer.Option(min=1_000, help="How many recordings there are.")] = 1_000_000,
    scratch: Scratch = None,
    to: JsonFile = None,
) -> None:
    """A page of 50 out of a long history."""
    with progress("filling", recordings) as advance:
        figures = run_history(recordings, scratch, advance)
    _report(figures, to)


def _ledger_figures(entries: int, scratch: Path | None) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=scratch, prefix="earwitness-bench-") as folder, progress("ledger") as advance:
        done = 0

        def step(_what: str) -> None:
            nonlocal done
            advance(done, 5)
            done += 1

        return run_ledger(Path(folder), entries, step)


def _report(figures: Mapping[str, float], to: Path | None) -> None:
    if to is not None:
        write_durably(to, (json.dumps(dict(figures), indent=2) + "\n").encode())
    show_record({key: round(value, 3) for key, value in figures.items()}, as_json=False)
