"""A whole small log that transparency-dev/tessera wrote, at every size from 0 to 15."""

import shutil
from pathlib import Path

import pytest

from earwitness.kernel.errors import LogCorrupt, NoteInvalid
from earwitness.ledger.checkpoint import open_checkpoint
from earwitness.ledger.merkle import leaf_hash
from earwitness.ledger.merkle_proofs import (
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.sources import FolderSource
from earwitness.ledger.tiles import NodeReader, encode_bundle, parse_bundle, read_tile
from earwitness.ledger.verify import read_bundle, verify

KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
SIZES = range(16)


@pytest.fixture
def log(vectors: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    shutil.copytree(vectors / "tlog" / "log", tmp_path / "log")
    for path in (tmp_path / "log").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return tmp_path / "log"


@pytest.mark.parametrize("size", SIZES)
def test_the_log_verifies_at_every_size(log: Path, size: int) -> None:
    shutil.copy(log / f"checkpoint.{size}", log / "checkpoint")
    report = verify(log, KEY, foreign=True)
    assert (report.size, report.signed, report.origin) == (size, True, "example.com/log/testdata")


def test_proofs_from_the_tiles_lead_to_the_signed_roots(log: Path) -> None:
    source, key = FolderSource(log), parse_verifier_key(KEY)
    heads = [open_checkpoint((log / f"checkpoint.{size}").read_bytes(), key).checkpoint for size in SIZES]
    nodes = NodeReader(source, 15)
    leaves = [leaf_hash(entry) for entry in read_bundle(source, 0, 15, None)]
    assert leaves == read_tile(source, 0, 0, 15)
    for new in heads[1:]:
        for index in range(new.size):
            verify_inclusion(index, new.size, leaves[index], inclusion_proof(index, new.size, nodes.node), new.root)
        for old in heads[1 : new.size]:
            proof = consistency_proof(old.size, new.size, nodes.node)
            verify_consistency(old.size, new.size, proof, old.root, new.root)


@pytest.mark.parametrize("size", SIZES[1:])
def test_bundles_are_written_as_others_write_them(log: Path, size: int) -> None:
    data = (log / f"tile/entries/000.p/{size}").read_bytes()
    assert encode_bundle(parse_bundle(data)) == data


@pytest.mark.parametrize(
    ("name", "reason"),
    [("tile/entries/000.p/15", "leaf-mismatch"), ("tile/0/000.p/15", "leaf-mismatch")],
)
def test_a_changed_byte_is_named(log: Path, name: str, reason: str) -> None:
    data = bytearray((log / name).read_bytes())
    data[-1] ^= 1
    (log / name).write_bytes(data)
    with pytest.raises(LogCorrupt) as wrong:
        verify(log, KEY, foreign=True)
    assert (wrong.value.reason, wrong.value.index) == (reason, 14)


def test_the_checkpoint_of_another_size_is_refused(log: Path) -> None:
    text = (log / "checkpoint.14").read_text().replace("\n14\n", "\n13\n")
    (log / "checkpoint").write_text(text)
    with pytest.raises(NoteInvalid) as wrong:
        verify(log, KEY, foreign=True)
    assert wrong.value.reason == "note-signature-invalid"
