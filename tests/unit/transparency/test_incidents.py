"""Incidents: whom it concerns is found, told in their own words' privacy, and cannot be untold."""

import pytest
from sqlalchemy import func, select

from earwitness.kernel.clock import HOUR
from earwitness.kernel.errors import AccessDenied, BadInput, NotFound, StorageError
from earwitness.storage.schema import incident, incident_notice
from earwitness.testing.canary import traces_in_folder
from earwitness.testing.house import Family
from earwitness.transparency.incidents import LONGEST_SUMMARY

SAID = "a disk was lost on the way to repair"


def count(family: Family) -> int:
    with family.house.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(incident)) or 0


def test_a_notice_names_ones_own_recordings_and_nobody_elses(family: Family) -> None:
    house = family.house
    mine, bens = [family.keep(family.ada).recording for _ in range(2)], family.keep(family.ben).recording
    made = house.incidents.report(family.ada.actor, SAID, recordings=[*mine, bens])
    assert {each.subject: set(each.recordings) for each in made.affected} == {
        family.ada.id: set(mine),
        family.ben.id: {bens},
    }
    (notice,) = house.incidents.notices(family.ada.id)
    assert SAID in notice
    assert made.id in notice
    assert all(name in notice for name in mine)
    assert bens not in notice
    assert not traces_in_folder(house.data)


def test_a_span_takes_what_was_recorded_in_it(small_family: Family) -> None:
    family, house = small_family, small_family.house
    began = family.clock.now_ms()
    names = []
    for _ in range(3):
        names.append(family.keep(family.ada).recording)
        family.clock.advance(HOUR)
    made = house.incidents.report(family.ada.actor, SAID, span=(began + HOUR, began + 2 * HOUR))
    assert [each.recordings for each in made.affected] == [(names[1],)]
    with pytest.raises(NotFound):
        house.incidents.report(family.ada.actor, SAID, span=(began + 5 * HOUR, began))


def test_what_is_shared_concerns_the_household(small_family: Family) -> None:
    family, house = small_family, small_family.house
    shared = family.keep(family.ada, device=family.shared_device()).recording
    made = house.incidents.report(family.ada.actor, SAID, recordings=[shared])
    assert [each.subject for each in made.affected] == [family.household]
    assert len(house.incidents.notices(family.household)) == 1


def test_what_was_erased_is_named_as_unknown_and_holds_up_nobody(small_family: Family) -> None:
    """Between the erasure and its removal rows are still there, but nobody's key is."""
    family, house = small_family, small_family.house
    bens = family.keep(family.ben).recording
    gone = family.keep(family.ben).recording
    now = family.clock.now_ms()
    family.erase(family.ben, gone)
    made = house.incidents.report(family.ada.actor, SAID, recordings=[bens, gone])
    assert made.unknown == (gone,)
    family.erase(family.ben)
    mine = family.keep(family.ada).recording
    made = house.incidents.report(family.ada.actor, SAID, span=(now, now + 1))
    assert [each.recordings for each in made.affected] == [(mine,)]


def test_it_is_in_the_log_of_each(small_family: Family) -> None:
    family, house = small_family, small_family.house
    made = house.incidents.report(family.ada.actor, SAID, recordings=[family.keep(family.ben).recording])
    entry = house.audit.entries(family.ben.id, newest_first=True, limit=1)[0]
    assert (entry.body["action"], entry.body["details"]) == ("incident:notice", {"incident": made.id})
    assert entry.body["actor"]["id"] == family.ada.id


def test_who_may_not_manage_the_household_reports_nothing(small_family: Family) -> None:
    family, house = small_family, small_family.house
    mine = family.keep(family.ben).recording
    with pytest.raises(AccessDenied):
        house.incidents.report(family.ben.actor, SAID, recordings=[mine])
    neighbours = Family.move_in(house)
    theirs = neighbours.keep(neighbours.ada).recording
    with pytest.raises(AccessDenied):
        house.incidents.report(family.ada.actor, SAID, recordings=[mine, theirs])
    assert count(family) == 0
    assert house.incidents.notices(family.ben.id) == []


@pytest.mark.parametrize("summary", ["", " \n", "x" * (LONGEST_SUMMARY + 1)])
def test_a_summary_has_words_and_an_end(small_family: Family, summary: str) -> None:
    with pytest.raises(BadInput, match="Say in 1 to"):
        small_family.house.incidents.report(small_family.ada.actor, summary, recordings=["rec_1"])


def test_recordings_or_a_span_but_not_both(small_family: Family) -> None:
    house, actor = small_family.house, small_family.ada.actor
    with pytest.raises(BadInput, match="one of the two"):
        house.incidents.report(actor, SAID)
    with pytest.raises(BadInput, match="one of the two"):
        house.incidents.report(actor, SAID, recordings=["rec_1"], span=(1, 2))


def test_all_or_nothing(small_family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    family, house = small_family, small_family.house
    name = family.keep(family.ada).recording

    def fail(*_: object) -> None:
        raise StorageError

    with monkeypatch.context() as patched:
        patched.setattr(house.audit, "append", fail)
        patched.setattr(house.incidents, "_access", _Willing())
        with pytest.raises(StorageError):
            house.incidents.report(family.ada.actor, SAID, recordings=[name])
    assert count(family) == 0
    with house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(incident_notice)) == 0


class _Willing:
    """Opens whatever is asked for, without an entry."""

    def open(self, *_: object) -> None:
        """Say yes."""


def test_a_notice_goes_with_its_person(small_family: Family) -> None:
    family, house = small_family, small_family.house
    house.incidents.report(family.ada.actor, SAID, recordings=[family.keep(family.ben).recording])
    family.remove(family.erase(family.ben))
    assert house.incidents.notices(family.ben.id) == []
