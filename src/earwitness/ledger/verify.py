"""Checks a published log from its files alone: a folder or a URL, no database, nothing else.

Order of evaluation: docs/formats/ledger.md, section 7. It stops at the first thing wrong and raises an
error that names a reason, a file and, where there is one, an index. Memory does not grow with the
log: bundles are read one at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from earwitness.kernel.errors import LogCorrupt
from earwitness.ledger import sealed as sealed_bundles
from earwitness.ledger import tombstones as tombstone_files
from earwitness.ledger.checkpoint import Checkpoint, OpenedCheckpoint, open_checkpoint
from earwitness.ledger.commitments import COMMITMENT_SIZE, tombstone_commitment
from earwitness.ledger.merkle import complete_root, leaf_hashes
from earwitness.ledger.notes import VerifierKey, parse_verifier_key
from earwitness.ledger.partials import check_partials
from earwitness.ledger.sources import FolderSource, open_source
from earwitness.ledger.tiles import (
    CHECKPOINT,
    ENTRIES,
    LENGTH_SIZE,
    TILE_HEIGHT,
    TILE_WIDTH,
    Source,
    edge_root,
    entries_path,
    missing,
    numbered,
    parse_bundle,
    read_part,
    read_tile,
    tile_path,
    width_of,
)
from earwitness.ledger.tombstones import Tombstone, TombstoneHead

Progress = Callable[[int, int], None]
"""Called with leaves done and leaves in all."""

ITEM = LENGTH_SIZE + COMMITMENT_SIZE
LENGTH_HIGH, LENGTH_LOW = COMMITMENT_SIZE.to_bytes(LENGTH_SIZE, "big")
NEXT_STEP = "Restore the file from the second copy and verify again; if it is wrong there too, the log was changed."


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was found whole. ``signed`` is False if no key was given, and nothing was proved of who wrote it."""

    origin: str
    size: int
    root: bytes
    signed: bool
    cosigners: tuple[str, ...]
    tiles: int
    partials: int
    tombstones: int
    sealed: int | None
    """Sealed entries, if this is a second copy."""


def verify(  # noqa: PLR0913 - the options of one command
    source: Path | str,
    key: str | None,
    *,
    witnesses: Sequence[str] = (),
    quorum: int | None = None,
    foreign: bool = False,
    progress: Progress | None = None,
) -> VerifyReport:
    """Check a whole log.

    Args:
        source: a folder, or an http(s) URL of one.
        key: the log's verifier key; None checks everything but who signed.
        witnesses: verifier keys of witnesses whose cosignatures count.
        quorum: how many of them must have cosigned; all if None.
        foreign: a log that another program wrote: leaves of any length, and no tombstones.
        progress: called now and then.

    Raises:
        BadInput: ``source`` is neither.
        LogCorrupt: a file is missing, malformed or contradicts another.
        NoteInvalid: a key does not parse, or a head is not signed as asked.
    """
    keys = [parse_verifier_key(each) for each in witnesses]
    opened = open_source(source)
    try:
        return verify_source(
            opened,
            parse_verifier_key(key) if key is not None else None,
            witnesses=keys,
            quorum=quorum,
            foreign=foreign,
            progress=progress,
        )
    finally:
        opened.close()


