"""The keyring against a plain dictionary: any order of making, keeping, destroying, turning, crashing, reopening."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from earwitness.kernel.errors import KeyDestroyed
from earwitness.testing.clock import VirtualClock
from earwitness.vault.custodians.keyfile import KeyFile
from earwitness.vault.keyring import Keyring
from earwitness.vault.rings import RingFiles
from earwitness.vault.wrapping import fingerprint

SUBJECTS = st.sampled_from(["person_a", "person_b", "household_c"])
KEYS = st.sampled_from([f"recording_{number}" for number in range(6)])
STEPS = [
    "marked",
    "root made",
    "ring made",
    "copied",
    "indexed",
    "caught up",
    "finished",
    "switched",
    "root destroyed",
    "ring dropped",
    "ended",
]


class Crash(BaseException):
    """The process ends here."""


class KeyringStates(RuleBasedStateMachine):
    places: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=self.places))
        self.clock = VirtualClock()
        self.subjects: set[str] = set()
        self.live: dict[str, tuple[str, bytes]] = {}
        self.taken: set[str] = set()
        self.counter = 0

    @initialize()
    def make(self) -> None:
        self.keyring = Keyring.create(RingFiles(self.folder), KeyFile(self.folder), self.clock)
        self.other = self.open()

    def open(self) -> Keyring:
        return Keyring(RingFiles(self.folder), KeyFile(self.folder), self.clock)

    def teardown(self) -> None:
        if hasattr(self, "other"):
            self.keyring.close()
            self.other.close()
        shutil.rmtree(self.folder)

    @rule(subject=SUBJECTS)
    def create_subject(self, subject: str) -> None:
        self.keyring.create_subject(subject)
        self.subjects.add(subject)

    @rule(subject=SUBJECTS)
    def destroy_subject(self, subject: str) -> None:
        assert bool(self.other.destroy_subject(subject)) == (subject in self.subjects)
        self.subjects.discard(subject)
        self.live = {name: held for name, held in self.live.items() if held[0] != subject}

    @rule(subject=SUBJECTS, name=KEYS)
    def keep(self, subject: str, name: str) -> None:
        if name in self.taken:
            return
        self.counter += 1
        key = self.counter.to_bytes(32)
        try:
            self.keyring.add_keys([(subject, name, key)])
        except KeyDestroyed:
            assert subject not in self.subjects
            return
        assert subject in self.subjects
        self.live[name] = (subject, key)
        self.taken.add(name)

    @rule(names=st.lists(KEYS, unique=True, max_size=4))
    def destroy(self, names: list[str]) -> None:
        expected = [fingerprint(self.live[name][1]) for name in names if name in self.live]
        assert self.other.destroy_keys(names) == expected
        for name in names:
            self.live.pop(name, None)
            self.taken.discard(name)

    @rule()
    def rotate(self) -> None:
        before = self.keyring.epoch
        done = self.keyring.rotate()
        assert (done.old, done.new, done.damaged) == (before, before + 1, 0)
        assert done.rewrapped == len(self.live) + 2 * len(self.subjects)
        self.taken = set(self.live)

    @rule(step=st.sampled_from(STEPS))
    def crash_while_rotating(self, step: str) -> None:
        def crash(name: str) -> None:
            if name == step:
                raise Crash

        before = self.keyring.epoch
        try:
            self.keyring.rotate(step=crash)
        except Crash:
            self.keyring.close()
        self.keyring = self.open()
        switched = STEPS.index(step) >= STEPS.index("switched")
        assert self.keyring.epoch == before + switched
        if switched:
            self.taken = set(self.live)

    @rule()
    def swap_processes(self) -> None:
        self.keyring, self.other = self.other, self.keyring

    @precondition(lambda self: hasattr(self, "other"))
    @invariant()
    def both_processes_see_what_lives_and_nothing_else(self) -> None:
        names = [f"recording_{number}" for number in range(6)]
        for each in (self.keyring, self.other):
            assert each.keys(names) == {name: key for name, (_, key) in self.live.items()}
            assert each.finality_epoch() == each.epoch
            assert each.ended_epoch() == each.epoch - 1

    @precondition(lambda self: hasattr(self, "other"))
    @invariant()
    def one_epoch_is_on_the_disk(self) -> None:
        epoch = self.keyring.epoch
        assert [path.name for path in self.folder.glob("root-*")] == [f"root-{epoch}.key"]
        assert {path.name for path in self.folder.glob("ring-*.db")} == {f"ring-{epoch}.db"}


@pytest.fixture(scope="module", autouse=True)
def _places(tmp_path_factory: pytest.TempPathFactory) -> None:
    KeyringStates.places = tmp_path_factory.mktemp("keyrings")


TestKeyringStates = KeyringStates.TestCase
TestKeyringStates.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
