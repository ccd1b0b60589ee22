"""Learning on a real installation under load, and what must be true of it after any crash.

:func:`new_learning_house` makes one with three homes whose adults taught a sentence each, :class:`LearningLoad` learns,
releases, withdraws and forgets there and says facts, :class:`LearningCheck` holds a folder that a crash left against
those facts: the old release stands wholly or the new one does, what was destroyed opens for nobody, what somebody took
back teaches nothing, and after the next start nothing lies about that belongs to nobody. Every sentence carries
the canary's token.
"""
# ruff: noqa: S101 - a check speaks in assertions

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from earwitness.bootstrap import House, create_house, open_house
from earwitness.identity.people import Person, Standing
from earwitness.jobs.execution import Pace
from earwitness.jobs.runners.embedded import EmbeddedRunner
from earwitness.jobs.work import Handlers
from earwitness.kernel.audio import Clip
from earwitness.kernel.clock import HOUR, SystemClock
from earwitness.kernel.errors import BadInput
from earwitness.learning.corrections import Wrong
from earwitness.learning.forget import Forgetting
from earwitness.learning.learner import Learning
from earwitness.learning.process import Progress, Task
from earwitness.learning.release import Made, State
from earwitness.learning.scratch import scratch
from earwitness.learning.shelf import MODEL_KEY, key_id
from earwitness.learning.snapshot import SHARED, Snapshot
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema.learning import learning_example
from earwitness.testing.canary import TOKEN, canary
from earwitness.testing.clock import VirtualClock
from earwitness.testing.crash.facts import Fact, Stage, acknowledged, acknowledged_of, trying
from earwitness.testing.crash.remanence import find_plaintext
from earwitness.testing.homes import Home
from earwitness.testing.learning import WordForWord
from earwitness.vault.intake import Incoming
from earwitness.vault.kinds import TRANSCRIPT
from earwitness.vault.scope import Scope, ScopeKind

HOMES = 3
SOUND = Clip(f"{TOKEN} ".encode() * 100)
SOON = Pace(lease_ms=300, poll_seconds=0.05)
MARK = TOKEN.encode()


@dataclass(frozen=True, slots=True)
class InScratch:
    """The quick learner of the tests, which leaves sound in a scratch folder while it works, as the real one does."""

    def __call__(self, snapshot: Snapshot, task: Task, folder: Path, progress: Progress) -> Made:
        """See :data:`earwitness.learning.learner.Teach`."""
        with scratch(folder) as mine:
            (mine / "sound").write_bytes(b"".join(each.pcm for each in snapshot.examples))
            return WordForWord()(snapshot, task, folder, progress)


def new_learning_house(data: Path) -> None:
    """Make an installation with three homes, an adult each, who said yes to training and put one recording right."""
    create_house(data)
    with open_house(data) as house:
        for number in range(HOMES):
            home = Home(house, house.directory.households.add(canary(f"home {number}")).id)
            home.adult(canary(f"adult {number}"), Standing.OWNER)
        load = LearningLoad(house)
        for person in load.people:
            load.say_yes(person)
            load.teach(person, "at first")


class LearningLoad:
    """Learns on an open house, and says what it tries and what was acknowledged."""

    def __init__(self, house: House) -> None:
        """Take the house's own rooms, but for the learner."""
        self.house = house
        self.learning: Learning = replace(house.learning, teach=InScratch())
        self.forgetting = Forgetting(house.database, self.learning, house.access, house.audit, house.clock)
        self.people: list[Person] = sorted(house.directory.people.list(erased=True), key=lambda each: each.created_at)
        handlers = Handlers()
        for kind, handler in self.forgetting.handlers().items():
            handlers.add(kind, handler)
        self._runner = EmbeddedRunner(house.database, handlers, house.clock, SOON)

    def say_yes(self, person: Person) -> None:
        """Let somebody say yes to training."""
        with self.house.database.write() as tx:
            self.house.consents.record(tx, person.actor(), person.id, Purpose.TRAINING)

    def teach(self, person: Person, what: str) -> str:
        """Let somebody speak, and put it right; return the recording."""
        device = self.house.directory.devices.list(person.household)[0].id
        incoming = Incoming(
            SOUND, self.house.clock.now_ms(), person.actor(), device=device, artefacts={TRANSCRIPT: b"heard"}
        )
        name = self.house.intake.keep(incoming).recording
        said = canary(f"{what} {person.id} {name}")  # so that it can be told from a model whom it learned from
        self.house.corrections.record(
            person.actor(), name, Wrong.MEANT, said=said, intent="HassTurnOn", slots={"name": "lamp"}
        )
        return name

    def run(self, layer: str = SHARED) -> None:
        """Learn for a layer, and use what was learned: its files are opened."""
        trying("run", layer)
        learned = self.learning.run(layer)
        assert learned.release is not None
        acknowledged("run", layer, learned.release.id)
        self.learning.in_use(None if layer == SHARED else layer)
        acknowledged("used", learned.release.id)

    def roll_back(self) -> None:
        """Go back to the release before."""
        trying("roll", SHARED)
        release = self.learning.releases.roll_back()
        acknowledged("roll", SHARED, release.id if release else "none")

    def withdraw(self, person: Person) -> None:
        """Let somebody take the yes to training back."""
        trying("withdraw", person.id)
        with self.house.database.write() as tx:
            self.house.consents.withdraw(tx, person.actor(), person.id, Purpose.TRAINING)
        acknowledged("withdraw", person.id)

    def leave(self, person: Person) -> None:
        """Let somebody erase everything."""
        trying("leave", person.id)
        accepted = self.house.erasure.erase(person.actor(), Scope(ScopeKind.PERSON, person.id, person.household))
        acknowledged("leave", person.id)
        self.house.removal.remove(accepted.erasure)

    def erase(self, person: Person, recording: str) -> None:
        """Let somebody erase one recording."""
        trying("erase", recording)
        scope = Scope(ScopeKind.RECORDINGS, person.id, person.household, (recording,))
        accepted = self.house.erasure.erase(person.actor(), scope)
        acknowledged("erase", recording)
        self.house.removal.remove(accepted.erasure)

    def work(self) -> None:
        """Do the background work: destroy what is to be forgotten, and learn again."""
        trying("work")
        self.work_quietly()
        for each in self.learning.releases.list():
            if each.state is State.DESTROYED:
                acknowledged("destroyed", each.id)
        acknowledged("work")

    def work_quietly(self) -> None:
        """The same, for a check."""
        self._runner.run_due()


