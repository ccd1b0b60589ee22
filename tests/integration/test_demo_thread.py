"""A small thread through the whole; each of its three processes is killed once: it goes on, and loses nothing."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from earwitness.cli.demo_thread import SENTENCES
from earwitness.cli.supervision import COMMAND
from earwitness.demo.recordings import Recordings
from earwitness.demo.thread.cast import Choice
from earwitness.demo.thread.forgetting import recordings_of, still_readable
from earwitness.demo.thread.play import Thread, Wish, prepared
from earwitness.demo.thread.report import Teller
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

    plan: dict[tuple[str, int], str]
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


@pytest.fixture
def killer() -> Killer:
    return Killer({("spoken", 5): "hub", ("drawn", 1): "deidentifier", ("reviewed", 1): "workbench"})


@pytest.fixture
def thread(tmp_path: Path, killer: Killer) -> Iterator[Thread]:
    wish = Wish(
        recordings=Recordings.open(EVAL), sentences=SENTENCES, command=COMMAND, clips=CLIPS, paced=1, promises=False
    )
    with prepared(wish, tmp_path, Teller(print, killer)) as made:
        killer.thread = made
        yield made


def test_each_process_is_killed_once_and_the_thread_goes_on(thread: Thread, killer: Killer) -> None:
    for step in ("move in", "speak", "put right", "draw", "review", "teach", "forget"):
        thread.steps()[step]()
    assert killer.killed == ["hub", "deidentifier", "workbench"]
    heard_and_kept(thread)
    reviewed(thread)
    stays_forgotten(thread)


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
    assert thread.report.more["models_destroyed"] == 1
    assert gone
    thread.programs.kill("hub")
    thread.programs.up()
    assert not recordings_of(thread.house, erased)
    assert not still_readable(thread.house, erased, gone)
