"""Everything a test run says, kept in one folder and searched for personal data at its end.

Collected are: the logs of the product (standard logging and structlog), what tests print, the text
of every :class:`EarwitnessError` that is ever made, and the output of the servers and programs that
tests start, which the starter puts into the same folder. The folder is named by an environment
variable, so that test workers and started programs share it.
"""

import logging
import os
import re
import threading
from pathlib import Path

from earwitness.kernel.errors import EarwitnessError
from earwitness.testing.canary import traces_in_folder

FOLDER_VARIABLE = "EARWITNESS_TEST_RUN_LOGS"
LONGEST_LINE = 300


class RunLog:
    """The collector of one process of the test run."""

    def __init__(self, folder: Path) -> None:
        """Collect into ``folder``, in a file of this process."""
        self.folder = folder
        self._file = (folder / f"process-{os.getpid()}.log").open("a", encoding="utf-8", errors="backslashreplace")
        self._lock = threading.Lock()
        self._handler = logging.StreamHandler(self._file)
        self._plain_init = EarwitnessError.__init__

    def start(self) -> None:
        """Listen to all loggers, to the product's from its lowest level on, and to every error made."""
        logging.getLogger().addHandler(self._handler)
        logging.getLogger("earwitness").setLevel(logging.DEBUG)
        plain, note = self._plain_init, self.note

        def init(error: EarwitnessError, what: str = "", *, next_step: str = "") -> None:
            plain(error, what, next_step=next_step)
            note(f"error {type(error).__name__}", str(error))

        EarwitnessError.__init__ = init  # type: ignore[method-assign, assignment]

    def note(self, source: str, text: str) -> None:
        """Keep a text and where it comes from."""
        lines = "".join(f"[{source}] {line}\n" for line in text.splitlines())
        with self._lock:
            self._file.write(lines)

    def file(self, name: str) -> Path:
        """Return a file of the folder for the output of a program that a test starts."""
        return self.folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}-{os.getpid()}.log"

    def stop(self) -> None:
        """Stop listening; what was heard stays."""
        EarwitnessError.__init__ = self._plain_init  # type: ignore[method-assign]
        logging.getLogger().removeHandler(self._handler)
        self._file.close()


def findings(folder: Path) -> list[str]:
    """Return the lines of the run's output that show a canary, each after the name of its file."""
    found: dict[str, None] = {}
    for trace in traces_in_folder(folder):
        path = folder / trace.source
        if not path.is_file():
            found[trace.source] = None
            continue
        data = path.read_bytes()
        start = data.rfind(b"\n", 0, trace.position) + 1
        line = data[start:].split(b"\n", 1)[0][:LONGEST_LINE].decode(errors="backslashreplace")
        found[f"{trace.source}: {line}"] = None
    return list(found)
