"""Published tombstones: which leaves say that something was erased, and by which random id.

Format: docs/formats/ledger.md, section 3. The records form a hash chain whose end is in a signed
note (the *head*), because a leaf does not show whether it is a tombstone.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from earwitness.kernel.errors import LogCorrupt, NoteInvalid
from earwitness.ledger.checkpoint import parse_decimal
from earwitness.ledger.commitments import TOMBSTONE_ID_SIZE
from earwitness.ledger.merkle import HASH_SIZE
from earwitness.ledger.notes import VerifierKey, decode_base64, parse_note, verify_note
from earwitness.ledger.tiles import TILE_WIDTH, Source, missing, numbered, read_part

FOLDER = "tombstones"
HEAD = "tombstones/head"
INDEX_SIZE = 8
RECORD_SIZE = INDEX_SIZE + TOMBSTONE_ID_SIZE
HEAD_LINES = 5
CHAIN_LABEL = b"earwitness/tombstones/v1\n"
CHAIN_START = bytes(HASH_SIZE)


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Leaf ``index`` of the log says that whatever carries ``id`` (16 bytes) was erased."""

    index: int
    id: bytes

    def encode(self) -> bytes:
        """Write the record of 24 bytes."""
        return self.index.to_bytes(INDEX_SIZE, "big") + self.id


@dataclass(frozen=True, slots=True)
class TombstoneHead:
    """All tombstones among the first ``log_size`` leaves: how many, and the end of their chain."""

    origin: str
    count: int = 0
    chain: bytes = CHAIN_START
    log_size: int = 0

    @property
    def text(self) -> str:
        """The note text that is signed."""
        return f"{self.origin}/{FOLDER}\n{self.count}\n{base64.b64encode(self.chain).decode()}\n{self.log_size}\n"

    def extend(self, records: Sequence[bytes], log_size: int) -> "TombstoneHead":
        """Return the head after more records, complete up to ``log_size`` leaves."""
        chain = self.chain
        for record in records:
            chain = hashlib.sha256(CHAIN_LABEL + chain + record).digest()
        return TombstoneHead(self.origin, self.count + len(records), chain, log_size)


def parse_record(record: bytes) -> Tombstone:
    """Read a record of 24 bytes."""
    return Tombstone(int.from_bytes(record[:INDEX_SIZE], "big"), record[INDEX_SIZE:])


def read_head(source: Source, key: VerifierKey | None) -> tuple[TombstoneHead, bytes] | None:
    """Read the head and check its signature; None if there is none.

    Raises:
        LogCorrupt: ``tombstone-malformed`` or ``file-unreadable``.
        NoteInvalid: the note does not parse or is not signed by ``key``.
    """
    data = source.read(HEAD)
    return None if data is None else (open_head(data, key), data)


def open_head(data: bytes, key: VerifierKey | None) -> TombstoneHead:
    """Read a head and check its signature by ``key`` (unchecked if None).

    Raises:
        LogCorrupt: ``tombstone-malformed``.
        NoteInvalid: the note does not parse or is not signed by ``key``.
    """
    try:
        note = parse_note(data)
        if key is not None:
            verify_note(note, [key])
    except NoteInvalid as error:
        error.file = HEAD
        raise
    lines = note.text.split("\n")
    head = _parse_lines(lines) if len(lines) == HEAD_LINES else None
    if head is None or (key is not None and head.origin != key.name):
        raise malformed("it is not four lines of this log", HEAD)
    return head


def _parse_lines(lines: Sequence[str]) -> TombstoneHead | None:
    origin, count, chain, log_size = (
        lines[0].removesuffix(f"/{FOLDER}"),
        parse_decimal(lines[1]),
        decode_base64(lines[2]),
        parse_decimal(lines[3]),
    )
    if origin == lines[0] or count is None or log_size is None or chain is None or len(chain) != HASH_SIZE:
        return None
    return TombstoneHead(origin, count, chain, log_size)


def read_records(source: Source, head: TombstoneHead) -> Iterator[tuple[str, bytes]]:
    """Yield every record with the file it is in, checking lengths, then the chain.

    The chain is known to be whole only when the iterator ends.

    Raises:
        LogCorrupt: ``file-missing``, ``tombstone-malformed`` or ``tombstone-chain``.
    """
    seen = TombstoneHead(head.origin)
    for bundle in range(-(-head.count // TILE_WIDTH)):
        width = min(TILE_WIDTH, head.count - bundle * TILE_WIDTH)
        name = numbered(FOLDER, bundle, width)
        data, items = read_part(source, FOLDER, bundle, width)
        if len(data) != items * RECORD_SIZE:
            raise malformed(f"it has {len(data)} bytes instead of {items * RECORD_SIZE}", name)
        records = [data[at : at + RECORD_SIZE] for at in range(0, width * RECORD_SIZE, RECORD_SIZE)]
        seen = seen.extend(records, head.log_size)
        for record in records:
            yield name, record
    if seen.chain != head.chain:
        raise LogCorrupt(
            "The tombstones are not those that were signed.",
            reason="tombstone-chain",
            file=HEAD,
            next_step="Restore the folder tombstones from the second copy.",
        )


def read_tombstones(source: Source, key: VerifierKey) -> list[Tombstone]:
    """Read all published tombstones and check that they are those that the log signed.

    Raises:
        LogCorrupt: as :func:`read_records`, or ``file-missing``.
        NoteInvalid: the head is not signed by ``key``.
    """
    found = read_head(source, key)
    if found is None:
        raise missing(HEAD)
    return [parse_record(record) for _, record in read_records(source, found[0])]


def malformed(why: str, name: str) -> LogCorrupt:
    """Say what is wrong with a file of tombstones."""
    return LogCorrupt(
        f"The tombstones in {name} cannot be read: {why}.",
        reason="tombstone-malformed",
        file=name,
        next_step="Restore the folder tombstones from the second copy.",
    )
