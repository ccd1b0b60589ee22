"""A recogniser's process that dies in the middle of a sentence: an apology there, nothing elsewhere, a new process."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from earwitness.assistant.dialog import APOLOGY
from earwitness.assistant.events import Answered, Event, Idle, Speech
from earwitness.assistant.session import Session
from earwitness.skills.clock.skill import ClockSkill
from earwitness.testing.aloud import Aloud, aloud, real_engines, said, silence
from earwitness.testing.waiting import until

PIECE = 1_024
ONE, OTHER = "dev_one", "dev_other"


@dataclass
class Device:
    """What a device was told."""

    events: list[Event] = field(default_factory=list)
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def emit(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Idle):
            self.idle.set()

    def answers(self) -> list[str]:
        return [each.text for each in self.events if isinstance(each, Answered)]

    def sound(self) -> bytes:
        return b"".join(each.pcm for each in self.events if isinstance(each, Speech))


async def play(session: Session, pcm: bytes) -> None:
    for at in range(0, len(pcm), PIECE):
        await session.hear(pcm[at : at + PIECE])


def test_a_process_that_dies_fails_its_turn_aloud_and_no_other() -> None:
    question = said("what time is it") + silence(1.0)
    half = len(question) // 4 * 2

    async def talk(house: Aloud, busy: Callable[[], list[int]]) -> None:
        one, other = Device(), Device()
        first = await house.assistant.open(ONE, one.emit, wakes_itself=True)
        await first.listen()
        await play(first, question[:half])
        await until(busy)
        (hears_the_first,) = busy()
        second = await house.assistant.open(OTHER, other.emit, wakes_itself=True)
        await second.listen()
        await play(second, question[:half])
        await until(lambda: len(busy()) == 2)
        os.kill(hears_the_first, signal.SIGKILL)
        await asyncio.gather(play(first, question[half:]), play(second, question[half:]))
        await asyncio.gather(first.finish(), second.finish())
        await asyncio.gather(one.idle.wait(), other.idle.wait())
        assert one.answers()[0].startswith(APOLOGY)
        assert len(one.sound()) > 40_000  # said, not only shown
        assert other.answers()[0].startswith("It is ")
        await asyncio.gather(first.close(), second.close())

    with real_engines(recognisers=2) as engines:
        pool = engines.recogniser

        async def inside() -> None:
            house = aloud(engines, [ClockSkill()], devices=(ONE, OTHER))
            async with asyncio.timeout(60):
                await talk(house, lambda: [each.process.pid for each in pool._places if each.use == "utterance"])
                await once_more(house)
            await house.assistant.close()

        asyncio.run(inside())
        assert pool.health().restarts == 1


async def once_more(house: Aloud) -> None:
    """The device whose turn failed is answered the next time."""
    for name in (ONE, OTHER):
        device = Device()
        session = await house.assistant.open(name, device.emit, wakes_itself=True)
        await session.listen()
        await play(session, said("what time is it") + silence(1.0))
        await session.finish()
        await device.idle.wait()
        assert device.answers()[0].startswith("It is ")
        await session.close()
