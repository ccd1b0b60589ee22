"""What only a terminal shows: tables that fit its width, and progress bars. Drawn by rich, which takes long to load."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.box import Box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from earwitness.cli.output import Advance

NARROWEST = 8
UNDERLINED = Box("    \n    \n ── \n    \n    \n    \n    \n    \n")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], wraps: Sequence[bool]) -> None:
    """Print a table; a column that must not wrap is cut with an ellipsis if there is no room at all."""
    drawn = Table(box=UNDERLINED, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", show_edge=False)
    for heading, may_wrap in zip(headings, wraps, strict=True):
        least = NARROWEST if may_wrap else None
        drawn.add_column(heading, no_wrap=not may_wrap, overflow="fold" if may_wrap else "ellipsis", min_width=least)
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(drawn)


@contextmanager
def bar(what: str, total: int | None) -> Iterator[Advance]:
    """Show a progress bar on standard error until the ``with`` ends."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task(what, total=total)

        def advance(done: int, total: int | None = None) -> None:
            if total is None:
                drawn.update(task, completed=done)
            else:
                drawn.update(task, completed=done, total=total)

        yield advance
