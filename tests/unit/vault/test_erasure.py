"""Erasure, first step: unreadable at once and for good, for exactly what was asked, by whoever may ask."""

from collections.abc import Callable

import pytest
from sqlalchemy import String, Text, func, select

from earwitness.bootstrap import House
from earwitness.identity.people import Age
from earwitness.kernel.errors import AccessDenied, BadInput, KeyDestroyed, NotFound, StorageError
from earwitness.ledger.commitments import tombstone_commitment
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.storage.schema import erasure, metadata, recording, tombstone, work
from earwitness.testing.canary import ADDRESS, AUDIO, CONTACT, PLACE, canary, traces_in_folder
from earwitness.testing.house import SHORT_AUDIO, Family
from earwitness.vault.artefacts import ArtefactRegistry
from earwitness.vault.effects import Effect
from earwitness.vault.erasure import Erasure
from earwitness.vault.keyring import audit_key_id, profile_key_id
from earwitness.vault.kinds import register_ground_floor
from earwitness.vault.removal import Removal
from earwitness.vault.scope import Scope, ScopeKind

EVIDENCE = {"erasure", "receipt"}
"""Tables that go on naming an erased person, by a random id: what they were promised, and that it was done."""
REPORTED = {"incident"}
"""Who reported an incident, by the same id."""


def tables_that_name(house: House, wanted: str) -> set[str]:
    """Every table with the text in any column, wherever in it."""
    found = set()
    with house.database.read() as tx:
        for table in metadata.sorted_tables:
            texts = [column for column in table.columns if isinstance(column.type, String | Text)]
            if any(tx.scalar(select(func.count()).where(column.contains(wanted))) for column in texts):
                found.add(table.name)
    return found


def settle_everything(family: Family) -> Family:
    """Give Ada one of everything that can be held about her."""
    house, ada = family.house, family.ada
    family.shared_device()
    family.say_yes(ada, Purpose.REVIEW)
    family.say_yes(ada, Purpose.HISTORY, toward=family.ben.id)
    family.choose(ada, RetentionChoice.EIGHTEEN_MONTHS)
    house.directory.contacts.add(ada.id, CONTACT, ["doc zebrafinch"], ADDRESS)
    house.directory.places.add(family.household, PLACE)
    kept = family.keep(ada).recording
    with house.database.write() as tx:
        house.effects.record(tx, Effect("", kept, ada.id, "list", 1, canary("seed on the list")))
    house.incidents.report(ada.actor, "a disk was lost", recordings=[kept])
    return family


# --- recordings -------------------------------------------------------------------------------------


def test_what_is_erased_opens_for_nobody_and_the_rest_does(family: Family) -> None:
    house, ada = family.house, family.ada
    gone, stays = [family.keep(ada).recording for _ in range(2)], family.keep(ada).recording
    accepted = family.erase(ada, *gone)
    assert accepted.recordings == 2
    assert house.keyring.keys([*gone, stays]).keys() == {stays}
    for name in gone:
        with pytest.raises(NotFound):
            family.play(ada, name)
        with pytest.raises(NotFound):
            house.history.why(ada.actor, name)
    assert family.history(ada) == [stays]
    assert AUDIO in family.play(ada, stays)


def test_after_the_removal_no_row_names_it(family: Family) -> None:
    house, ada = family.house, family.ada
    gone = family.keep(ada).recording
    assert "artefact" in tables_that_name(house, gone)
    family.remove(family.erase(ada, gone))
    assert tables_that_name(house, gone) == set()
    assert list(house.blobs.names()) == []


def test_its_tombstone_is_in_the_log_and_names_nobody(small_family: Family) -> None:
    house, ada = small_family.house, small_family.ada
    gone = small_family.keep(ada).recording
    with house.database.read() as tx:
        mark = tx.scalar(select(recording.c.tombstone).where(recording.c.id == gone))
    small_family.erase(ada, gone)
    with house.database.read() as tx:
        row = tx.execute(select(tombstone).where(tombstone.c.id == mark)).one()
        (leaf,) = house.log.leaves(tx, [row.idx])
    assert leaf.commitment == tombstone_commitment(row.id)
    assert leaf.sealed == b""


