"""The people of the thread, who do not exist: a household each, what each agreed to, and a paired device."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from earwitness.bootstrap import House
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Person, Standing
from earwitness.policy.purposes import NEEDED_TO_KEEP, Purpose


class Choice(StrEnum):
    """What somebody chose, in words."""

    EVERYTHING = "yes to everything"
    PUTS_RIGHT = "yes to everything, and goes through their history"
    NO_REVIEW = "no to review"
    NO_TRAINING = "no to training"
    NOTHING_KEPT = "yes to nothing"
    GUEST = "a guest's device"
    CHILD = "a child's device"
    HOME = "a shared device, yes to everything"


AGREED: Final[Mapping[Choice, frozenset[Purpose]]] = {
    Choice.EVERYTHING: NEEDED_TO_KEEP | {Purpose.REVIEW, Purpose.TRAINING},
    Choice.PUTS_RIGHT: NEEDED_TO_KEEP | {Purpose.REVIEW, Purpose.TRAINING},
    Choice.NO_REVIEW: NEEDED_TO_KEEP | {Purpose.TRAINING},
    Choice.NO_TRAINING: NEEDED_TO_KEEP | {Purpose.REVIEW},
    Choice.NOTHING_KEPT: frozenset(),
    Choice.GUEST: NEEDED_TO_KEEP,
    Choice.CHILD: NEEDED_TO_KEEP,
    Choice.HOME: NEEDED_TO_KEEP | {Purpose.REVIEW, Purpose.TRAINING},
}
MODES: Final = {Choice.GUEST: DeviceMode.GUEST, Choice.CHILD: DeviceMode.CHILD, Choice.HOME: DeviceMode.SHARED}
OTHERWISE: Final = (Choice.CHILD, Choice.GUEST, Choice.NOTHING_KEPT, Choice.NO_TRAINING, Choice.NO_REVIEW)
"""Chosen by those who have the least to say, the last of them first."""


@dataclass(frozen=True, slots=True)
class Role:
    """One person: which speaker's recordings they speak, what they chose, and their device with its token."""

    speaker: str
    choice: Choice
    person: Person
    device: str
    token: str = field(repr=False)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whose recordings they see in their history."""
        return (self.person.id, self.person.household) if self.choice is Choice.HOME else (self.person.id,)


def choices(speakers: Iterable[str]) -> Iterator[tuple[str, Choice]]:
    """What each speaker chooses; ``speakers`` begin with whoever has the most to say."""
    names = list(speakers)
    usual = len(names) - len(OTHERWISE)
    for place, name in enumerate(names):
        if place >= usual:
            yield name, OTHERWISE[len(names) - 1 - place]
        else:
            yield name, Choice.EVERYTHING if place == usual - 1 else Choice.PUTS_RIGHT


def move_in(house: House, speaker: str, choice: Choice, number: int) -> Role:
    """Make a household with one person and one device, and record what they chose."""
    directory = house.directory
    home = directory.households.add(f"Household {number} (synthetic)").id
    person = directory.people.add(home, f"Person {number} (synthetic)", Standing.OWNER)
    with house.database.write() as tx:
        for purpose in sorted(AGREED[choice]):
            house.consents.record(tx, person.actor(), person.id, purpose)
    mode = MODES.get(choice, DeviceMode.PERSONAL)
    device = directory.devices.add(home, "Counter", mode, person.id if mode is DeviceMode.PERSONAL else None).id
    if mode is DeviceMode.PERSONAL:
        directory.agreements.confirm(person.actor(), device)
    elif mode is DeviceMode.SHARED:
        directory.agreements.agree(person.actor(), device)
    return Role(speaker, choice, person, device, directory.pairings.pair(device))
