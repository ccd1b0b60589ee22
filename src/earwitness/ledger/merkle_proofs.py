"""Inclusion and consistency proofs (RFC 6962, sections 2.1.1 and 2.1.2) and their subtree forms.

The subtree forms are those of draft-ietf-plants-merkle-tree-certs: a proof that a leaf is in a
subtree, and that a subtree is a part of a tree. A plain consistency proof is the one of the subtree
``[0, old size)``. Every refusal is a :class:`ProofInvalid` with a reason of docs/formats/ledger.md.
"""

from collections.abc import Sequence

from earwitness.kernel.errors import ProofInvalid
from earwitness.ledger.merkle import EMPTY_ROOT, HASH_SIZE, NodeHash, is_subtree, node_hash, range_hash, split_point

LARGEST_SIZE = 1 << 63


def inclusion_proof(index: int, size: int, node: NodeHash) -> list[bytes]:
    """Prove that leaf ``index`` is in the tree of ``size`` leaves; nearest sibling first.

    Raises:
        ProofInvalid: ``index-out-of-range``.
    """
    if not 0 <= index < size:
        raise _invalid("index-out-of-range", f"there is no leaf {index} in a tree of {size}")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + split_point(end - start)
        if index < middle:
            proof.append(range_hash(middle, end, node))
            end = middle
        else:
            proof.append(range_hash(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node: NodeHash) -> list[bytes]:
    """Prove that the tree of ``new`` leaves begins with the tree of ``old``; empty if old is 0 or new.

    Raises:
        ProofInvalid: ``size-order``.
    """
    if old > new:
        raise _invalid("size-order", f"a tree of {old} cannot have grown into one of {new}")
    return subtree_consistency_proof(0, old, new, node) if old else []


def subtree_consistency_proof(start: int, end: int, size: int, node: NodeHash) -> list[bytes]:
    """Prove that the subtree ``[start, end)`` is a part of the tree of ``size`` leaves.

    Raises:
        ProofInvalid: ``subtree-invalid``.
    """
    if not is_subtree(start, end) or end > size:
        raise _invalid("subtree-invalid", f"[{start}, {end}) is not a subtree of a tree of {size}")
    proof: list[bytes] = []
    low, high, known = 0, size, True
    while start < end and (start, end) != (low, high):
        middle = low + split_point(high - low)
        if end <= middle:
            proof.append(range_hash(middle, high, node))
            high = middle
        elif start >= middle:
            proof.append(range_hash(low, middle, node))
            low = middle
        else:  # the subtree reaches over the middle: its left half is a whole node, found on the way
            proof.append(range_hash(low, middle, node))
            start = low = middle
            known = False
    if not known:
        proof.append(range_hash(start, end, node))
    return proof[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash ``leaf`` is at ``index`` in the tree of ``size`` leaves with this root.

    Raises:
        ProofInvalid: ``index-out-of-range``, ``proof-length``, ``hash-length`` or ``root-mismatch``.
    """
    if root_of_inclusion(index, size, leaf, proof) != _hash(root):
        raise _invalid("root-mismatch", "it leads to another root")


def root_of_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root that an inclusion proof leads to.

    Raises:
        ProofInvalid: ``index-out-of-range``, ``proof-length`` or ``hash-length``.
    """
    if not 0 <= index < size <= LARGEST_SIZE:
        raise _invalid("index-out-of-range", f"there is no leaf {index} in a tree of {size}")
    inner = (index ^ (size - 1)).bit_length()
    if len(proof) != inner + (index >> inner).bit_count():
        raise _invalid("proof-length", f"{len(proof)} hashes do not fit leaf {index} in a tree of {size}")
    result = _hash(leaf)
    for level, sibling in enumerate(proof):
        on_the_left = level >= inner or (index >> level) & 1
        result = node_hash(_hash(sibling), result) if on_the_left else node_hash(result, _hash(sibling))
    return result


def verify_subtree_inclusion(  # noqa: PLR0913, PLR0917 - the six numbers of the specification
    index: int, start: int, end: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf hash is at ``index`` in the subtree ``[start, end)`` with this root.

    Raises:
        ProofInvalid: ``subtree-invalid`` or as :func:`verify_inclusion`.
    """
    if not is_subtree(start, end) or end > LARGEST_SIZE:
        raise _invalid("subtree-invalid", f"[{start}, {end}) is not a subtree")
    verify_inclusion(index - start, end - start, leaf, proof, root)


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree of ``new`` leaves begins with the tree of ``old`` leaves.

    Raises:
        ProofInvalid: ``size-order``, ``empty-tree``, ``proof-length``, ``hash-length``,
            ``old-root-mismatch`` or ``root-mismatch``.
    """
    if not 0 <= old <= new <= LARGEST_SIZE:
        raise _invalid("size-order", f"a tree of {old} cannot have grown into one of {new}")
    if old == new:
        _verify_same(proof, old_root, new_root if new else EMPTY_ROOT)
        _verify_same((), new_root, old_root)
    elif old == 0:
        raise _invalid("empty-tree", "every tree begins with the empty one; there is nothing to prove")
    else:
        verify_subtree_consistency(0, old, new, proof, old_root, new_root)


def verify_subtree_consistency(  # noqa: PLR0913, PLR0917 - the six numbers of the specification
    start: int, end: int, size: int, proof: Sequence[bytes], subtree_root: bytes, root: bytes
) -> None:
    """Check that the subtree ``[start, end)`` is a part of the tree of ``size`` leaves.

    Of the empty subtree only its own root is checked: it is a part of every tree.

    Raises:
        ProofInvalid: ``subtree-invalid``, ``proof-length``, ``hash-length``, ``old-root-mismatch``
            or ``root-mismatch``.
    """
    if not is_subtree(start, end) or not end <= size <= LARGEST_SIZE:
        raise _invalid("subtree-invalid", f"[{start}, {end}) is not a subtree of a tree of {size}")
    if start == end:
        _verify_same(proof, subtree_root, EMPTY_ROOT)
    elif (start, end) == (0, size):
        _verify_same(proof, subtree_root, root)
    else:
        _verify_parts(start, end - 1, size - 1, proof, subtree_root, root)


def _verify_same(proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    if proof:
        raise _invalid("proof-length", f"{len(proof)} hashes where none are needed")
    if old_root != new_root:
        raise _invalid("root-mismatch", "two roots for one tree")


def _verify_parts(  # noqa: PLR0913, PLR0917 - as the draft names them
    first: int, last: int, tree_last: int, proof: Sequence[bytes], subtree_root: bytes, root: bytes
) -> None:
    """Run the draft's verification: walk from the subtree's right edge up, building both roots."""
    shift = _entry_level(first, last, tree_last)
    first, last, tree_last = first >> shift, last >> shift, tree_last >> shift
    whole = first == last
    if len(proof) != _consistency_length(last, tree_last) + (not whole):
        raise _invalid("proof-length", f"{len(proof)} hashes do not fit these sizes")
    seed, *siblings = map(_hash, (subtree_root, *proof) if whole else proof)
    old = new = seed
    for sibling in siblings:
        if last & 1 or last == tree_last:
            if first < last:
                old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not last & 1:
                first, last, tree_last = first >> 1, last >> 1, tree_last >> 1
        else:
            new = node_hash(new, sibling)
        first, last, tree_last = first >> 1, last >> 1, tree_last >> 1
    if old != _hash(subtree_root):
        raise _invalid("old-root-mismatch", "it does not lead to the older root")
    if new != _hash(root):
        raise _invalid("root-mismatch", "it leads to another root")


def _entry_level(first: int, last: int, tree_last: int) -> int:
    """Return the level of the lowest node on the subtree's right edge that the tree also has."""
    shift = 0
    if last == tree_last:
        while first != last:
            first, last, shift = first >> 1, last >> 1, shift + 1
        return shift
    while first != last and last & 1:
        first, last, shift = first >> 1, last >> 1, shift + 1
    return shift


def _consistency_length(last: int, tree_last: int) -> int:
    """Count the siblings between a node and the root of the tree whose last node at that level is given."""
    inner = (last ^ tree_last).bit_length()
    return inner + (last >> inner).bit_count()


def _hash(value: bytes) -> bytes:
    if len(value) != HASH_SIZE:
        raise _invalid("hash-length", f"a hash has {len(value)} bytes instead of {HASH_SIZE}")
    return value


def _invalid(reason: str, why: str) -> ProofInvalid:
    return ProofInvalid(
        f"The proof does not hold: {why}.",
        reason=reason,
        next_step="Do not trust what it was given for; ask for it again and compare the checkpoints.",
    )
