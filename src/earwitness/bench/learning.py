"""How much learning helps people who were not learned from: coffee orders, in quiet and in kitchen noise.

The product's own run of learning, from clips with their meaning to files that the gate let through or not. Speakers are
dealt to the two sides by a hash of their names; of the kitchen the first half is learned with, the second tested
with. Old and new hear the same sound.
"""

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from earwitness.kernel.audio import SAMPLE_RATE, read_clip
from earwitness.kernel.errors import BadInput
from earwitness.learning.adapt.language import Language
from earwitness.learning.budget import Budget
from earwitness.learning.evaluate import NOISE, QUIET, speech_in
from earwitness.learning.examples import Account, Example, Source
from earwitness.learning.lesson import Assignment, Run
from earwitness.learning.split import Side

MARGIN: Final = 2 * SAMPLE_RATE // 5  # bytes, a fifth of a second
LEVELS_DB: Final = (18.0, 12.0, 6.0)
FEWEST: Final = 2  # people a word needs before others use it
Progress = Callable[[str, int, int], None]


def run_learning(
    data: Path,
    progress: Progress = lambda _what, _done, _all: None,
    *,
    examples: Path,
    learned: int = 100,
    tested: int = 60,
) -> dict[str, Any]:
    """Learn from ``learned`` orders; compare on them and ``tested`` others, each by what its speaker took no part in.

    Raises:
        BadInput: ``data`` has no labels.
    """
    rows = list(_orders(data))
    side_of = _sides({row["speaker"] for row in rows})
    chosen = [*_some(rows, side_of, Side.LEARN, learned), *_some(rows, side_of, Side.TEST, tested)]
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="earwitness-bench-") as scratch:
        given = Assignment(
            Language((examples,), shipped=False),
            tuple(_examples(chosen, data)),
            side_of,
            FEWEST,
            Path(scratch),
            noise=read_clip(data / "noise_kitchen" / "kitchen_a.flac").pcm,
            budget=Budget(3_600.0, learned + tested),
            levels_db=LEVELS_DB,
        )
        outcome = Run(given, progress).go()
    return {**_accepted(outcome.figures), "verdict": str(outcome.verdict), "seconds": time.monotonic() - begun}


def _orders(data: Path) -> Iterator[Mapping[str, Any]]:
    try:
        lines = (data / "labels.jsonl").read_text("utf-8").splitlines()
        yield from (row for row in map(json.loads, filter(None, lines)) if row["set"] == "commands_barista")
    except (OSError, ValueError, KeyError) as error:
        msg = "The folder has no labels.jsonl that can be read."
        raise BadInput(msg, next_step="Give the folder of the evaluation recordings with --data.") from error


def _sides(speakers: set[str]) -> dict[str, Side]:
    ranked = sorted(speakers, key=lambda each: hashlib.sha256(each.encode()).digest())
    return {each: Side.LEARN if at % 2 else Side.TEST for at, each in enumerate(ranked)}


def _some(
    rows: Sequence[Mapping[str, Any]], side_of: Mapping[str, Side], side: Side, most: int
) -> list[Mapping[str, Any]]:
    """Of one side, one order of each speaker after the other."""
    queues: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: hashlib.sha256(row["path"].encode()).digest()):
        if side_of[row["speaker"]] is side:
            queues.setdefault(row["speaker"], []).append(row)
    turns = [(at, name, row) for name, queue in queues.items() for at, row in enumerate(queue)]
    return [row for _, _, row in sorted(turns, key=lambda turn: turn[:2])][:most]


def _examples(rows: Sequence[Mapping[str, Any]], data: Path) -> Iterator[Example]:
    for row in rows:
        account = Account(intent=row["intent"], slots=row["slots"], for_me=True)
        pcm = read_clip(data / row["path"]).pcm
        begin, end = speech_in(pcm)  # as a recording is kept: cut to the utterance
        pcm = pcm[begin : end + MARGIN]
        yield Example(row["path"], row["speaker"], row["speaker"], Source.ANNOTATION, account, "", True, pcm)


def _accepted(figures: Mapping[str, Any]) -> dict[str, Any]:
    by_condition = {each["condition"]: each for each in figures["parts"]["recogniser"]["conditions"]}
    quiet, noise = by_condition[QUIET], by_condition[NOISE]
    return {
        "accept_before": {"clean": quiet["before"], "noise_mean": noise["before"]},
        "accept_after": {
            "clean": quiet["after"],
            "noise_mean": noise["after"],
            "ci_low": noise["low"],
            "ci_high": noise["high"],
        },
        "clean_ci": [quiet["low"], quiet["high"]],
        "p_noise": noise["p"],
        "trials": {"clean": quiet["trials"], "noise": noise["trials"]},
        "people": noise["people"],
        "learned": figures["learned"],
    }
