"""One contract for every ring store: SQLite files and PostgreSQL schemas."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from earwitness.kernel.errors import BadInput, KeyringError, NotFound, StorageBusy, StorageError
from earwitness.vault.rings import Head, Ring, RingFiles, RingStore
from earwitness.vault.rings.schemas import RingSchemas

MakeStore = Callable[[], RingStore]
"""Opens the same rings again, as another process does."""

WRAPPED = bytes(range(60))


@pytest.fixture(params=["files", "schemas"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStore]:
    with ExitStack() as closing:
        url = request.getfixturevalue("empty_postgresql_url") if request.param == "schemas" else ""

        def store() -> RingStore:
            made = RingSchemas(url) if url else RingFiles(tmp_path / "keys")
            closing.callback(made.close)
            return made

        yield store


@pytest.fixture
def store(make_store: MakeStore) -> RingStore:
    return make_store()


def turn_to(store: RingStore, epoch: int) -> None:
    with store.build(Head(epoch, b"kek %d" % epoch, 1000 + epoch, None, max(0, epoch - 2))) as builder:
        builder.index()
        builder.finish()
    store.switch(epoch)


def add(store: RingStore, subject: str, *keys: str) -> int:
    with store.write() as ring:
        number = ring.add_subject(subject, WRAPPED)
        ring.add_keys([(key, number, WRAPPED) for key in keys])
    return number


def found(store: RingStore, *keys: str) -> set[str]:
    return {row[0] for row in store.read(lambda ring: ring.find(keys))}


def test_an_empty_store_has_nothing_current(store: RingStore) -> None:
    assert store.current() is None
    assert store.epochs() == []
    with pytest.raises(NotFound):
        store.read(Ring.head)
    with pytest.raises(NotFound), store.write():
        pass


def test_a_ring_that_was_switched_to_is_current_for_everybody(store: RingStore, make_store: MakeStore) -> None:
    turn_to(store, 1)
    for each in (store, make_store()):
        assert each.current() == 1
        assert each.epochs() == [1]
        assert each.read(Ring.head) == Head(1, b"kek 1", 1001, None, 0)


def test_what_is_added_is_found_and_what_is_removed_is_not(store: RingStore, make_store: MakeStore) -> None:
    turn_to(store, 1)
    number = add(store, "person_a", "one", "two")
    other = make_store()
    assert other.read(lambda ring: ring.find(["two", "three"])) == [("two", WRAPPED, "person_a", WRAPPED)]
    assert other.read(lambda ring: ring.subjects(["person_a", "nobody"])) == [(number, "person_a", WRAPPED)]
    assert other.read(lambda ring: ring.subjects_numbered([number])) == [(number, "person_a", WRAPPED)]
    assert other.read(Ring.counts) == (1, 2)
    with other.write() as ring:
        ring.remove_keys(["two", "three"], note=False)
    assert found(store, "one", "two") == {"one"}


def test_a_key_whose_subject_is_gone_is_not_found(store: RingStore) -> None:
    turn_to(store, 1)
    add(store, "person_a", "one")
    add(store, "person_b", "two")
    with store.write() as ring:
        ring.remove_subjects(["person_a"], note=False)
    assert found(store, "one", "two") == {"two"}
    assert [name for _, name, _, _ in store.read(lambda ring: ring.keys_after(0, 99, 10))] == ["one", "two"]


def test_an_id_that_exists_is_refused_and_nothing_of_that_write_stays(store: RingStore) -> None:
    turn_to(store, 1)
    number = add(store, "person_a", "one")
    with pytest.raises(KeyringError), store.write() as ring:
        ring.add_keys([("two", number, WRAPPED), ("one", number, WRAPPED)])
    assert found(store, "one", "two") == {"one"}
    with pytest.raises(KeyringError):
        add(store, "person_a")


def test_an_error_inside_a_write_rolls_it_back(store: RingStore) -> None:
    turn_to(store, 1)

    def write() -> None:
        with store.write() as ring:
            ring.add_subject("person_a", WRAPPED)
            raise BadInput

    with pytest.raises(BadInput):
        write()
    assert store.read(Ring.counts) == (0, 0)


def test_numbers_grow_and_are_not_used_again(store: RingStore) -> None:
    turn_to(store, 1)
    first = add(store, "person_a", "one")
    with store.write() as ring:
        ring.remove_subjects(["person_a"], note=False)
        ring.remove_keys(["one"], note=False)
    assert add(store, "person_a", "one") > first


def test_ranges_give_what_was_added_since_in_order(store: RingStore) -> None:
    turn_to(store, 1)
    add(store, "person_a", *(f"key {number}" for number in range(7)))
    _, last = store.read(Ring.last)
    add(store, "person_b", "late")
    rows = store.read(lambda ring: ring.keys_after(0, last, 5))
    assert [row[1] for row in rows] == [f"key {number}" for number in range(5)]
    rest = store.read(lambda ring: ring.keys_after(rows[-1][0], last, 5))
    assert [row[1] for row in rest] == ["key 5", "key 6"]
    assert [row[1] for row in store.read(lambda ring: ring.subjects_after(0, 99, 9))] == ["person_a", "person_b"]


def test_what_is_destroyed_while_a_ring_is_prepared_is_noted(store: RingStore) -> None:
    turn_to(store, 1)
    subject = add(store, "person_a", "one", "two")
    with store.write(alone=True) as ring:
        ring.prepare_for(2)
    assert store.read(Ring.head).next == 2
    with store.write() as ring:
        ring.remove_keys(["two", "never there"], note=True)
        ring.remove_subjects(["person_a"], note=True)
    subjects, keys = store.read(Ring.gone)
    assert subjects == [subject]
    assert len(keys) == 1
    with store.write() as ring:
        ring.prepare_for(None)
    assert store.read(Ring.gone) == ([], [])


def test_a_built_ring_holds_what_was_filled_in_and_goes_on_counting(store: RingStore) -> None:
    turn_to(store, 1)
    with store.build(Head(2, b"kek 2", 5, None, 0)) as builder:
        builder.fill([(3, "person_a", WRAPPED), (9, "person_b", WRAPPED)], [])
        builder.fill([], [(4, "one", 3, WRAPPED), (5, "two", 3, WRAPPED), (20, "three", 9, WRAPPED)])
        assert sorted(builder.subjects([3, 4, 9])) == [(3, "person_a", WRAPPED), (9, "person_b", WRAPPED)]
        builder.index()
        builder.fill([(10, "person_c", WRAPPED)], [(21, "four", 10, WRAPPED), (22, "five", 10, WRAPPED)])
        builder.remove([9], [4, 22])
        assert store.current() == 1
        builder.finish()
    store.switch(2)
    assert found(store, "one", "two", "three", "four", "five") == {"two", "four"}
    assert add(store, "person_d", "six") > 10
    assert store.read(lambda ring: ring.keys_after(21, 99, 5))[0][1] == "six"


def test_a_ring_that_was_not_finished_is_dropped_whole(store: RingStore) -> None:
    turn_to(store, 1)
    add(store, "person_a", "one")
    with store.build(Head(2, b"kek 2", 5, None, 0)) as builder:
        builder.fill([(1, "person_a", WRAPPED)], [])
    assert store.epochs() == [1, 2]
    store.drop(2)
    store.drop(2)
    assert store.epochs() == [1]
    assert found(store, "one") == {"one"}
    turn_to(store, 2)
    assert found(store, "one") == set()


def test_a_ring_that_is_there_is_not_built_over(store: RingStore) -> None:
    turn_to(store, 1)
    with pytest.raises(StorageError), store.build(Head(1, b"x", 5, None, 0)):
        pass
    assert store.read(Ring.head).wrapped_kek == b"kek 1"


def test_other_processes_follow_a_switch(store: RingStore, make_store: MakeStore) -> None:
    turn_to(store, 1)
    add(store, "person_a", "one")
    other = make_store()
    assert found(other, "one") == {"one"}
    turn_to(store, 2)
    store.drop(1)
    assert found(other, "one") == set()
    add(other, "person_b", "two")
    assert found(store, "two") == {"two"}


def test_a_reader_that_a_switch_overtook_reads_the_new_ring(store: RingStore, make_store: MakeStore) -> None:
    turn_to(store, 1)
    other, seen = make_store(), []

    def body(ring: Ring) -> int:
        seen.append(ring.head().epoch)
        if len(seen) == 1:
            turn_to(other, 2)
            raise KeyringError
        return ring.head().epoch

    assert store.read(body) == 2
    assert seen == [1, 2]


def test_an_error_of_a_reader_that_nothing_overtook_is_raised(store: RingStore) -> None:
    turn_to(store, 1)

    def body(_ring: Ring) -> None:
        raise KeyringError

    with pytest.raises(KeyringError):
        store.read(body)


def test_one_rotation_at_a_time(store: RingStore, make_store: MakeStore) -> None:
    turn_to(store, 1)
    other = make_store()
    with store.rotating():
        for each in (other, store):
            with pytest.raises(StorageBusy), each.rotating():
                pass
        add(other, "person_a", "one")
    with other.rotating():
        pass


def test_the_right_to_rotate_is_given_back_after_an_error(store: RingStore) -> None:
    with pytest.raises(BadInput), store.rotating():
        raise BadInput
    with store.rotating():
        pass


def test_alone_keeps_other_writers_out_until_it_ends(store: RingStore, make_store: MakeStore) -> None:
    turn_to(store, 1)
    other, order = make_store(), []
    inside, began = threading.Event(), threading.Event()

    def write() -> None:
        inside.wait(20)
        began.set()
        add(other, "person_b")
        order.append("writer")

    thread = threading.Thread(target=write)
    thread.start()
    with store.write(alone=True) as ring:
        inside.set()
        began.wait(20)
        thread.join(0.1)
        assert ring.counts() == (0, 0)
        assert found(other, "one") == set()
        order.append("alone")
    thread.join(20)
    assert order == ["alone", "writer"]


def test_many_writers_of_two_processes_lose_nothing(store: RingStore, make_store: MakeStore) -> None:
    turn_to(store, 1)
    stores = [store, make_store()]

    def write(number: int) -> None:
        for turn in range(5):
            add(stores[number % 2], f"person_{number}_{turn}", f"key_{number}_{turn}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert store.read(Ring.counts) == (30, 30)


def test_it_says_where_a_ring_is_and_no_more(store: RingStore) -> None:
    place = store.place(3)
    assert "ring" in place.ring
    assert "3" in place.ring
    assert place.current
