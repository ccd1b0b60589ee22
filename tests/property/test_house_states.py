"""A whole house against a plain model: any order of keeping, choosing, erasing, time, crashes, turns and restores.

The model knows what each adult may still hear. After every step the house has to agree with it: what
stands opens, whole; what was erased or has expired does not, and no key of it is left.
"""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from earwitness.backup.keycopies import backup_keys
from earwitness.backup.making import backup
from earwitness.backup.restoring import Sources, restore
from earwitness.bootstrap import House, open_house
from earwitness.kernel.clock import DAY, HOUR
from earwitness.kernel.errors import AccessDenied, ConsentMissing, EarwitnessError, NotFound
from earwitness.policy.purposes import NEEDED_TO_KEEP
from earwitness.policy.retention import DEFAULT, RetentionChoice
from earwitness.storage.schema import artefact, recording
from earwitness.testing.canary import canary, traces_in_folder
from earwitness.testing.clock import VirtualClock
from earwitness.testing.homes import Adult
from earwitness.testing.house import Family, check_whole, copy_house, make_template
from earwitness.vault.scope import Scope, ScopeKind

WHO = st.sampled_from([0, 1])
LENGTHS = st.sampled_from([100, 20_000])
WAITS = st.sampled_from([1, HOUR, HOUR, DAY, DAY, 30 * DAY, 92 * DAY])
CHOICES = st.sampled_from([*RetentionChoice, *(each for each in RetentionChoice if each.lifetime_ms)])


@dataclass
class Kept:
    """What the model knows of one recording."""

    subject: str
    sound: bytes
    text: str
    kept_at: int
    expires_at: int


@dataclass
class Model:
    """What ought to be; ``given`` is what each adult has said yes to."""

    kept: dict[str, Kept] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    given: dict[str, bool] = field(default_factory=dict)
    choice: dict[str, RetentionChoice] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)

    def end(self, names: list[str], why: str) -> None:
        """Note that these are gone for good."""
        for name in names:
            del self.kept[name]
            self.ended[name] = why

    def of(self, subject: str) -> list[str]:
        """Return what stands of a subject."""
        return [name for name, each in self.kept.items() if each.subject == subject]


@dataclass(frozen=True)
class Saved:
    """A backup and when it was made."""

    data: Path
    keys: Path
    people: frozenset[str]
    recordings: frozenset[str]


