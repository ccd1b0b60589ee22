"""The log: leaves appended inside the caller's transaction, published as signed tiles afterwards.

The rows are the truth; the folder and its second copy are derived from them and follow. The order of
writes is that of docs/formats/ledger.md, section 6.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import EarwitnessError, LedgerError, LogCorrupt, StorageError, WitnessRefused
from earwitness.ledger.checkpoint import Checkpoint, open_checkpoint
from earwitness.ledger.commitments import COMMITMENT_SIZE, TOMBSTONE_ID_SIZE, Leaf, tombstone_commitment
from earwitness.ledger.merkle import leaf_hash
from earwitness.ledger.merkle_proofs import consistency_proof, inclusion_proof, verify_inclusion
from earwitness.ledger.notes import Signature, SignedNote, parse_note
from earwitness.ledger.proof import TlogProof
from earwitness.ledger.publication import Publication, Published, read_published, remove_leftovers
from earwitness.ledger.rows import add_leaves, add_tombstones, clear_sealed, log_size, read_leaves
from earwitness.ledger.signer import NoteSigner
from earwitness.ledger.sources import FolderSource
from earwitness.ledger.tiles import CHECKPOINT, NodeReader, missing
from earwitness.ledger.tombstones import Tombstone
from earwitness.ledger.writer import LOCK, PUBLIC_FOLDER_MODE, FolderWriter
from earwitness.storage.database import Database
from earwitness.storage.files import FolderLock, make_folder

if TYPE_CHECKING:  # it brings an HTTP client, and most installations have no witness
    from earwitness.ledger.witness import Witness

__all__ = ["Checkpoint", "CosignResult", "Leaf", "Log", "SecondCopy", "tombstone_commitment"]

LOCK_NAME = "ledger"


@dataclass(frozen=True, slots=True)
class SecondCopy:
    """How the second copy stands: its size, and why the last attempt to bring it up failed."""

    size: int
    error: EarwitnessError | None = None


@dataclass(frozen=True, slots=True)
class CosignResult:
    """What a witness did with the newest checkpoint; ``error`` is None if it cosigned."""

    name: str
    error: WitnessRefused | None


class Log:
    """One installation's log. Safe from several threads, and from several processes on one folder."""

    def __init__(  # noqa: PLR0913 - the house's one place that wires a log
        self,
        database: Database,
        folder: Path,
        signer: NoteSigner,
        *,
        clock: Clock,
        second: Path | None = None,
        witnesses: Sequence["Witness"] = (),
    ) -> None:
        """Publish to ``folder`` and then to ``second``, signed by ``signer``."""
        self.folder = folder
        self.signer = signer
        self.clock = clock
        self.second = second
        self.witnesses = tuple(witnesses)
        self._database = database
        self._nodes: tuple[bytes, NodeReader, Checkpoint] | None = None
        self._second_state = SecondCopy(0)
        self._swept: set[Path] = set()

    def close(self) -> None:
        """Close the connections to witnesses; the database is the caller's."""
        for witness in self.witnesses:
            witness.close()

    # --- appending, inside the caller's write transaction ---------------------------------------

    def append(self, tx: Connection, leaves: Sequence[Leaf]) -> range:
        """Append leaves in order; durable when the transaction commits.

        Returns:
            Their indexes.

        Raises:
            LogCorrupt: ``leaf-length``: a commitment is not 32 bytes.
        """
        if any(len(leaf.commitment) != COMMITMENT_SIZE for leaf in leaves):
            raise LogCorrupt(f"A leaf is {COMMITMENT_SIZE} bytes.", reason="leaf-length")
        self._database.serialize(tx, LOCK_NAME)
        return add_leaves(tx, [(leaf.commitment, leaf.sealed) for leaf in leaves])

    def bury(self, tx: Connection, ids: Sequence[bytes]) -> range:
        """Append a tombstone for each id of 16 random bytes; durable when the transaction commits.

        Raises:
            LogCorrupt: ``leaf-length``: an id is not 16 bytes.
        """
        if any(len(each) != TOMBSTONE_ID_SIZE for each in ids):
            raise LogCorrupt(f"A tombstone's id is {TOMBSTONE_ID_SIZE} bytes.", reason="leaf-length")
        self._database.serialize(tx, LOCK_NAME)
        indexes = add_leaves(tx, [(tombstone_commitment(each), None) for each in ids])
        add_tombstones(tx, [Tombstone(index, each) for index, each in zip(indexes, ids, strict=True)])
        return indexes

    def leaves(self, tx: Connection, indexes: Sequence[int]) -> list[Leaf]:
        """Return the leaves at these indexes, in their order; sealed bytes that were erased are empty.

        Raises:
            LogCorrupt: ``sequence-gap``: the database has no such leaf.
        """
        found = read_leaves(tx, indexes)
        for index in indexes:
            if index not in found:
                raise LogCorrupt(f"The database lacks leaf {index} of the log.", reason="sequence-gap", index=index)
        return [found[index] for index in indexes]

    def sealed(self, tx: Connection, indexes: Sequence[int]) -> list[bytes | None]:
        """Return the sealed bytes at these indexes; None for a tombstone, an erased entry or no leaf."""
        found = read_leaves(tx, indexes)
        return [(found[index].sealed or None) if index in found else None for index in indexes]

    def erase_sealed(self, tx: Connection, indexes: Sequence[int]) -> None:
        """Forget the sealed bytes at these indexes. The tree does not change and still verifies."""
        clear_sealed(tx, indexes)

    def size(self) -> int:
        """Return how many leaves are committed in the database."""
        with self._database.read() as tx:
            return log_size(tx)

    # --- publishing -----------------------------------------------------------------------------

    def publish(self, *, require_second: bool = False) -> Checkpoint:
        """Publish every committed leaf and return the checkpoint shown; cheap when nothing is new.

        The second copy follows. If it cannot be written that does not undo the first: see
        :meth:`second_copy`, or pass ``require_second`` to have it raised.

        Raises:
            LogCorrupt: the folder, the database or the second copy contradict each other; nothing
                was signed. Reasons: docs/formats/ledger.md, section 7.
            StorageError: the folder cannot be written; what it showed before still stands.
        """
        make_folder(self.folder, PUBLIC_FOLDER_MODE)
        with self._locked(), self._database.read() as tx:
            shown = self._publish_first(tx)
            self._sweep(self.folder, shown)
            if self.second is not None:
                self._follow(tx, self.second, shown, require=require_second)
        return shown.checkpoint

    def _sweep(self, folder: Path, shown: Published) -> None:
        """Once in a process: clear away what a crash of an earlier one left."""
        if folder not in self._swept:
            remove_leftovers(folder, shown)
            self._swept.add(folder)

    def published(self) -> Checkpoint | None:
        """Return the checkpoint that the folder shows, its signature checked; None if there is none.

        Raises:
            NoteInvalid: it does not parse or is not signed by this log.
        """
        return self._reader()[2] if FolderSource(self.folder).read(CHECKPOINT) else None

    def second_copy(self) -> SecondCopy:
        """Return how the second copy stood after this process's last publication."""
        return self._second_state

    def _locked(self) -> AbstractContextManager[FolderLock]:
        return FolderLock(self.folder / LOCK, exclusive=True)

    def _publish_first(self, tx: Connection) -> Published:
        shown = read_published(self.folder, self.signer.key)
        size, reached = log_size(tx), max(shown.checkpoint.size, shown.head.log_size)
        if size < reached:
            raise _behind(size, reached)
        if size == shown.checkpoint.size and shown.note and shown.head_note:
            return shown
        publication = Publication(self.folder, shown, with_sealed=False)
        grown = publication.grow(tx, size)
        if shown.note and size == shown.checkpoint.size:
            note = shown.note  # only the tombstones' head was lost: what is cosigned stays
        else:
            note = self.signer.sign(grown.checkpoint.text).encode()
        return publication.show(grown, note, self.signer.sign(grown.head.text).encode())

    def _follow(self, tx: Connection, folder: Path, first: Published, *, require: bool) -> None:
        try:
            self._copy(tx, folder, first)
            self._sweep(folder, first)
            self._second_state = SecondCopy(first.checkpoint.size)
        except (StorageError, LedgerError) as error:
            self._second_state = SecondCopy(self._second_state.size, error)
            if require or isinstance(error, LedgerError):
                raise

    def _copy(self, tx: Connection, folder: Path, first: Published) -> None:
        make_folder(folder, PUBLIC_FOLDER_MODE)
        shown = read_published(folder, self.signer.key)
        if (shown.note, shown.head_note) == (first.note, first.head_note):
            return
        if shown.checkpoint.size > first.checkpoint.size:
            raise _second_diverged(folder, "it holds more than was published here")
        publication = Publication(folder, shown, with_sealed=True)
        try:
            grown = publication.grow(tx, first.checkpoint.size)
        except LogCorrupt as error:
            if error.reason != "database-diverged":
                raise
            raise _second_diverged(folder, f"its leaf {error.index} is another one") from error
        if (grown.checkpoint, grown.head) != (first.checkpoint, first.head):
            raise _second_diverged(folder, "it is of another history")
        publication.show(grown, first.note, first.head_note)

    # --- witnesses --------------------------------------------------------------------------------

    def cosign(self) -> list[CosignResult]:
        """Ask every witness to cosign the checkpoint shown, and add what they give to it.

        Best effort: a witness that does not answer is in the result, not an error. The folder's lock
        is not held while waiting.

        Raises:
            LogCorrupt: nothing was published yet, or the folder is damaged.
        """
        note = parse_note(self.checkpoint_note())
        signatures, results = [], []
        for witness in self.witnesses:
            try:
                signatures.append(witness.cosign(note, self.consistency))
                results.append(CosignResult(witness.key.name, None))
            except WitnessRefused as error:
                results.append(CosignResult(witness.key.name, error))
        if signatures:
            self._add_signatures(note.text, signatures)
        return results

    def _add_signatures(self, text: str, signatures: Iterable[Signature]) -> None:
        with self._locked(), self._database.read() as tx:
            shown = read_published(self.folder, self.signer.key)
            if shown.checkpoint.text != text:
                return  # a newer checkpoint is out; these witnesses will be asked again
            note = parse_note(shown.note)
            new = {(each.name, each.key_id): each for each in (*note.signatures, *signatures)}
            data = SignedNote(text, tuple(new.values())).encode()
            FolderWriter(self.folder).replace_head(CHECKPOINT, data)
            if self.second is not None:
                cosigned = Published(shown.checkpoint, data, shown.head, shown.head_note)
                self._follow(tx, self.second, cosigned, require=False)

    # --- proving, from the tiles ------------------------------------------------------------------

    def proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the inclusion proof of a leaf in the published tree, or in an earlier ``size`` of it.

        Raises:
            ProofInvalid: ``index-out-of-range``: not published (yet).
            LogCorrupt: a tile is missing, or nothing was published yet.
        """
        _, nodes, checkpoint = self._reader()
        size = checkpoint.size if size is None else min(size, checkpoint.size)
        return inclusion_proof(index, size, nodes.node)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the published tree at size ``new`` begins with that at size ``old``.

        Raises:
            ProofInvalid: ``size-order``.
            LogCorrupt: a tile is missing, or ``new`` is not published.
        """
        _, nodes, checkpoint = self._reader()
        if new > checkpoint.size:
            raise LogCorrupt(f"Only {checkpoint.size} leaves are published, not {new}.", reason="not-published")
        return consistency_proof(old, new, nodes.node)

    def receipt(self, index: int, entry: bytes, *, extra: bytes | None = None) -> bytes:
        """Return a tlog-proof file for a published leaf; it was checked before it is handed out.

        Args:
            index: the leaf's.
            entry: the leaf itself, 32 bytes.
            extra: what it commits to (salt and entry, or a tombstone's id), for its person's own copy.

        Raises:
            ProofInvalid: the leaf is not published (yet), or is not ``entry``.
            LogCorrupt: a tile is missing, or nothing was published yet.
        """
        note, nodes, checkpoint = self._reader()
        hashes = inclusion_proof(index, checkpoint.size, nodes.node)
        verify_inclusion(index, checkpoint.size, leaf_hash(entry), hashes, checkpoint.root)
        return TlogProof(index, tuple(hashes), note, extra).encode()

    def checkpoint_note(self) -> bytes:
        """Return the published checkpoint as it stands in the folder, cosignatures and all.

        Raises:
            LogCorrupt: nothing was published yet.
        """
        return self._reader()[0]

    def forget_tiles(self) -> None:
        """Empty the cache of tiles. Never needed, as tiles do not change; for measuring without it."""
        self._nodes = None

    def _reader(self) -> tuple[bytes, NodeReader, Checkpoint]:
        """Read the checkpoint now; keep parsed what did not change since the last time."""
        source = FolderSource(self.folder)
        note = source.read(CHECKPOINT)
        if note is None:
            raise missing(CHECKPOINT)
        known = self._nodes
        if known is not None and known[0] == note:
            return known
        checkpoint = open_checkpoint(note, self.signer.key).checkpoint
        self._nodes = fresh = (note, NodeReader(source, checkpoint.size), checkpoint)
        return fresh


def _behind(size: int, reached: int) -> LogCorrupt:
    return LogCorrupt(
        f"The database holds {size} leaves of the log, but {reached} were published: it is an older one.",
        reason="database-behind-log",
        index=size,
        next_step="Run earwitness restore with the newest second copy of the log.",
    )


def _second_diverged(folder: Path, why: str) -> LogCorrupt:
    return LogCorrupt(
        f"The second copy in {folder} cannot follow: {why}.",
        reason="second-copy-diverged",
        next_step="Run earwitness verify on both; if this database was restored, restore the newest second copy first.",
    )
