"""The programs of an installation, started as somebody would and ended again: hub, workbench, deidentifier, witness."""

import json
import os
import signal
import subprocess
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from earwitness.kernel.errors import EngineFailed
from earwitness.web.listening import listen

SOON: Final = 60.0
LOOK_AGAIN: Final = 0.1


@dataclass(slots=True)
class Program:
    """One program of this installation; what it logs goes to the file ``log``."""

    command: tuple[str, ...]
    log: Path
    process: subprocess.Popen[str] | None = None

    def start(self) -> dict[str, Any]:
        """Start it, and wait until it is ready; return what it says of itself.

        Raises:
            EngineFailed: it ended at once.
        """
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=stream, text=True)  # noqa: S603 - ours
        for line in self.process.stdout or ():
            with suppress(ValueError):
                told: dict[str, Any] = json.loads(line)
                return told
        raise EngineFailed("A program of the demonstration ended at once.", next_step="Its log says why.")

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and wait until it is gone; twice is fine."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.communicate(timeout=SOON)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@dataclass(slots=True)
class Installation:
    """The programs around one data folder: a witness apart, and the hub, which starts the two others itself."""

    data: Path
    command: tuple[str, ...]
    port: int = 0
    workbench_port: int = 0
    url: str = ""
    _hub: Program | None = field(default=None)
    _witness: Program | None = field(default=None)

    @property
    def hub_pid(self) -> int:
        """The hub's process."""
        process = self._hub.process if self._hub else None
        return process.pid if process else 0

    def witness(self, log_key: str, folder: Path) -> tuple[str, str]:
        """Start a witness of the log; return its address and key."""
        command = (*self.command, "witness", "--folder", str(folder), "--log", log_key, "--port", "0", "--json")
        self._witness = Program(command, folder.with_suffix(".log"))
        told = self._witness.start()
        return str(told["ready"]), str(told["witness_key"])

    def up(self) -> str:
        """Start the hub; return its address. A second time hub and workbench come back to the same."""
        self.workbench_port = self.workbench_port or _free_port()
        ports = ("--port", str(self.port), "--workbench-port", str(self.workbench_port))
        command = (*self.command, "up", "--data", str(self.data), *ports, "--json")
        self._hub = Program(command, self.data.with_name("hub.log"))
        self.url = str(self._hub.start()["ready"])
        self.port = int(self.url.rpartition(":")[2])
        return self.url

    def workbench(self) -> str:
        """The address of the workbench, once it is up.

        Raises:
            EngineFailed: it does not come up.
        """
        return str(self._workbench_note()["url"])

    def processes(self) -> dict[str, int]:
        """The hub's process and those it has started, by name."""
        found = {"hub": self.hub_pid}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError, IndexError):
                parent = int((folder / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                for name in ("deidentifier", "workbench"):
                    if parent == self.hub_pid and name in words:
                        found[name] = int(folder.name)
        return found

    def _workbench_note(self) -> dict[str, Any]:
        note, until = self.data / "run" / "workbench.json", time.monotonic() + SOON
        while time.monotonic() < until:
            with suppress(OSError, ValueError):
                told: dict[str, Any] = json.loads(note.read_text("utf-8"))
                return told
            time.sleep(LOOK_AGAIN)
        raise EngineFailed("The workbench does not come up.", next_step="Read hub.log beside the installation.")

    def kill(self, name: str) -> None:
        """End one of the three processes without a word to it; the hub starts its own again, and :meth:`up` the hub.

        Raises:
            EngineFailed: there is no such process, and none comes up.
        """
        if name == "hub":
            self.kill_hub()
        else:
            os.kill(self._process(name), signal.SIGKILL)

    def _process(self, name: str) -> int:
        """The process of this name; one that has just ended is waited for until it was started again."""
        until = time.monotonic() + SOON
        while (found := self.processes().get(name)) is None:
            if time.monotonic() > until:
                raise EngineFailed(f"The {name} does not come up.", next_step="Read hub.log beside the installation.")
            time.sleep(LOOK_AGAIN)
        return found

    def kill_hub(self) -> None:
        """End the hub without a word to it."""
        if self._hub is not None:
            self._hub.end(signal.SIGKILL)

    def down(self) -> None:
        """End everything that was started."""
        for each in (self._hub, self._witness):
            if each is not None:
                each.end()


def _free_port() -> int:
    with closing(listen("localhost", 0)) as found:
        return found.port
