"""Intake: all of a recording or nothing of it, whatever fails and whoever says no in between."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection, func, select

from earwitness.bootstrap import House, intake_lock
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Standing
from earwitness.kernel.audio import Clip
from earwitness.kernel.errors import BadInput, ConsentMissing, KeyDestroyed, StorageError, StorageFull
from earwitness.policy.keeping import KeepDecision, may_keep
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.storage.blobs import BlobStore
from earwitness.storage.database import Database
from earwitness.storage.schema import artefact, recording
from earwitness.testing.canary import AUDIO, TRANSCRIPT
from earwitness.testing.homes import Home
from earwitness.testing.house import SHORT_AUDIO, Family
from earwitness.vault.audit import Audit, Event
from earwitness.vault.erasure import Accepted
from earwitness.vault.intake import LARGEST_GROUP, Incoming, Intake, Kept
from earwitness.vault.keyring import Keyring


class BlobsBetween:
    """A real store that does something else first, each time objects are put."""

    def __init__(self, inner: BlobStore, first: Callable[[], None]) -> None:
        self._inner = inner
        self._first = first

    def put(self, name: str, data: bytes | Iterable[bytes]) -> None:
        self._inner.put(name, data)

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        self._first()
        self._inner.put_many(items)

    def get(self, name: str) -> bytes:
        return self._inner.get(name)

    def get_range(self, name: str, start: int, end: int) -> bytes:
        return self._inner.get_range(name, start, end)

    def size(self, name: str) -> int:
        return self._inner.size(name)

    def delete_many(self, names: Sequence[str]) -> None:
        self._inner.delete_many(names)

    def names(self) -> Iterator[str]:
        return self._inner.names()


class FullKeyring(Keyring):
    """The house's own keyring, on a medium that has no room for one more key."""

    def __init__(self, inner: Keyring) -> None:
        self.__dict__ = inner.__dict__

    def add_keys(self, items: Sequence[tuple[str, str, bytes]]) -> None:  # noqa: ARG002 - the port's
        raise StorageFull


class FullLog(Audit):
    """The house's own audit, whose last write finds no room."""

    def __init__(self, inner: Audit) -> None:
        self.__dict__ = inner.__dict__

    def append(self, tx: Connection, events: Sequence[Event]) -> list[int]:
        super().append(tx, events)
        raise StorageFull


class LostAnswer(Database):
    """The house's own database; commits happen, and then the connection is gone before it says so."""

    def __init__(self, inner: Database) -> None:
        self.__dict__ = inner.__dict__

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as tx:
            yield tx
        raise StorageError("The connection was lost.")


def intake(  # noqa: PLR0913 - one of the parts is exchanged
    house: House,
    *,
    database: Database | None = None,
    blobs: BlobStore | None = None,
    keyring: Keyring | None = None,
    audit: Audit | None = None,
    decide: Callable[[Connection, str | None, str | None], KeepDecision] = may_keep,
) -> Intake:
    """The house's intake with one part exchanged."""
    return Intake(
        database or house.database,
        blobs or house.blobs,
        keyring or house.keyring,
        audit or house.audit,
        house.registry,
        decide,
        house.clock,
        intake_lock(house.data),
    )


def require_nothing_kept(house: House, entries: int) -> None:
    with house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(recording)) == 0
        assert tx.scalar(select(func.count()).select_from(artefact)) == 0
    assert list(house.blobs.names()) == []
    assert [key for key in house.keyring.key_ids() if ":" not in key] == []
    assert house.log.size() == entries


def test_large_artefacts_get_an_object_and_small_ones_rest_in_their_row(small_family: Family) -> None:
    house = small_family.house
    kept = small_family.keep(small_family.ada)
    with house.database.read() as tx:
        rows = {row.kind: row for row in tx.execute(select(artefact))}
    assert rows["audio"].sealed is None
    assert list(house.blobs.names()) == [rows["audio"].blob]
    assert rows["transcript"].blob is None
    assert {kind: row.size for kind, row in rows.items()}["transcript"] == len(TRANSCRIPT)
    (entry,) = [each for each in house.audit.entries(kept.subject) if each.index == kept.entry]
    assert entry.body["action"] == "recording:keep"
    assert entry.body["resources"] == [kept.recording]


