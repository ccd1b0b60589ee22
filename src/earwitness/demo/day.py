"""A day in a household that does not exist, through the real voice loop of a real installation."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from earwitness.assistant.events import Answered, Event, Listening
from earwitness.assistant.playing import Played, Player
from earwitness.assistant.trace import Step
from earwitness.bootstrap import House
from earwitness.bootstrap.listening import Loop
from earwitness.demo.clock import DayClock
from earwitness.demo.scenes import DESK, GUESTS, HALL, KITCHEN, Scene
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Person, Standing
from earwitness.policy.purposes import NEEDED_TO_KEEP

FAR = 0.4  # how loud a second device hears what is said to the first
STATES = ("brightness", "temperature", "current_position", "percentage", "volume_level")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one device made of one thing that was said."""

    device: str
    played: Played
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """What came of a scene: turns, changes in the home, what rang, and what was dropped and only counted."""

    time: str
    caption: str
    turns: tuple[Turn, ...]
    changed: tuple[str, ...]
    rang: tuple[str, ...]
    fired: int
    dropped: int


@dataclass(slots=True)
class Household:
    """The people and devices of the demonstration."""

    anne: Person
    tom: Person
    devices: Mapping[str, str] = field(default_factory=dict)


def move_in(house: House) -> Household:
    """Two adults who said yes, two shared devices they both agreed to, a personal one, and one for guests."""
    directory = house.directory
    home = directory.households.add("Demonstration").id
    anne = directory.people.add(home, "Anne (synthetic)", Standing.OWNER)
    tom = directory.people.add(home, "Tom (synthetic)", Standing.MEMBER)
    with house.database.write() as tx:
        for person in (anne, tom):
            for purpose in NEEDED_TO_KEEP:
                house.consents.record(tx, person.actor(), person.id, purpose)
    devices = {}
    for label in (KITCHEN, HALL):
        devices[label] = directory.devices.add(home, label, DeviceMode.SHARED).id
        for person in (anne, tom):
            directory.agreements.agree(person.actor(), devices[label])
    devices[DESK] = directory.devices.add(home, DESK, DeviceMode.PERSONAL, tom.id).id
    directory.agreements.confirm(tom.actor(), devices[DESK])
    devices[GUESTS] = directory.devices.add(home, GUESTS, DeviceMode.GUEST).id
    return Household(anne, tom, devices)


async def live(
    loop: Loop, household: Household, clock: DayClock, scenes: Iterable[Scene], *, pace: bool
) -> AsyncIterator[Happened]:
    """Play the scenes one after the other and yield what came of each."""
    players = {label: Player(loop.assistant, device, pace=pace) for label, device in household.devices.items()}
    for player in players.values():
        await player.open()
    for scene in scenes:
        rang = await _pass_time(loop, household, players, clock, scene.at)
        counts, before = loop.assistant.counts, await _home(loop)
        fired, dropped = counts.heard, counts.not_verified
        turns = await _play(loop, household, players, scene)
        after = await _home(loop)
        changed = tuple(
            f"{name}: {before.get(name)} → {state}" for name, state in after.items() if state != before.get(name)
        )
        yield Happened(
            clock.told(), scene.caption, turns, changed, rang, counts.heard - fired, counts.not_verified - dropped
        )
    for player in players.values():
        await player.close()


async def _pass_time(
    loop: Loop, household: Household, players: Mapping[str, Player], clock: DayClock, until: int
) -> tuple[str, ...]:
    """Let the time until the next scene pass; return what rang meanwhile, each stopped by the device's button."""
    heard: list[Event] = []
    for player in players.values():
        await player.leave()
        player.watch = lambda _at, event: heard.append(event)
    while True:
        rung = len(heard)
        wait_ms = await loop.skills.bell.tick(loop.assistant.announce)
        for label, player in players.items():
            await player.at_rest()
            if len(heard) > rung:
                await loop.skills.bell.silence(household.devices[label])
        if len(heard) == rung and not clock.pass_ms(wait_ms, until):
            break
    return tuple(event.text for event in heard if isinstance(event, Answered))


async def _play(loop: Loop, household: Household, players: Mapping[str, Player], scene: Scene) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for sound in scene.sounds:
        played = await asyncio.gather(
            *(
                players[label].play(sound if place == 0 else _from_afar(sound))
                for place, label in enumerate(scene.heard_at)
            )
        )
        for label, each in zip(scene.heard_at, played, strict=True):
            steps = loop.assistant.steps(household.devices[label]) if each.last(Answered) else ()
            turns.append(Turn(label, each, steps))
        if not _asks(played):
            break
    return tuple(turns)


def _asks(played: Sequence[Played]) -> bool:
    return any(event.follow_up for each in played if (event := each.last(Listening)) is not None)


def _from_afar(sound: bytes) -> bytes:
    return (np.frombuffer(sound, "<i2").astype(np.float32) * FAR).astype("<i2").tobytes()


async def _home(loop: Loop) -> dict[str, str]:
    """Every entity of the home by its name, with its state in words."""
    if loop.home is None:
        return {}
    home = await loop.home.read()
    return {
        each.name: " ".join(
            [each.state, *(f"{key} {each.attributes[key]}" for key in STATES if key in each.attributes)]
        )
        for each in home.entities
    }