def test_the_request_is_in_the_persons_log(small_family: Family) -> None:
    house, ada = small_family.house, small_family.ada
    gone = small_family.keep(ada).recording
    accepted = small_family.erase(ada, gone)
    asked, erased = house.audit.entries(ada.id, newest_first=True, limit=2)[::-1]
    assert (asked.body["action"], asked.body["resources"]) == ("recording:erase", [gone])
    assert (erased.body["action"], erased.body["resources"]) == ("recording:erased", [gone])
    assert erased.body["details"] == {"erasure": accepted.erasure, "scope": "recordings", "recordings": 1}


def test_a_second_time_there_is_nothing_to_erase(small_family: Family) -> None:
    gone = small_family.keep(small_family.ada).recording
    small_family.erase(small_family.ada, gone)
    size = small_family.house.log.size()
    with pytest.raises(NotFound):
        small_family.erase(small_family.ada, gone)
    assert small_family.house.log.size() == size


def test_an_empty_span_erases_nothing_and_says_so(small_family: Family) -> None:
    house, ada = small_family.house, small_family.ada
    kept = small_family.keep(ada).recording
    with pytest.raises(NotFound, match="nothing kept that this would erase"):
        house.erasure.erase(ada.actor, Scope(ScopeKind.SPAN, ada.id, small_family.household, start=0, end=1))
    assert small_family.history(ada) == [kept]
    assert house.receipts.of(ada.id) == []
    with house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(erasure)) == 0


def mine_as(family: Family, kept: str) -> Scope:
    """Somebody else's recording as one's own."""
    return family.scope(family.ben.id, kept)


def theirs(family: Family, kept: str) -> Scope:
    return family.scope(family.ada.id, kept)


def their_span(family: Family, _: str) -> Scope:
    return Scope(ScopeKind.SPAN, family.ada.id, family.household, end=1 << 50)


def their_device(family: Family, _: str) -> Scope:
    return Scope(ScopeKind.DEVICE, family.ada.id, family.household, (family.ada.device,))


def themself(family: Family, _: str) -> Scope:
    return family.scope(family.ada.id)


@pytest.mark.parametrize("scope", [mine_as, theirs, their_span, their_device, themself])
def test_nobody_erases_what_is_another_adults(small_family: Family, scope: Callable[[Family, str], Scope]) -> None:
    family, house = small_family, small_family.house
    kept = family.keep(family.ada).recording
    size = house.log.size()
    with pytest.raises((AccessDenied, NotFound)):
        house.erasure.erase(family.ben.actor, scope(family, kept))
    assert AUDIO in family.play(family.ada, kept)
    assert house.receipts.of(family.ada.id) == []
    with house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(tombstone)) == 0
    assert house.log.size() == size + 1  # the playing


def test_a_device_of_ones_own_name_takes_nothing_of_others(small_family: Family) -> None:
    """A scope is one subject's: what others said through the same device stays."""
    family, house = small_family, small_family.house
    device = family.shared_device()
    shared = family.keep(family.ada, device=device).recording
    with pytest.raises(NotFound):
        house.erasure.erase(family.ada.actor, Scope(ScopeKind.DEVICE, family.ada.id, family.household, (device,)))
    assert AUDIO in family.play(family.ben, shared)


def test_what_it_caused_is_listed_and_stays(family: Family) -> None:
    house, ada = family.house, family.ada
    gone, stays = family.keep(ada).recording, family.keep(ada).recording
    with house.database.write() as tx:
        for name in (gone, stays):
            house.effects.record(tx, Effect("", name, ada.id, "list", 1, canary(f"item of {name}")))
    accepted = family.erase(ada, gone)
    assert [each.recording for each in accepted.effects] == [gone]
    family.remove(accepted)
    assert len(house.effects.of([gone])) == 1


