"""Checkpoints: the signed head of the tree (C2SP tlog-checkpoint v1.0.0), without extension lines."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from earwitness.kernel.errors import NoteInvalid
from earwitness.ledger.merkle import HASH_SIZE
from earwitness.ledger.notes import SignedNote, VerifierKey, decode_base64, parse_note, verified_signatures, verify_note

DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
TEXT_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: ``size`` leaves with this ``root``."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint whose signatures were checked, and its note as published."""

    checkpoint: Checkpoint
    note: SignedNote
    cosigners: tuple[str, ...] = ()


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint.

    Raises:
        NoteInvalid: ``checkpoint-lines``, ``checkpoint-origin``, ``checkpoint-size`` or
            ``checkpoint-root``.
    """
    lines = text.split("\n")
    if len(lines) != TEXT_LINES + 1 or lines[-1]:
        raise _invalid("checkpoint-lines", "it is not three lines")
    origin, size, root = lines[:-1]
    if not origin:
        raise _invalid("checkpoint-origin", "its first line is empty")
    if (number := parse_decimal(size)) is None:
        raise _invalid("checkpoint-size", "its size is not a plain number")
    raw = decode_base64(root)
    if raw is None or len(raw) != HASH_SIZE:
        raise _invalid("checkpoint-root", "its root is not base64 of 32 bytes")
    return Checkpoint(origin, number, raw)


def parse_decimal(text: str) -> int | None:
    """Read a number without sign or leading zeroes, below 2^63; None if it is not one."""
    if not DECIMAL.fullmatch(text):
        return None
    number = int(text)
    return number if number < 1 << 63 else None


def open_checkpoint(
    data: bytes,
    key: VerifierKey | None,
    witnesses: Sequence[VerifierKey] = (),
    quorum: int | None = None,
) -> OpenedCheckpoint:
    """Read a published checkpoint and check who signed it.

    Args:
        data: the note.
        key: the log's key; its name must be the origin. None leaves the log's signature unchecked.
        witnesses: keys whose cosignatures count.
        quorum: how many of them must have cosigned; all if None.

    Raises:
        NoteInvalid: with a reason of docs/formats/ledger.md, section 4.
    """
    note = parse_note(data)
    if key is not None:
        verify_note(note, [key])
    checkpoint = parse_checkpoint(note.text)
    if key is not None and checkpoint.origin != key.name:
        raise _invalid("checkpoint-origin", "it is of another log than the key")
    signed = {signer.name for signer, _ in verified_signatures(note, witnesses)}
    needed = len(witnesses) if quorum is None else quorum
    if len(signed) < needed:
        raise _invalid("cosignature-missing", f"{len(signed)} of {needed} witnesses cosigned it")
    return OpenedCheckpoint(checkpoint, note, tuple(sorted(signed)))


def _invalid(reason: str, why: str) -> NoteInvalid:
    return NoteInvalid(
        f"The checkpoint is not valid: {why}.",
        reason=reason,
        file="checkpoint",
        next_step="Do not trust it; check that the right log and the right keys were given.",
    )
