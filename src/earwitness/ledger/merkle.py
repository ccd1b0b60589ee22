"""Merkle tree hashing (RFC 6962, section 2.1) and the range arithmetic its proofs are made of.

A *node* (level, index) is the root of the complete subtree over the leaves
``[index << level, (index + 1) << level)``. A *range* is any ``[start, end)`` whose hash is that of the
tree over exactly these leaves.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"

NodeHash = Callable[[int, int], bytes]
"""Gives the hash of the node (level, index)."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash a leaf: SHA-256(00 ‖ leaf)."""
    return sha256(b"\x00" + leaf).digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """Hash many leaves."""
    return [sha256(b"\x00" + leaf).digest() for leaf in leaves]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node: SHA-256(01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def parents(hashes: Sequence[bytes]) -> list[bytes]:
    """Hash neighbours pairwise; a last one without a neighbour is left out."""
    pairs = iter(hashes)
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = parents(hashes)
    return hashes[0]


def tree_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over any number of leaf hashes."""
    range_ = CompactRange()
    for each in hashes:
        range_.append(each)
    return range_.root()


class CompactRange:
    """The right edge of a growing tree: the roots of its complete subtrees, largest first.

    Memory is one hash for each binary digit of the size.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, peaks: Iterable[bytes] = (), size: int = 0) -> None:
        """Start empty, or from the ``peaks`` of a tree of ``size`` leaves."""
        self._peaks = list(peaks)
        self.size = size

    def append(self, hash_: bytes) -> None:
        """Add a leaf hash."""
        self.append_node(hash_, 0)

    def append_node(self, hash_: bytes, level: int) -> None:
        """Add a complete subtree of 2^level leaves; the size must be a multiple of that."""
        peaks = self._peaks
        carry = self.size >> level
        while carry & 1:
            hash_ = sha256(b"\x01" + peaks.pop() + hash_).digest()
            carry >>= 1
        peaks.append(hash_)
        self.size += 1 << level

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of its complete subtrees, largest first: what it takes to go on later."""
        return tuple(self._peaks)

    def root(self) -> bytes:
        """Return the root over everything appended so far."""
        return fold(self._peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """Join complete subtrees, largest (leftmost) first, into the hash of their range."""
    if not peaks:
        return EMPTY_ROOT
    result = peaks[-1]
    for peak in reversed(peaks[:-1]):
        result = node_hash(peak, result)
    return result


def nodes_of(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a range that starts at a subtree boundary into complete nodes, largest (leftmost) first."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def range_hash(start: int, end: int, node: NodeHash) -> bytes:
    """Return the hash over the leaves ``[start, end)`` of a valid subtree."""
    return fold([node(level, index) for level, index in nodes_of(start, end)])


def split_point(size: int) -> int:
    """Return the largest power of two smaller than ``size`` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def is_subtree(start: int, end: int) -> bool:
    """Say whether ``[start, end)`` is a valid subtree: start a multiple of the least power of two ≥ its width."""
    width = end - start
    if start < 0 or width < 0:
        return False
    return width == 0 or start % (1 << (width - 1).bit_length()) == 0
