"""The learner's process: takes one assignment from its standard input, learns, and writes what came of it.

It holds no keys and opens nothing of the house; what it needs is in the message. Its scratch folder is the
hub's, private, and removed by the hub whatever happens here. It ends with whoever started it. An error of the tree is
answered; of anything else only the class is told, for a text may quote what somebody said.
"""

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

from earwitness.kernel.errors import EarwitnessError
from earwitness.learning import wire
from earwitness.learning.adapt.language import Language
from earwitness.learning.budget import Budget
from earwitness.learning.evaluate import end_with_parent
from earwitness.learning.lesson import Assignment, Run
from earwitness.learning.split import Side


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Do one assignment."""
    head, parts = wire.receive(incoming)

    def progress(what: str, done: int, whole: int) -> None:
        wire.send(outgoing, {"progress": [what, done, whole]})

    given = Run(_assignment(head, parts), progress)
    outcome = given.compare() if head["compare"] else given.go()
    names = sorted(outcome.files)
    told = {"outcome": {"figures": outcome.figures, "verdict": str(outcome.verdict), "files": names}}
    wire.send(outgoing, told, [outcome.files[name] for name in names])


def _assignment(head: dict[str, Any], parts: list[bytes]) -> Assignment:
    count = 2 * len(head["examples"])
    current = dict(zip(head["current"], parts[count + 1 :], strict=True))
    return Assignment(
        Language.from_json(head["language"]),
        tuple(wire.unpack_examples(head["examples"], parts[:count])),
        {subject: Side(side) for subject, side in head["sides"].items()},
        int(head["fewest"]),
        Path(head["scratch"]),
        current,
        parts[count],
        Budget(float(head["seconds"]), int(head["clips"])),
    )


def main() -> int:
    """Run for the process whose id is the argument; the exit code is 0 if an outcome or an error was told."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    if os.getppid() != int(sys.argv[1]):  # it died before it could be said that this one ends with it
        return 1
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)
    with os.fdopen(os.dup(1), "wb") as outgoing:
        os.dup2(2, 1)  # what a library or a process started from here prints must not come between the messages
        try:
            serve(sys.stdin.buffer, outgoing)
        except EarwitnessError as error:
            wire.send(outgoing, {"failed": [type(error).__name__, error.what, error.next_step]})
        except Exception as error:  # noqa: BLE001 - its text may quote what was said
            wire.send(outgoing, {"failed": [type(error).__name__, "", ""]})
    return 0


if __name__ == "__main__":
    sys.exit(main())
