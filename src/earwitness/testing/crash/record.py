"""Run a program under strace and keep what it did to one folder."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from earwitness.testing.crash.disk import Disk, current_image
from earwitness.testing.crash.facts import STANDARD_OUTPUT, Fact, read_fact
from earwitness.testing.crash.image import Image, Passing, difference, passing_by_default, read_image
from earwitness.testing.crash.player import TRACED, UMASK, Player
from earwitness.testing.crash.strace import (
    Call,
    TraceUnreadable,
    bytes_of,
    descriptor_of,
    paths_in,
    read_calls,
    text_of,
)

LONGEST_STRING = 1 << 26
TIMEOUT_SECONDS = 240
BOOKKEEPING = frozenset({"open", "openat", "close", "lseek", "dup", "dup2", "dup3", "fcntl", "mmap"})
ON_DESCRIPTORS = (
    {"open", "openat", "openat2", "creat", "lseek", "mmap"}
    | {"write", "pwrite64", "writev", "pwritev", "pwritev2", "sendfile", "copy_file_range"}
    | {"ftruncate", "fallocate", "fsync", "fdatasync", "fchmod"}
)


class WorkerFailed(Exception):
    """The recorded program did not end well, so its trace shows nothing."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a program did to a folder: the folder before, and every call since."""

    folder: Path
    cwd: Path
    base: Image
    calls: tuple[Call, ...]
    passing: Passing

    def play(self) -> Iterator["Moment"]:
        """Replay on a model of the disk; yields after each call that changed something or said a fact."""
        disk = Disk(self.base)
        player = Player(disk, str(self.folder), str(self.cwd), self.passing)
        said = [(call.began, fact) for call in self.calls if (fact := _fact_in(call)) is not None]
        yield Moment(disk, 0, ())
        for number, call in enumerate(self.calls, start=1):
            if player.play(call) or _fact_in(call) is not None:
                # A fact counts from the moment its write began: from then on somebody may have heard it.
                yield Moment(disk, number, tuple(fact for began, fact in said if began <= call.ended))

    def last_calls(self, moment: int, how_many: int = 6) -> list[str]:
        """Say the calls that led to a moment, of those that change something."""
        told = [call for call in self.calls[:moment] if call.name not in BOOKKEEPING]
        return [call.describe() for call in told[-how_many:]]


@dataclass(frozen=True, slots=True)
class Moment:
    """A boundary between two calls: the disk as the model has it (changing on), and what was said by then."""

    disk: Disk
    number: int
    facts: tuple[Fact, ...]


def record(
    command: Sequence[str | Path],
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    passing: Passing = passing_by_default,
) -> Recording:
    """Run ``command`` under strace until it ends and return what it did to ``folder``.

    What is in the folder when the program begins counts as durable.

    Raises:
        WorkerFailed: the program ended with anything but 0, or strace is not installed.
        TraceUnreadable: the trace does not account for what is in the folder at the end.
    """
    folder = folder.resolve()
    base = read_image(folder, passing)
    trace = folder.parent / f".{folder.name}.trace"
    _run(["strace", *_options(trace), "--", *map(str, command)], folder.parent, environment)
    with trace.open(encoding="ascii", errors="replace") as lines:
        calls = tuple(call for call in read_calls(lines) if _matters(call, str(folder)))
    trace.unlink()
    recording = Recording(folder, folder.parent, base, calls, passing)
    _account_for_everything(recording)
    return recording


def _options(trace: Path) -> list[str]:
    # A question mark before a name: not every machine has every old call.
    return [
        "-f",
        "--seccomp-bpf",
        "-y",
        "-xx",
        "-s",
        str(LONGEST_STRING),
        "-o",
        str(trace),
        "-e",
        "trace=" + ",".join(f"?{name}" for name in sorted(TRACED)),
    ]


def _run(command: Sequence[str], cwd: Path, environment: Mapping[str, str] | None) -> None:
    if shutil.which("strace") is None:
        msg = "strace is not installed; the power cut tests need it (apt-get install strace)"
        raise WorkerFailed(msg)
    env = {**os.environ, **(environment or {}), "PYTHONDONTWRITEBYTECODE": "1"}
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(  # noqa: S603 - a worker of the tests
        command, cwd=cwd, env=env, umask=UMASK, capture_output=True, check=False, timeout=TIMEOUT_SECONDS
    )
    if done.returncode != 0:
        msg = f"the worker ended with {done.returncode}: {done.stderr.decode(errors='replace')[-4000:]}"
        raise WorkerFailed(msg)


def _matters(call: Call, folder: str) -> bool:
    """Leave out what is frequent and cannot concern the folder, e.g. the loading of modules."""
    if call.name == "fcntl":
        return call.args[1].startswith("F_DUPFD")
    if call.name in ON_DESCRIPTORS and _fact_in(call) is None:
        return folder in call.result_path or any(folder in text_of(path) for path in paths_in(call))
    return True


def _fact_in(call: Call) -> Fact | None:
    """Return the fact that a write to standard output said."""
    if call.name != "write" or descriptor_of(call.args[0])[0] != STANDARD_OUTPUT:
        return None
    data = bytes_of(call.args[1])
    return read_fact(data) if data.endswith(b"\n") else None


def _account_for_everything(recording: Recording) -> None:
    """Hold the model's end against the real folder: a call that was missed shows here."""
    moment = None
    for moment in recording.play():  # noqa: B007 - the last one is wanted
        pass
    told = current_image(moment.disk) if moment is not None else recording.base
    unlike = difference(told, read_image(recording.folder, recording.passing))
    if unlike:
        msg = f"the trace does not account for the folder: {unlike}"
        raise TraceUnreadable(msg)
