"""The benchmarks that need real speech or sentences: ``earwitness bench wake``, ``commands``, ``understanding``.

Each module is imported by its own command: together they would load three engines to measure one.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

import earwitness
from earwitness.bench.plot import write_plot
from earwitness.cli.options import examples
from earwitness.cli.output import note, progress, show_record
from earwitness.storage.files import write_durably

EXAMPLES = Path(earwitness.__file__).parents[2] / "examples"

Data = Annotated[Path, typer.Option("--data", help="A folder with labels.jsonl and the sets it names.")]
Every = Annotated[int, typer.Option(min=1, help="Take every so many-th file only; the figures are then rough.")]
PlotFile = Annotated[Path | None, typer.Option("--plot", help="Also draw the figures into this file, as SVG.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Also write the figures to this file, as JSON.")]


def register(bench: typer.Typer) -> None:
    """Add the commands to ``earwitness bench``."""
    bench.command("wake", epilog=examples("earwitness bench wake --data ../shared/eval"))(wake)
    bench.command("commands", epilog=examples("earwitness bench commands --data ../shared/eval"))(commands)
    bench.command("understanding", epilog=examples("earwitness bench understanding --data ../shared/eval"))(
        understanding
    )
    bench.command("learning", epilog=examples("earwitness bench learning --data ../shared/eval"))(learning)
    bench.command("turn", epilog=examples("earwitness bench turn --data ../shared/eval --json turn.json"))(turn)


def turn(
    data: Data,
    utterances: Annotated[int, typer.Option(min=1, help="How many orders; each takes about six seconds.")] = 60,
    sentences: Annotated[
        Path | None, typer.Option(help="The folder of the barista's sentences; the checkout's if left out.")
    ] = None,
    to: JsonFile = None,
    plot: PlotFile = None,
) -> None:
    """Turns: from the last voiced sample to the first sound of the reply; streams a core; memory."""
    from earwitness.bench.turn import draw_turn, run_turn  # noqa: PLC0415 - brings every engine

    with progress("speaking") as advance:
        figures = run_turn(data, advance, sentences=sentences or EXAMPLES / "barista", most=utterances)
    _report(figures, to)
    _draw(plot, draw_turn, figures)


def wake(data: Data, every: Every = 1, to: JsonFile = None, plot: PlotFile = None) -> None:
    """Wake word: recall, false accepts, and what misheard phrases pass."""
    from earwitness.bench.wake import draw_wake, run_wake  # noqa: PLC0415 - brings an engine

    with progress("listening") as advance:
        figures = run_wake(data, advance, every=every)
    _report(figures, to)
    _draw(plot, draw_wake, figures)


def commands(
    data: Data,
    files: Annotated[int | None, typer.Option(min=1, help="Take so many orders only.")] = None,
    sentences: Annotated[
        Path | None, typer.Option(help="The folder of the barista's sentences; the checkout's if left out.")
    ] = None,
    to: JsonFile = None,
    plot: PlotFile = None,
) -> None:
    """Spoken orders and home commands: accepted with every slot right, clean and in noise."""
    from earwitness.bench.commands import draw_commands, run_commands  # noqa: PLC0415 - brings an engine

    with progress("recognising") as advance:
        figures = run_commands(
            data,
            lambda _what, done, total: advance(done, total),
            examples=sentences or EXAMPLES / "barista",
            most=files,
        )
    _report(figures, to)
    _draw(plot, draw_commands, figures)


def learning(
    data: Data,
    learned: Annotated[int, typer.Option(min=20, help="How many orders to learn from.")] = 100,
    tested: Annotated[int, typer.Option(min=20, help="How many orders of other people to compare on.")] = 60,
    sentences: Annotated[
        Path | None, typer.Option(help="The folder of the barista's sentences; the checkout's if left out.")
    ] = None,
    to: JsonFile = None,
) -> None:
    """Learning from orders: accepted before and after, on other people, in quiet and in kitchen noise."""
    from earwitness.bench.learning import run_learning  # noqa: PLC0415 - brings an engine

    with progress("learning") as advance:
        figures = run_learning(
            data,
            lambda _what, done, total: advance(done, total),
            examples=sentences or EXAMPLES / "barista",
            learned=learned,
            tested=tested,
        )
    _report(figures, to)


def understanding(
    data: Data,
    fold: Annotated[list[int] | None, typer.Option(help="Test on this fold of HWU64; may be given again.")] = None,
    to: JsonFile = None,
    plot: PlotFile = None,
) -> None:
    """Understanding of text: intents, slots, what is out of scope, and time a sentence."""
    from earwitness.bench.understanding import draw_understanding, run_understanding  # noqa: PLC0415 - brings scikit-learn

    figures = run_understanding(data, note, folds=fold or ())
    _report(figures, to)
    _draw(plot, draw_understanding, figures)


def _draw(plot: Path | None, picture: Callable[[Mapping[str, Any]], str], figures: Mapping[str, Any]) -> None:
    if plot is not None:
        write_plot(plot, picture(figures))


def _report(figures: Mapping[str, Any], to: Path | None) -> None:
    if to is not None:
        write_durably(to, (json.dumps(dict(figures), indent=2) + "\n").encode())
    show_record(_flat(figures), as_json=False)


def _flat(figures: Mapping[str, Any], before: str = "") -> dict[str, object]:
    """Write nested figures as ``outer inner`` lines, rounded for reading."""
    flat: dict[str, object] = {}
    for key, value in figures.items():
        name = f"{before} {key}".strip()
        if isinstance(value, Mapping):
            flat |= _flat(value, name)
        else:
            flat[name] = round(value, 3) if isinstance(value, float) else value
    return flat
