"""Home control through the dialog: a conversation for each device, and what was done can be taken back much later."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from earwitness.bootstrap.skills import home_remover, open_skills
from earwitness.kernel.errors import BadInput, HomeUnreachable, NotFound
from earwitness.skills.home.model import Call, Home
from earwitness.skills.home.virtual.home import VirtualHome
from earwitness.skills.house.taking_back import take_back
from earwitness.testing.house import Family
from earwitness.testing.talking import Talk
from earwitness.understanding.matcher import Matcher
from earwitness.vault.effects import Effect

HOME = """
areas:
  - {id: kitchen, name: Kitchen}
  - {id: hall, name: Hall}
entities:
  - {id: light.kitchen, name: Kitchen light, area: kitchen, state: "off"}
  - {id: light.hall_left, name: Left hall lamp, area: hall, state: "off"}
  - {id: light.hall_right, name: Right hall lamp, area: hall, state: "off"}
  - {id: lock.door, name: Front door, area: hall, state: locked}
"""
Talking = Callable[[Talk, VirtualHome], Awaitable[None]]


@pytest.fixture
def in_a_home(talk: Talk, small_family: Family, matcher: Matcher, tmp_path: Path) -> Callable[[Talking], None]:
    """Run a conversation at the kitchen's device in a home of two rooms."""
    file = tmp_path / "home.yaml"
    file.write_text(HOME)

    def run(conversation: Talking) -> None:
        async def inside() -> None:
            home = VirtualHome.load(file)
            at = Talk.with_skills(matcher, open_skills(small_family.house, home), talk.clock, talk.here)
            await conversation(at, home)

        asyncio.run(inside())

    return run


async def state(home: VirtualHome, entity: str) -> str:
    found = (await home.read()).entity(entity)
    assert found is not None
    return found.state


def test_it_acts_in_the_room_of_the_device_and_says_why(in_a_home: Callable[[Talking], None]) -> None:
    async def conversation(at: Talk, home: VirtualHome) -> None:
        reply = await at.hear("turn on the light")
        assert reply.text == "Turned on the kitchen light."
        assert [await state(home, each) for each in ("light.kitchen", "light.hall_left")] == ["on", "off"]
        assert [(each.kind, each.what) for each in reply.caused] == [("home", "Turned on the kitchen light")]
        why = (await at.hear("why did you do that")).text
        assert "Your home took it as: turn on, for Kitchen light." in why
        assert "1 thing changed there" in why

    in_a_home(conversation)


def test_wording_of_no_template_is_tried_on_the_home(in_a_home: Callable[[Talking], None]) -> None:
    async def conversation(at: Talk, home: VirtualHome) -> None:
        await at.hear("would you mind getting the lamps in the hall to shine")
        await at.hear("it's too dark in here")
        assert await state(home, "light.kitchen") == "on"
        reply = await at.hear("colourless green ideas sleep furiously")
        assert (reply.ending, reply.caused) == ("nothing", ())

    in_a_home(conversation)


def test_it_asks_which_and_each_device_has_its_own_question(in_a_home: Callable[[Talking], None]) -> None:
    async def conversation(at: Talk, home: VirtualHome) -> None:
        hall = at.at("device_hall", area="Hall")
        assert (await at.hear("turn on the lamp", hall)).asks
        assert not (await at.hear("the left one")).asks  # said in the kitchen, to nobody
        assert await state(home, "light.hall_left") == "off"
        await at.hear("the left one", hall)
        assert await state(home, "light.hall_left") == "on"

    in_a_home(conversation)


def test_dangerous_things_take_a_yes_to_that_very_question(in_a_home: Callable[[Talking], None]) -> None:
    async def conversation(at: Talk, home: VirtualHome) -> None:
        assert (await at.hear("unlock the front door")).asks
        await at.hear("what time is it")
        await at.hear("yes")
        await at.hear("do it")
        await at.hear("sure, go ahead and do that")
        assert await state(home, "lock.door") == "locked"
        assert (await at.hear("unlock the front door")).asks
        at.clock.advance(61_000)
        await at.hear("yes please do")
        assert await state(home, "lock.door") == "locked"
        assert (await at.hear("unlock the front door")).asks
        assert (await at.hear("yes")).text == "Unlocked the front door."
        assert await state(home, "lock.door") == "unlocked"

    in_a_home(conversation)