# --- a crash after the commit point -----------------------------------------------------------------


class DyingRemoval(Removal):
    """The house's own removal in a process that ends right after the erasure was accepted."""

    def __init__(self, inner: Removal) -> None:
        self.__dict__ = inner.__dict__

    def destroy_keys(self, erasure_id: str) -> None:
        raise StorageError(erasure_id)


def dying(house: House) -> Erasure:
    removal = DyingRemoval(house.removal)
    return Erasure(
        house.database, house.log, house.audit, house.access, house.receipts, house.effects, removal, house.clock
    )


@pytest.mark.parametrize("kind", [ScopeKind.RECORDINGS, ScopeKind.PERSON])
def test_from_the_commit_on_it_is_erased_whatever_happens(small_family: Family, kind: ScopeKind) -> None:
    family, house = small_family, small_family.house
    kept = family.keep(family.ada).recording
    scope = Scope(kind, family.ada.id, family.household, (kept,))
    with pytest.raises(StorageError):
        dying(house).erase(family.ada.actor, scope)
    with pytest.raises((NotFound, AccessDenied)):
        family.play(family.ada, kept)
    with house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(work).where(work.c.kind == "vault.remove")) == 1
    house.runner.run_due()
    assert not house.keyring.keys([kept])
    assert list(house.blobs.names()) == []
    (receipt,) = house.receipts.of(family.ada.id)
    assert (receipt.kind, receipt.body["keys_destroyed"]) == ("erasure-accepted", 1)


def test_a_start_resumes_it_too(small_family: Family) -> None:
    family, house = small_family, small_family.house
    kept = family.keep(family.ada).recording
    with pytest.raises(StorageError):
        dying(house).erase(family.ada.actor, family.scope(family.ada.id, kept))
    assert house.sweep().resumed == 1
    assert not house.keyring.keys([kept])
    assert house.sweep().resumed == 0


# --- a whole person ---------------------------------------------------------------------------------


def test_of_an_erased_person_only_evidence_is_left(family: Family) -> None:
    house, ada = settle_everything(family).house, family.ada
    before = tables_that_name(house, ada.id)
    ground = ArtefactRegistry()
    register_ground_floor(ground)  # other rooms try theirs beside their own code
    aside = {"recording", "erasure_recording", "artefact", "device_pairing", "device_report", "device_choice"}
    assert before >= ground.claimed_tables() - EVIDENCE - aside
    accepted = family.erase(ada)
    family.remove(accepted)
    assert tables_that_name(house, ada.id) == EVIDENCE | REPORTED | {"person"}
    row = house.directory.people.get(ada.id)
    assert (row.name, row.recipient, row.erased_at) == (None, None, house.clock.now_ms())
    for key in (audit_key_id(ada.id), profile_key_id(ada.id)):
        with pytest.raises(KeyDestroyed):
            house.keyring.key(key)
    removed = house.turn_epoch()[0].body["removed_by_kind"]
    assert removed == {
        "audio": 1,
        "transcript": 1,
        "reply": 1,
        "contacts": 1,
        "effects": 1,
        "log entries": removed["log entries"],
        "agreements": 1,
        "devices": 1,
        "consents": 4,
        "choices": 1,
        "notices": 1,
    }
    assert removed["log entries"] > 5
    assert not traces_in_folder(house.data)


def test_the_log_still_verifies_without_an_erased_persons_entries(small_family: Family) -> None:
    family, house = small_family, small_family.house
    family.keep(family.ada)
    size = house.log.publish().size
    family.remove(family.erase(family.ada))
    assert house.log.publish().size > size
    with pytest.raises(KeyDestroyed):
        house.audit.entries(family.ada.id)


def test_an_erased_person_is_erased_once(small_family: Family) -> None:
    small_family.erase(small_family.ada)
    with pytest.raises((AccessDenied, NotFound)):
        small_family.erase(small_family.ada)
    assert len(small_family.house.receipts.of(small_family.ada.id)) == 1


