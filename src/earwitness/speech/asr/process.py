"""One recogniser's process as the hub sees it: started, asked, ended; never left behind, never a zombie."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from earwitness.kernel.errors import EngineFailed
from earwitness.speech.asr import wire
from earwitness.speech.asr.wire import Kind

START_S: Final = 60.0  # a large model is read from a slow disk
HANDED_DOWN: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")
OFFLINE: Final = {  # every switch by which the engines' libraries let themselves be kept from the network
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "ORT_DISABLE_TELEMETRY": "1",
}


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which engine a process loads: ``maker`` is "module:function", ``options`` its keyword arguments (JSON).

    Its process gives up the network unless the engine is on another machine (``network``).
    """

    name: str
    maker: str
    options: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1
    network: bool = False


class WorkerProcess:
    """A process with a loaded engine. One thread at a time asks; :meth:`kill` and :meth:`wait` are for any thread."""

    def __init__(self, engine: EngineSpec) -> None:
        """Start it and wait until its engine is loaded. It dies with the *thread* that starts it.

        Raises:
            EngineMissing: the engine or its data is not installed.
            EngineFailed: the process could not start, died, or was not ready in a minute.
        """
        self._sock, theirs = socket.socketpair()
        self._ended = False
        self._doomed = False
        self._lock = threading.Lock()
        with theirs:
            self._process = _launch(theirs.fileno(), engine)
        try:
            opening = {"maker": engine.maker, "options": dict(engine.options), "network": engine.network}
            self.command(Kind.OPEN, wire.to_json(opening))
            self.offline = bool(wire.from_json(self.ask(Kind.STATE, deadline_s=START_S))["offline"])
        except BaseException:
            self.kill()
            self.wait()
            raise

    @property
    def pid(self) -> int:
        """Its process id, for measuring."""
        return self._process.pid

    @property
    def doomed(self) -> bool:
        """Whether it is ending or has ended, and must not be lent again."""
        return self._doomed

    def command(self, kind: Kind, body: bytes = b"", *, deadline_s: float = START_S) -> None:
        """Send what needs no answer; waits only where the process lies behind by seconds of sound.

        Raises:
            EngineFailed: it is gone, or took nothing until the deadline; then it is killed.
        """
        try:
            self._sock.settimeout(deadline_s)
            wire.send(self._sock, kind, body)
        except OSError as error:
            self.kill()
            raise EngineFailed(
                "The recogniser's process ended.", next_step="Say it again; it is being restarted."
            ) from error

    def ask(self, kind: Kind, body: bytes = b"", *, deadline_s: float) -> bytes:
        """Send a question and return the body of its answer.

        Raises:
            BadInput, EngineMissing: what the engine says to it, or to a command before it.
            EngineFailed: likewise; or it is gone, or had no answer at the deadline; then it is killed.
        """
        self.command(kind, body, deadline_s=deadline_s)
        try:
            answer, said = wire.receive(self._sock)
        except TimeoutError as error:
            self.kill()
            msg = f"The recogniser had no answer within {deadline_s:g} seconds."
            raise EngineFailed(msg, next_step="Say it again; it is being restarted.") from error
        except (EngineFailed, OSError) as error:
            self.kill()
            raise EngineFailed(
                "The recogniser's process ended.", next_step="Say it again; it is being restarted."
            ) from error
        if answer is Kind.ANSWER:
            return said
        if answer is not Kind.FAILED:
            self.kill()
        raise wire.unpack_error(said)

    def kill(self) -> None:
        """End it at once. Harmless if it has ended."""
        with self._lock:
            self._doomed = True
            if not self._ended:
                os.kill(self._process.pid, signal.SIGKILL)  # Popen.kill would take it off the list of processes first

    def wait(self) -> int:
        """Wait for its end, take it off the list of processes, and return its exit code (negative: a signal)."""
        # Not reaped before the lock is held, so that kill() never meets another process of the same number.
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            self._ended = self._doomed = True
            code = self._process.wait()
        self._sock.close()
        return code


def _launch(descriptor: int, engine: EngineSpec) -> subprocess.Popen[bytes]:
    threads = str(engine.threads)
    environment = {name: os.environ[name] for name in HANDED_DOWN if name in os.environ} | OFFLINE
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
    command = (sys.executable, "-I", "-B", "-m", "earwitness.speech.asr.worker", str(descriptor), str(os.getpid()))
    try:
        return subprocess.Popen(  # noqa: S603 - our own program
            command,
            env=environment,
            pass_fds=(descriptor,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # libraries' own messages may quote what was said
            cwd="/",
            process_group=0,  # Ctrl-C at a terminal is for the hub
        )
    except OSError as error:
        raise EngineFailed("The recogniser's process could not be started.") from error
