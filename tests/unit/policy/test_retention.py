from collections.abc import Sequence

import pytest
from sqlalchemy import select

from earwitness.identity.changes import Change
from earwitness.identity.people import Age, Person, Standing
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import AccessDenied, NotFound
from earwitness.policy.retention import DEFAULT, IDENTITY_LIMIT_MS, Chosen, RetentionChoice, expiry
from earwitness.storage.schema import retention_choice, tombstone
from earwitness.testing.village import Village

NOTHING, ONE_DAY, THREE_MONTHS, EIGHTEEN_MONTHS, UNTIL_DELETED = RetentionChoice
LOST = Chosen(NOTHING, lost=True)


def current(village: Village, who: Person) -> Chosen:
    with village.database.read() as tx:
        return village.retention.current(tx, who.id)


def buried(village: Village) -> int:
    with village.database.read() as tx:
        return len(tx.execute(select(tombstone)).all())


def test_three_months_unless_something_else_is_chosen(village: Village) -> None:
    assert current(village, village.person(village.household())) == Chosen(THREE_MONTHS)
    assert DEFAULT is THREE_MONTHS


def test_the_choices_are_ordered_by_their_length() -> None:
    lengths = [each.lifetime_ms for each in RetentionChoice]
    assert lengths == sorted(set(lengths))
    assert (lengths[0], lengths[1]) == (0, DAY)
    assert THREE_MONTHS.lifetime_ms < IDENTITY_LIMIT_MS == 183 * DAY < EIGHTEEN_MONTHS.lifetime_ms
    assert expiry(1_000, ONE_DAY.lifetime_ms) == 1_000 + DAY
    assert all(each.in_words for each in RetentionChoice)


def test_the_latest_choice_counts_and_the_history_is_kept(village: Village) -> None:
    who = village.person(village.household())
    for choice in (EIGHTEEN_MONTHS, ONE_DAY, UNTIL_DELETED):
        village.choose(who, choice)
    assert current(village, who) == Chosen(UNTIL_DELETED)
    with village.database.read() as tx:
        rows = village.retention.history(tx, who.id)
    assert sorted(each.ended_at is None for each in rows) == [False, False, True]
    assert {each.choice for each in rows} == {EIGHTEEN_MONTHS, ONE_DAY, UNTIL_DELETED}
    assert [(each.what, each.detail) for each in village.log.changes] == [
        (Change.RETENTION_CHOSEN, "eighteen_months"),
        (Change.RETENTION_CHOSEN, "day"),
        (Change.RETENTION_CHOSEN, "until_deleted"),
    ]


@pytest.mark.parametrize(
    ("choices", "count"),
    [
        ([], 0),
        ([THREE_MONTHS], 0),
        ([EIGHTEEN_MONTHS], 0),
        ([ONE_DAY], 1),  # shorter than the default
        ([ONE_DAY, EIGHTEEN_MONTHS], 1),
        ([EIGHTEEN_MONTHS, THREE_MONTHS], 1),
        ([EIGHTEEN_MONTHS, ONE_DAY, ONE_DAY, NOTHING], 4),
        ([THREE_MONTHS, ONE_DAY], 2),  # a backup from before the first choice holds the default
        ([EIGHTEEN_MONTHS, UNTIL_DELETED, THREE_MONTHS], 2),  # a backup may hold either
    ],
)
def test_whatever_is_followed_by_something_shorter_is_buried(
    village: Village, choices: Sequence[RetentionChoice], count: int
) -> None:
    who = village.person(village.household())
    for choice in choices:
        village.choose(who, choice)
    assert buried(village) == count


def test_a_restored_backup_does_not_bring_a_longer_choice_back(village: Village) -> None:
    who = village.person(village.household())
    village.choose(who, UNTIL_DELETED)
    with village.database.read() as tx:
        backup = tx.execute(select(retention_choice)).one()._asdict()
    village.choose(who, ONE_DAY)
    village.change(
        lambda tx: (tx.execute(retention_choice.delete()), tx.execute(retention_choice.insert().values(**backup)))
    )
    assert current(village, who) == LOST
    village.choose(who, EIGHTEEN_MONTHS)
    assert current(village, who) == Chosen(EIGHTEEN_MONTHS)


def test_a_restored_backup_does_not_bring_the_default_back(village: Village) -> None:
    who, other = (village.person(village.household()) for _ in range(2))
    village.choose(who, NOTHING)
    village.change(lambda tx: tx.execute(retention_choice.delete()))
    assert current(village, who) == LOST
    assert current(village, other) == Chosen(DEFAULT)
    village.choose(who, ONE_DAY)
    assert current(village, who) == Chosen(ONE_DAY)


def test_an_adult_chooses_alone_and_for_a_child_there_is_nothing_to_choose(village: Village) -> None:
    home = village.household()
    owner, who, child = village.person(home, Standing.OWNER), village.person(home), village.person(home, age=Age.CHILD)
    with village.database.write() as tx:
        for actor, whom in ((owner, who), (owner, child), (child, child)):
            with pytest.raises(AccessDenied):
                village.retention.choose(tx, actor.actor(), whom.id, ONE_DAY)
        with pytest.raises(NotFound):
            village.retention.choose(tx, owner.actor(), "person_none", ONE_DAY)
    assert current(village, who) == Chosen(DEFAULT)
