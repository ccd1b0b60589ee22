"""Proof vectors of transparency-dev/merkle: the good verify, the bad fail for the reason they state."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from earwitness.kernel.errors import ProofInvalid
from earwitness.ledger.merkle_proofs import (
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

LENGTH, HASH, ROOT, INDEX = "proof-length", "hash-length", "root-mismatch", "index-out-of-range"
OLD, ORDER, EMPTY, SUBTREE = "old-root-mismatch", "size-order", "empty-tree", "subtree-invalid"

# What a vector's description says is wrong, and the reasons that say the same. Where several are
# listed it depends on the numbers: index plus one may fall outside the tree.
INCLUSION = {
    "empty root": {HASH, ROOT, INDEX},
    "empty leaf": {HASH},
    "empty root and leaf": {HASH},
    "empty root and random leaf": {HASH, ROOT, INDEX},
    "random leaf": {HASH, INDEX},
    "random root": {ROOT},
    "wrong leaf": {HASH},
    "inserted component": {LENGTH},
    "removed component": {LENGTH},
    "preceding garbage": {LENGTH},
    "preceding root": {LENGTH},
    "trailing garbage": {LENGTH},
    "trailing root": {LENGTH},
    "treeSize mul @2": {LENGTH},
    "treeSize div @2": {LENGTH, INDEX},
    "leafIdx plus @1": {ROOT, INDEX, LENGTH},
    "leafIdx sub @1": {ROOT, INDEX, LENGTH},
    "leafIdx XOR @2": {ROOT, INDEX, LENGTH},
    "everything zero": {INDEX},
    "start equals end": {INDEX},
    "start larger than end": {SUBTREE},
    "oob left": {INDEX},
    "oob right": {INDEX},
    "oob right 2": {INDEX},
    "invalid subtree": {SUBTREE},
    "invalid large subtree": {SUBTREE},
} | {f"modified proof[{at}] bit @3": {ROOT} for at in range(3)}

CONSISTENCY = {
    "consistency check on empty tree (size1 is zero) is useless": {EMPTY, LENGTH},
    "empty proof": {LENGTH},
    "truncated proof": {LENGTH},
    "preceding garbage": {LENGTH},
    "preceding proof @0": {LENGTH},
    "preceding root1": {LENGTH},
    "preceding root2": {LENGTH},
    "trailing garbage": {LENGTH},
    "trailing root1": {LENGTH},
    "trailing root2": {LENGTH},
    "swapped roots": {OLD, ROOT},
    "wrong root1": {HASH},
    "wrong root2": {HASH},
    "size1 plus @1": {LENGTH},
    "size1 sub @1": {LENGTH, EMPTY},
    "size1 XOR @2": {LENGTH, EMPTY},
    "size2 mul @2": {LENGTH},
    "size2 div @2": {LENGTH, ORDER, SUBTREE},
    "size1 is greater than size2": {ORDER, SUBTREE},
    "size1 is greater than size2 again": {ORDER, SUBTREE},
    "size1 is zero and does not equal size2": {EMPTY, ROOT},
    "size1 is zero and size2 is not zero": {EMPTY},
    "roots do not match and sizes are zero": {ROOT},
    "roots do not match and sizes are one": {ROOT},
    "roots do not not match and sizes are one": {ROOT},
    "sizes are equal (one) but roots are not": {ROOT},
    "sizes are equal (zero) but roots are not": {ROOT},
    "sizes are equal (zero) and proof is empty": {ROOT},  # the roots given are not that of the empty tree
    "sizes do not match and proof is empty": {LENGTH},
    "sizes do not watch and proof is empty": {LENGTH},
    "sizes match but proof is not empty and sizes are one": {LENGTH},
    "sizes match but proof is not empty and sizes are zero": {LENGTH},
    "invalid subtree": {SUBTREE},
    "invalid subtree start 1 end 15 size 15": {SUBTREE},
    "invalid subtree start 1 end 3 size 8": {SUBTREE},
    "invalid subtree start 2 end 5 size 8": {SUBTREE},
    "invalid subtree start 2 end 6 size 8": {SUBTREE},
    "subtree is empty roots match but not valid": {ROOT},
    "subtree is empty roots valid but proof is not empty": {LENGTH},
    "subtree is empty sizes are equal (one) roots match but not valid": {ROOT},
    "subtree is empty sizes are equal (one) roots valid but proof is not empty": {LENGTH},
    "subtree is empty sizes are equal (zero) roots match but not valid": {ROOT},
    "subtree is empty sizes are equal (zero) roots valid but proof is not empty": {LENGTH},
} | {f"modified proof@{at} bit @4": {OLD, ROOT} for at in range(3)}

Vector = dict[str, Any]


def inclusion(each: Vector, proof: list[bytes]) -> None:
    verify_inclusion(each["leafIdx"], each["treeSize"], raw(each["leafHash"]), proof, raw(each["root"]))


def subtree_inclusion(each: Vector, proof: list[bytes]) -> None:
    leaf, root = raw(each["leafHash"]), raw(each["root"])
    verify_subtree_inclusion(each["leafIdx"], each["start"], each["end"], leaf, proof, root)


def consistency(each: Vector, proof: list[bytes]) -> None:
    verify_consistency(each["size1"], each["size2"], proof, raw(each["root1"]), raw(each["root2"]))


def subtree_consistency(each: Vector, proof: list[bytes]) -> None:
    roots = raw(each["root1"]), raw(each["root2"])
    verify_subtree_consistency(each["start"], each["end"], each["size"], proof, *roots)


def raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


@pytest.mark.parametrize(
    ("folder", "check", "reasons", "count"),
    [
        ("inclusion", inclusion, INCLUSION, 98),
        ("subtreeinclusion", subtree_inclusion, INCLUSION, 204),
        ("consistency", consistency, CONSISTENCY, 98),
        ("subtreeconsistency", subtree_consistency, CONSISTENCY, 118),
    ],
)
def test_every_vector_ends_as_it_says(
    vectors: Path,
    folder: str,
    check: Callable[[Vector, list[bytes]], None],
    reasons: dict[str, set[str]],
    count: int,
) -> None:
    files = sorted((vectors / "merkle" / folder).rglob("*.json"))
    assert len(files) == count
    for file in files:
        each = json.loads(file.read_text())
        proof = [raw(line) for line in each["proof"] or []]
        if not each["wantErr"]:
            check(each, proof)
            continue
        with pytest.raises(ProofInvalid) as refused:
            check(each, proof)
        stated = each["desc"].removesuffix(" - subtree")
        assert refused.value.reason in reasons[stated], (file.name, refused.value.reason)
