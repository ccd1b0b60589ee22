"""The seed of a draw: a secret that was committed to in the log, and a witness's cosignature made afterwards.

Neither the operator (who knows the secret but not what the witness will sign) nor the witness (who does not know the
secret) can choose it alone. Format: docs/formats/review.md, section 2.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from earwitness.kernel.clock import MINUTE, SECOND
from earwitness.kernel.errors import DrawInvalid
from earwitness.ledger.checkpoint import open_checkpoint
from earwitness.ledger.notes import VerifierKey, cosignature_time, verified_signatures

SECRET_SIZE: Final = 32
MOST_DELAY_MS: Final = 10 * MINUTE
_SECRET: Final = b"earwitness/draw-secret/v1\n"
_SEED: Final = b"earwitness/draw-seed/v1\n"


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed (32 bytes), the size of the checkpoint it came of, and which witnesses signed that, when (ms)."""

    value: bytes
    size: int
    witnesses: tuple[str, ...]
    signed_at: int


def commitment(secret: bytes) -> bytes:
    """What the log holds of a secret before it is used: 32 bytes."""
    return hashlib.sha256(_SECRET + secret).digest()


def make_seed(secret: bytes, checkpoint: bytes, log: VerifierKey, witnesses: Sequence[VerifierKey]) -> Seed:
    """Make the seed from a published checkpoint with its cosignatures, in the order of the witnesses' names.

    Raises:
        NoteInvalid: the checkpoint is not signed by the log, or a cosignature does not verify.
    """
    opened = open_checkpoint(checkpoint, log, witnesses, quorum=0)
    signed = sorted(verified_signatures(opened.note, witnesses), key=lambda each: each[0].name)
    material = _SEED + secret + hashlib.sha256(opened.note.text.encode()).digest()
    material += b"".join(signature.value for _, signature in signed)
    times = [cosignature_time(signature) * SECOND for _, signature in signed]
    names = tuple(key.name for key, _ in signed)
    return Seed(hashlib.sha256(material).digest(), opened.checkpoint.size, names, max(times, default=0))


def require_timely(seed: Seed, frozen_at: int) -> None:
    """Check that the witnesses signed soon after the frame was frozen.

    Raises:
        DrawInvalid: ``draw-late``: so late that many seeds could have been tried.
    """
    if seed.witnesses and not -MINUTE <= seed.signed_at - frozen_at <= MOST_DELAY_MS:
        raise DrawInvalid("The witness signed more than ten minutes after the frame was frozen.", reason="draw-late")
