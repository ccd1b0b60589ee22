"""Kill workers again and again at random moments, and hold the folder against what they acknowledged.

Workers are started in process groups of their own, say facts on standard output and work until they
are killed. The moment is drawn as "after so many more facts, and then so many milliseconds": from a
seed, so that a failure can be tried again, although the machine decides where exactly inside the
worker the signal lands. ``kill -9`` loses no write that the system has taken; that is what
:mod:`earwitness.testing.crash.power_cut` is for.
"""

import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from earwitness.testing.crash.facts import Fact, read_facts
from earwitness.testing.crash.power_cut import Check
from earwitness.testing.crash.record import WorkerFailed

CHUNK = 65_536
LONGEST_SILENCE_SECONDS = 60.0

Command = Callable[[int], Sequence[str | Path]]
"""Round number (from 0) → the command of its workers."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often to kill, and when: after ``facts_first`` (at most) facts and ``delay_ms`` (at most)."""

    number: int = 25
    seed: int = 1
    facts_first: int = 12
    delay_ms: float = 15.0


@dataclass(frozen=True, slots=True)
class KillTally:
    """How many workers were killed (the others had ended by themselves), and all that was said."""

    rounds: int
    killed: int
    facts: tuple[Fact, ...]


def kill_again_and_again(  # noqa: PLR0913 - the four that every test gives, and two that few do
    command: Command,
    folder: Path,
    check: Check,
    rounds: Rounds,
    *,
    at_once: int = 1,
    environment: Mapping[str, str] | None = None,
) -> KillTally:
    """Run rounds of: start ``at_once`` workers, kill them all at a random moment, check the folder.

    Facts of all rounds add up: the check sees everything that was ever said, in order.

    Raises:
        WorkerFailed: a worker ended by itself with anything but 0, or fell silent.
        AssertionError: the check failed; a note says in which round.
    """
    draw = random.Random(rounds.seed)  # noqa: S311 - a repeatable test, no secret
    facts: list[Fact] = []
    killed = 0
    for number in range(rounds.number):
        with Workers([command(number)] * at_once, folder.parent, environment) as workers:
            workers.listen(draw.randint(1, rounds.facts_first), draw.uniform(0, rounds.delay_ms) / 1000)
            killed += workers.kill()
        facts += read_facts(bytes(workers.heard))
        _check(check, folder, facts, number)
    return KillTally(rounds.number, killed, tuple(facts))


def _check(check: Check, folder: Path, facts: Sequence[Fact], number: int) -> None:
    try:
        check(folder, facts)
    except Exception as error:
        error.add_note(f"in round {number} (from 0) of kill -9, after {len(facts)} facts")
        raise


class Workers:
    """Processes that share one pipe as standard output, so that their facts keep their order."""

    def __init__(
        self, commands: Sequence[Sequence[str | Path]], cwd: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Prepare to start each command in ``cwd``."""
        self.heard = bytearray()
        self._commands = commands
        self._cwd = cwd
        self._environment = {**os.environ, **(environment or {})}
        self._environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self._pipe = -1
        self._ended = False  # all ends of the pipe are closed: every worker has ended, or closed its output
        self._processes: list[subprocess.Popen[bytes]] = []
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the block ends

    def __enter__(self) -> Self:
        """Start them."""
        self._pipe, end = os.pipe()
        try:
            for command in self._commands:
                process = subprocess.Popen(  # noqa: S603 - a worker of the tests
                    list(map(str, command)),
                    cwd=self._cwd,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=end,
                    stderr=self._complaints,
                    start_new_session=True,
                )
                self._processes.append(process)
        finally:
            os.close(end)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still runs."""
        self.kill()
        os.close(self._pipe)
        self._complaints.close()

    def listen(self, facts: int, delay_seconds: float) -> None:
        """Return after so many facts and then so long, or when nobody is left to speak.

        Raises:
            WorkerFailed: nothing was said for a long time.
        """
        while self.heard.count(b"\n") < facts and not self._ended:
            if not self._hear(LONGEST_SILENCE_SECONDS) and not self._ended:
                msg = f"nothing was said for {LONGEST_SILENCE_SECONDS:.0f} s: {self._complaint()}"
                raise WorkerFailed(msg)
        until = time.monotonic() + delay_seconds
        while (left := until - time.monotonic()) > 0 and self._hear(left):
            pass

    def kill(self) -> int:
        """Kill all that still run, hear the last of them, and return how many there were.

        Raises:
            WorkerFailed: one had ended by itself with anything but 0.
        """
        running = [process for process in self._processes if not self._has_ended(process)]
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)
        for process in running:
            process.wait()
        while self._processes and self._hear(0.0):
            pass
        failed = [process.returncode for process in self._processes if process.returncode not in (0, -signal.SIGKILL)]
        self._processes = []
        if failed:
            msg = f"a worker ended with {failed[0]}: {self._complaint()}"
            raise WorkerFailed(msg)
        return len(running)

    def _hear(self, seconds: float) -> bool:
        """Read what was said within so long; False if nothing was, or nobody is left to speak."""
        ready, _, _ = select.select([self._pipe], [], [], seconds)
        data = os.read(self._pipe, CHUNK) if ready else b""
        self._ended = bool(ready) and not data
        self.heard += data
        return bool(data)

    def _has_ended(self, process: "subprocess.Popen[bytes]") -> bool:
        if self._ended:
            process.wait(LONGEST_SILENCE_SECONDS)
        return process.poll() is not None

    def _complaint(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read()[-4000:].decode(errors="replace")