class LearningCheck:
    """Holds folders that crashes left against what was said; ``alone``: by one worker, so that the order tells all."""

    def __init__(self, *, alone: bool) -> None:
        """Say how many spoke."""
        self._alone = alone

    def __call__(self, data: Path, facts: Sequence[Fact]) -> None:
        """Raise AssertionError if something is half done, lost, back, or left behind."""
        with open_house(data, clock=VirtualClock(SystemClock().now_ms() + HOUR)) as house:
            load = LearningLoad(house)
            _releases_are_whole(load)
            if self._alone:
                _what_was_acknowledged_is_in_use(load, facts)
            _what_was_destroyed_is_gone(load, facts)
            house.sweep()
            load.learning.clear()
            assert not find_plaintext(data, {"plaintext": MARK}), "plaintext lies about"
            load.work_quietly()
            _what_was_taken_back_teaches_nothing(load, facts)
            _nothing_belongs_to_nobody(load, data)
            if any(layer == SHARED for layer, _ in acknowledged_of(facts, "run")):
                assert load.learning.releases.current() is not None, "a model went, and nothing was learned again"


def _releases_are_whole(load: LearningLoad) -> None:
    """What stands opens and is what its manifest says; at most one is in use in a layer."""
    active: list[str] = []
    for release in load.learning.releases.list():
        erased = release.subject != SHARED and not load.house.keyring.has_subject(release.subject)
        if release.state is State.DESTROYED or erased:  # of an erased household the key goes first, the rows follow
            continue
        content = load.learning.releases.content(release)
        said = {each["name"]: each["sha256"] for each in release.manifest["files"]}
        assert said == {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
        active += [release.subject] if release.state is State.ACTIVE else []
    assert len(active) == len(set(active)), "two releases of a layer are in use"


def _what_was_acknowledged_is_in_use(load: LearningLoad, facts: Sequence[Fact]) -> None:
    """The newest release that was acknowledged is in use, unless something was begun since."""
    mine = [fact for fact in facts if fact.what not in {"used", "destroyed"}]
    if mine and mine[-1].what in {"run", "roll"} and mine[-1].stage is Stage.ACK:
        layer, name = mine[-1].details
        current = load.learning.releases.current(layer)
        assert (current.id if current else "none") == name


def _what_was_destroyed_is_gone(load: LearningLoad, facts: Sequence[Fact]) -> None:
    gone = {name for (name,) in acknowledged_of(facts, "destroyed")}
    assert not load.house.keyring.keys([key_id(name) for name in gone]), "destroyed, and its key still opens"
    for name in gone & {each.id for each in load.learning.releases.list()}:
        try:
            load.learning.releases.activate(name)
        except BadInput:
            continue
        raise AssertionError("a destroyed release was made active")


def _what_was_taken_back_teaches_nothing(load: LearningLoad, facts: Sequence[Fact]) -> None:
    """No model that stands and no row knows of it; needs the background work to be done."""
    back = {name for what in ("withdraw", "leave") for (name,) in acknowledged_of(facts, what)}
    erased = {name for (name,) in acknowledged_of(facts, "erase")}
    with load.house.database.read() as tx:
        rows = tx.execute(select(learning_example.c.subject_id, learning_example.c.recording_id)).all()
    assert not {row.subject_id for row in rows} & back
    assert not {row.recording_id for row in rows} & erased
    for release in load.learning.releases.list():
        if release.state is not State.DESTROYED:
            content = b"".join(load.learning.releases.content(release).values())
            assert not [name for name in back | erased if name.encode() in content], "a model knows what was taken back"


def _nothing_belongs_to_nobody(load: LearningLoad, data: Path) -> None:
    """After a start and the background work every key and file is that of a release that stands."""
    standing = [each for each in load.learning.releases.list() if each.state is not State.DESTROYED]
    keys = {each for each in load.house.keyring.key_ids() if each.startswith(MODEL_KEY)}
    assert keys == {key_id(each.id) for each in standing}, "keys of models and releases differ"
    sealed = {path.name for path in (data / "models").glob("??/*")}
    assert sealed == {each.sealed_sha256 for release in standing for each in release.files}, "files and rows differ"
    assert not list((data / "run" / "learning").glob("*")), "a scratch folder lies about"
    assert {path.name for path in (data / "run" / "models").glob("*")} <= {each.id for each in standing}
