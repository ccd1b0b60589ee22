"""A key backup must not put off what receipts have promised."""

from pathlib import Path

from earwitness.backup.keycopies import backup_keys
from earwitness.kernel.clock import DAY
from earwitness.testing.house import Family


def test_a_key_backup_ends_the_epoch_that_erasures_wait_for(small_family: Family, tmp_path: Path) -> None:
    family, house = small_family, small_family.house
    kept = family.keep(family.ada).recording
    accepted = house.erasure.erase(family.ada.actor, family.scope(family.ada.id, kept))
    house.removal.remove(accepted.erasure)
    before = house.keyring.epoch
    made = backup_keys(house, tmp_path / "keys", days=30)
    assert made.epoch == before + 1
    completed = [each for each in house.receipts.of(family.ada.id) if each.kind == "erasure-completed"]
    assert [(each.erasure, each.body["late"]) for each in completed] == [(accepted.erasure, False)]


def test_without_one_it_leaves_the_epoch_alone(small_family: Family, tmp_path: Path) -> None:
    house = small_family.house
    before = house.keyring.epoch
    assert backup_keys(house, tmp_path / "keys", days=1).epoch == before
    small_family.clock.advance(DAY)
