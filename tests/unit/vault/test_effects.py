"""What a recording caused: sealed for its person, listed, taken back once and as far as it can be."""

import pytest
from sqlalchemy import select

from earwitness.bootstrap import House
from earwitness.kernel.errors import BadInput, KeyDestroyed, NotFound, StorageError
from earwitness.storage.schema import effect
from earwitness.testing.canary import canary, traces_in_folder
from earwitness.testing.house import Family
from earwitness.vault.effects import Effect


def cause(family: Family, recording: str, kind: str = "list", at: int = 1) -> Effect:
    caused = Effect("", recording, family.ada.id, kind, at, canary("seed on the list"), {"item": 7})
    with family.house.database.write() as tx:
        return family.house.effects.record(tx, caused)


def test_what_was_noted_is_listed(family: Family) -> None:
    house = family.house
    second, first = cause(family, "rec_1", at=2), cause(family, "rec_1", at=1)
    cause(family, "rec_2")
    assert house.effects.of(["rec_1"]) == [first, second]
    assert first.what == canary("seed on the list")
    assert first.undo == {"item": 7}
    assert len(house.effects.of_subject(family.ada.id)) == 3
    assert house.effects.of_subject(family.ben.id) == []


def test_it_is_sealed(small_family: Family) -> None:
    cause(small_family, "rec_1")
    assert not traces_in_folder(small_family.house.data)


def test_a_description_opens_as_itself_only(small_family: Family) -> None:
    house = small_family.house
    first, second = cause(small_family, "rec_1"), cause(small_family, "rec_2")
    with house.database.write() as tx:
        sealed = tx.scalar(select(effect.c.sealed).where(effect.c.id == first.id))
        tx.execute(effect.update().where(effect.c.id == second.id).values(sealed=sealed))
    with pytest.raises(StorageError):
        house.effects.of(["rec_2"])
    assert house.effects.of(["rec_1"]) == [first]


def test_it_is_taken_back_in_the_world_and_then_gone_from_the_list(small_family: Family) -> None:
    house = small_family.house
    taken: list[Effect] = []
    house.effects.register("list", taken.append)
    caused = cause(small_family, "rec_1")
    assert house.effects.of(["rec_1"])[0].removable
    assert house.effects.remove(caused.id, 5).undo == {"item": 7}
    assert [each.id for each in taken] == [caused.id]
    assert house.effects.of(["rec_1"]) == []
    with pytest.raises(NotFound):
        house.effects.remove(caused.id, 6)
    assert len(taken) == 1


def test_what_cannot_be_taken_back_says_so_and_stays(small_family: Family) -> None:
    house = small_family.house
    caused = cause(small_family, "rec_1", kind="message")
    with pytest.raises(BadInput, match="'message' cannot be taken back"):
        house.effects.remove(caused.id, 5)
    assert [each.removable for each in house.effects.of(["rec_1"])] == [False]


def test_a_removal_that_fails_leaves_it_listed(small_family: Family) -> None:
    house = small_family.house

    def fail(_: Effect) -> None:
        raise StorageError

    house.effects.register("list", fail)
    caused = cause(small_family, "rec_1")
    with pytest.raises(StorageError):
        house.effects.remove(caused.id, 5)
    assert [each.id for each in house.effects.of(["rec_1"])] == [caused.id]


def test_a_kind_is_registered_once(small_house: House) -> None:
    small_house.effects.register("list", lambda _: None)
    with pytest.raises(BadInput, match="registered twice"):
        small_house.effects.register("list", lambda _: None)


def test_an_effect_that_does_not_exist(small_house: House) -> None:
    with pytest.raises(NotFound):
        small_house.effects.remove("eff_none", 5)


def test_they_end_with_their_person(small_family: Family) -> None:
    family, house = small_family, small_family.house
    cause(family, "rec_1")
    accepted = family.erase(family.ada)
    assert [each.what for each in accepted.effects] == [canary("seed on the list")]
    with pytest.raises(KeyDestroyed):
        house.effects.of_subject(family.ada.id)
    family.remove(accepted)
    assert house.effects.of_subject(family.ada.id) == []


def test_all_of_a_person_are_found_however_many(small_family: Family) -> None:
    """An export is everything, and an erasure offers all of it for removal."""
    family, house = small_family, small_family.house
    with house.database.write() as tx:
        for number in range(1_001):
            house.effects.record(tx, Effect("", "rec_1", family.ada.id, "list", number, "an item"))
    assert len(house.effects.of_subject(family.ada.id)) == 1_001
