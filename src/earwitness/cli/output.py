"""What commands show: tables for a person, tab-separated text when piped, JSON with ``--json``.

Results go to standard output, progress and notes to standard error.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

Row = Mapping[str, object]


class Advance(Protocol):
    """Tells a progress bar how far the work is: ``advance(done, total)``, both counts."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Show that ``done`` of ``total`` (as before if None) are finished."""
        ...


def show_rows(rows: Sequence[Row], columns: Mapping[str, str], *, as_json: bool, title: str = "") -> None:
    """Print rows: ``columns`` maps each key that a person sees to its heading; JSON has all keys."""
    if as_json:
        show_json(list(rows))
    elif sys.stdout.isatty():
        _show_table(rows, columns, title)
    else:
        _write_line("\t".join(columns.values()))
        for row in rows:
            _write_line("\t".join(one_line(row.get(key)) for key in columns))


def show_record(record: Row, *, as_json: bool) -> None:
    """Print one thing as ``key: value`` lines."""
    if as_json:
        show_json(record)
        return
    width = max((len(key) for key in record), default=0)
    for key, value in record.items():
        _write_line(f"{key + ':':<{width + 1}} {one_line(value)}")


def show_json(value: object) -> None:
    """Print JSON, one object or list, indented."""
    _write_line(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say(text: str) -> None:
    """Print a sentence as (part of) the result."""
    _write_line(text)


def note(text: str) -> None:
    """Tell the person something beside the result."""
    _write_line(text, sys.stderr)


def one_line(value: object) -> str:
    """Write a value so that it can't move the cursor, colour the terminal or start a new line."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(value))


@contextmanager
def progress(what: str, total: int | None = None, *, quiet: bool = False) -> Iterator[Advance]:
    """A progress bar on standard error for long work; nothing when that is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)

        def advance(done: int, total: int | None = None) -> None:
            if total is None:
                bar.update(task, completed=done)
            else:
                bar.update(task, completed=done, total=total)

        yield advance


def _show_table(rows: Sequence[Row], columns: Mapping[str, str], title: str) -> None:
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for heading in columns.values():
        table.add_column(heading)
    for row in rows:
        table.add_row(*(Text(one_line(row.get(key))) for key in columns))
    Console().print(table)


def _write_line(text: str, stream: TextIO | None = None) -> None:
    out = stream or sys.stdout
    out.write(text + "\n")
    out.flush()  # what is printed is there for whoever reads a pipe
