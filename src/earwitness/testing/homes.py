"""A real installation with people in it, for tests of the whole house: a home with adults and devices.

Everything given to the product carries the canary token, so that it can be searched for afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyrage

from earwitness.bootstrap import House, create_house, open_house
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Person, Standing
from earwitness.kernel.actors import Actor
from earwitness.kernel.audio import Clip
from earwitness.kernel.clock import Clock
from earwitness.policy.purposes import NEEDED_TO_KEEP, Purpose
from earwitness.settings import Settings
from earwitness.testing.canary import AUDIO, HOUSEHOLD, TRANSCRIPT
from earwitness.vault.erasure import Accepted
from earwitness.vault.intake import Incoming
from earwitness.vault.scope import Scope, ScopeKind


@dataclass(frozen=True, slots=True)
class Adult:
    """One who lives there: with a personal device, every yes that keeping needs, and an age key."""

    person: Person
    device: str
    identity: pyrage.x25519.Identity

    @property
    def id(self) -> str:
        """Their id."""
        return self.person.id

    @property
    def actor(self) -> Actor:
        """Them as one who asks."""
        return self.person.actor()


@dataclass(frozen=True, slots=True)
class Home:
    """A household in an open house."""

    house: House
    household: str

    def adult(self, name: str, standing: Standing = Standing.MEMBER) -> Adult:
        """Let an adult move in."""
        identity = pyrage.x25519.Identity.generate()
        directory = self.house.directory
        person = directory.people.add(self.household, name, standing, recipient=str(identity.to_public()))
        device = directory.devices.add(self.household, f"device of {name}", DeviceMode.PERSONAL, person.id)
        directory.agreements.confirm(person.actor(), device.id)
        with self.house.database.write() as tx:
            for purpose in NEEDED_TO_KEEP:
                self.house.consents.record(tx, person.actor(), person.id, purpose)
        return Adult(person, device.id, identity)

    def keep(self, adult: Adult, artefacts: Mapping[str, bytes] | None = None, *, device: str = "") -> str:
        """Keep one recording; return its id."""
        texts = {"transcript": TRANSCRIPT.encode()} if artefacts is None else artefacts
        started, heard_by = self.house.clock.now_ms(), device or adult.device
        incoming = Incoming(Clip(AUDIO), started, adult.actor, device=heard_by, artefacts=texts)
        return self.house.intake.keep(incoming).recording

    def erase(self, adult: Adult, *recordings: str) -> Accepted:
        """Erase these recordings, or the whole adult if none is named."""
        kind = ScopeKind.RECORDINGS if recordings else ScopeKind.PERSON
        return self.house.erasure.erase(adult.actor, Scope(kind, adult.id, self.household, recordings))

    def play(self, adult: Adult, recording: str) -> bytes:
        """Return the whole sound of a recording."""
        return self.house.reading.play(adult.actor, recording, Purpose.HISTORY).read()


def make_home(data: Path, clock: Clock, settings: Settings | None = None) -> Home:
    """Make an installation and a household in it, and leave it open; close its house when done."""
    create_house(data, settings)
    house = open_house(data, clock=clock)
    return Home(house, house.directory.households.add(HOUSEHOLD).id)
