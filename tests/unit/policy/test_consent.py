import pytest
from sqlalchemy import select, update

from earwitness.identity.changes import Change
from earwitness.identity.households import HouseholdKind
from earwitness.identity.people import Age, Person, Standing
from earwitness.kernel.actors import Role
from earwitness.kernel.errors import AccessDenied, BadInput, NotFound
from earwitness.policy.answers import Answer
from earwitness.policy.consent import ConsentChange
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema import consent, person, tombstone
from earwitness.testing.clock import VirtualClock
from earwitness.testing.village import Village


def current(village: Village, who: Person) -> set[Answer]:
    with village.database.read() as tx:
        return set(village.consents.current(tx, who.id))


def history(village: Village, who: Person) -> list[ConsentChange]:
    with village.database.read() as tx:
        return list(village.consents.history(tx, who.id))


def buried(village: Village) -> set[bytes]:
    with village.database.read() as tx:
        return set(tx.scalars(select(tombstone.c.id)))


def test_nobody_has_agreed_to_anything_by_default(village: Village) -> None:
    who = village.person(village.household())
    assert current(village, who) == set()
    assert history(village, who) == []


def test_each_purpose_needs_its_own_yes(village: Village) -> None:
    who = village.person(village.household())
    village.say_yes(who, Purpose.ASSIST)
    assert current(village, who) == {Answer(Purpose.ASSIST)}


def test_the_whole_history_is_kept(village: Village, virtual_clock: VirtualClock) -> None:
    who = village.person(village.household())
    start = virtual_clock.now_ms()
    village.say_yes(who, Purpose.REVIEW)
    virtual_clock.advance(10)
    village.say_no(who, Purpose.REVIEW)
    virtual_clock.advance(10)
    village.say_yes(who, Purpose.REVIEW)
    rows = history(village, who)
    assert [(each.given, each.at - start) for each in rows] == [(True, 0), (False, 10), (True, 20)]
    assert [each.ended_at and each.ended_at - start for each in rows] == [10, 20, None]
    assert {each.by for each in rows} == {who.id}


def test_saying_the_same_again_changes_nothing(village: Village) -> None:
    who = village.person(village.household())
    village.say_yes(who, Purpose.HISTORY)
    village.say_yes(who, Purpose.HISTORY)
    village.say_no(who, Purpose.REVIEW)
    village.say_no(who, Purpose.REVIEW)
    assert len(history(village, who)) == len(village.log.changes) == 2
    assert buried(village) == set()


def test_every_change_is_told_to_the_log_of_its_person(village: Village) -> None:
    who = village.person(village.household(), Standing.OWNER)
    village.say_yes(who, Purpose.HISTORY)
    village.say_no(who, Purpose.HISTORY)
    assert [(each.subject, each.actor, each.what, each.detail) for each in village.log.changes] == [
        (who.id, who.actor(), Change.CONSENT_GIVEN, "history"),
        (who.id, who.actor(), Change.CONSENT_WITHDRAWN, "history"),
    ]


def test_an_answer_that_ends_is_buried(village: Village) -> None:
    who = village.person(village.household())
    village.say_yes(who, Purpose.HISTORY)
    with village.database.read() as tx:
        first = tx.scalar(select(consent.c.tombstone))
    assert buried(village) == set()
    village.say_no(who, Purpose.HISTORY)
    assert buried(village) == {first}


def test_a_restored_backup_does_not_bring_a_yes_back(village: Village) -> None:
    who = village.person(village.household())
    village.say_yes(who, Purpose.HISTORY)
    with village.database.read() as tx:
        backup = tx.execute(select(consent)).one()._asdict()
    village.say_no(who, Purpose.HISTORY)
    village.change(lambda tx: (tx.execute(consent.delete()), tx.execute(consent.insert().values(**backup))))
    assert current(village, who) == set()
    village.say_yes(who, Purpose.HISTORY)
    assert current(village, who) == {Answer(Purpose.HISTORY)}
    assert [each.ended_at is None for each in history(village, who)].count(True) == 1


