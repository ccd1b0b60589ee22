"""Receipts: a leaf, its inclusion proof and the checkpoint in one text file (C2SP tlog-proof).

Checking one needs the log's verifier key and nothing else: no database, no network.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from earwitness.kernel.errors import ProofInvalid
from earwitness.ledger.checkpoint import Checkpoint, open_checkpoint, parse_decimal
from earwitness.ledger.commitments import SALT_SIZE, TOMBSTONE_ID_SIZE, entry_commitment, opens, tombstone_commitment
from earwitness.ledger.merkle import HASH_SIZE, leaf_hash
from earwitness.ledger.merkle_proofs import verify_inclusion
from earwitness.ledger.notes import VerifierKey, decode_base64

HEADER = "c2sp.org/tlog-proof@v1"
LARGEST_PROOF = 1_000_000
MOST_HASHES = 63


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A tlog-proof file that parses; nothing in it is checked yet."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def encode(self) -> bytes:
        """Write the file."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(each).decode() for each in self.hashes]
        return "\n".join([*lines, "", ""]).encode() + self.checkpoint


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """What a receipt proves: ``leaf`` is at ``index`` of the log with this checkpoint.

    ``opened`` is what the leaf commits to (salt and entry, or a tombstone's id), if it was carried.
    """

    index: int
    leaf: bytes
    opened: bytes | None
    checkpoint: Checkpoint
    cosigners: tuple[str, ...]


def parse_proof(data: bytes) -> TlogProof:
    """Read a tlog-proof file.

    Raises:
        ProofInvalid: ``proof-too-large``, ``proof-header``, ``proof-extra``, ``proof-index``,
            ``proof-hash`` or ``proof-truncated``.
    """
    if len(data) > LARGEST_PROOF:
        raise _invalid("proof-too-large", f"more than {LARGEST_PROOF} bytes")
    head, blank, checkpoint = data.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    if lines.pop(0) != HEADER:
        raise _invalid("proof-header", f"the first line is not {HEADER}")
    extra = _parse_extra(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
    index = parse_decimal(lines[0].removeprefix("index ")) if lines and lines[0].startswith("index ") else None
    if index is None:
        raise _invalid("proof-index", "no line 'index N' where one is due")
    if not blank or not checkpoint:
        raise _invalid("proof-truncated", "no checkpoint follows a blank line")
    return TlogProof(index, parse_hashes(lines[1:]), checkpoint, extra)


def parse_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    """Read the lines of a proof, one hash each.

    Raises:
        ProofInvalid: ``proof-too-large`` (more than 63 lines) or ``proof-hash``.
    """
    if len(lines) > MOST_HASHES:
        raise _invalid("proof-too-large", f"more than {MOST_HASHES} hashes")
    hashes = [decode_base64(line) for line in lines]
    whole = tuple(each for each in hashes if each is not None and len(each) == HASH_SIZE)
    if len(whole) != len(lines):
        raise _invalid("proof-hash", "a line of the proof is not base64 of 32 bytes")
    return whole


def verify_receipt(
    data: bytes,
    key: VerifierKey,
    leaf: bytes | None = None,
    *,
    witnesses: Sequence[VerifierKey] = (),
    quorum: int | None = None,
) -> VerifiedReceipt:
    """Check a receipt against the log's key.

    Args:
        data: the file.
        key: the log's verifier key.
        leaf: the 32 bytes that are to be proved; None takes them from the ``extra`` line.
        witnesses: keys of witnesses whose cosignatures count.
        quorum: how many of them must have cosigned; all if None.

    Raises:
        ProofInvalid: the file does not parse, ``extra-mismatch``, or the proof does not hold.
        NoteInvalid: the checkpoint in it is not valid.
    """
    proof = parse_proof(data)
    opened = open_checkpoint(proof.checkpoint, key, witnesses, quorum)
    leaf = _leaf(proof.extra, leaf)
    size, root = opened.checkpoint.size, opened.checkpoint.root
    verify_inclusion(proof.index, size, leaf_hash(leaf), proof.hashes, root)
    return VerifiedReceipt(proof.index, leaf, proof.extra, opened.checkpoint, opened.cosigners)


def _leaf(extra: bytes | None, leaf: bytes | None) -> bytes:
    if leaf is not None:
        if extra is not None and not opens(leaf, extra):
            raise _invalid("extra-mismatch", "what it carries is not what the leaf commits to")
        return leaf
    if extra is None or (len(extra) != TOMBSTONE_ID_SIZE and len(extra) < SALT_SIZE):
        raise _invalid("extra-mismatch", "it does not carry what its leaf commits to; give the leaf too")
    if len(extra) == TOMBSTONE_ID_SIZE:
        return tombstone_commitment(extra)
    return entry_commitment(extra[:SALT_SIZE], extra[SALT_SIZE:])


def _parse_extra(line: str) -> bytes:
    raw = decode_base64(line.removeprefix("extra "))
    if raw is None:
        raise _invalid("proof-extra", "the extra line is not base64")
    return raw


def _invalid(reason: str, why: str) -> ProofInvalid:
    return ProofInvalid(
        f"The receipt is not valid: {why}.",
        reason=reason,
        next_step="Ask for the receipt again; do not trust this one.",
    )
