"""The identity limit: one copy goes on, that nobody here can link to its person, and that they alone reach."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from hashlib import sha256
from typing import Any

import pyrage
import pytest
from sqlalchemy import Row, func, select, update

from earwitness.bootstrap import House
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import BadInput, NotFound, StorageError
from earwitness.policy.retention import IDENTITY_LIMIT_MS, RetentionChoice
from earwitness.storage.database import Database
from earwitness.storage.schema import artefact, deidentified, metadata, person, recording, tombstone
from earwitness.testing.canary import AUDIO, canary
from earwitness.testing.homes import Adult
from earwitness.testing.house import Family
from earwitness.vault import deidentified as deidentified_module
from earwitness.vault.deidentified import WEEK, Copy
from earwitness.vault.kinds import DEIDENTIFIED
from earwitness.vault.sweep import Sweep

MASKED = b"a changed voice " * 1_000
SMALL = b"a changed voice"


def keep(family: Family, adult: Adult | None = None, masked: bytes = MASKED) -> str:
    """Keep a recording with the copy that may outlive its person's name on it."""
    artefacts = {"transcript": canary("said").encode(), DEIDENTIFIED: masked}
    return family.keep(adult or family.ada, artefacts=artefacts).recording


def reach_the_limit(family: Family) -> int:
    """Let six months pass; return how many recordings changed hands."""
    for adult in family.everybody:
        family.choose(adult, RetentionChoice.EIGHTEEN_MONTHS)
    family.clock.advance(IDENTITY_LIMIT_MS)
    return family.house.retention.sweep().deidentified


def mine(family: Family, adult: Adult | None = None) -> list[Copy]:
    return list(family.house.deidentified.of_holder(str((adult or family.ada).identity)))


def row_of(family: Family, name: str) -> Row[Any]:
    with family.house.database.read() as tx:
        return tx.execute(select(recording).where(recording.c.id == name)).one()


def copies(house: House) -> int:
    with house.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(deidentified)) or 0


@pytest.mark.parametrize("masked", [MASKED, SMALL], ids=["object", "row"])
def test_only_the_copy_is_left(family: Family, masked: bytes) -> None:
    house = family.house
    name = keep(family, masked=masked)
    assert reach_the_limit(family) == 1
    with pytest.raises(NotFound):
        family.play(family.ada, name)
    assert not house.keyring.keys([name])
    with house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(recording)) == 0
        assert tx.scalar(select(func.count()).select_from(artefact)) == 0
    assert len(list(house.blobs.names())) == (1 if masked is MASKED else 0)
    (copy,) = mine(family)
    assert (copy.kind, copy.size) == (DEIDENTIFIED, len(masked))
    assert house.deidentified.open(copy.handle) == masked
    done = house.sweep()
    assert (done.keys, done.blobs) == (0, 0)


def test_a_day_before_the_limit_it_is_all_there(small_family: Family) -> None:
    family = small_family
    name = keep(family)
    family.choose(family.ada, RetentionChoice.UNTIL_DELETED)
    family.clock.advance(IDENTITY_LIMIT_MS - 1)
    assert family.house.retention.sweep().deidentified == 0
    assert AUDIO in family.play(family.ada, name)


def test_without_a_copy_nothing_is_left(small_family: Family) -> None:
    family = small_family
    family.keep(family.ada)
    assert reach_the_limit(family) == 0
    assert (copies(family.house), list(family.house.blobs.names())) == (0, [])


def test_without_an_age_key_nothing_is_left(small_family: Family) -> None:
    """They could never reach it again."""
    family, house = small_family, small_family.house
    keep(family)
    with house.database.write() as tx:
        tx.execute(update(person).where(person.c.id == family.ada.id).values(recipient=None))
    assert reach_the_limit(family) == 0
    assert (copies(house), list(house.blobs.names())) == (0, [])
    assert [key for key in house.keyring.key_ids() if ":" not in key] == []


def test_nothing_links_a_copy_to_its_person_or_recording(small_family: Family) -> None:
    """No value of any column is one that was there before, or that two copies have in common but the week."""
    family, house = small_family, small_family.house
    for adult in (family.ada, family.ada, family.ben):
        keep(family, adult)
        family.clock.advance(1)
    before: set[Any] = set()
    with house.database.read() as tx:
        for table in metadata.sorted_tables:
            before |= {value for row in tx.execute(select(table)) for value in row}
    assert reach_the_limit(family) == 3
    with house.database.read() as tx:
        rows = tx.execute(select(deidentified)).all()
    common = {"kind", "size", "kept_week_at", "expires_at", "sealed"}
    for column in {column.name for column in deidentified.columns} - common:
        values = [getattr(row, column) for row in rows]
        assert len(set(values)) == 3, column
        assert not set(values) & before, column
    for row in rows:
        assert row.kept_week_at % WEEK == row.expires_at % WEEK == 0
        assert house.keyring.key(row.id) not in before
        assert str(family.ada.identity.to_public()).encode() not in row.handle_sealed


