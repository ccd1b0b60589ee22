"""``earwitness demo thread``: one thread through the whole, with people who do not exist and recordings that do."""

import json
import logging
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

import earwitness
from earwitness.cli.options import examples
from earwitness.cli.output import note, progress, say
from earwitness.cli.supervision import COMMAND
from earwitness.demo.recordings import Recordings
from earwitness.kernel.errors import BadInput
from earwitness.storage.files import write_durably
from earwitness.web import logs
from earwitness.web.serving import ended_by_signals

SENTENCES = Path(earwitness.__file__).parents[2] / "examples" / "barista"
EXAMPLES = examples(
    "earwitness demo thread --data ../shared/eval",
    "earwitness demo thread --data ../shared/eval --clips 30 --json thread.json",
    "earwitness demo thread --data ../shared/eval --into thread --stay",
)


def register(demo: typer.Typer) -> None:
    """Add the command to ``earwitness demo``."""
    demo.command("thread", epilog=EXAMPLES)(thread)


def thread(  # noqa: PLR0917 - options
    data: Annotated[Path, typer.Option("--data", metavar="FOLDER", help="A folder of recordings with labels.jsonl.")],
    to: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write what was found to this file, as JSON.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Make the installation here, and leave it there.")
    ] = None,
    clips: Annotated[int, typer.Option(min=12, help="How many recordings are spoken.")] = 150,
    measured: Annotated[int, typer.Option(min=1, help="How many of other speakers to compare on.")] = 96,
    sentences: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The folder of the barista's sentences; the checkout's if left out."),
    ] = None,
    *,
    stay: Annotated[bool, typer.Option("--stay", help="Leave the pages open afterwards, until Ctrl-C.")] = False,
    promises: Annotated[bool, typer.Option("--promises/--no-promises", help="Try every promise at the end.")] = True,
) -> None:
    """Play one thread through the whole: heard, kept, reviewed, learned, better, forgotten.

    The people are synthetic and say so by their names; the recordings, the programs and every figure are real.
    Takes a quarter of an hour on two cores.
    """
    from earwitness.demo.thread.play import Wish, play, prepared  # noqa: PLC0415 - brings every engine
    from earwitness.demo.thread.report import Teller  # noqa: PLC0415 - with the other

    logs.configure(level=logging.WARNING)  # the checks ask the pages; their requests are nobody's
    if into is not None and into.exists():
        raise BadInput(f"{into} is there already.", next_step="Name a new folder with --into.")
    wish = Wish(
        recordings=Recordings.open(data),
        sentences=sentences or SENTENCES,
        command=COMMAND,
        clips=clips,
        measured=measured,
        promises=promises,
    )
    with tempfile.TemporaryDirectory(prefix="earwitness-thread-") as scratch:
        place = into or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        steps = count(1)
        with (
            _ends(),
            progress("playing") as advance,
            prepared(wish, place, Teller(say, lambda _: advance(next(steps)))) as made,
        ):
            report = play(made)
            if to is not None:
                write_durably(to, (json.dumps(report.to_json(), indent=2) + "\n").encode())
            if stay:
                _stay(made.addresses())
    if into is not None:
        note(f"the installation is in {into / 'data'}")


def _stay(addresses: list[str]) -> None:
    """Leave everything open until Ctrl-C."""
    for line in addresses:
        say(line)
    note("Ctrl-C ends it.")
    with ended_by_signals():
        while True:
            time.sleep(1)


@contextmanager
def _ends() -> Iterator[None]:
    """Let SIGTERM be an orderly end too: the programs that were started are ended."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
