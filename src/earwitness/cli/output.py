"""What commands show: tables for a person, tab-separated text when piped, JSON with ``--json``.

Results go to standard output, progress and notes to standard error. On a terminal moments are local
time and ids are shortened (commands take the short form too); pipes and JSON have RFC 3339 in UTC and whole ids.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TextIO

from earwitness.cli import nextsteps
from earwitness.kernel.clock import rfc3339

Row = Mapping[str, object]
SHORT_ID = 8
_WHOLE_ID = re.compile(r"\b([a-z]+_[a-z2-7]{8})[a-z2-7]{18}\b")
_BREAKS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in ms since the epoch; of a ``day`` a person sees the date alone."""

    ms: int
    day: bool = False

    def __str__(self) -> str:
        """Write it for a program."""
        return rfc3339(self.ms)

    def local(self) -> str:
        """Write it for a person, in the time of this machine."""
        moment = datetime.fromtimestamp(self.ms / 1000).astimezone()
        return moment.strftime("%Y-%m-%d" if self.day else "%Y-%m-%d %H:%M")

    def local_with_zone(self) -> str:
        """Write it for a person, and say which zone that is."""
        return datetime.fromtimestamp(self.ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M %Z")


class Advance(Protocol):
    """Tells a progress bar how far the work is: ``advance(done, total)``, both counts."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """Show that ``done`` of ``total`` (as before if None) are finished."""
        ...


def show_rows(
    rows: Sequence[Row], columns: Mapping[str, str], *, as_json: bool, wraps: Collection[str] = (), empty: str = ""
) -> None:
    """Print rows: ``columns`` maps each key that a person sees to its heading; JSON has all keys.

    On a terminal the columns in ``wraps`` take more lines where there is no room; ``empty`` is noted if
    there are no rows.
    """
    if as_json:
        show_json(list(rows))
    elif not rows and empty:
        note(empty)
    elif sys.stdout.isatty():
        _show_table(rows, columns, wraps)
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
        _write_line(f"{key.replace('_', ' ') + ':':<{width + 1}} {_for_reading(value)}")


def show_json(value: object) -> None:
    """Print JSON, one object or list, indented."""
    _write_line(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say(text: str) -> None:
    """Print a sentence as (part of) the result."""
    _write_line(one_line(text))


def note(text: str) -> None:
    """Tell the person something beside the result."""
    _write_line(one_line(nextsteps.complete(text)), sys.stderr)


def one_line(value: object) -> str:
    """Write a value so that it can't move the cursor, colour the terminal or start a new line."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(one_line(each) for each in value) or "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{one_line(key)} {one_line(each)}" for key, each in value.items()) or "-"
    return "".join(_harmless(letter) for letter in str(value))


@contextmanager
def progress(what: str, total: int | None = None, *, quiet: bool = False) -> Iterator[Advance]:
    """A progress bar on standard error for long work; nothing when that is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda _done, _total=None: None
        return
    from earwitness.cli.terminal import bar  # noqa: PLC0415 - it takes a while to load, and few look

    with bar(what, total) as advance:
        yield advance


def _for_reading(value: object) -> str:
    return value.local_with_zone() if isinstance(value, Moment) and sys.stdout.isatty() else one_line(value)


def _harmless(letter: str) -> str:
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(letter) in _BREAKS else letter


def _show_table(rows: Sequence[Row], columns: Mapping[str, str], wraps: Collection[str]) -> None:
    from earwitness.cli.terminal import table  # noqa: PLC0415 - as above

    cells = [[_cell(row.get(key)) for key in columns] for row in rows]
    table(list(columns.values()), cells, [key in wraps for key in columns])


def _cell(value: object) -> str:
    return value.local() if isinstance(value, Moment) else _WHOLE_ID.sub(r"\1", one_line(value))


def _write_line(text: str, stream: TextIO | None = None) -> None:
    out = stream or sys.stdout
    out.write(text + "\n")
    out.flush()  # what is printed is there for whoever reads a pipe