def test_a_change_that_the_log_does_not_take_is_no_change(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    who = village.person(village.household())

    def refuse(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(village.consents, "_record_change", refuse)
    with pytest.raises(RuntimeError):
        village.say_yes(who, Purpose.HISTORY)
    assert current(village, who) == set()


def test_an_adult_answers_alone(village: Village) -> None:
    home = village.household()
    owner, who = village.person(home, Standing.OWNER), village.person(home)
    staff = village.staff.register(Role.OPERATOR, "household", "DE")
    for actor in (owner.actor(), staff.actor(village.clock.now_ms())):
        for answer in (village.consents.record, village.consents.withdraw):
            with village.database.write() as tx, pytest.raises(AccessDenied):
                answer(tx, actor, who.id, Purpose.ASSIST)
    assert history(village, who) == []


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_parent_says_yes_for_a_child_to_assist_and_history_only(village: Village, purpose: Purpose) -> None:
    home = village.household()
    parent, child = village.person(home, Standing.OWNER), village.person(home, age=Age.CHILD)
    with village.database.write() as tx:
        if purpose in {Purpose.ASSIST, Purpose.HISTORY}:
            village.consents.record(tx, parent.actor(), child.id, purpose)
        else:
            with pytest.raises(AccessDenied):
                village.consents.record(tx, parent.actor(), child.id, purpose)
        village.consents.withdraw(tx, parent.actor(), child.id, purpose)
    assert current(village, child) == set()


def test_nobody_but_an_adult_owner_of_the_household_answers_for_a_child(village: Village) -> None:
    home = village.household()
    child = village.person(home, age=Age.CHILD)
    member, stranger = village.person(home), village.person(village.household(), Standing.OWNER)
    for actor in (child.actor(), member.actor(), stranger.actor()):
        with village.database.write() as tx, pytest.raises(AccessDenied):
            village.consents.record(tx, actor, child.id, Purpose.HISTORY)


def test_a_history_is_opened_to_one_adult_by_name(village: Village) -> None:
    home = village.household()
    who, hearer = village.person(home), village.person(home, Standing.OWNER)
    village.say_yes(who, Purpose.HISTORY, toward=hearer.id)
    assert current(village, who) == {Answer(Purpose.HISTORY, hearer.id)}
    assert village.log.changes[-1].detail == f"history toward {hearer.id}"
    village.say_yes(who, Purpose.HISTORY)
    village.say_no(who, Purpose.HISTORY, toward=hearer.id)
    assert current(village, who) == {Answer(Purpose.HISTORY)}


def test_a_history_is_opened_to_nobody_else(village: Village) -> None:
    home, work = village.household(), village.household(HouseholdKind.WORKPLACE)
    who, other = village.person(home), village.person(home)
    child, stranger = village.person(home, age=Age.CHILD), village.person(village.household())
    worker, boss = village.person(work), village.person(work, Standing.OWNER)
    for speaker, purpose, toward in (
        (who, Purpose.REVIEW, other),
        (who, Purpose.HISTORY, who),
        (who, Purpose.HISTORY, child),
        (who, Purpose.HISTORY, stranger),
        (worker, Purpose.HISTORY, boss),
    ):
        with pytest.raises(BadInput):
            village.say_yes(speaker, purpose, toward=toward.id)
    with pytest.raises(NotFound):
        village.say_yes(who, Purpose.HISTORY, toward="person_none")
    assert current(village, who) == current(village, worker) == set()


def test_a_parent_cannot_open_a_childs_history_to_anybody(village: Village) -> None:
    home = village.household()
    parent, other, child = (
        village.person(home, Standing.OWNER),
        village.person(home),
        village.person(home, age=Age.CHILD),
    )
    for hearer in (parent, other):
        with village.database.write() as tx, pytest.raises(AccessDenied):
            village.consents.record(tx, parent.actor(), child.id, Purpose.HISTORY, hearer.id)


def test_the_erased_have_agreed_to_nothing(village: Village) -> None:
    who = village.person(village.household())
    village.say_yes(who, Purpose.HISTORY)
    village.change(lambda tx: tx.execute(update(person).values(erased_at=1)))
    assert current(village, who) == set()
    with pytest.raises(NotFound):
        village.say_yes(who, Purpose.ASSIST)
