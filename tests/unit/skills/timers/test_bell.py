"""The bell: it rings where the timer was set, until somebody stops it, and misses nothing that it can still tell."""

import asyncio
from pathlib import Path

import pytest

from earwitness.bootstrap import open_house
from earwitness.kernel.clock import DAY, HOUR, MINUTE, SECOND
from earwitness.kernel.errors import StorageBusy
from earwitness.skills.timers.bell import LONGEST_SLEEP_MS, Bell
from earwitness.skills.timers.model import Kind, State, Timer
from earwitness.skills.timers.store import Timers
from earwitness.storage.database import Database, sqlite_url
from earwitness.testing.clock import VirtualClock
from earwitness.testing.sealer import MemorySealer
from earwitness.testing.talking import ZONE, Ear, Talk

DONE = "Your 10 minute timer is done."


def test_it_rings_on_its_device_until_stop(talk: Talk, ear: Ear) -> None:
    talk.say("set a timer for ten minutes")
    talk.clock.advance(10 * MINUTE)
    assert ear.listen() == [DONE]
    assert ear.heard == [(talk.here.device, DONE)]
    assert ear.listen() == []  # not all the time
    talk.clock.advance(12 * SECOND)
    assert ear.listen() == [DONE]
    stopped = talk.say("stop")
    assert (stopped.text, stopped.then) == ("", "quiet")
    talk.clock.advance(HOUR)
    assert ear.listen() == []
    assert talk.says("how long is left") == "There is no timer."


def test_stop_elsewhere_does_not_silence_it(talk: Talk, ear: Ear) -> None:
    talk.say("set a timer for ten minutes")
    talk.clock.advance(10 * MINUTE)
    ear.listen()
    talk.say("stop", talk.at("device_bedroom"))
    talk.clock.advance(MINUTE)
    assert ear.listen() == [DONE]


def test_cancelling_one_that_rings_stops_it_and_more_time_sets_it_anew(talk: Talk, ear: Ear) -> None:
    talk.say("set a timer for ten minutes")
    talk.clock.advance(10 * MINUTE)
    ear.listen()
    assert talk.says("give me two minutes more") == "The 10 minute timer has 2 minutes left."
    talk.clock.advance(MINUTE)
    assert ear.listen() == []
    talk.clock.advance(MINUTE)
    assert ear.listen() == [DONE]
    assert talk.says("cancel the timer") == ""
    talk.clock.advance(MINUTE)
    assert ear.listen() == []


def test_it_gives_up_after_a_while(talk: Talk, ear: Ear) -> None:
    talk.say("set a timer for ten minutes")
    talk.clock.advance(10 * MINUTE)
    ear.listen()
    talk.clock.advance(10 * MINUTE)
    assert ear.listen() == [DONE]
    talk.clock.advance(SECOND)
    assert ear.listen() == []
    talk.clock.advance(MINUTE)
    assert ear.listen() == []


def test_a_device_that_was_away_is_told_how_late_it_is(talk: Talk, ear: Ear) -> None:
    talk.say("set a pasta timer for 8 minutes")
    ear.away.add(talk.here.device)
    talk.clock.advance(8 * MINUTE)
    assert ear.listen() == []
    talk.clock.advance(12 * MINUTE)
    ear.away.clear()
    talk.bell.connected(talk.here.device)
    assert ear.listen() == ["Your pasta timer ran out 12 minutes ago. I could not tell you then."]


def test_what_nobody_could_be_told_for_a_day_is_over(talk: Talk, ear: Ear) -> None:
    talk.say("set a timer for ten minutes")
    talk.clock.advance(10 * MINUTE + DAY + SECOND)
    assert ear.listen() == []
    assert talk.says("how long is left") == "There is no timer."


def test_it_survives_a_restart_and_tells_what_ran_out_meanwhile(
    talk: Talk, house_template: Path, tmp_path: Path, virtual_clock: VirtualClock, small
) -> None:
    with small.copy_house(house_template, tmp_path / "again", virtual_clock) as first:
        household = small.Family.move_in(first).household
        for name, minutes in (("pasta", 5), ("bread", 60)):
            Timers(first.database, first.keyring).add(running(name, minutes, virtual_clock, household))
    virtual_clock.advance(20 * MINUTE)
    with open_house(tmp_path / "again", clock=virtual_clock) as second:
        ear = Ear(Bell(Timers(second.database, second.keyring), virtual_clock, lambda _: ZONE))
        assert ear.listen() == ["Your pasta timer ran out 15 minutes ago. I could not tell you then."]
        ear.listen()
        virtual_clock.advance(40 * MINUTE)
        assert ear.listen() == ["Your bread timer is done."]
    del talk


