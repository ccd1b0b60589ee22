"""A small house for tests: two adults, a virtual clock, either kind of stores, and the check that ends every test.

On files a house is a copy of one that was made once a run, which takes milliseconds. On servers it is
made anew: PostgreSQL for the data, a database of its own for the keys, a bucket for the objects.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from earwitness.bootstrap import House, create_house, open_house
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Standing
from earwitness.kernel.audio import Clip
from earwitness.policy.access import Resource
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.settings import Settings
from earwitness.testing.canary import AUDIO, HOUSEHOLD, NAME, OTHER_NAME, REPLY, TRANSCRIPT, canary
from earwitness.testing.clock import VirtualClock
from earwitness.testing.homes import Adult, Home
from earwitness.testing.ledgers import verify_everything
from earwitness.vault.erasure import Accepted
from earwitness.vault.intake import Incoming, Kept
from earwitness.vault.scope import Scope, ScopeKind

SHORT_AUDIO = AUDIO[:2_000]
"""Sound that rests in its row; ``AUDIO`` gets an object of its own."""


def make_template(data: Path) -> Path:
    """Make the house on files that :func:`copy_house` copies; return its folder."""
    create_house(data, Settings(installation="inst_small"), clock=VirtualClock())
    return data


def copy_house(template: Path, data: Path, clock: VirtualClock) -> House:
    """Copy a house that is closed and open the copy."""
    shutil.copytree(template, data)
    return open_house(data, clock=clock)


def house_on_servers(data: Path, settings: Settings, clock: VirtualClock) -> House:
    """Make and open a house whose data, keys and objects lie where ``settings`` say."""
    create_house(data, settings, clock=clock)
    return open_house(data, clock=clock)


def check_whole(house: House) -> None:
    """Publish and verify the log and its copy, and the chain of entries of everybody who is here.

    Raises:
        AssertionError: the copies differ, or a chain has a gap.
        LedgerError: the published files are not whole.
    """
    house.log.publish(require_second=True)
    verify_everything(house.log)
    here = [each.id for each in house.directory.people.list()] + [each.id for each in house.directory.households.list()]
    with_keys = [subject for subject in here if house.keyring.has_subject(subject)]
    broken = [subject for subject in with_keys if list(house.audit.chain_breaks(subject))]
    if broken:
        raise AssertionError(f"{len(broken)} chains of entries are broken.")


@dataclass(frozen=True, slots=True)
class Family:
    """Two adults in one household: Ada, an owner, and Ben, a member, each with a personal device."""

    house: House
    household: str
    ada: Adult
    ben: Adult

    @classmethod
    def move_in(cls, house: House) -> "Family":
        """Make the household."""
        home = Home(house, house.directory.households.add(HOUSEHOLD).id)
        return cls(house, home.household, home.adult(NAME, Standing.OWNER), home.adult(OTHER_NAME))

    @property
    def clock(self) -> VirtualClock:
        """The clock that the test moves."""
        clock = self.house.clock
        if not isinstance(clock, VirtualClock):
            raise TypeError("A house under test has a virtual clock.")
        return clock

    @property
    def everybody(self) -> tuple[Adult, Adult]:
        """Both adults."""
        return self.ada, self.ben

    def incoming(
        self, adult: Adult, *, device: str = "", audio: bytes = AUDIO, artefacts: Mapping[str, bytes] | None = None
    ) -> Incoming:
        """Return what a device brings in; from the adult's own device unless another is given."""
        texts = {"transcript": TRANSCRIPT.encode(), "reply": REPLY.encode()} if artefacts is None else artefacts
        started, heard_by = self.house.clock.now_ms(), device or adult.device
        return Incoming(Clip(audio), started, adult.actor, device=heard_by, artefacts=texts)

    def keep(
        self, adult: Adult, *, device: str = "", audio: bytes = AUDIO, artefacts: Mapping[str, bytes] | None = None
    ) -> Kept:
        """Keep one recording."""
        return self.house.intake.keep(self.incoming(adult, device=device, audio=audio, artefacts=artefacts))

    def shared_device(self, *agreeing: Adult) -> str:
        """Add a shared device to which these adults agree; both if none is named."""
        device = self.house.directory.devices.add(self.household, canary("kitchen"), DeviceMode.SHARED).id
        for adult in agreeing or self.everybody:
            self.house.directory.agreements.agree(adult.actor, device)
        return device

    def say_yes(self, adult: Adult, *purposes: Purpose, toward: str | None = None) -> None:
        """Let an adult say yes."""
        with self.house.database.write() as tx:
            for purpose in purposes:
                self.house.consents.record(tx, adult.actor, adult.id, purpose, toward)

    def say_no(self, adult: Adult, *purposes: Purpose, toward: str | None = None) -> None:
        """Let an adult take a yes back."""
        with self.house.database.write() as tx:
            for purpose in purposes:
                self.house.consents.withdraw(tx, adult.actor, adult.id, purpose, toward)

    def choose(self, adult: Adult, choice: RetentionChoice) -> int:
        """Let an adult choose how long things are kept."""
        return self.house.retention.choose(adult.actor, adult.id, choice)

    def play(self, adult: Adult, recording: str) -> bytes:
        """Return the whole sound of a recording, as this adult hears it."""
        return self.house.reading.play(adult.actor, recording, Purpose.HISTORY).read()

    def history(self, adult: Adult) -> list[str]:
        """Return the ids of what is listed for an adult of their own."""
        return [item.id for item in self.house.reading.page(adult.actor, [adult.id]).items]

    def scope(self, subject: str, *recordings: str) -> Scope:
        """Return the scope of an erasure: these recordings, or a whole person if none is named."""
        kind = ScopeKind.RECORDINGS if recordings else ScopeKind.PERSON
        return Scope(kind, subject, self.household, recordings)

    def erase(self, adult: Adult, *recordings: str) -> Accepted:
        """Let an adult erase recordings of theirs, or themself if none is named."""
        return self.house.erasure.erase(adult.actor, self.scope(adult.id, *recordings))

    def remove(self, accepted: Accepted) -> int:
        """Carry an accepted erasure out; return how many recordings went."""
        return self.house.removal.remove(accepted.erasure)

    def resource(self, subject: str) -> Resource:
        """Return a person or the household as the policies see them."""
        return Resource(id=subject, subject=subject, household=self.household)
