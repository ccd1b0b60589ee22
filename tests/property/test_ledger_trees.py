"""Random trees: every proof made verifies, and none verifies for anything else."""

import hashlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from earwitness.kernel.errors import ProofInvalid
from earwitness.ledger.merkle import (
    EMPTY_ROOT,
    CompactRange,
    complete_root,
    is_subtree,
    leaf_hash,
    node_hash,
    split_point,
    tree_root,
)
from earwitness.ledger.merkle_proofs import (
    consistency_proof,
    inclusion_proof,
    root_of_inclusion,
    subtree_consistency_proof,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

MOST = 600
LEAVES = [leaf_hash(number.to_bytes(2, "big")) for number in range(MOST)]


def node(level: int, index: int) -> bytes:
    return complete_root(LEAVES[index << level : (index + 1) << level])


def root(start: int, end: int) -> bytes:
    """RFC 6962's own definition, word for word."""
    if start == end:
        return EMPTY_ROOT
    if end - start == 1:
        return LEAVES[start]
    middle = start + split_point(end - start)
    return node_hash(root(start, middle), root(middle, end))


@st.composite
def leaf_in_tree(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, MOST))
    return draw(st.integers(0, size - 1)), size


@st.composite
def two_sizes(draw: st.DrawFn) -> tuple[int, int]:
    new = draw(st.integers(1, MOST))
    return draw(st.integers(1, new)), new


@st.composite
def subtree_in_tree(draw: st.DrawFn) -> tuple[int, int, int]:
    width = draw(st.integers(1, 200))
    step = 1 << (width - 1).bit_length()
    start = step * draw(st.integers(0, (MOST - width) // step))
    return start, start + width, draw(st.integers(start + width, MOST))


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert tree_root([]) == hashlib.sha256(b"").digest()


@given(st.integers(0, MOST))
def test_the_compact_range_gives_the_root_of_the_definition(size: int) -> None:
    assert tree_root(LEAVES[:size]) == root(0, size)


@given(st.integers(0, 7), st.integers(1, 40))
def test_whole_subtrees_may_be_appended(level: int, count: int) -> None:
    size = min(count << level, (MOST >> level) << level)
    range_ = CompactRange()
    for index in range(size >> level):
        range_.append_node(node(level, index), level)
    assert range_.root() == root(0, size)


@given(leaf_in_tree())
def test_inclusion_proofs_verify(where: tuple[int, int]) -> None:
    index, size = where
    proof = inclusion_proof(index, size, node)
    verify_inclusion(index, size, LEAVES[index], proof, root(0, size))
    assert root_of_inclusion(index, size, LEAVES[index], proof) == root(0, size)


@given(leaf_in_tree(), leaf_in_tree())
def test_an_inclusion_proof_proves_nothing_else(where: tuple[int, int], other: tuple[int, int]) -> None:
    assume(where != other)
    proof = inclusion_proof(*where, node)
    with pytest.raises(ProofInvalid):
        verify_inclusion(*other, LEAVES[where[0]], proof, root(0, other[1]))


@given(two_sizes())
def test_consistency_proofs_verify(sizes: tuple[int, int]) -> None:
    proof = consistency_proof(*sizes, node)
    verify_consistency(*sizes, proof, root(0, sizes[0]), root(0, sizes[1]))
    with pytest.raises(ProofInvalid):
        verify_consistency(*sizes, proof, leaf_hash(b"another"), root(0, sizes[1]))


@given(two_sizes(), st.integers(0, 20), st.integers(0, 255))
def test_a_changed_consistency_proof_fails(sizes: tuple[int, int], at: int, bit: int) -> None:
    proof = consistency_proof(*sizes, node)
    assume(proof)
    changed = bytearray(proof[at % len(proof)])
    changed[bit // 8] ^= 1 << bit % 8
    proof[at % len(proof)] = bytes(changed)
    with pytest.raises(ProofInvalid):
        verify_consistency(*sizes, proof, root(0, sizes[0]), root(0, sizes[1]))


@given(two_sizes(), st.integers(0, MOST - 1))
def test_a_rewritten_tree_is_not_consistent(sizes: tuple[int, int], at: int) -> None:
    old, new = sizes
    assume(old < new)
    leaves = list(LEAVES[:new])
    leaves[at % old] = leaf_hash(b"rewritten")

    def rewritten(level: int, index: int) -> bytes:
        return complete_root(leaves[index << level : (index + 1) << level])

    proof = consistency_proof(old, new, rewritten)
    with pytest.raises(ProofInvalid):
        verify_consistency(old, new, proof, root(0, old), tree_root(leaves))


@given(subtree_in_tree())
def test_subtree_proofs_verify(where: tuple[int, int, int]) -> None:
    start, end, size = where
    assert is_subtree(start, end)
    proof = subtree_consistency_proof(start, end, size, node)
    verify_subtree_consistency(start, end, size, proof, root(start, end), root(0, size))


@given(subtree_in_tree(), st.data())
def test_a_leaf_is_proved_in_a_subtree(where: tuple[int, int, int], data: st.DataObject) -> None:
    start, end, _ = where
    index = data.draw(st.integers(start, end - 1))
    proof = inclusion_proof(index - start, end - start, lambda level, at: node(level, at + (start >> level)))
    verify_subtree_inclusion(index, start, end, LEAVES[index], proof, root(start, end))
    with pytest.raises(ProofInvalid):
        verify_subtree_inclusion(index, start, end, leaf_hash(b"another"), proof, root(start, end))
