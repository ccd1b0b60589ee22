"""What learns is killed in the middle of it: nothing is released, nothing lies about, and the next run works."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from earwitness.bootstrap import House, create_house, open_house
from earwitness.cli.supervision import COMMAND
from earwitness.kernel.audio import Clip
from earwitness.kernel.errors import EngineFailed, NotFound
from earwitness.learning.corrections import Wrong
from earwitness.learning.examples import Example
from earwitness.learning.gate import Verdict
from earwitness.learning.process import Progress, Task
from earwitness.learning.release import Made
from earwitness.learning.scratch import scratch
from earwitness.learning.snapshot import Snapshot
from earwitness.policy.access import Grant
from earwitness.testing.house import Family
from earwitness.testing.learning import WordForWord
from earwitness.testing.waiting import wait_until
from earwitness.understanding.context import Context
from earwitness.vault.intake import Incoming
from earwitness.vault.kinds import TRANSCRIPT
from earwitness.vault.reading import Item

SENTENCE = "wake the zorbonira"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    create_house(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def house(data: Path) -> Iterator[House]:
    with open_house(data) as opened:
        yield opened


@pytest.fixture
def family(house: House) -> Family:
    """A household whose one sentence can be learned in seconds, for the models stay as they are."""
    made = Family.move_in(house)
    incoming = Incoming(
        Clip(bytes(32_000)),
        house.clock.now_ms(),
        made.ada.actor,
        device=made.ada.device,
        artefacts={TRANSCRIPT: b"wake this up"},
    )
    name = house.intake.keep(incoming).recording
    slots = {"name": "lamp"}
    house.corrections.record(made.ada.actor, name, Wrong.MEANT, said=SENTENCE, intent="HassTurnOn", slots=slots)
    return made


def learners(parent: int) -> list[int]:
    """The learner's processes that a process has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if "earwitness.learning.worker" in words and words[-2] == str(parent):
                found.append(int(folder.name))
    return found


def learns(family: Family) -> None:
    """The next run works, and leaves nothing but its release."""
    house = family.house
    learned = house.learning.run(family.household)
    assert (learned.verdict, learned.activated) == (Verdict.OWN_WORDS, True)
    assert [each.id for each in house.learning.releases.list()] == [learned.release.id if learned.release else ""]
    assert house.learning.in_use(family.household).taught.meaning(SENTENCE, Context()) is not None
    assert list((house.data / "run" / "learning").iterdir()) == []


def test_the_learners_process_is_killed_in_the_middle(family: Family) -> None:
    house = family.house

    def progress(_what: str, _done: int, _whole: int) -> None:
        for process in learners(os.getpid()):
            os.kill(process, signal.SIGKILL)

    with pytest.raises(EngineFailed) as failed:
        house.learning.run(family.household, progress=progress)
    assert "earwitness learn run" in failed.value.next_step
    assert house.learning.releases.list() == []
    assert list((house.data / "run" / "learning").iterdir()) == []
    learns(family)


def at_work(process: int) -> bool:
    """Whether the learner has begun: it makes itself nicer then."""
    try:
        return int((Path("/proc") / str(process) / "stat").read_text("utf-8").rpartition(")")[2].split()[16]) > 0
    except OSError:
        return False


@pytest.mark.parametrize("moment", ["started", "at work"])
def test_the_program_that_learns_is_killed(family: Family, moment: str) -> None:
    """Its learner ends with it; what it left in its scratch folder goes with the next run."""
    house = family.house
    command = [*COMMAND, "learn", "run", "--own", "--data", str(house.data), "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        wait_until(lambda: learners(program.pid))
        (learner,) = learners(program.pid)
        if moment == "at work":
            wait_until(lambda: at_work(learner))
        program.kill()
    wait_until(lambda: not learners(program.pid))
    assert house.learning.releases.list() == []
    (left,) = (house.data / "run" / "learning").iterdir()
    (left / "sound").write_bytes(b"zebrafinch")
    house.learning.sweep()
    assert not left.exists()
    learns(family)


def test_a_hub_that_starts_takes_nothing_from_a_run_that_is_under_way(family: Family, data: Path) -> None:
    with scratch(family.house.learning.folder) as mine, open_house(data) as hub:
        hub.sweep()
        hub.learning.clear()
        assert list((data / "run" / "learning").iterdir()) == [mine]
    assert not mine.exists()


def test_a_hub_that_starts_takes_no_opened_model_from_another_process(family: Family, data: Path) -> None:
    house = family.house
    release = replace(house.learning, teach=WordForWord()).run(family.household).release
    assert release is not None
    house.learning.in_use(family.household)
    opened = data / "run" / "models"
    left = opened / ".release_left.1234"
    left.mkdir()
    with open_house(data) as hub:
        hub.learning.clear()
    assert [path.name for path in opened.iterdir()] == [release.id]
    house.learning.clear()  # alone it begins anew
    assert not opened.exists()


def test_what_is_taken_back_while_a_snapshot_is_taken_is_not_in_it(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The content was read, and then, before the rows are written, its person says so."""
    house = family.house
    original = house.learning.snapshots._open

    def slow(ids: list[str], layer: str) -> Iterator[object]:
        yield from original(ids, layer)
        house.forgetting.ask(family.ada.actor, family.ada.id)

    monkeypatch.setattr(house.learning.snapshots, "_open", slow)
    assert house.learning.run(family.household).release is None
    assert house.learning.releases.list() == []


def test_what_is_erased_while_it_is_read_teaches_nothing(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    """The grant to read it was given, and then its person erases it."""
    house = family.house
    original = house.learning.snapshots._example

    def erased(grant: Grant, item: Item, *, shared: bool) -> Iterator[Example]:
        family.remove(family.erase(family.ada, item.id))
        yield from original(grant, item, shared=shared)

    monkeypatch.setattr(house.learning.snapshots, "_example", erased)
    assert house.learning.run(family.household).examples == 0


def test_an_erased_household_gets_no_key_again(family: Family) -> None:
    """Somebody erases everything while their household's model is learned."""
    house, leaving = family.house, [*family.everybody]

    def teach(snapshot: Snapshot, task: Task, folder: Path, progress: Progress) -> Made:
        while leaving:
            family.remove(family.erase(leaving.pop()))
        return WordForWord()(snapshot, task, folder, progress)

    with pytest.raises(NotFound, match="erased meanwhile"):
        replace(house.learning, teach=teach).run(family.household)
    assert not house.keyring.has_subject(family.household)
    assert not [each for each in house.keyring.key_ids() if each.startswith("model:")]
