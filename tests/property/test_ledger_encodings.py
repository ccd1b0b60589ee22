"""Every encoder of the ledger is undone by its parser, and the parsers refuse only in their own words."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import LedgerError
from earwitness.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from earwitness.ledger.notes import (
    KeyType,
    Signature,
    SignedNote,
    cosignature_time,
    parse_note,
    parse_signature,
    parse_verifier_key,
    verify_note,
)
from earwitness.ledger.partials import PARTIAL_NAME
from earwitness.ledger.proof import TlogProof, parse_proof
from earwitness.ledger.sealed import encode_sealed, parse_sealed
from earwitness.ledger.signer import NoteSigner
from earwitness.ledger.tiles import encode_bundle, numbered, parse_bundle
from earwitness.ledger.tombstones import RECORD_SIZE, Tombstone, TombstoneHead, open_head, parse_record
from earwitness.ledger.witness_server import parse_request

names = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters="+"), min_size=1)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).map(lambda text: f"{text}\n")
hashes = st.binary(min_size=32, max_size=32)
sizes = st.integers(0, 2**63 - 1)
checkpoints = st.builds(Checkpoint, names, sizes, hashes)
signatures = st.builds(Signature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))


@given(st.builds(SignedNote, texts, st.lists(signatures, min_size=1, max_size=16).map(tuple)))
def test_notes(note: SignedNote) -> None:
    assert parse_note(note.encode()) == note
    assert [parse_signature(each.line()) for each in note.signatures] == list(note.signatures)


@given(names, hashes, st.sampled_from(KeyType), texts, st.integers(0, 2**63 - 1))
def test_keys_and_their_signatures(name: str, seed: bytes, type_: KeyType, text: str, time: int) -> None:
    signer = NoteSigner(name, seed, type_)
    assert parse_verifier_key(signer.vkey) == signer.key
    if type_ is KeyType.ED25519:
        assert verify_note(parse_note(signer.sign(text).encode()), [signer.key]) == [signer.key]
    else:
        signature = signer.cosign(text, time)
        assert cosignature_time(signature) == time
        assert verify_note(SignedNote(text, (signature,)), [signer.key]) == [signer.key]


@given(checkpoints, hashes)
def test_checkpoints(checkpoint: Checkpoint, seed: bytes) -> None:
    assert parse_checkpoint(checkpoint.text) == checkpoint
    signer = NoteSigner(checkpoint.origin, seed)
    assert open_checkpoint(signer.sign(checkpoint.text).encode(), signer.key).checkpoint == checkpoint


@given(
    st.builds(
        TlogProof,
        sizes,
        st.lists(hashes, max_size=63).map(tuple),
        checkpoints.map(lambda each: f"{each.text}\n— n AAAAAAA=\n".encode()),
        st.none() | st.binary(max_size=100),
    )
)
def test_proof_files(proof: TlogProof) -> None:
    assert parse_proof(proof.encode()) == proof


@given(st.lists(st.binary(max_size=70), max_size=300))
def test_entry_bundles(entries: list[bytes]) -> None:
    assert parse_bundle(encode_bundle(entries)) == entries


@given(st.lists(st.none() | st.binary(max_size=70), max_size=300))
def test_sealed_bundles(items: list[bytes | None]) -> None:
    assert parse_sealed(encode_sealed(items)) == items


@given(st.builds(Tombstone, st.integers(0, 2**63 - 1), st.binary(min_size=16, max_size=16)))
def test_tombstones(tombstone: Tombstone) -> None:
    assert len(tombstone.encode()) == RECORD_SIZE
    assert parse_record(tombstone.encode()) == tombstone


@given(st.builds(TombstoneHead, names, sizes, hashes, sizes), hashes)
def test_tombstone_heads(head: TombstoneHead, seed: bytes) -> None:
    signer = NoteSigner(head.origin, seed)
    assert open_head(signer.sign(head.text).encode(), signer.key) == head


@given(sizes, st.lists(hashes, max_size=63), checkpoints)
def test_witness_requests(old: int, proof: list[bytes], checkpoint: Checkpoint) -> None:
    note = SignedNote(checkpoint.text, (Signature("n", b"1234", b"5"),))
    lines = [f"old {old}", *(base64.b64encode(each).decode() for each in proof)]
    request = parse_request("\n".join([*lines, "", ""]).encode() + note.encode())
    assert (request.old, list(request.proof), request.checkpoint) == (old, proof, checkpoint)


@given(st.integers(0, 10**12), st.integers(1, 256))
def test_paths_are_unique_and_read_back(index: int, width: int) -> None:
    name = numbered("tile/0", index, width).removeprefix("tile/0/")
    digits = name.partition(".p/")[0].replace("x", "").replace("/", "")
    assert int(digits) == index
    assert bool(PARTIAL_NAME.fullmatch(name)) == (width < 256)


def test_the_paths_of_the_specification() -> None:
    assert numbered("tile/0", 1234067) == "tile/0/x001/x234/067"
    assert numbered("tile/1", 999, 17) == "tile/1/999.p/17"
    assert numbered("tile/1", 1000) == "tile/1/x001/000"


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_parser_raises_anything_but_its_own(data: bytes) -> None:
    for parse in (parse_note, parse_proof, parse_bundle, parse_sealed, parse_request):
        try:
            parse(data)
        except LedgerError as error:
            assert error.reason  # noqa: PT017 - each refusal has its slug
