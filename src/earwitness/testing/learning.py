"""A learner without a process: it teaches the sentences that people gave with an intent, as the real one does."""

from dataclasses import dataclass, field
from pathlib import Path

from earwitness.learning.files import MEANS, TAUGHT
from earwitness.learning.gate import Verdict
from earwitness.learning.process import Progress, Task
from earwitness.learning.release import Made
from earwitness.learning.snapshot import Snapshot
from earwitness.understanding.taught import Taught, TaughtSentence


@dataclass(slots=True)
class WordForWord:
    """The port :data:`earwitness.learning.learner.Teach`; ``taken`` are the snapshots it was given."""

    verdict: Verdict = Verdict.OWN_WORDS
    more: dict[str, bytes] = field(default_factory=dict)
    taken: list[Snapshot] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)

    def __call__(self, snapshot: Snapshot, task: Task, folder: Path, progress: Progress) -> Made:  # noqa: ARG002 - the port
        """Teach."""
        self.taken.append(snapshot)
        self.tasks.append(task)
        accounts = [each.account for each in snapshot.examples if each.account.words and each.account.intent]
        sentences = tuple(TaughtSentence(each.words or "", each.intent or "", each.slots) for each in accounts)
        files = (
            {TAUGHT: Taught(sentences).to_bytes(), **self.more}
            if sentences and self.verdict is not Verdict.WORSE
            else {}
        )
        progress("teaching", 1, 1)
        return Made(files, {"learned": {"sentences": len(sentences)}}, self.verdict)


BROKEN_MEANS = {MEANS: b"no array"}
"""A file of a release that is damaged before it was sealed."""
