"""Erasure, second and third step: removed for good by however many at once; final when nothing can open a copy."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
from sqlalchemy import insert, select

from earwitness.bootstrap import House
from earwitness.kernel.clock import DAY, HOUR, rfc3339
from earwitness.kernel.errors import NotFound, StorageError
from earwitness.kernel.ids import new_id
from earwitness.ledger.merkle import leaf_hash, tree_root
from earwitness.storage.blobs import BlobStore
from earwitness.storage.schema import erasure, key_backup
from earwitness.testing.house import SHORT_AUDIO, Family
from earwitness.vault import epochs
from earwitness.vault import removal as removal_module
from earwitness.vault.effects import Effects
from earwitness.vault.erasure import Erasure
from earwitness.vault.keyring import Keyring
from earwitness.vault.receipts import Receipts
from earwitness.vault.removal import Removal
from earwitness.vault.tally import Tally


class BlobsInterrupted:
    """A real store; something else happens before objects are deleted."""

    def __init__(self, inner: BlobStore, first: Callable[[], object]) -> None:
        self._inner = inner
        self._first = first

    def put(self, name: str, data: bytes | Iterable[bytes]) -> None:
        self._inner.put(name, data)

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        self._inner.put_many(items)

    def get(self, name: str) -> bytes:
        return self._inner.get(name)

    def get_range(self, name: str, start: int, end: int) -> bytes:
        return self._inner.get_range(name, start, end)

    def size(self, name: str) -> int:
        return self._inner.size(name)

    def delete_many(self, names: Sequence[str]) -> None:
        self._first()
        self._inner.delete_many(names)

    def names(self) -> Iterator[str]:
        return self._inner.names()


class SlowKeyring(Keyring):
    """The house's own keyring, with a custodian that is slow to forget."""

    def __init__(self, inner: Keyring) -> None:
        self.__dict__ = inner.__dict__

    @property
    def destruction_delay_ms(self) -> int:
        return 2 * DAY


def removal(house: House, *, blobs: BlobStore | None = None, keyring: Keyring | None = None) -> Removal:
    return Removal(
        house.database,
        blobs or house.blobs,
        keyring or house.keyring,
        house.registry,
        house.receipts,
        house.clock,
        house.settings.rotation_ms,
    )


def tally_of(house: House, name: str) -> Tally:
    with house.database.read() as tx:
        text: str = tx.execute(select(erasure.c.scope).where(erasure.c.id == name)).scalar_one()
    return Tally.from_json(text)


def state_of(house: House, name: str) -> str:
    with house.database.read() as tx:
        state: str = tx.execute(select(erasure.c.state).where(erasure.c.id == name)).scalar_one()
    return state


def back_up_keys(house: House, lives: int, *, epoch: int | None = None) -> int:
    """Write the row of a key backup made now; return when it expires."""
    now = house.clock.now_ms()
    row = {"id": new_id("kbk"), "epoch": epoch or house.keyring.epoch, "made_at": now, "expires_at": now + lives}
    with house.database.write() as tx:
        tx.execute(insert(key_backup), [row])
    return now + lives


# --- removing ---------------------------------------------------------------------------------------


def test_an_erasure_that_does_not_exist(small_house: House) -> None:
    with pytest.raises(NotFound):
        small_house.removal.remove("era_none")


