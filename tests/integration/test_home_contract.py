"""One contract for every home: a file in memory, Home Assistant's API, and devices on a real MQTT broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from earwitness.kernel.errors import DeviceCannot, DeviceSilent
from earwitness.skills.home.homeassistant.home import HomeAssistant
from earwitness.skills.home.model import Call, Entity
from earwitness.skills.home.mqtt.home import MqttHome
from earwitness.skills.home.port import HomeControl
from earwitness.skills.home.skill import HomeSkill, Kind
from earwitness.skills.home.virtual.file import parse_home
from earwitness.skills.home.virtual.home import VirtualHome
from earwitness.testing.homeassistant import TOKEN, FakeHomeAssistant, serving
from earwitness.testing.mqtt import MosquittoServer, devices
from earwitness.testing.runlog import RunLog

HOUSE = """
areas: [{id: kitchen, name: Kitchen}, {id: bedroom, name: Bedroom}, {id: hall, name: Hall}]
entities:
  - {id: light.kitchen, name: Kitchen light, area: kitchen, state: "off", attributes: {brightness: 100}}
  - {id: light.bedroom, name: Bedroom light, area: bedroom, state: "on", attributes: {brightness: 200}}
  - {id: switch.kettle, name: Kettle, area: kitchen, state: "off"}
  - id: cover.bedroom_blind
    name: Bedroom blind
    area: bedroom
    state: open
    attributes: {device_class: blind, current_position: 100}
  - {id: lock.front_door, name: Front door, area: hall, state: unlocked}
  - id: climate.bedroom
    name: Bedroom thermostat
    area: bedroom
    state: heat
    attributes: {temperature: 20, current_temperature: 18}
  - {id: fan.bedroom, name: Bedroom fan, area: bedroom, state: "off", attributes: {percentage: 0}}
  - {id: vacuum.robot, name: Robot, area: hall, state: docked, attributes: {battery_level: 80}}
  - id: valve.garden_hose
    name: Garden hose valve
    area: hall
    state: closed
    attributes: {device_class: water, current_position: 0}
  - {id: switch.gone, name: Heating pad, area: bedroom, state: unavailable}
  - {id: switch.deaf, name: Old radio, area: hall, state: "off"}