def verify_source(  # noqa: PLR0913 - as verify
    source: Source,
    key: VerifierKey | None,
    *,
    witnesses: Sequence[VerifierKey] = (),
    quorum: int | None = None,
    foreign: bool = False,
    progress: Progress | None = None,
) -> VerifyReport:
    """Check a whole log from an opened source; arguments and errors as :func:`verify`."""
    opened = _open_checkpoint(source, key, witnesses, quorum)
    checkpoint = opened.checkpoint
    tree = _Tree(source, checkpoint.size, leaf_size=None if foreign else COMMITMENT_SIZE)
    tree.check(progress or (lambda _done, _all: None))
    if edge_root(tree.edge) != checkpoint.root:
        raise LogCorrupt(
            "The tiles agree with each other, but the checkpoint signed another root.",
            reason="root-mismatch",
            file=CHECKPOINT,
            next_step=NEXT_STEP,
        )
    head = None if foreign else _check_tombstones(source, checkpoint, key)
    partials = 0
    if isinstance(source, FolderSource):
        partials = check_partials(source.folder, checkpoint.size, head.count if head else 0)
    return VerifyReport(
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root,
        signed=key is not None,
        cosigners=opened.cosigners,
        tiles=tree.tiles,
        partials=partials,
        tombstones=head.count if head else 0,
        sealed=_check_sealed(source, checkpoint.size),
    )


def _open_checkpoint(
    source: Source, key: VerifierKey | None, witnesses: Sequence[VerifierKey], quorum: int | None
) -> OpenedCheckpoint:
    data = source.read(CHECKPOINT)
    if data is None:
        raise missing(CHECKPOINT)
    return open_checkpoint(data, key, witnesses, quorum)


