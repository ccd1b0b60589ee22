"""Several at once on one house: two processes on one data folder, and many threads at one recording."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from earwitness.bootstrap import open_house
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import AccessDenied, ConsentMissing, GrantInvalid, KeyDestroyed, NotFound
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.testing.canary import AUDIO
from earwitness.testing.house import Family

Result = TypeVar("Result")


def at_once(count: int, do: Callable[[int], Result]) -> list[Result]:
    """Let threads begin at the same moment; return what each got."""
    together = threading.Barrier(count)

    def begin(number: int) -> Result:
        together.wait()
        return do(number)

    with ThreadPoolExecutor(count) as callers:
        return list(callers.map(begin, range(count)))


def test_what_one_process_ends_is_ended_in_the_other(family: Family) -> None:
    house = family.house
    with open_house(house.data, clock=house.clock) as other:
        beside = Family(other, family.household, family.ada, family.ben)
        first, second = family.keep(family.ada).recording, beside.keep(family.ada).recording
        assert set(beside.history(family.ada)) == {first, second} == set(family.history(family.ada))
        playing = house.reading.play(family.ada.actor, first, Purpose.HISTORY)
        assert playing.read(0, 4) == b"RIFF"
        beside.remove(beside.erase(family.ada, first))
        with pytest.raises(GrantInvalid):
            playing.read(4, 8)
        beside.say_no(family.ada, Purpose.HISTORY)
        with pytest.raises(ConsentMissing):
            family.keep(family.ada)
        assert other.turn_epoch()[0].kind == "erasure-completed"
        assert AUDIO in family.play(family.ada, second)  # with the keys of an epoch that it did not turn itself
        family.say_yes(family.ada, Purpose.HISTORY)
        third = family.keep(family.ada).recording
        assert house.keyring.epoch == other.keyring.epoch == 2
        assert AUDIO in beside.play(family.ada, third)
        grant = house.reading.play(family.ada.actor, third, Purpose.HISTORY).grant
        with pytest.raises(GrantInvalid):
            other.access.check(grant, grant.action, third)


def test_two_processes_keep_one_chain(family: Family) -> None:
    house = family.house
    with open_house(house.data, clock=house.clock) as other:
        families = [family, Family(other, family.household, family.ada, family.ben)]
        kept = at_once(4, lambda number: families[number % 2].keep(family.everybody[number // 2]))
        assert len({each.recording for each in kept}) == 4
        assert len({each.entry for each in kept}) == 4
        other.log.publish()
    assert list(house.audit.chain_breaks(family.ada.id)) == []


@pytest.mark.parametrize("whole", ["recording", "person"])
def test_of_many_that_erase_at_once_one_is_first(family: Family, whole: str) -> None:
    kept = family.keep(family.ada).recording
    names = [] if whole == "person" else [kept]

    def erase(_: int) -> bool:
        try:
            family.erase(family.ada, *names)
        except (NotFound, AccessDenied, KeyDestroyed):  # whichever of the three goes first
            return False
        return True

    assert sum(at_once(4, erase)) == 1
    assert len(family.house.receipts.of(family.ada.id)) == 1


def test_the_last_two_adults_who_leave_at_once_take_the_household_along(family: Family) -> None:
    house = family.house
    shared = family.keep(family.ada, device=family.shared_device()).recording
    accepted = at_once(2, lambda number: family.erase(family.everybody[number]))
    at_once(2, lambda number: family.remove(accepted[number]))
    house.sweep()
    assert not house.keyring.keys([shared])
    assert house.directory.households.list() == []
    assert list(house.blobs.names()) == []


def test_keeping_erasing_turning_and_reading_at_once(family: Family) -> None:
    house = family.house
    stays = family.keep(family.ben).recording

    def work(number: int) -> None:
        for _ in range(4):
            if number == 0:
                family.remove(family.erase(family.ada, family.keep(family.ada).recording))
            elif number == 1:
                house.turn_epoch()
            elif number == 2:
                assert AUDIO in family.play(family.ben, stays)
            else:
                house.sweep()

    at_once(4, work)
    assert family.history(family.ada) == []
    assert AUDIO in family.play(family.ben, stays)
    assert len(list(house.blobs.names())) == 1
    house.turn_epoch()
    assert {each.kind for each in house.receipts.of(family.ada.id)} == {"erasure-accepted", "erasure-completed"}
    assert len(house.receipts.of(family.ada.id)) == 8


def test_two_sweeps_at_once_remove_once(family: Family) -> None:
    house = family.house
    family.choose(family.ada, RetentionChoice.DAY)
    for _ in range(3):
        family.keep(family.ada)
    house.retention.sweep()
    family.clock.advance(DAY)
    at_once(2, lambda _: house.retention.sweep())
    assert list(house.blobs.names()) == []
    assert house.retention.sweep().expired == 0