def test_undo_goes_through_the_conversation(in_a_home: Callable[[Talking], None]) -> None:
    async def conversation(at: Talk, home: VirtualHome) -> None:
        await at.hear("turn on the kitchen light")
        assert (await at.hear("undo that")).text == "Undone."
        assert await state(home, "light.kitchen") == "off"

    in_a_home(conversation)


def test_an_effect_is_taken_back_from_its_own_words_alone(in_a_home: Callable[[Talking], None]) -> None:
    async def conversation(at: Talk, home: VirtualHome) -> None:
        undo = stored((await at.hear("turn on the kitchen light")).caused[0].undo)
        assert await take_back(home, undo) == 1
        assert await state(home, "light.kitchen") == "off"
        # whoever has switched it since has the last word
        undo = stored((await at.hear("turn on the kitchen light")).caused[0].undo)
        await home.call(Call("light.turn_off", ("light.kitchen",), {}))
        assert await take_back(home, undo) == 0

    in_a_home(conversation)


def test_taking_back_unlocks_nothing(in_a_home: Callable[[Talking], None]) -> None:
    async def conversation(at: Talk, home: VirtualHome) -> None:
        await home.call(Call("lock.unlock", ("lock.door",), {}))
        undo = stored((await at.hear("lock the front door")).caused[0].undo)
        with pytest.raises(BadInput, match="would unlock"):
            await take_back(home, undo)
        assert await state(home, "lock.door") == "locked"

    in_a_home(conversation)


@pytest.mark.parametrize("undo", [{"calls": [{"service": "light.turn_off"}]}, {"calls": ["light.turn_off"]}])
def test_an_effect_that_can_not_be_read_is_refused(in_a_home: Callable[[Talking], None], undo: dict[str, Any]) -> None:
    async def conversation(at: Talk, home: VirtualHome) -> None:
        del at
        with pytest.raises(BadInput, match="does not say how"):
            await take_back(home, undo)

    in_a_home(conversation)


def test_removing_the_effect_in_the_vault_reaches_the_home(
    in_a_home: Callable[[Talking], None], small_family: Family
) -> None:
    async def conversation(at: Talk, home: VirtualHome) -> None:
        caused = (await at.hear("turn on the kitchen light")).caused[0]
        house = small_family.house
        kept = small_family.keep(small_family.ada)
        with house.database.write() as tx:
            made = house.effects.record(
                tx, Effect("", kept.recording, kept.subject, caused.kind, 0, caused.what, caused.undo)
            )
        with pytest.raises(BadInput, match="another thread"):
            house.effects.remove(made.id, 0)
        await asyncio.to_thread(house.effects.remove, made.id, 0)
        assert await state(home, "light.kitchen") == "off"
        with pytest.raises(NotFound):
            house.effects.remove(made.id, 0)

    in_a_home(conversation)


def stored(undo: object) -> dict[str, Any]:
    """As it comes back from the vault."""
    read: dict[str, Any] = json.loads(json.dumps(undo))
    return read


class SilentHome:
    """A home that never answers."""

    async def read(self) -> Home:
        raise HomeUnreachable

    async def call(self, call: Call) -> None:
        raise HomeUnreachable(f"{call.service}")

    async def close(self) -> None:
        return


def test_a_home_that_is_away_is_said_to_be(talk: Talk, small_family: Family, matcher: Matcher) -> None:
    async def run() -> None:
        home = SilentHome()
        at = Talk.with_skills(matcher, open_skills(small_family.house, home), talk.clock, talk.here)
        reply = await at.hear("turn on all the lights")
        assert (reply.ending, reply.caused) == ("failed", ())
        remove = home_remover(home, asyncio.get_running_loop())
        effect = Effect("eff", "rec", "hh", "home", 0, "x", {"calls": []})
        with pytest.raises(HomeUnreachable):
            await asyncio.to_thread(remove, effect)
        assert (await at.hear("what time is it")).text == "It is 12:06 PM."

    asyncio.run(run())


def test_without_a_home_it_says_so(talk: Talk) -> None:
    assert talk.says("turn on all the lights") == "There is no home connected that I could ask."
