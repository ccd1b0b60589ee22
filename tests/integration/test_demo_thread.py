"""A small thread through the whole, each of its three processes killed at many steps: it goes on, and loses nothing."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from earwitness.cli.demo_thread import SENTENCES
from earwitness.cli.supervision import COMMAND
from earwitness.demo.recordings import Recordings
from earwitness.demo.thread.cast import Choice
from earwitness.demo.thread.forgetting import recordings_of, still_readable
from earwitness.demo.thread.play import OWN, Thread, Wish, prepared
from earwitness.demo.thread.report import Teller
from earwitness.kernel.errors import NotFound
from earwitness.learning.budget import Budget
from earwitness.learning.corrections import Wrong
from earwitness.learning.release import State
from earwitness.storage.schema import recording
from earwitness.storage.schema.review import review_annotation

EVAL = Path(__file__).parents[2].parent / "shared" / "eval"
CLIPS = 16
NOTHING_KEPT = {Choice.CHILD, Choice.GUEST, Choice.NOTHING_KEPT}

pytestmark = pytest.mark.skipif(
    not EVAL.is_dir(), reason="the recordings to demonstrate with (../shared/eval) are not here"
)


@dataclass
class Killer:
    """Kills a process the so-many-th time that something is told quietly; the hub is started again."""

    plan: dict[tuple[str, int], str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    killed: list[str] = field(default_factory=list)
    thread: Thread | None = None

    def __call__(self, what: str) -> None:
        self.seen[what] += 1
        name = self.plan.get((what, self.seen[what]))
        if name is not None and self.thread is not None:
            self.killed.append(name)
            self.thread.programs.kill(name)
            if name == "hub":
                self.thread.programs.up()


SOME = {
    ("spoken", 3): "workbench",
    ("spoken", 5): "hub",
    ("drawn", 1): "deidentifier",
    ("leased", 1): "hub",
    ("heard", 2): "workbench",
    ("heard", 3): "deidentifier",
    ("taught", 1): "hub",
    ("withdrawn", 1): "workbench",
}
"""Which process is killed when something is told the so-many-th time."""
MANY = SOME | {
    ("spoken", 1): "hub",
    ("spoken", 9): "deidentifier",
    ("spoken", 12): "hub",
    ("copied", 1): "hub",
    ("copied", 3): "deidentifier",
    ("heard", 1): "hub",
    ("reviewed", 1): "workbench",
    ("leased", 4): "workbench",
    ("reviewed", 2): "hub",
    ("learned", 1): "deidentifier",
    ("learned", 2): "hub",
    ("learned", 4): "workbench",
    ("withdrawn", 1): "hub",
    ("erased", 1): "hub",
    ("learning again", 1): "hub",
    ("learning again", 2): "deidentifier",
}


@pytest.fixture
def killer() -> Killer:
    return Killer()


@pytest.fixture
def thread(tmp_path: Path, killer: Killer) -> Iterator[Thread]:
    wish = Wish(
        recordings=Recordings.open(EVAL), sentences=SENTENCES, command=COMMAND, clips=CLIPS, paced=1, promises=False
    )
    with prepared(wish, tmp_path, Teller(print, killer)) as made:
        killer.thread = made
        yield made


def test_each_process_is_killed_at_some_steps_and_the_thread_goes_on(thread: Thread, killer: Killer) -> None:
    goes_on(thread, killer, SOME)
    assert thread.report.more["models_destroyed"] == 1


@pytest.mark.soak
def test_each_process_is_killed_at_every_step_and_the_thread_goes_on(thread: Thread, killer: Killer) -> None:
    shared: list[str] = []
    goes_on(thread, killer, MANY, lambda: shared.append(teach_everybody(thread)))
    assert thread.report.more["models_destroyed"] == 2
    assert thread.report.more["shared_models_destroyed"] == 1
    releases = thread.house.learning.releases
    assert releases.find(shared[0]).state is State.DESTROYED
    assert releases.proof(shared[0], destroyed=True)
    with suppress(NotFound):  # nothing was released without them
        assert releases.roll_back() is None


def goes_on(
    thread: Thread, killer: Killer, plan: dict[tuple[str, int], str], between: Callable[[], None] = lambda: None
) -> None:
    killer.plan = plan
    for step in ("move in", "speak", "put right"):
        thread.steps()[step]()
    between()
    for step in ("draw", "review", "teach", "forget"):
        thread.steps()[step]()
    assert Counter(killer.killed) == Counter(plan.values())
    heard_and_kept(thread)
    reviewed(thread)
    stays_forgotten(thread)


def teach_everybody(thread: Thread) -> str:
    """Let people teach everybody a sentence, those who will leave among them, so that a model that all share has to go.

    Returns its release. Whoever the learner tests on teaches it nothing, so more than two say it.
    """
    mine = {each.role.person.id: each for each in thread.said if each.turn.recording}
    teaching = [each for each in mine.values() if each.role.choice is Choice.PUTS_RIGHT]
    assert {role.person.id for role in thread.leaving} <= {each.role.person.id for each in teaching}
    for each in teaching:
        slots = {"name": "lamp"}
        thread.house.corrections.record(
            each.role.person.actor(), each.turn.recording or "", Wrong.MEANT, said=OWN, intent="HassTurnOn", slots=slots
        )
    learned = thread.house.learning.run(
        budget=Budget(2.0, 1), progress=lambda *_: thread.teller.quietly("learned")
    )  # fmt: skip
    assert learned.activated
    assert learned.release is not None
    return learned.release.id


def heard_and_kept(thread: Thread) -> None:
    """What was acknowledged is there, and of those who agreed to nothing there is nothing."""
    assert thread.report.clips == CLIPS
    acknowledged = {each.turn.recording for each in thread.said if each.turn.recording}
    assert len(acknowledged) >= CLIPS // 2
    with thread.house.database.read() as tx:
        kept = set(tx.scalars(select(recording.c.id).where(recording.c.state == "kept")))
    gone = {each.turn.recording for each in thread.said if each.role is thread.leaving[1]}
    assert acknowledged - gone <= kept
    assert not [each for each in thread.said if each.role.choice in NOTHING_KEPT and each.turn.recording]
    assert all(each.in_history_ms is not None for each in thread.said if each.turn.recording)


def reviewed(thread: Thread) -> None:
    """Every clip that was drawn was answered, skipped or withheld; every answer stands once."""
    report = thread.report
    assert report.drawn > 0
    assert report.annotated + report.more["skipped"] + report.withheld == report.drawn
    gone = sum(1 for each in thread.said if each.role is thread.leaving[1])
    with thread.house.database.read() as tx:
        stand = tx.scalar(select(func.count()).select_from(review_annotation)) or 0
    assert report.annotated - gone <= stand <= report.annotated


def stays_forgotten(thread: Thread) -> None:
    """What was erased is gone, and does not come back with a hub that was killed."""
    erased = thread.leaving[1]
    gone = [each.turn.recording or "" for each in thread.said if each.role is erased]
    assert thread.report.forgot
    assert gone
    thread.programs.kill("hub")
    thread.programs.up()
    assert not recordings_of(thread.house, erased)
    assert not still_readable(thread.house, erased, gone)
