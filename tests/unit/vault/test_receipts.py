"""Receipts: made once, committed to by the log, and good on a machine that has nothing of ours."""

import json
from pathlib import Path

import pytest

from earwitness import __version__
from earwitness.bootstrap import House
from earwitness.kernel.clock import DAY, rfc3339
from earwitness.kernel.errors import LedgerError, NotFound
from earwitness.ledger.commitments import SALT_SIZE, entry_commitment
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.proof import parse_proof, verify_receipt
from earwitness.testing.canary import traces
from earwitness.testing.house import Family
from earwitness.testing.ledgers import fixed_signer
from earwitness.vault.receipts import NOT_PROVED, Receipt


@pytest.fixture
def both(small_family: Family) -> tuple[House, list[Receipt]]:
    """A house and the two receipts of one erasure in it."""
    family, house = small_family, small_family.house
    family.remove(family.erase(family.ada, family.keep(family.ada).recording, family.keep(family.ada).recording))
    family.clock.advance(DAY)
    house.turn_epoch()
    return house, house.receipts.of(family.ada.id)


def test_the_first_says_what_was_done_and_by_when_it_is_final(small_family: Family) -> None:
    family, house = small_family, small_family.house
    began = house.clock.now_ms()
    accepted = family.erase(family.ada, family.keep(family.ada).recording)
    body = accepted.receipt.body
    assert body["kind"] == "erasure-accepted"
    assert body["request"] == accepted.erasure
    assert (body["at"], body["requested_at"]) == (rfc3339(began), rfc3339(began))
    assert body["final_by"] == rfc3339(began + DAY)
    assert (body["scope"], body["keys_destroyed"], len(body["key_fingerprints"])) == ("recordings", 1, 1)
    assert (body["code"], body["does_not_prove"]) == (__version__, list(NOT_PROVED))


def test_the_second_says_how_it_became_final(both: tuple[House, list[Receipt]]) -> None:
    house, (first, second) = both
    body = second.body
    assert body["kind"] == "erasure-completed"
    assert body["request"] == first.body["request"]
    assert (body["old_epoch"], body["new_epoch"]) == (1, 2)
    assert body["removed_by_kind"] == {"audio": 2, "transcript": 2, "reply": 2}
    assert body["key_fingerprints"] == first.body["key_fingerprints"]
    assert len(bytes.fromhex(body["removed_root"])) == 32
    assert body["kinds_asked"] == [kind.name for kind in house.registry]
    assert body["late"] is False


def test_each_is_made_once(both: tuple[House, list[Receipt]]) -> None:
    house, (first, _) = both
    size = house.log.size()
    assert house.receipts.acknowledge(first.erasure) == first
    assert house.removal.complete_due() == []
    assert house.removal.remove(first.erasure) == 0
    assert house.log.size() == size
    assert len(house.receipts.of(first.body["request"])) == 0  # by subject, not by request


def test_the_file_verifies_with_nothing_but_the_logs_key(both: tuple[House, list[Receipt]]) -> None:
    house, receipts = both
    key = parse_verifier_key(house.log.signer.vkey)
    files = [house.receipts.file(receipt.id) for receipt in receipts]
    house.log.publish()
    for data, receipt in zip(files, receipts, strict=True):
        checked = verify_receipt(data, key)
        assert checked.index == receipt.index
        extra = parse_proof(data).extra
        assert extra is not None
        assert json.loads(extra[SALT_SIZE:]) == dict(receipt.body)
        with house.database.read() as tx:
            (leaf,) = house.log.leaves(tx, [receipt.index])
        assert leaf.commitment == entry_commitment(extra[:SALT_SIZE], extra[SALT_SIZE:])
        assert not traces(data, "receipt")


@pytest.mark.parametrize("place", range(0, 100, 7))
def test_a_receipt_that_was_changed_anywhere_does_not_verify(both: tuple[House, list[Receipt]], place: int) -> None:
    house, (first, _) = both
    data = bytearray(house.receipts.file(first.id))
    at = len(data) * place // 100
    data[at] = (data[at] + 1) % 128 if data[at] != ord("\n") else ord("x")
    with pytest.raises(LedgerError):
        verify_receipt(bytes(data), parse_verifier_key(house.log.signer.vkey))


def test_another_logs_key_does_not_verify_it(both: tuple[House, list[Receipt]], tmp_path: Path) -> None:
    house, (first, _) = both
    path = tmp_path / "receipt"
    path.write_bytes(house.receipts.file(first.id))
    with pytest.raises(LedgerError):
        verify_receipt(path.read_bytes(), parse_verifier_key(fixed_signer().vkey))


def test_they_outlive_their_person(small_family: Family) -> None:
    family, house = small_family, small_family.house
    family.remove(family.erase(family.ada))
    family.clock.advance(DAY)
    house.turn_epoch()
    receipts = house.receipts.of(family.ada.id)
    assert [each.kind for each in receipts] == ["erasure-accepted", "erasure-completed"]
    assert receipts[0].body["scope"] == "person"
    for each in receipts:
        data = house.receipts.file(each.id)
        verify_receipt(data, parse_verifier_key(house.log.signer.vkey))
        assert not traces(data, "receipt")


def test_a_receipt_that_does_not_exist(small_house: House) -> None:
    with pytest.raises(NotFound, match="no receipt rct_none"):
        small_house.receipts.file("rct_none")
    assert small_house.receipts.of("person_none") == []
