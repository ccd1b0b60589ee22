"""Retention: nothing longer than was chosen, and no clock that jumps empties a house."""

import pytest
from sqlalchemy import select

from earwitness.bootstrap import open_house
from earwitness.identity.device_rows import DeviceMode
from earwitness.kernel.clock import DAY, HOUR, MINUTE
from earwitness.kernel.errors import AccessDenied, BlobCorrupt, NotFound
from earwitness.policy.retention import DEFAULT, RetentionChoice
from earwitness.storage.schema import effect, recording
from earwitness.testing.canary import AUDIO, canary
from earwitness.testing.house import Family
from earwitness.vault import retention as retention_module
from earwitness.vault.effects import Effect
from earwitness.vault.retention import JUMP, ORPHANED_EFFECT, STANDING

LEAP = JUMP + MINUTE


def ends(family: Family, name: str) -> int:
    """When a recording expires, as its row says, standing or not."""
    with family.house.database.read() as tx:
        moment: int = tx.execute(select(recording.c.expires_at).where(recording.c.id == name)).scalar_one()
    return moment


def is_stored(family: Family, name: str) -> bool:
    with family.house.database.read() as tx:
        return tx.execute(select(recording.c.id).where(recording.c.id == name)).first() is not None


def daily(family: Family, days: int) -> None:
    """Let days pass with a sweep each."""
    for _ in range(days):
        family.clock.advance(DAY)
        family.house.retention.sweep()


# --- dates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", [each for each in RetentionChoice if each is not RetentionChoice.NOTHING])
def test_a_recording_is_kept_for_what_was_chosen(small_family: Family, choice: RetentionChoice) -> None:
    family, now = small_family, small_family.clock.now_ms()
    assert family.keep(family.ada).expires_at == now + DEFAULT.lifetime_ms
    family.choose(family.ada, choice)
    assert family.keep(family.ada).expires_at == now + choice.lifetime_ms
    assert family.keep(family.ben).expires_at == now + DEFAULT.lifetime_ms


@pytest.mark.parametrize("choice", list(RetentionChoice))
def test_a_new_choice_dates_what_is_kept_anew(family: Family, choice: RetentionChoice) -> None:
    began = family.clock.now_ms()
    mine, bens = family.keep(family.ada).recording, family.keep(family.ben).recording
    family.clock.advance(HOUR)
    assert family.choose(family.ada, choice) == 1
    assert ends(family, mine) == began + choice.lifetime_ms
    assert ends(family, bens) == began + DEFAULT.lifetime_ms


def test_what_is_shared_ends_with_the_shortest_choice(small_family: Family) -> None:
    family, began = small_family, small_family.clock.now_ms()
    shared = family.keep(family.ada, device=family.shared_device()).recording
    family.choose(family.ada, RetentionChoice.UNTIL_DELETED)
    assert ends(family, shared) == began + DEFAULT.lifetime_ms  # Ben's
    family.choose(family.ben, RetentionChoice.DAY)
    assert ends(family, shared) == began + DAY
    family.choose(family.ben, RetentionChoice.EIGHTEEN_MONTHS)
    assert ends(family, shared) == began + RetentionChoice.EIGHTEEN_MONTHS.lifetime_ms


def test_what_has_expired_does_not_come_back_with_a_longer_choice(family: Family) -> None:
    """Its time had come; that the sweep had not passed yet changes nothing."""
    family.choose(family.ada, RetentionChoice.DAY)
    expired = family.keep(family.ada).recording
    family.clock.advance(DAY)
    fresh = family.keep(family.ada).recording
    assert family.choose(family.ada, RetentionChoice.UNTIL_DELETED) == 1
    assert family.history(family.ada) == [fresh]
    with pytest.raises(NotFound):
        family.play(family.ada, expired)
    assert family.house.retention.sweep().expired == 1


