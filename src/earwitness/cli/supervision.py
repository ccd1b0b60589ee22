"""Processes beside the hub: started with it, started again when they end, and gone when it is gone.

A child's standard input is a pipe from the hub that nothing is written to: it ends with the hub, however that ended,
and then the child ends too. A child that keeps ending is started ever more slowly.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Final

import typer

COMMAND: Final = (sys.executable, "-c", "from earwitness.cli.app import main; main()")
PAUSES: Final = (0.2, 1.0, 5.0, 30.0)
PATIENCE_SECONDS: Final = 15.0
STEADY_SECONDS: Final = 60.0  # whoever ran that long before it ended is started again at once

logger = logging.getLogger(__name__)

Supervised = Annotated[bool, typer.Option("--supervised", hidden=True, help="End when standard input ends.")]


def end_with_parent(supervised: bool) -> None:
    """End this process in good order as soon as whoever started it is gone."""
    if not supervised:
        return

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


class Child:
    """One process that is kept running."""

    def __init__(self, arguments: Sequence[str], said: Callable[[str], None] = lambda _: None) -> None:
        """Run ``earwitness`` with these arguments; ``said`` is told each line of its output."""
        self._arguments = (*COMMAND, *arguments, "--supervised")
        self._said = said
        self._stopping = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"keeper of {arguments[0]}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the process, and wait until it has ended."""
        self._stopping.set()
        with self._lock:
            if self._process is not None:
                self._process.terminate()
        self._thread.join(PATIENCE_SECONDS)
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def _keep(self) -> None:
        failures = 0
        while True:
            started = time.monotonic()
            process = self._start()
            if process is not None:
                with process:
                    for line in process.stdout or ():
                        self._said(line.rstrip("\n"))
            failures = 0 if time.monotonic() - started > STEADY_SECONDS else failures + 1
            if self._stopping.wait(PAUSES[min(failures, len(PAUSES) - 1)]):
                return

    def _start(self) -> "subprocess.Popen[str] | None":
        """Start the process; None where it is to stop, or where the system has no room for one now."""
        with self._lock:
            if self._stopping.is_set():
                return None
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own command
                    self._arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, errors="replace"
                )
            except OSError as error:
                logger.warning("a program could not be started: %s", type(error).__name__)
                return None
            return self._process


@contextmanager
def children(*all_arguments: Sequence[str]) -> Iterator[None]:
    """Keep these commands running while the ``with`` lasts."""
    kept = [Child(arguments) for arguments in all_arguments]
    try:
        yield
    finally:
        for child in kept:
            child.stop()
