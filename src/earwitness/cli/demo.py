"""``earwitness demo``: a day in a household, spoken to the real voice loop."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import func, select

from earwitness.assistant.events import Answered, Heard, Idle, Kept, Speech, SpeechEnded, Woken
from earwitness.bootstrap import create_house, open_house
from earwitness.bootstrap.listening import listening
from earwitness.bootstrap.sample import give_sample_home
from earwitness.cli import demo_thread
from earwitness.cli.options import JsonFlag, examples
from earwitness.cli.output import note, say, show_json
from earwitness.cli.telling import told
from earwitness.demo.clock import DayClock
from earwitness.demo.day import Happened, Turn, live, move_in
from earwitness.demo.recordings import Recordings
from earwitness.demo.scenes import recorded_day, spoken_day
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import BadInput
from earwitness.storage.schema import recording

EXAMPLES = examples(
    "earwitness demo",
    "earwitness demo --data ../shared/eval",
    "earwitness demo --pace --into demo-data",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    demo_app = typer.Typer(help="See it work: people who do not exist speak to a real installation.")
    demo_app.callback(invoke_without_command=True, epilog=EXAMPLES)(demo)
    demo_thread.register(demo_app)
    app.add_typer(demo_app, name="demo")


def demo(
    context: typer.Context,
    recordings: Annotated[
        Path | None, typer.Option("--data", metavar="FOLDER", help="Play real recordings: a folder with labels.jsonl.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Keep the installation here, to look at it afterwards.")
    ] = None,
    pace: Annotated[bool, typer.Option("--pace", help="Speak as slowly as life.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Play a day in a household through the real voice loop, and show what came of everything that was said.

    The people are synthetic: espeak-ng speaks for them, or the recordings of --data do. Nothing is scripted past the
    microphone: what is not understood is shown as that.
    """
    if context.invoked_subcommand is not None:
        return
    if into is not None and into.exists():
        raise BadInput(f"{into} is there already.", next_step="Name a new folder with --into.")
    found = Recordings.open(recordings) if recordings is not None else None
    with tempfile.TemporaryDirectory(prefix="earwitness-demo-") as scratch:
        data = into or Path(scratch) / "data"
        asyncio.run(_day(data, found, _Show(as_json=as_json), pace=pace))
    if into is not None:
        note(f"the installation is in {into}: earwitness history --data {into} --as Tom")


async def _day(data: Path, recordings: Recordings | None, show: "_Show", *, pace: bool) -> None:
    clock = DayClock(int(datetime.now(UTC).timestamp() * 1000) // DAY * DAY)
    create_house(data, clock=clock)
    give_sample_home(data)
    with open_house(data, clock=clock) as house:
        household = await asyncio.to_thread(move_in, house)
        async with listening(house) as loop:
            scenes = spoken_day() if recordings is None else recorded_day(recordings)
            async for happened in live(loop, household, clock, scenes, pace=pace):
                show.happened(happened)
            counts = loop.assistant.counts
        with house.database.read() as tx:
            kept = tx.scalar(select(func.count()).select_from(recording).where(recording.c.state == "kept")) or 0
    show.end(turns=counts.turns, fired=counts.heard, dropped=counts.not_verified, kept=kept)


class _Show:
    """Shows the day as it goes; with ``--json`` all of it at the end."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._day: list[dict[str, Any]] = []

    def happened(self, happened: Happened) -> None:
        """Show one scene."""
        if self._as_json:
            self._day.append(_shown(happened))
            return
        for text in happened.rang:
            say(f"{happened.time:>5}  rings: “{text}”")
        say(f"{happened.time:>5}  {happened.caption}")
        for turn in happened.turns:
            for line in _lines(turn):
                say(f"       {turn.device:<10}  {line}")
        for change in happened.changed:
            say(f"       {'home':<10}  {change}")
        if happened.dropped:
            say(f"       {'dropped':<10}  something like the wake word was not verified; counted, nothing else")
        elif not any(_lines(turn) for turn in happened.turns):
            say(f"       {'nothing':<10}  no wake word: nothing was held, nothing is kept")

    def end(self, *, turns: int, fired: int, dropped: int, kept: int) -> None:
        """Show the whole day's counts."""
        if self._as_json:
            show_json({"day": self._day, "turns": turns, "wake_words": fired, "not_verified": dropped, "kept": kept})
            return
        say("")
        say(
            f"At the end of the day: {turns} turns; something like the wake word was heard {fired} times, {dropped} "
            f"of them were dropped and counted; {kept} recordings are kept."
        )


def _lines(turn: Turn) -> list[str]:
    """What a device did, in order; the answer with what it took the words for and when its first sound came."""
    lines = []
    for _, event in turn.played.events:
        if isinstance(event, Answered):
            lines += [each.said for each in turn.steps if each.step == "understanding"]
        if line := told(event):
            lines.append(line + _after(turn) if isinstance(event, Answered) else line)
    return lines


def _after(turn: Turn) -> str:
    ended, first = turn.played.when(SpeechEnded), turn.played.when(Speech)
    return "" if ended is None or first is None else f", {1000 * (first - ended):.0f} ms after the end of speech"


def _shown(happened: Happened) -> dict[str, Any]:
    return {
        "time": happened.time,
        "said": happened.caption,
        "rang": list(happened.rang),
        "changed": list(happened.changed),
        "wake_words": happened.fired,
        "not_verified": happened.dropped,
        "turns": [_turn(turn) for turn in happened.turns],
    }


def _turn(turn: Turn) -> dict[str, Any]:
    woken, heard, answered = turn.played.last(Woken), turn.played.last(Heard), turn.played.last(Answered)
    kept, idle = turn.played.last(Kept), turn.played.last(Idle)
    return {
        "device": turn.device,
        "woke": woken.score if woken else None,
        "heard": heard.text if heard else None,
        "sure": heard.score if heard else None,
        "reply": answered.text if answered else None,
        "ending": answered.ending if answered else None,
        "recording": kept.recording if kept else None,
        "ended": idle.reason if idle else None,
        "steps": [each.to_json() for each in turn.steps],
    }
