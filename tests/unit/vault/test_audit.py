"""The sealed entries: numbered, chained, bound to their subject and place; an omission shows."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Table, delete, insert, select, update

from earwitness.bootstrap import House
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import rfc3339
from earwitness.kernel.errors import KeyDestroyed, LogCorrupt, StorageError
from earwitness.ledger.commitments import entry_commitment
from earwitness.policy.access import AccessRecord, Action
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema import audit_entry, audit_head, ledger_leaf
from earwitness.vault.audit import NO_ENTRY, Event

ADA = Actor("person_ada", Role.OWNER)
SUBJECT, OTHER = "person_ada", "person_ben"


@pytest.fixture
def house(small_house: House) -> House:
    for subject in (SUBJECT, OTHER):
        small_house.keyring.create_subject(subject)
    return small_house


def event(number: int, subject: str = SUBJECT, actor: Actor = ADA) -> Event:
    return Event(subject, 1_795_000_000_000 + number, actor, "recording:play", "history", (f"rec_{number}",))


def append(house: House, *events: Event) -> list[int]:
    with house.database.write() as tx:
        return house.audit.append(tx, events)


@contextmanager
def tampered(house: House, table: Table, *, where: object, change: dict[str, object] | None = None) -> Iterator[None]:
    """Take rows away, or change them, for as long as the ``with`` lasts."""
    with house.database.write() as tx:
        rows = [row._asdict() for row in tx.execute(select(table).where(where))]  # type: ignore[arg-type]
        assert rows
        if change is None:
            tx.execute(delete(table).where(where))  # type: ignore[arg-type]
        else:
            tx.execute(update(table).where(where).values(**change))  # type: ignore[arg-type]
    yield
    with house.database.write() as tx:
        if change is not None:
            keys = [column.name for column in table.primary_key]
            for row in rows:
                tx.execute(delete(table).where(*(table.c[key] == row[key] for key in keys)))
        tx.execute(insert(table), rows)


def test_entries_are_numbered_and_chained_for_each_subject(house: House) -> None:
    indexes = append(house, event(0), event(1, OTHER), event(2))
    indexes += append(house, event(3))
    entries = house.audit.entries(SUBJECT)
    assert [entry.seq for entry in entries] == [0, 1, 2]
    assert [entry.index for entry in entries] == [indexes[0], indexes[2], indexes[3]]
    assert [entry.body["resources"] for entry in entries] == [["rec_0"], ["rec_2"], ["rec_3"]]
    heads = [NO_ENTRY, *(entry.commitment for entry in entries)]
    assert [entry.body["prev"] for entry in entries] == [head.hex() for head in heads[:-1]]
    assert [entry.body["seq"] for entry in house.audit.entries(OTHER)] == [0]


def test_an_entry_is_canonical_json_under_its_commitment(house: House) -> None:
    append(house, event(0))
    (entry,) = house.audit.entries(SUBJECT)
    again = json.dumps(json.loads(entry.text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again.encode() == entry.text
    assert entry_commitment(entry.salt, entry.text) == entry.commitment
    assert entry.body["at"] == rfc3339(event(0).at)
    assert entry.body["actor"] == {"id": "person_ada", "role": "owner"}


def test_of_staff_the_kind_of_employer_and_the_country_are_told(house: House) -> None:
    reviewer = Actor("staff_1", Role.REVIEWER, employer="contractor", country="NZ")
    append(house, event(0, actor=reviewer))
    (entry,) = house.audit.entries(SUBJECT)
    told = {"id": "staff_1", "role": "reviewer", "employer": "contractor", "country": "NZ"}
    assert entry.body["actor"] == told


def test_two_equal_events_look_different_in_public(house: House) -> None:
    first, second = append(house, event(0), event(0))
    with house.database.read() as tx:
        leaves = house.log.leaves(tx, [first, second])
    assert leaves[0].commitment != leaves[1].commitment
    assert leaves[0].sealed != leaves[1].sealed


def test_newest_first_and_so_many(house: House) -> None:
    append(house, *(event(number) for number in range(5)))
    assert [entry.seq for entry in house.audit.entries(SUBJECT, newest_first=True, limit=2)] == [4, 3]


def test_a_rolled_back_entry_leaves_no_gap(house: House) -> None:
    append(house, event(0))

    def fail_half_way() -> None:
        with house.database.write() as tx:
            house.audit.append(tx, [event(1)])
            raise StorageError

    with pytest.raises(StorageError):
        fail_half_way()
    append(house, event(2))
    assert list(house.audit.chain_breaks(SUBJECT)) == []
    assert [entry.seq for entry in house.audit.entries(SUBJECT)] == [0, 1]


def test_many_threads_make_one_chain(house: House) -> None:
    def record(number: int) -> None:
        at = house.clock.now_ms()
        access = AccessRecord(SUBJECT, ADA, Action.RECORDING_PLAY, Purpose.HISTORY, (f"rec_{number}",), "g", at, at)
        house.audit.record_access([access])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(record, range(40)))
    assert list(house.audit.chain_breaks(SUBJECT)) == []
    found = {entry.body["resources"][0] for entry in house.audit.entries(SUBJECT)}
    assert found == {f"rec_{number}" for number in range(40)}


def test_without_the_subjects_key_nothing_is_written_or_read(house: House) -> None:
    append(house, event(0))
    size = house.log.size()
    house.keyring.destroy_subject(SUBJECT)
    with pytest.raises(KeyDestroyed):
        append(house, event(1, OTHER), event(1))
    with pytest.raises(KeyDestroyed):
        house.audit.entries(SUBJECT)
    assert house.log.size() == size
    assert house.audit.entries(OTHER) == []


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_an_entry_that_is_left_out_shows(house: House, missing: int) -> None:
    append(house, *(event(number) for number in range(3)))
    with tampered(house, audit_entry, where=(audit_entry.c.subject_id == SUBJECT) & (audit_entry.c.seq == missing)):
        assert list(house.audit.chain_breaks(SUBJECT)) != []
        with pytest.raises(LogCorrupt, match="chain of entries is broken"):
            house.audit.require_whole(SUBJECT)
    house.audit.require_whole(SUBJECT)


def test_a_chain_that_is_gone_altogether_shows(house: House) -> None:
    append(house, event(0), event(1))
    with tampered(house, audit_entry, where=audit_entry.c.subject_id == SUBJECT):
        assert list(house.audit.chain_breaks(SUBJECT)) == [0]


def test_a_head_that_was_set_back_shows(house: House) -> None:
    append(house, event(0), event(1))
    first = house.audit.entries(SUBJECT)[0]
    back = {"seq": 1, "head": first.commitment}
    with tampered(house, audit_head, where=audit_head.c.subject_id == SUBJECT, change=back):
        assert list(house.audit.chain_breaks(SUBJECT)) == [1]


def test_an_entry_opens_only_in_its_own_place(house: House) -> None:
    first, second = append(house, event(0), event(1))
    with house.database.read() as tx:
        leaves = house.log.leaves(tx, [first, second])
    change: dict[str, object] = {"sealed": leaves[1].sealed, "commitment": leaves[1].commitment}
    with (
        tampered(house, ledger_leaf, where=ledger_leaf.c.idx == first, change=change),
        pytest.raises(LogCorrupt, match=f"Entry {first} of the log is damaged"),
    ):
        house.audit.entries(SUBJECT)


def test_an_entry_of_another_subject_does_not_open(house: House) -> None:
    (mine,) = append(house, event(0))
    (theirs,) = append(house, event(0, OTHER))
    with (
        tampered(house, audit_entry, where=audit_entry.c.idx == mine, change={"idx": theirs}),
        pytest.raises(LogCorrupt),
    ):
        house.audit.entries(SUBJECT)


def test_a_commitment_that_was_changed_shows(house: House) -> None:
    (index,) = append(house, event(0))
    with (
        tampered(house, ledger_leaf, where=ledger_leaf.c.idx == index, change={"commitment": bytes(32)}),
        pytest.raises(LogCorrupt, match="not what the log committed to"),
    ):
        house.audit.entries(SUBJECT)