def test_a_parent_erases_a_child(small_family: Family) -> None:
    family, house = small_family, small_family.house
    child = house.directory.people.add(family.household, canary("child"), age=Age.CHILD)
    with pytest.raises(AccessDenied):
        house.erasure.erase(family.ben.actor, family.scope(child.id))  # a member, not an owner
    family.remove(house.erasure.erase(family.ada.actor, family.scope(child.id)))
    assert house.directory.people.get(child.id).name is None


def test_what_is_shared_stays_while_an_adult_is_left(small_family: Family) -> None:
    family, house = small_family, small_family.house
    shared = family.keep(family.ada, device=family.shared_device()).recording
    family.remove(family.erase(family.ada))
    assert AUDIO in family.play(family.ben, shared)
    assert house.directory.households.get(family.household).name


@pytest.mark.parametrize("children", [0, 1])
def test_with_the_last_adult_goes_what_was_shared(family: Family, children: int) -> None:
    """Nobody could ask for it any more, and nobody could erase it."""
    house = family.house
    for _ in range(children):
        house.directory.people.add(family.household, canary("child"), age=Age.CHILD)
    shared = family.keep(family.ada, device=family.shared_device()).recording
    family.remove(family.erase(family.ada))
    accepted = family.erase(family.ben)
    assert accepted.recordings == 1
    assert not house.keyring.keys([shared])
    family.remove(accepted)
    assert tables_that_name(house, shared) == set()
    assert list(house.blobs.names()) == []
    assert [each.id for each in house.directory.households.list()] == [family.household] * children
    assert house.keyring.has_subject(family.household) == bool(children)


def test_with_the_last_person_goes_the_household(small_family: Family) -> None:
    family, house = settle_everything(small_family), small_family.house
    family.keep(family.ben, audio=SHORT_AUDIO)
    first, last = family.erase(family.ada), family.erase(family.ben)
    family.remove(last)
    assert house.directory.households.list() != []  # Ada's removal still needs it
    family.remove(first)
    assert house.directory.households.list() == []
    assert tables_that_name(house, family.household) == set()
    assert tables_that_name(house, family.ada.id) == EVIDENCE | REPORTED
    assert not house.keyring.has_subject(family.household)
    assert not traces_in_folder(house.data)
    assert [each.kind for each in house.turn_epoch()] == ["erasure-completed"] * 2


def test_a_household_that_is_lived_in_is_not_forgotten(small_family: Family) -> None:
    family, house = small_family, small_family.house
    family.remove(family.erase(family.ben))
    with pytest.raises(BadInput, match="Somebody still belongs"):
        house.erasure.forget_household(family.household)
    assert house.directory.households.get(family.household).name


def test_a_household_nobody_ever_lived_in_is_forgotten(small_house: House) -> None:
    made = small_house.directory.households.add(canary("empty house"))
    small_house.directory.places.add(made.id, PLACE)
    small_house.erasure.forget_household(made.id)
    assert tables_that_name(small_house, made.id) == set()
    assert not small_house.keyring.has_subject(made.id)
    small_house.erasure.forget_household(made.id)


class HaltingRemoval(Removal):
    """The house's own removal in a process that ends before what a household shared is removed."""

    def __init__(self, inner: Removal) -> None:
        self.__dict__ = inner.__dict__

    def remove_subject_recordings(self, subject: str) -> None:
        raise StorageError(subject)


def test_a_crash_before_a_household_is_removed_is_resumed(small_family: Family) -> None:
    family, house = small_family, small_family.house
    first, last = family.erase(family.ada), family.erase(family.ben)
    family.remove(first)
    with pytest.raises(StorageError):
        HaltingRemoval(house.removal).remove(last.erasure)
    assert tables_that_name(house, family.household) != set()
    house.sweep()
    assert tables_that_name(house, family.household) == set()
