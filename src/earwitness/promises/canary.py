"""The canary household: two adults with a device each, made to be broken into and erased.

Its people do not exist. Each has an age key that only the check holds. A recording is a short tone
whose samples carry 32 random bytes, and a transcript with a random word, so that a search for what
should be gone cannot find it by chance, and cannot miss it.
"""

import math
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyrage

from earwitness.bootstrap import House
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.households import HouseholdKind
from earwitness.identity.people import Person, Standing
from earwitness.kernel.actors import Actor
from earwitness.kernel.audio import SAMPLE_RATE, Clip
from earwitness.policy.purposes import NEEDED_TO_KEEP
from earwitness.vault.intake import Incoming
from earwitness.vault.kinds import REPLY, TRANSCRIPT
from earwitness.vault.scope import Scope, ScopeKind

SECONDS = 1
TONE_HZ = 440
MARK_SIZE = 32


@dataclass(frozen=True, slots=True)
class Adult:
    """One adult of the canary household; ``identity`` is the age key that only this check holds."""

    person: Person
    device: str
    identity: pyrage.x25519.Identity

    @property
    def actor(self) -> Actor:
        """The adult as one who asks."""
        return self.person.actor()

    @property
    def id(self) -> str:
        """The person's id."""
        return self.person.id


@dataclass(frozen=True, slots=True)
class Sample:
    """A kept canary recording and the marks by which its content can be recognised."""

    id: str
    wav: bytes
    mark: bytes
    word: str


@dataclass(frozen=True, slots=True)
class Canary:
    """The household while the checks run."""

    house: House
    household: str
    anna: Adult
    other: Adult

    def keep(self, adult: Adult) -> Sample:
        """Keep one recording of an adult, as a device would bring it in."""
        mark, word = secrets.token_bytes(MARK_SIZE), "canary" + secrets.token_hex(8)
        clip = Clip(_tone() + mark * 4)
        incoming = Incoming(
            clip,
            self.house.clock.now_ms(),
            adult.actor,
            device=adult.device,
            artefacts={TRANSCRIPT: f"turn on the {word}".encode(), REPLY: b"done"},
        )
        kept = self.house.intake.keep(incoming)
        return Sample(kept.recording, clip.to_wav(), mark * 4, word)

    def scope(self, adult: Adult, *recordings: str) -> Scope:
        """Return the scope of an erasure: these recordings, or the whole person if none is named."""
        kind = ScopeKind.RECORDINGS if recordings else ScopeKind.PERSON
        return Scope(kind, adult.id, self.household, recordings)


@contextmanager
def canary_household(house: House) -> Iterator[Canary]:
    """Make the household, and erase it whatever happens."""
    household = house.directory.households.add("Canary", HouseholdKind.CANARY).id
    adults: list[Adult] = []
    try:
        adults.append(_adult(house, household, "Canary One", Standing.OWNER))
        adults.append(_adult(house, household, "Canary Two", Standing.MEMBER))
        yield Canary(house, household, *adults)
    finally:
        _remove(house, household)


def _adult(house: House, household: str, name: str, standing: Standing) -> Adult:
    identity = pyrage.x25519.Identity.generate()
    person = house.directory.people.add(household, name, standing, recipient=str(identity.to_public()))
    actor = person.actor()
    device = house.directory.devices.add(household, f"{name}'s device", DeviceMode.PERSONAL, person.id)
    house.directory.agreements.confirm(actor, device.id)
    with house.database.write() as tx:
        for purpose in NEEDED_TO_KEEP:
            house.consents.record(tx, actor, person.id, purpose)
    return Adult(person, device.id, identity)


def _remove(house: House, household: str) -> None:
    for person in house.directory.people.list(household):
        scope = Scope(ScopeKind.PERSON, person.id, household)
        accepted = house.erasure.erase(person.actor(), scope)
        house.removal.remove(accepted.erasure)
    house.erasure.forget_household(household)


def _tone() -> bytes:
    samples = (round(6000 * math.sin(2 * math.pi * TONE_HZ * n / SAMPLE_RATE)) for n in range(SAMPLE_RATE * SECONDS))
    return b"".join(struct.pack("<h", sample) for sample in samples)
