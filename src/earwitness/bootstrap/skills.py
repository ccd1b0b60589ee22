"""The shipped skills over an open house, the bell, and how changes in the home are taken back."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from earwitness.assistant.skill import Skill
from earwitness.bootstrap.house import House
from earwitness.bootstrap.own_data import VaultOwnData
from earwitness.bootstrap.voice import sentence_folders, time_zone
from earwitness.kernel.errors import BadInput, HomeUnreachable
from earwitness.skills.home.port import HomeControl
from earwitness.skills.house.skill import Homes
from earwitness.skills.house.taking_back import EFFECT, take_back
from earwitness.skills.lists.store import Lists
from earwitness.skills.registry import Parts, shipped_skills
from earwitness.skills.timers.bell import Bell
from earwitness.skills.timers.store import Timers
from earwitness.vault.effects import Effect

PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class HouseSkills:
    """The skills of a house, those that take free wording, and the bell to run beside them."""

    skills: tuple[Skill, ...]
    free: tuple[Skill, ...]
    bell: Bell


def open_skills(house: House, control: HomeControl | None = None) -> HouseSkills:
    """Build the skills over ``house``, with one home for all its households. Call it on the hub's event loop.

    Raises:
        BadInput: a sentence file of the household can not be used.
    """
    homes: Homes = lambda _household: control  # noqa: E731 - one home an installation, so far
    timers = Timers(house.database, house.keyring)
    bell = Bell(timers, house.clock, lambda _household: time_zone(house))
    shipped = shipped_skills(
        Parts(
            timers=timers,
            bell=bell,
            lists=Lists(house.database, house.keyring, house.clock),
            homes=homes,
            data=VaultOwnData(house),
            clock=house.clock,
            folders=sentence_folders(house),
        )
    )
    if control is not None:
        house.effects.register(EFFECT, home_remover(control, asyncio.get_running_loop()))
    return HouseSkills(shipped.skills, shipped.free, bell)


def home_remover(control: HomeControl, loop: asyncio.AbstractEventLoop) -> Callable[[Effect], None]:
    """Take changes in the home back, from any thread but the event loop's own."""

    def remove(effect: Effect) -> None:
        if _on(loop):
            raise BadInput("Changes in the home are taken back from another thread.")
        waiting = asyncio.run_coroutine_threadsafe(take_back(control, effect.undo), loop)
        try:
            waiting.result(PATIENCE_S)
        except TimeoutError as error:
            waiting.cancel()
            raise HomeUnreachable("The home did not answer in time.") from error

    return remove


def _on(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