class HouseStates(RuleBasedStateMachine):
    template: Path
    places: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=self.places))
        self.clock = VirtualClock()
        self.model = Model()
        self.saved: Saved | None = None
        self.pending: list[str] = []
        self.number = 0

    @initialize(backups=st.integers(0, 1))
    def make(self, backups: int) -> None:
        self.house = copy_house(self.template, self.folder / "data-0", self.clock)
        self.family = Family.move_in(self.house)
        for adult in self.family.everybody:
            self.model.given[adult.id] = True
            self.model.choice[adult.id] = DEFAULT
        for who in (0, 1, 0, 1):
            self._keep(who, 100)
        for _ in range(backups):
            self._back_up()

    def teardown(self) -> None:
        if hasattr(self, "house"):
            try:
                check_whole(self.house)
                assert not traces_in_folder(self.house.data), "plaintext lies about"
            finally:
                self.house.close()
        shutil.rmtree(self.folder)

    def adult(self, who: int) -> Adult:
        return self.family.everybody[who]

    def alive(self, who: int) -> bool:
        return self.adult(who).id not in self.model.erased

    # --- what people do -----------------------------------------------------------------------------

    @rule(who=WHO, length=LENGTHS, count=st.integers(1, 3))
    def keep(self, who: int, length: int, count: int) -> None:
        for _ in range(count):
            self._keep(who, length)

    @rule(length=LENGTHS)
    def keep_of_both(self, length: int) -> None:
        for who in (0, 1):
            self._keep(who, length)

    def _keep(self, who: int, length: int) -> None:
        adult = self.adult(who)
        self.number += 1
        sound = (f"{self.number:>10} zebrafinch ".encode() * (length // 22 + 1))[:length]
        text = canary(f"words {self.number}")
        allowed = self.alive(who) and self.model.given[adult.id] and self.model.choice[adult.id].lifetime_ms > 0
        try:
            made = self.family.keep(adult, audio=sound, artefacts={"transcript": text.encode()})
        except ConsentMissing:
            assert not allowed
            return
        assert allowed
        now = self.clock.now_ms()
        assert made.expires_at == now + self.model.choice[adult.id].lifetime_ms
        self.model.kept[made.recording] = Kept(adult.id, sound, text, now, made.expires_at)

    @rule(who=WHO)
    def say_yes(self, who: int) -> None:
        adult = self.adult(who)
        if not self.alive(who):
            with pytest.raises(NotFound):
                self.family.say_yes(adult, *NEEDED_TO_KEEP)
            return
        self.family.say_yes(adult, *NEEDED_TO_KEEP)
        self.model.given[adult.id] = True

    @rule(who=WHO)
    def say_no(self, who: int) -> None:
        if self.alive(who):
            self.family.say_no(self.adult(who), *NEEDED_TO_KEEP)
            self.model.given[self.adult(who).id] = False

    @rule(who=WHO, choice=CHOICES)
    def choose(self, who: int, choice: RetentionChoice) -> None:
        if not self.alive(who):
            return
        adult = self.adult(who)
        self.family.choose(adult, choice)
        self.model.choice[adult.id] = choice
        for name in self.model.of(adult.id):
            self.model.kept[name].expires_at = self.model.kept[name].kept_at + choice.lifetime_ms
        self._expire()

    @rule(who=WHO, first=st.integers(0, 3), count=st.integers(1, 3))
    def erase(self, who: int, first: int, count: int) -> None:
        chosen = self.model.of(self.adult(who).id)[first : first + count]
        if not chosen:
            return
        accepted = self.family.erase(self.adult(who), *chosen)
        assert accepted.recordings == len(chosen)
        assert accepted.receipt.body["keys_destroyed"] == len(chosen)
        self.model.end(chosen, "erased")
        self.pending.append(accepted.erasure)

    @rule(who=WHO)
    def erase_a_span(self, who: int) -> None:
        """Erase what began in the last day."""
        adult, now = self.adult(who), self.clock.now_ms()
        if not self.alive(who):
            return
        mine = [name for name in self.model.of(adult.id) if self.model.kept[name].kept_at > now - DAY]
        scope = Scope(ScopeKind.SPAN, adult.id, self.family.household, start=now - DAY + 1, end=now + 1)
        if not mine and not self._stored(adult.id, now - DAY):
            with pytest.raises(NotFound):
                self.house.erasure.erase(adult.actor, scope)
            return
        self.pending.append(self.house.erasure.erase(adult.actor, scope).erasure)
        self.model.end(mine, "erased")

    @precondition(lambda self: len(self.model.ended) > 2)
    @rule(who=WHO)
    def erase_person(self, who: int) -> None:
        if not self.alive(who):
            with pytest.raises((AccessDenied, NotFound)):
                self.family.erase(self.adult(who))
            return
        adult = self.adult(who)
        self.pending.append(self.family.erase(adult).erasure)
        self.model.end(self.model.of(adult.id), "erased")
        self.model.erased.add(adult.id)

    @precondition(lambda self: "erased" in self.model.ended.values())
    @rule(who=WHO)
    def erase_again(self, who: int) -> None:
        erased = [name for name, why in self.model.ended.items() if why == "erased"]
        with pytest.raises((NotFound, AccessDenied)):
            self.family.erase(self.adult(who), erased[-1])

    # --- what time and the house do -----------------------------------------------------------------

    @rule(wait=WAITS, sweeps=st.integers(0, 1))
    def let_time_pass(self, wait: int, sweeps: int) -> None:
        self.house.retention.sweep()
        self.clock.advance(wait)
        self._expire()
        for _ in range(sweeps):
            self.house.retention.sweep()

    @rule()
    def remove(self) -> None:
        for erasure in self.pending:
            self.house.removal.remove(erasure)
        self.pending.clear()

    @rule()
    def turn(self) -> None:
        before = self.house.keyring.epoch
        self.house.turn_epoch()
        assert self.house.keyring.epoch == before + 1

    @rule()
    def sweep_after_a_crash(self) -> None:
        subject = next((each.id for each in self.family.everybody if each.id not in self.model.erased), None)
        if subject is not None:
            self.number += 1
            self.house.keyring.add_keys([(subject, f"rec_orphan{self.number}", bytes(32))])
        self.house.blobs.put(f"ab/abcdef{self.number:08x}{len(self.model.ended):04x}{self.clock.now_ms():012x}", b"x")
        self.house.sweep()
        self.pending.clear()
        self._require_owners()

    @rule()
    def reopen(self) -> None:
        self._open(self.house.data)

    # --- backups ------------------------------------------------------------------------------------

    @precondition(lambda self: self.saved is None)
    @rule()
    def back_up(self) -> None:
        self._back_up()

    def _back_up(self) -> None:
        data, keys = backup(self.house, self.folder / "usb"), backup_keys(self.house, self.folder / "safe", 90)
        people = frozenset(each.id for each in self.family.everybody if each.id not in self.model.erased)
        self.saved = Saved(data.folder, keys.folder, people, frozenset(self.model.kept))

    @precondition(lambda self: self.saved is not None)
    @rule()
    def restore(self) -> None:
        """What was erased since stays erased; what was kept since the backup is lost, as a fire loses it."""
        assert self.saved is not None
        made_at = int(self.clock.now_ms())
        old, new = self.house.data, self.folder / f"data-{self.number}-{self.clock.now_ms()}-{self.house.log.size()}"
        self.house.close()
        try:
            restore(Sources(self.saved.data, self.saved.keys, old / "second"), new, clock=self.clock)
        except EarwitnessError as refused:
            assert "expired" in refused.what, refused  # noqa: PT017 - nothing else is a reason to refuse
            self.saved = None
            self._open(old)
            return
        assert made_at == self.clock.now_ms()
        self.pending.clear()
        self._open(new)
        self.model.end([name for name in self.model.kept if name not in self.saved.recordings], "lost")
        for adult in self.family.everybody:
            if adult.id in self.model.erased:
                continue
            self._learn_what_stands(adult)
        self.saved = None

    def _learn_what_stands(self, adult: Adult) -> None:
        """After a restore nothing may be kept longer or used for more than before; less is allowed, and is asked."""
        with self.house.database.read() as tx:
            given = all(self.house.consents.is_given(tx, adult.id, purpose) for purpose in NEEDED_TO_KEEP)
            choice = self.house.choices.current(tx, adult.id)
        device = [each for each in self.house.directory.devices.list(self.family.household) if each.id == adult.device]
        usable = given and not choice.lost and bool(device)
        assert not usable or self.model.given[adult.id], "a restore brought a yes back"
        assert not usable or choice.choice.lifetime_ms <= self.model.choice[adult.id].lifetime_ms
        self.model.given[adult.id] = usable
        self.model.choice[adult.id] = choice.choice
        for name in self.model.of(adult.id):
            found = self.house.reading.find_many([name])
            if not found:
                self.model.end([name], "lost")
                continue
            assert found[0].expires_at <= self.model.kept[name].expires_at, "a restore keeps longer"
            self.model.kept[name].expires_at = found[0].expires_at

    # --- what must always be true -------------------------------------------------------------------

    @precondition(lambda self: hasattr(self, "family"))
    @invariant()
    def what_stands_is_heard_whole_and_nothing_else_is_listed(self) -> None:
        for adult in self.family.everybody:
            if adult.id in self.model.erased:
                with pytest.raises(AccessDenied):
                    self.house.history.who(adult.actor, self.family.resource(adult.id))
                continue
            lines = {line.id: line.heard for line in self.house.history.page(adult.actor, [adult.id], limit=200).lines}
            assert lines == {name: self.model.kept[name].text for name in self.model.of(adult.id)}
        for name, each in list(self.model.kept.items())[-2:]:
            owner = next(adult for adult in self.family.everybody if adult.id == each.subject)
            assert self.family.play(owner, name)[44:] == each.sound

    @precondition(lambda self: hasattr(self, "family"))
    @invariant()
    def what_was_erased_has_no_key_and_opens_for_nobody(self) -> None:
        erased = [name for name, why in self.model.ended.items() if why == "erased"]
        assert not self.house.keyring.keys(erased)
        assert not self.house.reading.find_many(list(self.model.ended))

    @precondition(lambda self: hasattr(self, "family"))
    @invariant()
    def every_chain_of_entries_is_whole(self) -> None:
        for adult in self.family.everybody:
            if adult.id not in self.model.erased:
                assert list(self.house.audit.chain_breaks(adult.id)) == []

    def _expire(self) -> None:
        now = self.clock.now_ms()
        self.model.end([name for name, each in self.model.kept.items() if each.expires_at <= now], "expired")

    def _open(self, data: Path) -> None:
        self.house.close()
        self.house: House = open_house(data, clock=self.clock)
        self.family = Family(self.house, self.family.household, self.family.ada, self.family.ben)

    def _stored(self, subject: str, since: int) -> list[str]:
        """Return what rows there still are, expired ones too."""
        mine = recording.c.subject_id == subject, recording.c.started_at > since, recording.c.state != "erased"
        with self.house.database.read() as tx:
            return list(tx.scalars(select(recording.c.id).where(*mine)))

    def _require_owners(self) -> None:
        with self.house.database.read() as tx:
            named = set(tx.scalars(select(artefact.c.blob).where(artefact.c.blob.is_not(None))))
            rows = set(tx.scalars(select(recording.c.id)))
        assert set(self.house.blobs.names()) == named
        alive = {name for name in self.house.keyring.key_ids() if ":" not in name and self.house.keyring.keys([name])}
        assert alive <= rows


@pytest.fixture(scope="module", autouse=True)
def _template(tmp_path_factory: pytest.TempPathFactory) -> None:
    HouseStates.template = make_template(tmp_path_factory.mktemp("states") / "data")
    HouseStates.places = tmp_path_factory.mktemp("houses")


class LongHouseStates(HouseStates):
    """The same for longer, at night."""


USUAL = settings(deadline=None, suppress_health_check=list(HealthCheck))
HouseStates.TestCase.settings = settings(USUAL, max_examples=20, stateful_step_count=30)
LongHouseStates.TestCase.settings = settings(USUAL, max_examples=300, stateful_step_count=50)
TestHouseStates = HouseStates.TestCase
TestLongHouseStates = pytest.mark.soak(LongHouseStates.TestCase)