def test_a_kind_that_nobody_can_erase_is_refused(small_family: Family) -> None:
    house = small_family.house
    entries = house.log.size()
    with pytest.raises(BadInput, match="'embedding' is not a registered artefact kind"):
        small_family.keep(small_family.ada, artefacts={"embedding": b"1234"})
    require_nothing_kept(house, entries)


def test_a_recording_without_sound_is_refused(small_family: Family) -> None:
    entries = small_family.house.log.size()
    with pytest.raises(BadInput, match="no sound"):
        small_family.keep(small_family.ada, audio=b"")
    require_nothing_kept(small_family.house, entries)


def withdraw(family: Family) -> None:
    family.say_no(family.ada, Purpose.HISTORY)


def choose_nothing(family: Family) -> None:
    family.choose(family.ada, RetentionChoice.NOTHING)


def remove_device(family: Family) -> None:
    family.house.directory.devices.remove(family.ada.device)


def hand_device_over(family: Family) -> None:
    """What was sealed for one person must not be committed as another's."""
    directory = family.house.directory
    directory.devices.change_mode(family.ada.device, DeviceMode.PERSONAL, family.ben.id)
    directory.agreements.confirm(family.ben.actor, family.ada.device)


CHANGES = [withdraw, choose_nothing, remove_device, hand_device_over]


@pytest.mark.parametrize("change", CHANGES)
def test_a_no_before_the_commit_is_a_no(family: Family, change: Callable[[Family], None]) -> None:
    """On SQLite it waits for the commit, and comes after it in the log; on PostgreSQL it may be first, and counts."""
    house = family.house
    done: list[int] = []

    def say_no() -> None:
        change(family)
        done.append(house.log.size())

    with ThreadPoolExecutor(1) as others:
        meanwhile: list[Future[None]] = []

        def begin() -> None:
            meanwhile.append(others.submit(say_no))
            wait(meanwhile, timeout=2 if house.database.dialect == "postgresql" else 0.1)

        held = intake(house, blobs=BlobsBetween(house.blobs, begin))
        if house.database.dialect == "postgresql":
            with pytest.raises(ConsentMissing, match="withdrawn meanwhile"):
                held.keep(family.incoming(family.ada))
            require_nothing_kept(house, done[0])
        else:
            kept = held.keep(family.incoming(family.ada))
            meanwhile[0].result()
            assert kept.entry < done[0] - 1


def test_a_person_who_is_erased_meanwhile_has_nothing_left(family: Family) -> None:
    house = family.house
    with ThreadPoolExecutor(1) as others:
        erased: list[Future[Accepted]] = []

        def begin() -> None:
            erased.append(others.submit(family.erase, family.ada))
            wait(erased, timeout=2 if house.database.dialect == "postgresql" else 0.1)

        try:
            kept = intake(house, blobs=BlobsBetween(house.blobs, begin)).keep(family.incoming(family.ada)).recording
        except (ConsentMissing, KeyDestroyed):
            kept = ""
        accepted = erased[0].result()
        assert not house.keyring.keys([kept])
        family.remove(accepted)
    house.turn_epoch()  # wrapped keys of an erased person rest in the ring until then, and nothing opens them
    require_nothing_kept(house, house.log.size())


def full_blobs(house: House) -> Intake:
    def refuse() -> None:
        raise StorageFull

    return intake(house, blobs=BlobsBetween(house.blobs, refuse))


def full_keys(house: House) -> Intake:
    return intake(house, keyring=FullKeyring(house.keyring))


def full_database(house: House) -> Intake:
    return intake(house, audit=FullLog(house.audit))


@pytest.mark.parametrize("full", [full_blobs, full_keys, full_database])
def test_without_room_nothing_is_half_kept(family: Family, full: Callable[[House], Intake]) -> None:
    house = family.house
    entries = house.log.size()
    with pytest.raises(StorageFull):
        full(house).keep(family.incoming(family.ada))
    require_nothing_kept(house, entries)
    assert AUDIO in family.play(family.ada, family.keep(family.ada).recording)


def test_a_commit_whose_answer_was_lost_is_not_undone(family: Family) -> None:
    house = family.house
    with pytest.raises(StorageError, match="connection was lost"):
        intake(house, database=LostAnswer(house.database)).keep(family.incoming(family.ada))
    (found,) = family.history(family.ada)
    assert AUDIO in family.play(family.ada, found)


