import pyrage
import pytest
from sqlalchemy import select, update

from earwitness.identity.households import HouseholdKind
from earwitness.identity.people import Age, Standing
from earwitness.kernel.actors import Role
from earwitness.kernel.errors import BadInput, KeyCorrupt, NotFound, RowCorrupt
from earwitness.storage.schema import household, person
from earwitness.testing.canary import CHILD_NAME, HOUSEHOLD, NAME, OTHER_NAME, traces
from earwitness.testing.village import Village

NOBODY = "person_" + "a" * 26


def test_a_household_is_added_listed_found_and_renamed(village: Village) -> None:
    made = village.households.add(HOUSEHOLD, HouseholdKind.WORKPLACE)
    assert village.households.list() == [made]
    assert village.households.find(HOUSEHOLD.upper()) == made
    assert village.households.find(made.id) == made
    assert village.households.rename(made.id, OTHER_NAME).name == OTHER_NAME
    with pytest.raises(NotFound):
        village.households.find(HOUSEHOLD)


def test_a_person_is_added_listed_found_and_renamed(village: Village) -> None:
    home = village.household()
    made = village.people.add(home, NAME, Standing.OWNER)
    assert (made.name, made.standing, made.age, made.role) == (NAME, Standing.OWNER, Age.ADULT, Role.OWNER)
    assert village.people.list(home) == [made]
    assert village.people.find(f" {NAME.lower()}") == made
    assert village.people.find(made.id, home) == made
    assert village.people.rename(made.id, OTHER_NAME).name == OTHER_NAME


def test_two_people_of_one_name_are_told_apart_by_id(village: Village) -> None:
    home = village.household()
    ids = sorted(village.people.add(home, NAME).id for _ in range(2))
    with pytest.raises(BadInput) as refused:
        village.people.find(NAME)
    assert all(each in str(refused.value) for each in ids)
    assert not traces(str(refused.value).encode(), "the error")
    assert village.people.find(ids[0]).id == ids[0]


def test_the_search_keeps_to_the_household_asked_for(village: Village) -> None:
    one, other = village.household(), village.household()
    here = village.people.add(one, NAME)
    village.people.add(other, NAME)
    assert village.people.find(NAME, one) == here


def test_who_is_not_there_is_not_found_and_not_named(village: Village) -> None:
    with pytest.raises(NotFound) as refused:
        village.people.find(NAME)
    assert not traces(str(refused.value).encode(), "the error")
    with pytest.raises(NotFound):
        village.people.get(NOBODY)
    with pytest.raises(NotFound):
        village.people.find(NOBODY)


def test_a_child_is_a_member_and_never_an_owner(village: Village) -> None:
    home = village.household()
    child = village.people.add(home, CHILD_NAME, age=Age.CHILD)
    assert child.role is Role.CHILD
    with pytest.raises(BadInput):
        village.people.add(home, CHILD_NAME, Standing.OWNER, Age.CHILD)
    with pytest.raises(BadInput):
        village.people.set_standing(child.id, Standing.OWNER)


def test_a_bad_name_changes_nothing(village: Village) -> None:
    home = village.household()
    subjects = set(village.sealer.keys)
    for name in ("", "x" * 81, "a\tb"):
        with pytest.raises(BadInput):
            village.people.add(home, name)
    assert village.people.list() == []
    assert set(village.sealer.keys) == subjects


def test_a_person_needs_a_household(village: Village) -> None:
    with pytest.raises(NotFound):
        village.people.add("household_none", NAME)
    assert village.sealer.keys == {}


def test_names_rest_sealed(village: Village) -> None:
    made = village.people.add(village.household(), NAME)
    with village.database.read() as tx:
        rows = [*tx.scalars(select(person.c.sealed)), *tx.scalars(select(household.c.sealed))]
    assert len(rows) == 2
    assert all(not traces(row, "the row") for row in rows)
    assert village.people.get(made.id).name == NAME


def test_a_sealed_name_opens_only_in_its_own_row(village: Village) -> None:
    home = village.household()
    one, other = village.people.add(home, NAME), village.people.add(home, OTHER_NAME)
    with village.database.write() as tx:
        sealed = tx.scalar(select(person.c.sealed).where(person.c.id == one.id))
        tx.execute(update(person).where(person.c.id == other.id).values(sealed=sealed))
    with pytest.raises(KeyCorrupt):
        village.people.get(other.id)


def test_what_opens_but_is_no_name_is_named_as_damaged(village: Village) -> None:
    made = village.people.add(village.household(), NAME)
    for wrong in (b"[]", b"\xff"):
        sealed = village.sealer.seal(made.id, f"person/{made.id}", wrong)
        with village.database.write() as tx:
            tx.execute(update(person).where(person.c.id == made.id).values(sealed=sealed))
        with pytest.raises(RowCorrupt, match=made.id):
            village.people.get(made.id)


def test_an_erased_person_has_no_name_and_is_not_found(village: Village) -> None:
    home = village.household()
    made = village.people.add(home, NAME)
    with village.database.write() as tx:
        tx.execute(update(person).values(erased_at=1, sealed=None, recipient=None))
    assert village.people.get(made.id).name is None
    assert village.people.list(home) == []
    assert [each.id for each in village.people.list(home, erased=True)] == [made.id]
    for change in (
        lambda: village.people.find(made.id),
        lambda: village.people.rename(made.id, OTHER_NAME),
        lambda: village.people.set_standing(made.id, Standing.OWNER),
        lambda: village.people.set_recipient(made.id, str(pyrage.x25519.Identity.generate().to_public())),
    ):
        with pytest.raises(NotFound):
            change()


def test_a_person_whose_key_is_gone_has_no_name_even_before_the_row_says_so(village: Village) -> None:
    made = village.people.add(village.household(), NAME)
    village.sealer.destroy_subject(made.id)
    assert village.people.get(made.id).name is None
    with pytest.raises(NotFound):
        village.people.find(NAME)


def test_a_recipient_is_an_age_public_key(village: Village) -> None:
    home = village.household()
    identity = pyrage.x25519.Identity.generate()
    key = str(identity.to_public())
    made = village.people.add(home, NAME, recipient=f" {key}\n")
    assert made.recipient == key
    for wrong in ("", "age1", key[:-1], str(identity)):
        with pytest.raises(BadInput):
            village.people.set_recipient(made.id, wrong)
    assert village.people.get(made.id).recipient == key


def test_a_secret_key_given_by_mistake_is_not_repeated(village: Village) -> None:
    secret = str(pyrage.x25519.Identity.generate())
    with pytest.raises(BadInput) as refused:
        village.people.add(village.household(), NAME, recipient=secret)
    assert secret not in str(refused.value)
