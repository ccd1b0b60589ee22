"""Is the ledger at hand as new as any that was seen? A restore asks before it touches anything.

Rules: docs/formats/backup.md, "Restore". A second copy or checkpoint older than the backup's own log
proves nothing about what came after the backup, so it counts as none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from sqlalchemy import Connection

from earwitness.kernel.clock import rfc3339
from earwitness.kernel.errors import BackupCorrupt, BadInput, RestoreGap
from earwitness.ledger.checkpoint import Checkpoint, open_checkpoint
from earwitness.ledger.merkle import CompactRange, leaf_hash
from earwitness.ledger.notes import VerifierKey
from earwitness.ledger.rows import leaf_chunks, log_size
from earwitness.ledger.sources import FolderSource
from earwitness.ledger.tiles import CHECKPOINT

NEXT_STEP = (
    "Give the newest second copy of the log, or the newest checkpoint that a witness or a person has. If there is "
    "none anywhere, without_second_copy_erased_things_may_return restores all the same."
)


@dataclass(frozen=True, slots=True)
class AtHand:
    """The ledger that a data backup brings: leaves in its database, its checkpoint, and when it was made (ms)."""

    ledger: int
    checkpoint: Checkpoint
    made_at: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was accepted: the second copy to fill the gap from, and checkpoints that the history must give.

    ``relied_on`` is ``second copy``, ``checkpoint`` or ``none``.
    """

    second: Path | None
    seen: tuple[tuple[str, Checkpoint], ...]
    relied_on: str


def weigh(
    at_hand: AtHand, second: Path | None, checkpoint: bytes | None, key: VerifierKey, *, dangerous: bool
) -> Evidence:
    """Accept or refuse what is known of the newest ledger.

    Args:
        at_hand: what the backup brings.
        second: a second copy of the log.
        checkpoint: the newest checkpoint that somebody outside has.
        key: the log's.
        dangerous: go on where nothing proves that the ledger is the newest.

    Raises:
        RestoreGap: a newer ledger was seen than there is at hand, or nothing says that there was none.
        BadInput: ``second`` holds no log.
        NoteInvalid: a checkpoint is not signed by the log's key.
    """
    copy = _second_checkpoint(second, key)
    shown = open_checkpoint(checkpoint, key).checkpoint if checkpoint is not None else None
    reach = max(at_hand.ledger, copy.size if copy else 0)
    if shown is not None and shown.size > reach:
        raise _gap(at_hand, second, copy, shown.size, reach)
    own = at_hand.checkpoint
    fresh_copy = copy is not None and copy.size >= own.size
    fresh_checkpoint = shown is not None and shown.size >= own.size
    if not (fresh_copy or fresh_checkpoint or dangerous):
        raise _unproved(own.size, copy, shown)
    named = (("its own checkpoint", own), ("the second copy", copy), ("the checkpoint that was given", shown))
    seen = tuple((name, each) for name, each in named if each is not None and each.size)
    relied_on = "second copy" if fresh_copy else "checkpoint" if fresh_checkpoint else "none"
    return Evidence(second if fresh_copy else None, seen, relied_on)


def check_history(tx: Connection, seen: Sequence[tuple[str, Checkpoint]]) -> None:
    """Recompute the roots of the database's leaves at the size of every checkpoint that was seen.

    Raises:
        BackupCorrupt: the leaves are those of another history.
        LogCorrupt: a leaf is missing.
    """
    range_ = CompactRange()
    leaves = chain.from_iterable(leaf_chunks(tx, 0, log_size(tx), sealed=False))
    for name, checkpoint in sorted(seen, key=lambda each: each[1].size):
        while range_.size < checkpoint.size:
            range_.append(leaf_hash(next(leaves)[1]))
        if range_.root() != checkpoint.root:
            raise BackupCorrupt(
                f"data.db of the backup holds another history of the log than {name} at {checkpoint.size} entries.",
                next_step="Restore only what belongs together: run earwitness verify on each, and ask who changed one.",
            )


def _second_checkpoint(second: Path | None, key: VerifierKey) -> Checkpoint | None:
    if second is None:
        return None
    note = FolderSource(second).read(CHECKPOINT) if second.is_dir() else None
    if note is None:
        raise BadInput(f"{second} holds no copy of a log.", next_step="Give the folder that has a file 'checkpoint'.")
    return open_checkpoint(note, key).checkpoint


def _gap(at_hand: AtHand, second: Path | None, copy: Checkpoint | None, seen: int, reach: int) -> RestoreGap:
    have = f"The backup's ledger holds {at_hand.ledger} entries"
    since = rfc3339(at_hand.made_at)
    if second is not None and copy is not None:
        have += f" and the second copy {copy.size}"
        if copy.size >= at_hand.ledger:
            written = (second / CHECKPOINT).stat().st_mtime
            since = datetime.fromtimestamp(written, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return RestoreGap(
        f"{have}, but one of {seen} was seen: {seen - reach} entries, written since {since}, are missing, and with "
        "them the erasures among them.",
        next_step="Give a second copy of the log that reaches it.",
    )


def _unproved(own: int, copy: Checkpoint | None, shown: Checkpoint | None) -> RestoreGap:
    if copy is None and shown is None:
        return RestoreGap(
            f"Nothing shows that the backup's ledger of {own} entries is the newest: what was erased since may return.",
            next_step=NEXT_STEP,
        )
    sizes = " and ".join(
        f"{name} ends at {each.size}"
        for name, each in (("the second copy", copy), ("the checkpoint that was given", shown))
        if each is not None
    )
    return RestoreGap(
        f"The backup's own log has {own} entries, but {sizes}: that shows nothing of what came after the backup.",
        next_step=NEXT_STEP,
    )
