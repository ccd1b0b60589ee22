"""The voice loop while it runs: engines loaded, home connected, bell ringing; all of it ended again in good order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from earwitness.assistant.assistant import Assistant
from earwitness.bootstrap.following import follow_releases
from earwitness.bootstrap.house import House
from earwitness.bootstrap.sample import HOME_FILE
from earwitness.bootstrap.skills import HouseSkills, open_skills
from earwitness.bootstrap.voice import open_engines, open_voice
from earwitness.skills.home.homes import open_home
from earwitness.skills.home.port import HomeControl


@dataclass(frozen=True, slots=True)
class Loop:
    """A running voice loop: what devices, gateways and commands talk to."""

    assistant: Assistant
    skills: HouseSkills
    home: HomeControl | None


@asynccontextmanager
async def listening(house: House, *, recognisers: int | None = None) -> AsyncIterator[Loop]:
    """Run the voice loop of ``house`` on this event loop until the block is left.

    Raises:
        EngineMissing: an engine is not installed.
        BadInput: the home or the sentences of the installation cannot be read.
        HomeUnreachable: an MQTT broker does not answer.
    """
    engines = await asyncio.to_thread(
        open_engines, house, **({} if recognisers is None else {"recognisers": recognisers})
    )
    async with AsyncExitStack() as closing:
        closing.callback(engines.close)
        home = await _home(house)
        if home is not None:
            closing.push_async_callback(home.close)
        skills = open_skills(house, home)
        assistant = open_voice(house, skills.skills, engines, free=skills.free).assistant
        assistant.came = skills.bell.connected  # what a device missed is told now
        closing.push_async_callback(assistant.close)
        bell = asyncio.create_task(skills.bell.run(assistant.announce))
        closing.push_async_callback(_ended, bell)
        following = asyncio.create_task(follow_releases(house, assistant))
        closing.push_async_callback(_ended, following)
        yield Loop(assistant, skills, home)


async def _home(house: House) -> HomeControl | None:
    """The home of the settings, or the file beside them, or none."""
    where = house.settings.home
    if where:
        return await open_home(where if "://" in where else str(house.data / where))
    beside = house.data / HOME_FILE
    return await open_home(str(beside)) if beside.is_file() else None


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