def test_a_shorter_choice_shortens_even_what_only_seems_expired(small_family: Family) -> None:
    """While the clock is far ahead everything seems expired; the choice must count once it is set right."""
    family, began = small_family, small_family.clock.now_ms()
    kept = family.keep(family.ada).recording
    family.clock.jump_to(began + 1000 * DAY)
    family.choose(family.ada, RetentionChoice.DAY)
    family.clock.jump_to(began)
    assert ends(family, kept) == began + DAY


def test_nobody_chooses_for_somebody_else(small_family: Family) -> None:
    family = small_family
    kept = family.keep(family.ben)
    with pytest.raises(AccessDenied):
        family.house.retention.choose(family.ada.actor, family.ben.id, RetentionChoice.NOTHING)
    assert ends(family, kept.recording) == kept.expires_at


# --- the sweep --------------------------------------------------------------------------------------


def test_reading_refuses_from_the_moment_of_expiry(small_family: Family) -> None:
    family = small_family
    kept = family.keep(family.ada)
    family.house.retention.sweep()
    family.clock.jump_to(kept.expires_at - 1)
    assert AUDIO in family.play(family.ada, kept.recording)
    family.clock.jump_to(kept.expires_at)
    with pytest.raises(NotFound):
        family.play(family.ada, kept.recording)
    assert family.history(family.ada) == []