def together(house: House, family: Family, incoming: Sequence[Incoming], first: Incoming) -> list[Future[Kept]]:
    """Bring ``first`` in alone and the others as one group behind it."""
    started, go_on = threading.Event(), threading.Event()

    def hold_the_first() -> None:
        if not started.is_set():
            started.set()
            assert go_on.wait(10)

    held = intake(house, blobs=BlobsBetween(house.blobs, hold_the_first))
    with ThreadPoolExecutor(len(incoming) + 1) as callers:
        futures = [callers.submit(held.keep, first)]
        assert started.wait(10)
        futures += [callers.submit(held.keep, each) for each in incoming]
        with held._line:
            assert held._line.wait_for(lambda: len(held._waiting) == len(incoming), 10)
        go_on.set()
        wait(futures, timeout=30)
    assert family.house is house
    return futures


def test_eight_threads_share_a_commit(family: Family) -> None:
    house = family.house
    sounds = [AUDIO[: 10_000 + 2 * number] for number in range(8)]
    incoming = [family.incoming(family.everybody[number % 2], audio=sound) for number, sound in enumerate(sounds)]
    kept = [future.result() for future in together(house, family, incoming[1:], incoming[0])]
    assert len({each.recording for each in kept}) == 8
    assert sorted(each.entry for each in kept) == list(range(kept[0].entry, kept[0].entry + 8))
    for number, (each, sound) in enumerate(zip(kept, sounds, strict=True)):
        assert family.play(family.everybody[number % 2], each.recording)[44:] == sound


def test_one_refusal_in_a_group_is_that_one_alone(small_family: Family) -> None:
    family, house = small_family, small_family.house
    family.say_no(family.ben, Purpose.ASSIST)
    incoming = [family.incoming(family.ada), family.incoming(family.ben), family.incoming(family.ada)]
    good, refused, also_good = together(house, family, incoming, family.incoming(family.ada))[1:]
    with pytest.raises(ConsentMissing, match="no yes to assist"):
        refused.result()
    assert {good.result().recording, also_good.result().recording} < set(family.history(family.ada))


def test_one_persons_lost_key_does_not_lose_anothers_recording(small_family: Family) -> None:
    family, house = small_family, small_family.house
    carl = Home(house, family.household).adult("Carl Zebrafinch", Standing.MEMBER)
    house.keyring.destroy_subject(carl.id)  # as damage would: the database knows nothing of it
    incoming = [family.incoming(family.ada), family.incoming(carl), family.incoming(family.ben)]
    good, lost, also_good = together(house, family, incoming, family.incoming(family.ada))[1:]
    with pytest.raises(KeyDestroyed):
        lost.result()
    assert AUDIO in family.play(family.ada, good.result().recording)
    assert AUDIO in family.play(family.ben, also_good.result().recording)
    assert len(list(house.blobs.names())) == 3


def test_a_long_queue_goes_in_several_groups(small_family: Family) -> None:
    family, count = small_family, LARGEST_GROUP + 6
    first, *rest = [family.incoming(family.ada, audio=SHORT_AUDIO, artefacts={}) for _ in range(count)]
    kept = [future.result() for future in together(family.house, family, rest, first)]
    assert len({each.recording for each in kept}) == count


def test_what_nobody_expected_ends_no_caller_s_wait(small_family: Family) -> None:
    def break_down(_tx: Connection, _device: str | None, _person: str | None) -> KeepDecision:
        raise ZeroDivisionError

    broken = intake(small_family.house, decide=break_down)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            broken.keep(small_family.incoming(small_family.ada))


def test_given_by_hand_it_is_as_on_a_personal_device(small_family: Family) -> None:
    house, ada = small_family.house, small_family.ada
    by_hand = Incoming(Clip(AUDIO), house.clock.now_ms(), ada.actor, person=ada.id)
    kept = house.intake.keep(by_hand)
    assert AUDIO in small_family.play(ada, kept.recording)
    with pytest.raises(ConsentMissing, match="personal to somebody else"):
        house.intake.keep(replace(by_hand, device=small_family.ben.device))
    with pytest.raises(ConsentMissing, match="nobody said whose it is"):
        house.intake.keep(replace(by_hand, person=None))
