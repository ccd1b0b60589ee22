"""The turn of the root epoch and the rows that remember it, whatever a crash left between them."""

import pytest
from sqlalchemy import delete, select

from earwitness.bootstrap import House, open_house
from earwitness.kernel.clock import DAY, HOUR
from earwitness.storage.schema import epoch
from earwitness.testing.canary import AUDIO
from earwitness.testing.house import Family
from earwitness.vault import epochs


def rows(house: House) -> list[tuple[int, int, int | None]]:
    with house.database.read() as tx:
        return [tuple(row) for row in tx.execute(select(epoch).order_by(epoch.c.number))]  # type: ignore[misc]


def test_a_new_house_is_in_its_first_epoch(small_house: House) -> None:
    assert rows(small_house) == [(1, small_house.clock.now_ms(), None)]


def test_a_turn_is_remembered(family: Family) -> None:
    house = family.house
    kept = family.keep(family.ada).recording
    began = house.clock.now_ms()
    family.clock.advance(DAY)
    assert house.turn_epoch() == []
    assert rows(house) == [(1, began, began + DAY), (2, began + DAY, None)]
    assert AUDIO in family.play(family.ada, kept)
    assert house.directory.people.get(family.ada.id).name


def test_progress_is_told(small_family: Family) -> None:
    seen: list[tuple[int, int]] = []
    small_family.keep(small_family.ada)
    small_family.house.turn_epoch(lambda done, total: seen.append((done, total)))
    assert seen
    assert seen[-1][0] == seen[-1][1]


def test_it_is_due_when_its_time_has_passed(small_family: Family) -> None:
    house = small_family.house
    rotation = house.settings.rotation_ms
    small_family.clock.advance(rotation - 1)
    assert not epochs.due(house.database, house.keyring, house.clock, rotation)
    small_family.clock.advance(1)
    assert epochs.due(house.database, house.keyring, house.clock, rotation)
    house.turn_epoch()
    assert not epochs.due(house.database, house.keyring, house.clock, rotation)


def test_a_crash_before_the_row_is_mended_at_the_next_start(small_family: Family) -> None:
    house = small_family.house
    began = house.clock.now_ms()
    house.keyring.rotate()
    assert rows(house) == [(1, began, None)]
    small_family.clock.advance(HOUR)
    open_house(house.data, clock=house.clock).close()
    assert rows(house) == [(1, began, began + HOUR), (2, began + HOUR, None)]


def test_two_turns_without_a_row_are_mended_too(small_family: Family) -> None:
    house = small_family.house
    house.keyring.rotate()
    house.keyring.rotate()
    epochs.settle(house.database, house.keyring, house.clock)
    now = house.clock.now_ms()
    assert rows(house) == [(1, now, now), (3, now, None)]


def test_settling_again_changes_nothing(small_family: Family) -> None:
    house = small_family.house
    house.turn_epoch()
    before = rows(house)
    small_family.clock.advance(DAY)
    epochs.settle(house.database, house.keyring, house.clock)
    assert rows(house) == before


def test_without_a_row_it_is_not_due(small_family: Family) -> None:
    house = small_family.house
    with house.database.write() as tx:
        tx.execute(delete(epoch))
    small_family.clock.advance(2 * DAY)
    assert not epochs.due(house.database, house.keyring, house.clock, DAY)
    epochs.settle(house.database, house.keyring, house.clock)
    assert rows(house) == [(1, house.clock.now_ms(), None)]


@pytest.mark.parametrize("times", [2, 3])
def test_what_is_kept_survives_every_turn(small_family: Family, times: int) -> None:
    kept = small_family.keep(small_family.ada).recording
    for _ in range(times):
        small_family.house.turn_epoch()
    assert small_family.house.keyring.epoch == times + 1
    assert AUDIO in small_family.play(small_family.ada, kept)
