"""The learner's process as the house sees it: started with an assignment, asked for nothing, never left behind."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from earwitness.kernel.errors import EngineFailed
from earwitness.learning import wire
from earwitness.learning.budget import Budget
from earwitness.learning.gate import Verdict
from earwitness.learning.release import Made
from earwitness.learning.scratch import scratch
from earwitness.learning.snapshot import Snapshot

if TYPE_CHECKING:
    from earwitness.learning.adapt.language import Language

HANDED_DOWN: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")
ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
AGAIN: Final = "Nothing was released. Let it learn again: earwitness learn run"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Task:
    """What the process is told beside the snapshot. ``noise`` is s16le sound of the rooms, if there is a recording."""

    language: "Language"
    fewest: int
    current: Mapping[str, bytes] = field(default_factory=dict)
    noise: bytes = field(default=b"", repr=False)
    budget: Budget = field(default_factory=Budget)
    compare: bool = False
    """learn nothing: compare what is in use with what ships"""


def learn(snapshot: Snapshot, task: Task, folder: Path, progress: Progress = lambda _what, _done, _all: None) -> Made:
    """Learn in a process of its own, with a scratch folder below ``folder``; blocking, minutes.

    Raises:
        EngineFailed: the process died, or failed.
    """
    with scratch(folder) as mine:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "earwitness.learning.worker", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in HANDED_DOWN if name in os.environ}
            | ONE_THREAD
            | {"TMPDIR": str(mine)},
        )
        try:
            return _converse(process, snapshot, task, mine, progress)
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Leave nothing of it behind, whatever state it is in."""
    process.kill()
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):  # what was not sent to one that died
            if stream is not None:
                stream.close()
    process.wait()


def _converse(
    process: "subprocess.Popen[bytes]", snapshot: Snapshot, task: Task, scratch: Path, progress: Progress
) -> Made:
    if process.stdin is None or process.stdout is None:
        raise EngineFailed("The learner's process could not be started.")
    rows, parts = wire.pack_examples(snapshot.examples)
    named = {row["subject"]: each.subject for row, each in zip(rows, snapshot.examples, strict=True)}
    names = sorted(task.current)
    head = {
        "language": task.language.to_json(),
        "examples": rows,
        "sides": {number: str(snapshot.side_of[subject]) for number, subject in named.items()},
        "fewest": task.fewest,
        "scratch": str(scratch),
        "current": names,
        "seconds": task.budget.seconds,
        "clips": task.budget.clips,
        "compare": task.compare,
    }
    try:
        wire.send(process.stdin, head, [*parts, task.noise, *(task.current[name] for name in names)])
        process.stdin.close()
    except OSError as error:
        raise EngineFailed("The learner's process ended.", next_step=AGAIN) from error
    while True:
        try:
            told, files = wire.receive(process.stdout)
        except EngineFailed as error:
            raise EngineFailed(error.what, next_step=AGAIN) from error
        if "progress" in told:
            progress(*told["progress"])
        elif "failed" in told:
            raise _failed(told["failed"])
        else:
            return _made(told["outcome"], files)


def _failed(told: list[str]) -> EngineFailed:
    name, what, next_step = told
    return EngineFailed(f"Learning failed: {what or name}", next_step=next_step or AGAIN)


def _made(outcome: Mapping[str, Any], files: list[bytes]) -> Made:
    return Made(dict(zip(outcome["files"], files, strict=True)), outcome["figures"], Verdict(outcome["verdict"]))