@dataclass(slots=True)
class _Tree:
    """Rebuilds every tile from the entries and compares it with the published one."""

    source: Source
    size: int
    leaf_size: int | None
    edge: list[list[bytes]] = field(default_factory=list)
    tiles: int = 0

    def check(self, progress: Progress) -> None:
        for bundle in range(-(-self.size // TILE_WIDTH)):
            self._check_bundle(bundle)
            progress(min(self.size, (bundle + 1) * TILE_WIDTH), self.size)
        for level in range(1, len(self.edge)):
            if self.edge[level]:
                self._compare(level, (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH, self.edge[level])

    def _check_bundle(self, bundle: int) -> None:
        width = width_of(0, bundle, self.size)
        hashes = leaf_hashes(read_bundle(self.source, bundle, width, self.leaf_size))
        self._compare(0, bundle, hashes)
        if width == TILE_WIDTH:
            self._carry(1, complete_root(hashes), (bundle + 1) * TILE_WIDTH)
        else:
            self._open(0)
            self.edge[0] = hashes

    def _carry(self, level: int, hash_: bytes, done: int) -> None:
        self._open(level)
        tile = self.edge[level]
        tile.append(hash_)
        if len(tile) == TILE_WIDTH:
            self._compare(level, (done >> (TILE_HEIGHT * (level + 1))) - 1, tile)
            self.edge[level] = []
            self._carry(level + 1, complete_root(tile), done)

    def _open(self, level: int) -> None:
        while len(self.edge) <= level:
            self.edge.append([])

    def _compare(self, level: int, index: int, rebuilt: Sequence[bytes]) -> None:
        self.tiles += 1
        published = read_tile(self.source, level, index, len(rebuilt))
        if published == rebuilt:
            return
        at = next(at for at, (ours, theirs) in enumerate(zip(rebuilt, published, strict=True)) if ours != theirs)
        leaf = (index * TILE_WIDTH + at) << (TILE_HEIGHT * level)
        name = tile_path(level, index, len(rebuilt))
        if level:
            what, reason = f"hash {at} is not that of the tile below it", "tile-mismatch"
        else:
            what, reason = f"leaf {leaf} in {ENTRIES} is not the one it was made from", "leaf-mismatch"
        raise LogCorrupt(f"In {name}, {what}.", reason=reason, file=name, index=leaf, next_step=NEXT_STEP)


def read_bundle(source: Source, bundle: int, width: int, leaf_size: int | None = COMMITMENT_SIZE) -> list[bytes]:
    """Read ``width`` leaves of an entry bundle, each of ``leaf_size`` bytes if that is given.

    Raises:
        LogCorrupt: ``file-missing`` or ``bundle-malformed``.
    """
    data, count = read_part(source, ENTRIES, bundle, width)
    if leaf_size == COMMITMENT_SIZE and _is_plain(data, count):
        return [data[at : at + COMMITMENT_SIZE] for at in range(LENGTH_SIZE, width * ITEM, ITEM)]
    name = entries_path(bundle, width)
    leaves = parse_bundle(data, name)
    if len(leaves) != count or (leaf_size is not None and any(len(leaf) != leaf_size for leaf in leaves)):
        raise LogCorrupt(
            f"The entry bundle {name} does not hold {count} leaves of the right length.",
            reason="bundle-malformed",
            file=name,
            next_step=NEXT_STEP,
        )
    return leaves[:width]


def _is_plain(data: bytes, count: int) -> bool:
    """Say whether a bundle is ``count`` items of the one length that our leaves have."""
    return (
        len(data) == count * ITEM
        and data[0::ITEM].count(LENGTH_HIGH) == count
        and data[1::ITEM].count(LENGTH_LOW) == count
    )


def _check_tombstones(source: Source, checkpoint: Checkpoint, key: VerifierKey | None) -> TombstoneHead:
    found = tombstone_files.read_head(source, key)
    if found is None:
        raise missing(tombstone_files.HEAD)
    head = found[0]
    if head.origin != checkpoint.origin or head.log_size < checkpoint.size:
        raise LogCorrupt(
            f"The tombstones are complete up to leaf {head.log_size}, the log has {checkpoint.size}.",
            reason="tombstones-behind",
            file=tombstone_files.HEAD,
            next_step=NEXT_STEP,
        )
    for name, tombstone in _ordered(tombstone_files.read_records(source, head)):
        if tombstone.index < checkpoint.size:  # those beyond are claims of a checkpoint still to come
            _check_leaf(source, checkpoint.size, name, tombstone)
    return head


def _ordered(records: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, Tombstone]]:
    last = -1
    for name, record in records:
        tombstone = tombstone_files.parse_record(record)
        if tombstone.index <= last:
            raise LogCorrupt(
                f"In {name}, the tombstone of leaf {tombstone.index} is out of order.",
                reason="tombstone-order",
                file=name,
                index=tombstone.index,
                next_step=NEXT_STEP,
            )
        last = tombstone.index
        yield name, tombstone


def _check_leaf(source: Source, size: int, name: str, tombstone: Tombstone) -> None:
    bundle, offset = divmod(tombstone.index, TILE_WIDTH)
    leaf = read_bundle(source, bundle, width_of(0, bundle, size))[offset]
    if leaf != tombstone_commitment(tombstone.id):
        raise LogCorrupt(
            f"In {name}, the tombstone of leaf {tombstone.index} is not what that leaf commits to.",
            reason="tombstone-leaf",
            file=name,
            index=tombstone.index,
            next_step=NEXT_STEP,
        )


def _check_sealed(source: Source, size: int) -> int | None:
    """Check the sealed bundles of a second copy; None where there are none."""
    first = numbered(sealed_bundles.FOLDER, 0, width_of(0, 0, size)) if size else ""
    if not size or (source.read(first) is None and source.read(numbered(sealed_bundles.FOLDER, 0)) is None):
        return None
    return sum(
        sum(item is not None for item in read_sealed(source, bundle, width_of(0, bundle, size)))
        for bundle in range(-(-size // TILE_WIDTH))
    )


def read_sealed(source: Source, bundle: int, width: int) -> list[bytes | None]:
    """Read ``width`` items of a sealed bundle of a second copy.

    Raises:
        LogCorrupt: ``file-missing`` or ``sealed-malformed``.
    """
    name = numbered(sealed_bundles.FOLDER, bundle, width)
    data, count = read_part(source, sealed_bundles.FOLDER, bundle, width)
    items = sealed_bundles.parse_sealed(data, name)
    if len(items) != count:
        raise sealed_bundles.sealed_malformed(f"it holds {len(items)} items instead of {count}", name)
    return items[:width]