def test_the_sweep_takes_the_expired_and_nothing_else(family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    house = family.house
    monkeypatch.setattr(retention_module, "BATCH", 2)
    family.choose(family.ada, RetentionChoice.DAY)
    gone = [family.keep(family.ada).recording for _ in range(5)]
    stays = family.keep(family.ben).recording
    house.retention.sweep()
    family.clock.advance(DAY)
    done: list[int] = []
    assert house.retention.sweep(progress=done.append).expired == 5
    assert done == [2, 4, 5]
    assert not house.keyring.keys(gone)
    assert not any(is_stored(family, name) for name in gone)
    assert AUDIO in family.play(family.ben, stays)
    assert len(list(house.blobs.names())) == 1
    assert house.retention.sweep().expired == 0


def test_a_sweep_of_one_household_leaves_the_others_alone(small_family: Family) -> None:
    """The promises' canary sweeps its own house for a moment that has not come."""
    family, house = small_family, small_family.house
    neighbours = Family.move_in(house)
    kept, theirs = family.keep(family.ada), neighbours.keep(neighbours.ada).recording
    with house.database.write() as tx:
        house.effects.record(tx, Effect("", "rec_gone", neighbours.ada.id, "list", 1, canary("an old item")))
    moment = kept.expires_at + 100 * DAY
    assert house.retention.sweep(household=family.household, now=moment).expired == 1
    assert not is_stored(family, kept.recording)
    assert AUDIO in neighbours.play(neighbours.ada, theirs)
    assert len(house.effects.of_subject(neighbours.ada.id)) == 1


def test_what_a_recording_caused_is_forgotten_a_month_after_it(small_family: Family) -> None:
    family, house = small_family, small_family.house
    kept, now = family.keep(family.ada).recording, family.clock.now_ms()
    with house.database.write() as tx:
        for name in (kept, "rec_gone"):
            house.effects.record(tx, Effect("", name, family.ada.id, "list", now, canary("an item")))
    family.clock.advance(ORPHANED_EFFECT)
    daily(family, 1)  # the first look at the clock
    daily(family, 1)
    with house.database.read() as tx:
        assert list(tx.scalars(select(effect.c.recording_id))) == [kept]


def test_the_devices_removal_ends_nothing_that_was_kept(small_family: Family) -> None:
    family, house = small_family, small_family.house
    kept = family.keep(family.ada).recording
    house.directory.devices.change_mode(family.ada.device, DeviceMode.GUEST)
    house.directory.devices.remove(family.ada.device)
    assert AUDIO in family.play(family.ada, kept)
    (line,) = house.history.page(family.ada.actor, [family.ada.id]).lines
    assert line.device == "a device that was removed"


# --- clocks that jump -------------------------------------------------------------------------------


def test_after_a_leap_reading_refuses_and_removal_waits_a_day(family: Family) -> None:
    house = family.house
    kept = family.keep(family.ada).recording
    house.retention.sweep()
    family.clock.jump_to(family.clock.now_ms() + 365 * DAY)
    with pytest.raises(NotFound):
        family.play(family.ada, kept)
    for _ in range(23):
        assert house.retention.sweep().waiting_for_clock
        family.clock.advance(HOUR)
    assert house.keyring.keys([kept])
    family.clock.advance(HOUR)
    assert house.retention.sweep().expired == 1
    assert not house.keyring.keys([kept])


def test_a_clock_that_is_set_right_again_has_cost_nothing(small_family: Family) -> None:
    family, house = small_family, small_family.house
    kept, began = family.keep(family.ada).recording, family.clock.now_ms()
    house.retention.sweep()
    family.clock.jump_to(began + 365 * DAY)
    assert house.retention.sweep().waiting_for_clock
    family.clock.jump_to(began + HOUR)
    assert not house.retention.sweep().waiting_for_clock
    assert AUDIO in family.play(family.ada, kept)
    daily(family, 3)
    assert AUDIO in family.play(family.ada, kept)


def test_a_second_leap_does_not_count_as_a_day_of_standing(small_family: Family) -> None:
    family, house = small_family, small_family.house
    kept = family.keep(family.ada).recording
    house.retention.sweep()
    for _ in range(3):
        family.clock.jump_to(family.clock.now_ms() + 365 * DAY)
        assert house.retention.sweep().waiting_for_clock
    assert house.keyring.keys([kept])
    family.clock.advance(STANDING)
    assert house.retention.sweep().expired == 1


def test_a_leap_of_less_than_a_week_is_a_machine_that_was_off(small_family: Family) -> None:
    family, house = small_family, small_family.house
    family.choose(family.ada, RetentionChoice.DAY)
    family.keep(family.ada)
    house.retention.sweep()
    family.clock.jump_to(family.clock.now_ms() + JUMP)
    assert house.retention.sweep().expired == 1


def test_a_clock_that_goes_back_removes_nothing(small_family: Family) -> None:
    family, house = small_family, small_family.house
    kept, began = family.keep(family.ada).recording, family.clock.now_ms()
    house.retention.sweep()
    family.clock.jump_to(began - 1000 * DAY)
    assert house.retention.sweep().expired == 0
    assert AUDIO in family.play(family.ada, kept)
    family.clock.jump_to(began)
    assert house.retention.sweep().waiting_for_clock  # from there, the way back is a leap
    family.clock.advance(DAY)
    assert not house.retention.sweep().waiting_for_clock
    assert AUDIO in family.play(family.ada, kept)


def test_a_leap_is_seen_by_another_process_too(small_family: Family) -> None:
    family, house = small_family, small_family.house
    kept = family.keep(family.ada).recording
    house.retention.sweep()
    family.clock.jump_to(family.clock.now_ms() + 365 * DAY)
    with open_house(house.data, clock=family.clock) as other:
        assert other.retention.sweep().waiting_for_clock
    assert house.retention.sweep().waiting_for_clock
    assert house.keyring.keys([kept])


def test_damage_is_no_reason_to_keep_anything(small_family: Family) -> None:
    family, house = small_family, small_family.house
    family.choose(family.ada, RetentionChoice.DAY)
    damaged = family.keep(family.ada).recording
    (path,) = (house.data / "blobs").rglob("??/*")
    path.chmod(0o600)
    path.write_bytes(b"")
    family.keep(family.ada)
    with pytest.raises(BlobCorrupt):
        family.play(family.ada, damaged)
    house.retention.sweep()
    family.clock.advance(DAY)
    assert house.retention.sweep().expired == 2
    assert list(house.blobs.names()) == []