def test_it_goes_in_batches_and_says_how_far_it_is(small_family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    family, house = small_family, small_family.house
    monkeypatch.setattr(removal_module, "BATCH", 3)
    kept = [family.keep(family.ada, audio=SHORT_AUDIO).recording for _ in range(7)]
    accepted = family.erase(family.ada, *kept)
    done: list[int] = []
    assert house.removal.remove(accepted.erasure, done.append) == 7
    assert done == [3, 6, 7]
    assert tally_of(house, accepted.erasure).counts == {"audio": 7, "transcript": 7, "reply": 7}


def test_the_root_commits_to_what_was_removed(small_family: Family) -> None:
    """Whoever kept the list of what there was can hold the receipt to it."""
    family = small_family
    kept = family.keep(family.ada, artefacts={"transcript": b"12345"}, audio=SHORT_AUDIO).recording
    family.remove(family.erase(family.ada, kept))
    removed = [(kept, "audio", 1, len(SHORT_AUDIO) + 44), (kept, "transcript", 1, 5)]
    texts = ["\n".join(str(part) for part in each).encode() for each in removed]
    leaves = [leaf_hash(hashlib.sha256(b"earwitness/removed/v1\n" + text).digest()) for text in texts]
    assert family.house.turn_epoch()[0].body["removed_root"] == tree_root(leaves).hex()


@pytest.mark.parametrize("whole", ["recordings", "person"])
def test_two_processes_that_remove_at_once_count_once(family: Family, whole: str) -> None:
    """The command line removes what it erased while the hub takes up the work row."""
    house, ada = family.house, family.ada
    kept = [family.keep(ada).recording for _ in range(2)]
    accepted = family.erase(ada, *([] if whole == "person" else kept))
    rounds: list[int] = []

    def other_process() -> None:
        if not rounds:
            rounds.append(1)
            removal(house).remove(accepted.erasure)

    removal(house, blobs=BlobsInterrupted(house.blobs, other_process)).remove(accepted.erasure)
    tally = tally_of(house, accepted.erasure)
    assert {kind: tally.counts[kind] for kind in ("audio", "transcript", "reply")} == {
        "audio": 2,
        "transcript": 2,
        "reply": 2,
    }
    assert tally.tree.size == 6
    assert tally.keys_destroyed == (1 if whole == "person" else 2)
    assert state_of(house, accepted.erasure) == "removed"
    assert len(house.receipts.of(ada.id)) == 1


def test_a_removal_that_is_late_changes_nothing_that_is_completed(family: Family) -> None:
    house, ada = family.house, family.ada
    accepted = family.erase(ada, family.keep(ada).recording)

    def everything_else() -> None:
        if state_of(house, accepted.erasure) == "accepted":
            removal(house).remove(accepted.erasure)
            house.turn_epoch()

    removal(house, blobs=BlobsInterrupted(house.blobs, everything_else)).remove(accepted.erasure)
    assert state_of(house, accepted.erasure) == "completed"
    assert [each.kind for each in house.receipts.of(ada.id)] == ["erasure-accepted", "erasure-completed"]


class BusyKeyring(Keyring):
    """The house's own keyring; while it destroys keys, the removal does its whole work."""

    def __init__(self, inner: Keyring, meanwhile: Callable[[], object]) -> None:
        self.__dict__ = dict(inner.__dict__)
        self._meanwhile = meanwhile

    def destroy_keys(self, key_ids: Sequence[str]) -> list[str]:
        destroyed = super().destroy_keys(key_ids)
        self._meanwhile()
        return destroyed


def test_the_first_step_does_not_take_back_what_the_second_counted(small_family: Family) -> None:
    family, house = small_family, small_family.house
    kept = family.keep(family.ada).recording
    accepted: list[str] = []

    def remove_everything() -> None:
        with house.database.read() as tx:
            accepted.extend(tx.scalars(select(erasure.c.id)))
        removal(house).remove(accepted[0])

    first = removal(house, keyring=BusyKeyring(house.keyring, remove_everything))
    erasing = Erasure(
        house.database, house.log, house.audit, house.access, house.receipts, house.effects, first, house.clock
    )
    erasing.erase(family.ada.actor, family.scope(family.ada.id, kept))
    assert tally_of(house, accepted[0]).counts == {"audio": 1, "transcript": 1, "reply": 1}
    assert state_of(house, accepted[0]) == "removed"


def test_a_crash_between_two_batches_is_resumed(small_family: Family, monkeypatch: pytest.MonkeyPatch) -> None:
    family, house = small_family, small_family.house
    monkeypatch.setattr(removal_module, "BATCH", 2)
    kept = [family.keep(family.ada).recording for _ in range(5)]
    accepted = family.erase(family.ada, *kept)
    calls: list[int] = []

    def die_at_the_second() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise StorageError

    with pytest.raises(StorageError):
        removal(house, blobs=BlobsInterrupted(house.blobs, die_at_the_second)).remove(accepted.erasure)
    assert tally_of(house, accepted.erasure).counts["audio"] == 2
    assert house.sweep().resumed == 1
    assert tally_of(house, accepted.erasure).counts["audio"] == 5
    assert list(house.blobs.names()) == []


# --- completing -------------------------------------------------------------------------------------


def removed(family: Family) -> str:
    """Erase and remove one recording of Ada's; return the erasure."""
    accepted = family.erase(family.ada, family.keep(family.ada).recording)
    family.remove(accepted)
    return accepted.erasure


def test_nothing_is_completed_before_the_epoch_ended(family: Family) -> None:
    house = family.house
    removed(family)
    assert house.removal.complete_due() == []
    (receipt,) = house.turn_epoch()
    assert receipt.body["old_epoch_destroyed_at"] == rfc3339(house.clock.now_ms())
    assert receipt.body["key_backups_expired_at"] == "none were made"
    assert house.removal.complete_due() == []


def test_nothing_is_completed_before_it_is_removed(small_family: Family) -> None:
    family, house = small_family, small_family.house
    accepted = family.erase(family.ada, family.keep(family.ada).recording)
    assert house.turn_epoch() == []
    family.remove(accepted)
    assert house.removal.complete_due() == []  # its keys were asked for again, in the new epoch
    assert len(house.turn_epoch()) == 1


def test_completion_waits_for_every_key_backup_of_the_epoch(small_family: Family) -> None:
    family, house = small_family, small_family.house
    expires = back_up_keys(house, 7 * DAY)
    name = removed(family)
    first = house.receipts.of(family.ada.id)[0]
    assert first.body["final_by"] == rfc3339(expires)
    assert house.turn_epoch() == []
    back_up_keys(house, 30 * DAY)  # of the new epoch: nothing that was erased is in it
    family.clock.advance(7 * DAY - 1)
    assert house.removal.complete_due() == []
    family.clock.advance(1)
    (receipt,) = house.removal.complete_due()
    assert (receipt.erasure, receipt.body["late"]) == (name, False)
    assert receipt.body["key_backups_expired_at"] == rfc3339(expires)


def test_a_key_backup_made_later_in_the_same_epoch_delays_it_and_the_receipt_says_so(small_family: Family) -> None:
    family, house = small_family, small_family.house
    name = removed(family)
    expires = back_up_keys(house, 7 * DAY)
    house.turn_epoch()
    family.clock.advance(DAY + 1)
    assert house.removal.overdue() == [name]
    family.clock.jump_to(expires)
    (receipt,) = house.removal.complete_due()
    assert receipt.body["late"] is True


def test_completion_waits_for_the_custodian(small_family: Family) -> None:
    family, house = small_family, small_family.house
    slow = removal(house, keyring=SlowKeyring(house.keyring))
    receipts = Receipts(house.database, house.log, house.clock)
    effects = Effects(house.database, house.keyring)
    erasing = Erasure(house.database, house.log, house.audit, house.access, receipts, effects, slow, house.clock)
    kept, began = family.keep(family.ada).recording, house.clock.now_ms()
    accepted = erasing.erase(family.ada.actor, family.scope(family.ada.id, kept))
    assert accepted.receipt.body["final_by"] == rfc3339(began + DAY + 2 * DAY)
    slow.remove(accepted.erasure)
    house.keyring.rotate()
    epochs.settle(house.database, house.keyring, house.clock)
    family.clock.advance(2 * DAY - 1)
    assert slow.complete_due() == []
    family.clock.advance(1)
    (receipt,) = slow.complete_due()
    assert receipt.body["late"] is False


def test_what_is_overdue_is_told(small_family: Family) -> None:
    family, house = small_family, small_family.house
    name = removed(family)
    family.clock.advance(DAY)
    assert house.removal.overdue() == []
    family.clock.advance(1)
    assert house.removal.overdue() == [name]
    (receipt,) = house.turn_epoch()
    assert receipt.body["late"] is True
    assert house.removal.overdue() == []


def test_an_erasure_while_the_epoch_turns_waits_for_the_next(small_family: Family) -> None:
    """Its wrapped key may have been copied into the new ring already."""
    family, house = small_family, small_family.house
    kept = family.keep(family.ada).recording
    names: list[str] = []

    def erase_now(step: str) -> None:
        if step == "copied":
            names.append(family.erase(family.ada, kept).erasure)

    house.keyring.rotate(step=erase_now)
    epochs.settle(house.database, house.keyring, house.clock)
    house.removal.remove(names[0])
    assert house.removal.complete_due() == []
    family.clock.advance(HOUR)
    (receipt,) = house.turn_epoch()
    assert (receipt.body["old_epoch"], receipt.body["new_epoch"]) == (2, 3)


def test_all_that_are_due_are_completed_together(small_family: Family) -> None:
    names = [removed(small_family) for _ in range(3)]
    assert sorted(each.erasure for each in small_family.house.turn_epoch()) == sorted(names)