def running(name: str, minutes: int, clock: VirtualClock, household: str, device: str = "device_one") -> Timer:
    now, length = clock.now_ms(), minutes * MINUTE
    return Timer("", household, household, device, Kind.TIMER, State.RUNNING, now + length, now, name, length_ms=length)


@pytest.fixture
def alone(fresh_database: Database, virtual_clock: VirtualClock) -> tuple[Timers, Ear]:
    """Timers on either database with a bell, and nothing else."""
    sealer = MemorySealer()
    sealer.create_subject("hh_one")
    timers = Timers(fresh_database, sealer)
    return timers, Ear(Bell(timers, virtual_clock, lambda _: ZONE))


def test_it_sleeps_until_something_is_due(alone: tuple[Timers, Ear], virtual_clock: VirtualClock) -> None:
    timers, ear = alone

    async def run() -> list[int | None]:
        slept = [await ear.look()]
        timers.add(running("long", 60, virtual_clock, "hh_one"))
        slept.append(await ear.look())
        virtual_clock.advance(60 * MINUTE - 3 * SECOND)
        slept.append(await ear.look())
        virtual_clock.advance(3 * SECOND)
        slept.append(await ear.look())
        return slept

    assert asyncio.run(run()) == [None, LONGEST_SLEEP_MS, 3 * SECOND, 12 * SECOND]


def test_run_rings_by_itself_and_looks_again_when_something_changed(
    alone: tuple[Timers, Ear], virtual_clock: VirtualClock
) -> None:
    timers, ear = alone
    slept: list[float | None] = []

    async def pause(event: asyncio.Event, seconds: float | None) -> None:
        slept.append(seconds)
        if seconds is None:  # nothing is set: only a change wakes it
            timers.add(running("short", 1, virtual_clock, "hh_one"))
            ear.bell.changed()
            assert event.is_set()
        elif ear.heard:
            raise asyncio.CancelledError
        else:
            virtual_clock.advance(int(seconds * SECOND))

    ear.bell.pause = pause
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ear.bell.run(ear.announce))
    assert slept == [None, 60.0, 12.0]
    assert ear.heard == [("device_one", "Your short timer is done.")]


def test_the_real_pause_ends_with_a_change_and_with_time(alone: tuple[Timers, Ear]) -> None:
    _, ear = alone

    async def run() -> None:
        event = asyncio.Event()
        await ear.bell.pause(event, 0.001)
        assert not event.is_set()
        event.set()
        await ear.bell.pause(event, None)

    asyncio.run(run())


def test_a_fault_of_one_device_does_not_silence_the_others(
    alone: tuple[Timers, Ear], virtual_clock: VirtualClock
) -> None:
    timers, ear = alone
    timers.add(running("first", 1, virtual_clock, "hh_one", "broken"))
    timers.add(running("second", 1, virtual_clock, "hh_one", "whole"))
    virtual_clock.advance(MINUTE)

    async def announce(device: str, text: str) -> bool:
        if device == "broken":
            raise ConnectionResetError
        return await ear.announce(device, text)

    asyncio.run(ear.bell.tick(announce))
    assert ear.heard == [("whole", "Your second timer is done.")]


def test_a_busy_database_is_tried_again(alone: tuple[Timers, Ear], monkeypatch: pytest.MonkeyPatch) -> None:
    _, ear = alone
    slept: list[float | None] = []

    async def pause(event: asyncio.Event, seconds: float | None) -> None:
        del event
        slept.append(seconds)
        if len(slept) == 2:
            raise asyncio.CancelledError
        monkeypatch.undo()

    def busy(now: int) -> list[Timer]:
        raise StorageBusy(f"{now}")

    ear.bell.pause = pause
    monkeypatch.setattr(Timers, "due", lambda _self, now: busy(now))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ear.bell.run(ear.announce))
    assert slept == [60.0, None]


def test_one_that_was_cancelled_while_it_was_said_is_not_brought_back(
    alone: tuple[Timers, Ear], virtual_clock: VirtualClock
) -> None:
    timers, ear = alone
    made = timers.add(running("one", 1, virtual_clock, "hh_one"))
    virtual_clock.advance(MINUTE)

    async def announce(device: str, text: str) -> bool:
        timers.end(made.id)
        return await ear.announce(device, text)

    asyncio.run(ear.bell.tick(announce))
    assert timers.due(virtual_clock.now_ms() + DAY) == []


def test_a_timer_whose_person_was_erased_rings_no_more(tmp_path: Path, virtual_clock: VirtualClock) -> None:
    sealer = MemorySealer()
    sealer.create_subject("hh_one")
    database = Database.open(sqlite_url(tmp_path / "data.db"))
    timers = Timers(database, sealer)
    timers.add(running("one", 1, virtual_clock, "hh_one"))
    virtual_clock.advance(MINUTE)
    sealer.destroy_subject("hh_one")
    assert timers.due(virtual_clock.now_ms()) == []
    database.close()