def test_each_holder_finds_their_own_and_nobody_elses(family: Family) -> None:
    keep(family, family.ada)
    keep(family, family.ada)
    keep(family, family.ben)
    reach_the_limit(family)
    assert (len(mine(family)), len(mine(family, family.ben))) == (2, 1)
    assert list(family.house.deidentified.of_holder(str(pyrage.x25519.Identity.generate()))) == []
    assert not {copy.id for copy in mine(family)} & {copy.id for copy in mine(family, family.ben)}


def test_the_key_alone_still_reaches_it_when_its_person_is_gone(family: Family) -> None:
    house = family.house
    keep(family)
    reach_the_limit(family)
    family.remove(family.erase(family.ada))
    house.turn_epoch()
    (copy,) = mine(family)
    assert house.deidentified.open(copy.handle) == MASKED
    house.deidentified.erase(copy.handle)
    assert mine(family) == []


def test_whoever_shows_the_handle_erases_it(family: Family) -> None:
    house = family.house
    keep(family)
    keep(family)
    reach_the_limit(family)
    gone, stays = mine(family)
    with house.database.read() as tx:
        mark = tx.scalar(select(deidentified.c.tombstone).where(deidentified.c.id == gone.id))
    assert house.deidentified.erase(gone.handle) == gone.id
    with house.database.read() as tx:
        assert tx.execute(select(tombstone).where(tombstone.c.id == mark)).first() is not None
    assert not house.keyring.keys([gone.id])
    assert len(list(house.blobs.names())) == 1
    for attempt in (house.deidentified.open, house.deidentified.erase):
        with pytest.raises(NotFound):
            attempt(gone.handle)
    assert house.deidentified.open(stays.handle) == MASKED


@pytest.mark.parametrize("handle", [b"", bytes(32), b"\xff" * 32])
def test_another_handle_is_none(small_family: Family, handle: bytes) -> None:
    keep(small_family)
    reach_the_limit(small_family)
    (copy,) = mine(small_family)
    for wrong in (handle, sha256(copy.handle).digest()):  # what the row holds opens nothing
        with pytest.raises(NotFound):
            small_family.house.deidentified.open(wrong)
        with pytest.raises(NotFound):
            small_family.house.deidentified.erase(wrong)


@pytest.mark.parametrize("text", ["", "age1something", "AGE-SECRET-KEY-1WRONG"])
def test_what_is_no_age_identity_is_refused_without_repeating_it(small_family: Family, text: str) -> None:
    with pytest.raises(BadInput, match="not an age identity") as refused:
        list(small_family.house.deidentified.of_holder(text))
    assert not text or text not in str(refused.value)


def test_two_that_erase_at_once_bury_once(family: Family) -> None:
    house = family.house
    keep(family)
    reach_the_limit(family)
    (copy,) = mine(family)
    together = threading.Barrier(4)

    def erase() -> bool:
        together.wait()
        try:
            house.deidentified.erase(copy.handle)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(4) as callers:
        assert sum(each.result() for each in [callers.submit(erase) for _ in range(4)]) == 1


def test_its_own_time_comes_too(small_family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    family, house = small_family, small_family.house
    monkeypatch.setattr(deidentified_module, "BATCH", 2)
    for _ in range(3):
        keep(family)
    reach_the_limit(family)
    end = mine(family)[0].expires_at
    assert end % WEEK == 0
    assert house.deidentified.remove_expired(end - 1) == 0
    assert house.deidentified.remove_expired(end) == 3
    assert (copies(house), list(house.blobs.names())) == (0, [])
    assert [key for key in house.keyring.key_ids() if ":" not in key] == []


def test_the_opening_is_in_the_persons_log(family: Family) -> None:
    house = family.house
    name = keep(family)
    reach_the_limit(family)
    lines = house.history.who(family.ada.actor, family.resource(family.ada.id))
    (opened,) = [line for line in lines if line.action == "recording:deidentify"]
    assert (opened.who, opened.role, opened.recordings) == ("retention", "program", (name,))
    (copy,) = mine(family)
    assert all(copy.id not in str(line) for line in lines)


# --- crashes and races ------------------------------------------------------------------------------


def test_a_crash_after_taking_over_takes_nothing_over_twice(small_family: Family) -> None:
    family, house = small_family, small_family.house
    family.choose(family.ada, RetentionChoice.EIGHTEEN_MONTHS)
    name = keep(family)
    assert house.deidentified.take_over(row_of(family, name)) == 1
    with pytest.raises(NotFound):
        family.play(family.ada, name)
    assert reach_the_limit(family) == 0
    assert len(mine(family)) == 1
    with house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(recording)) == 0
    assert len(list(house.blobs.names())) == 1