"""
DEAF = frozenset({"switch.deaf"})
Open = Callable[[], "asyncio._AsyncGeneratorContextManager[HomeControl]"]  # type: ignore[name-defined]


class DeafHome(VirtualHome):
    """A home with devices that take commands and do not answer."""

    async def call(self, call: Call) -> None:
        heard = tuple(each for each in call.entities if each not in DEAF)
        await super().call(Call(call.service, heard, call.data))
        if heard != call.entities:
            raise DeviceSilent(entities=tuple(DEAF))


@pytest.fixture(scope="session")
def mosquitto(run_log: RunLog) -> Iterator[MosquittoServer]:
    server = MosquittoServer(Path(run_log.file("mosquitto")))
    yield server
    server.stop()


@pytest.fixture(params=["virtual", "homeassistant", "mqtt"])
def open_house(request: pytest.FixtureRequest) -> Callable[[], object]:
    @asynccontextmanager
    async def virtual() -> AsyncIterator[HomeControl]:
        yield DeafHome(parse_home(HOUSE))

    @asynccontextmanager
    async def homeassistant() -> AsyncIterator[HomeControl]:
        server = FakeHomeAssistant(VirtualHome(parse_home(HOUSE)), DEAF)
        async with serving(server.app) as address:
            home = HomeAssistant(address, TOKEN, patience_ms=0)
            yield home
            await home.close()

    @asynccontextmanager
    async def mqtt() -> AsyncIterator[HomeControl]:
        server = request.getfixturevalue("mosquitto")
        async with devices(server.port, VirtualHome(parse_home(HOUSE)), DEAF):
            home = await MqttHome.connect(server.address, patience_s=1.0)
            yield home
            await home.close()

    if request.param == "mqtt":
        request.getfixturevalue("mosquitto")  # outside the event loop
    return {"virtual": virtual, "homeassistant": homeassistant, "mqtt": mqtt}[request.param]


def in_house(open_house: Callable[[], object], use: Callable[[HomeControl], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_house() as home:  # type: ignore[attr-defined]
            await use(home)

    asyncio.run(run())


async def entity(home: HomeControl, entity_id: str) -> Entity:
    found = (await home.read()).entity(entity_id)
    assert found is not None
    return found


def test_what_is_there_is_read_with_names_rooms_states_and_attributes(open_house: Callable[[], object]) -> None:
    async def use(home: HomeControl) -> None:
        light = await entity(home, "light.bedroom")
        assert (light.name, light.area, light.state) == ("Bedroom light", "bedroom", "on")
        assert light.attributes["brightness"] == 200
        assert {each.id for each in (await home.read()).areas} == {"kitchen", "bedroom", "hall"}
        thermostat = await entity(home, "climate.bedroom")
        assert (thermostat.state, thermostat.attributes["temperature"]) == ("heat", 20)
        assert not (await entity(home, "switch.gone")).answers

    in_house(open_house, use)


CALLS = [
    (Call("light.turn_on", ("light.kitchen",), {"brightness_pct": 50}), "on", {"brightness": 128}),
    (Call("light.turn_on", ("light.bedroom",), {"rgb_color": [255, 0, 0]}), "on", {"rgb_color": [255, 0, 0]}),
    (Call("light.turn_on", ("light.bedroom",), {"color_temp_kelvin": 2700}), "on", {"color_temp_kelvin": 2700}),
    (Call("light.turn_off", ("light.bedroom",)), "off", {}),
    (Call("light.toggle", ("light.bedroom",)), "off", {}),
    (Call("switch.turn_on", ("switch.kettle",)), "on", {}),
    (Call("cover.close_cover", ("cover.bedroom_blind",)), "closed", {"current_position": 0}),
    (Call("cover.set_cover_position", ("cover.bedroom_blind",), {"position": 40}), "open", {"current_position": 40}),
    (Call("lock.lock", ("lock.front_door",)), "locked", {}),
    (Call("climate.set_temperature", ("climate.bedroom",), {"temperature": 21.5}), "heat", {"temperature": 21.5}),
    (Call("climate.set_hvac_mode", ("climate.bedroom",), {"hvac_mode": "off"}), "off", {}),
    (Call("fan.set_percentage", ("fan.bedroom",), {"percentage": 60}), "on", {"percentage": 60}),
    (Call("vacuum.start", ("vacuum.robot",)), "cleaning", {}),
    (Call("valve.open_valve", ("valve.garden_hose",)), "open", {"current_position": 100}),
]


@pytest.mark.parametrize(("call", "state", "attributes"), CALLS, ids=lambda value: getattr(value, "service", None))
def test_a_call_is_done_when_it_returns(
    open_house: Callable[[], object], call: Call, state: str, attributes: dict[str, object]
) -> None:
    async def use(home: HomeControl) -> None:
        await home.call(call)
        found = await entity(home, call.entities[0])
        assert found.state == state
        assert {key: found.attributes.get(key) for key in attributes} == attributes

    in_house(open_house, use)


def test_what_is_so_already_is_done_again_without_complaint(open_house: Callable[[], object]) -> None:
    async def use(home: HomeControl) -> None:
        await home.call(Call("light.turn_on", ("light.bedroom",)))
        assert (await entity(home, "light.bedroom")).state == "on"

    in_house(open_house, use)


def test_a_device_that_does_not_answer_is_named(open_house: Callable[[], object]) -> None:
    async def use(home: HomeControl) -> None:
        with pytest.raises(DeviceSilent) as silent:
            await home.call(Call("switch.turn_on", ("switch.deaf",)))
        assert silent.value.entities == ("switch.deaf",)

    in_house(open_house, use)


def test_a_service_that_a_device_does_not_have_is_refused(open_house: Callable[[], object]) -> None:
    async def use(home: HomeControl) -> None:
        with pytest.raises(DeviceCannot):
            await home.call(Call("lock.play_music", ("lock.front_door",)))

    in_house(open_house, use)


def test_a_conversation_acts_asks_and_undoes(open_house: Callable[[], object]) -> None:
    async def use(home: HomeControl) -> None:
        skill = HomeSkill(home)
        answer = await skill.hear("dim the bedroom light to 20 percent and close the blind")
        assert {(each.entity, each.what) for each in answer.changes} == {
            ("light.bedroom", "brightness"),
            ("cover.bedroom_blind", "state"),
            ("cover.bedroom_blind", "current_position"),
        }
        assert (await skill.hear("undo that")).kind is Kind.DONE
        assert (await entity(home, "light.bedroom")).attributes["brightness"] == 200
        assert (await entity(home, "cover.bedroom_blind")).state == "open"
        await home.call(Call("lock.lock", ("lock.front_door",)))
        assert (await skill.hear("unlock the front door")).asks
        assert (await entity(home, "lock.front_door")).state == "locked"
        await skill.hear("yes, do it")
        assert (await entity(home, "lock.front_door")).state == "unlocked"

    in_house(open_house, use)


def test_a_silent_device_is_told_in_words(open_house: Callable[[], object]) -> None:
    async def use(home: HomeControl) -> None:
        skill = HomeSkill(home)
        for sentence in ("turn on the heating pad", "turn on the old radio"):
            answer = await skill.hear(sentence)
            assert answer.kind is Kind.FAILED
            assert "does not answer" in answer.reply
            assert not answer.changes

    in_house(open_house, use)
