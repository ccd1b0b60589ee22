import pytest
from sqlalchemy import select

from earwitness.kernel.errors import BadInput, NotFound
from earwitness.storage.schema import contact, place
from earwitness.testing.canary import ADDRESS, CONTACT, NAME, PLACE, traces
from earwitness.testing.village import Village


def test_a_place_is_added_found_by_any_way_to_say_it_renamed_and_removed(village: Village) -> None:
    home = village.household()
    made = village.places.add(home, PLACE, ["The Lane", "the  LANE"])
    assert made.variants == ("the lane",)
    assert village.places.find(home, "THE lane") == made
    assert village.places.find(home, PLACE.lower()) == made
    assert village.places.find(home, made.id) == made
    assert village.places.rename(made.id, "Home").variants == ("the lane",)
    assert village.places.rename(made.id, "Home", ["our place"]) == village.places.get(made.id)
    village.places.remove(made.id)
    assert village.places.list(home) == []
    with pytest.raises(NotFound):
        village.places.remove(made.id)


def test_a_contact_is_added_found_by_any_way_to_say_it_renamed_and_removed(village: Village) -> None:
    who = village.person(village.household()).id
    made = village.contacts.add(who, CONTACT, ["the doctor"], ADDRESS)
    assert village.contacts.find(who, "The Doctor") == made
    assert village.contacts.find(who, CONTACT) == made
    renamed = village.contacts.rename(made.id, NAME)
    assert (renamed.address, renamed.variants) == (ADDRESS, ("the doctor",))
    assert village.contacts.list(who) == [renamed]
    village.contacts.remove(made.id)
    with pytest.raises(NotFound):
        village.contacts.get(made.id)


def test_one_persons_contacts_are_not_another_persons(village: Village) -> None:
    home = village.household()
    one, other = village.person(home).id, village.person(home).id
    village.contacts.add(one, CONTACT)
    with pytest.raises(NotFound):
        village.contacts.find(other, CONTACT)


def test_two_contacts_said_the_same_are_ambiguous(village: Village) -> None:
    who = village.person(village.household()).id
    ids = [village.contacts.add(who, f"{CONTACT} {n}", ["doc"]).id for n in range(2)]
    with pytest.raises(BadInput, match=r"contact_.*contact_") as refused:
        village.contacts.find(who, "doc")
    assert all(each in str(refused.value) for each in ids)


def test_everything_rests_sealed_and_goes_with_the_key(village: Village) -> None:
    home = village.household()
    who = village.person(home).id
    village.contacts.add(who, CONTACT, ["zebrafinch"], ADDRESS)
    made = village.places.add(home, PLACE)
    with village.database.read() as tx:
        rows = [*tx.scalars(select(contact.c.sealed)), *tx.scalars(select(place.c.sealed))]
    assert len(rows) == 2
    assert all(not traces(row, "the row") for row in rows)
    village.sealer.destroy_subject(who)
    village.sealer.destroy_subject(home)
    assert village.contacts.list(who) == []
    assert village.places.list(home) == []
    with pytest.raises(NotFound):
        village.places.get(made.id)


def test_bad_input_adds_nothing(village: Village) -> None:
    home = village.household()
    who = village.person(home).id
    for name, address in (("", ""), (CONTACT, "a" * 321), (CONTACT, "a\x00b")):
        with pytest.raises(BadInput):
            village.contacts.add(who, name, address=address)
    with pytest.raises(NotFound):
        village.contacts.add("person_none", CONTACT)
    with pytest.raises(NotFound):
        village.places.add("household_none", PLACE)
    assert village.contacts.list(who) == []