class DyingDatabase(Database):
    """The house's own database in a process that ends before the rows are written."""

    def __init__(self, inner: Database) -> None:
        self.__dict__ = inner.__dict__

    def write(self) -> Any:
        raise StorageError


def test_a_crash_before_the_rows_leaves_orphans_for_the_sweep(
    small_family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, house = small_family, small_family.house
    name = keep(family)
    with monkeypatch.context() as patched:
        patched.setattr(house.deidentified, "_database", DyingDatabase(house.database))
        with pytest.raises(StorageError):
            house.deidentified.take_over(row_of(family, name))
    done = house.sweep()
    assert (done.keys, done.blobs) == (1, 1)
    assert AUDIO in family.play(family.ada, name)
    assert reach_the_limit(family) == 1
    assert len(mine(family)) == 1


def erase_recording(family: Family, name: str) -> None:
    family.erase(family.ada, name)


def erase_person(family: Family, _: str) -> None:
    family.erase(family.ada)


def take_over_first(family: Family, name: str) -> None:
    assert family.house.deidentified.take_over(row_of(family, name)) == 1


@pytest.mark.parametrize(
    ("meanwhile", "left"),
    [(erase_recording, 0), (erase_person, 0), (take_over_first, 1)],
    ids=["erased", "person erased", "taken over before"],
)
def test_what_happened_meanwhile_is_not_undone(
    small_family: Family, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[Family, str], None], left: int
) -> None:
    """While the copy was being sealed its person erased it, or another process took it over."""
    family, house = small_family, small_family.house
    name = keep(family)
    row = row_of(family, name)
    prepare, done = house.deidentified._prepare, []

    def slowly(*arguments: Any) -> Any:
        if not done:
            done.append(1)
            meanwhile(family, name)
        return prepare(*arguments)

    monkeypatch.setattr(house.deidentified, "_prepare", slowly)
    assert house.deidentified.take_over(row) == 0
    assert copies(house) == left
    keys = {key for key in house.keyring.key_ids() if ":" not in key} - {name}
    assert len(keys) == left
    house.sweep()
    house.retention.sweep()
    assert len(list(house.blobs.names())) == left


def test_the_sweep_waits_while_a_copy_changes_hands(small_family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key and object are there before its row; they must not look like orphans."""
    family, house = small_family, small_family.house
    name = keep(family)
    add = house.keyring.add_keys
    with ThreadPoolExecutor(1) as other:
        sweeping: list[Future[Sweep]] = []

        def add_and_let_sweep(items: Sequence[tuple[str, str, bytes]]) -> None:
            add(items)
            sweeping.append(other.submit(house.sweep))
            with pytest.raises(StillRunning):
                sweeping[0].result(0.2)

        monkeypatch.setattr(house.keyring, "add_keys", add_and_let_sweep)
        assert house.deidentified.take_over(row_of(family, name)) == 1
        assert sweeping[0].result(10).keys == 0
    (copy,) = mine(family)
    assert house.deidentified.open(copy.handle) == MASKED


@pytest.mark.parametrize("damage", ["object", "row", "key", "missing"])
def test_a_damaged_copy_holds_up_nobody(small_family: Family, damage: str) -> None:
    family, house = small_family, small_family.house
    bad, good = keep(family), keep(family, family.ben)
    with house.database.write() as tx:
        of_bad = (artefact.c.recording_id == bad) & (artefact.c.kind == DEIDENTIFIED)
        blob = tx.scalar(select(artefact.c.blob).where(of_bad))
        if damage == "row":
            tx.execute(update(artefact).where(of_bad).values(sealed=b"not what was written", blob=None))
    if damage == "object":
        path = house.data / "blobs" / str(blob)
        path.chmod(0o600)
        path.write_bytes(b"not what was written")
    elif damage == "missing":
        house.blobs.delete_many([str(blob)])
    elif damage == "key":
        house.keyring.destroy_keys([bad])
    assert reach_the_limit(family) == 1
    assert mine(family) == []
    assert len(mine(family, family.ben)) == 1
    with house.database.read() as tx:
        assert list(tx.scalars(select(recording.c.id))) == []
    assert good


def test_the_clocks_leap_changes_no_hands(small_family: Family) -> None:
    family, house = small_family, small_family.house
    keep(family)
    family.choose(family.ada, RetentionChoice.EIGHTEEN_MONTHS)
    house.retention.sweep()
    family.clock.jump_to(family.clock.now_ms() + IDENTITY_LIMIT_MS + DAY)
    assert house.retention.sweep().waiting_for_clock
    assert copies(house) == 0
