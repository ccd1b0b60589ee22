"""Reading: how anything kept is opened again, always under a grant.

A grant exists only after its entry in the log is durable (policy.access). Every single read checks
the grant again, and with it the consent, the role and whether the recording still stands: what is
revoked or erased between two range requests of one player is refused at the second. Audio is
decrypted chunk by chunk, only where it is asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, Select, or_, select, tuple_

from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput, BlobCorrupt, BlobMissing, GrantInvalid, KeyCorrupt, NotFound
from earwitness.policy.access import Access, Action, Grant, Resource
from earwitness.policy.purposes import Purpose
from earwitness.storage.blobs import BlobStore
from earwitness.storage.database import Database
from earwitness.storage.schema import artefact, person, recording
from earwitness.vault import envelope
from earwitness.vault.intake import AUDIO
from earwitness.vault.keyring import Keyring
from earwitness.vault.kinds import REVIEW_COPY, REVIEW_TEXT, TEXTS, TRACE, TRANSCRIPT

LARGEST_PAGE = 200
TRIES = 5
STREAM_PIECE = 256 * 1024
WHOLE = frozenset({Action.RECORDING_READ, Action.RECORDING_PLAY, Action.RECORDING_CORRECT, Action.RECORDING_LEARN})
"""The actions whose grants open artefacts of any kind, one by one."""
NARROW = {
    Action.RECORDING_REVIEW: frozenset({REVIEW_COPY, REVIEW_TEXT}),
    Action.RECORDING_DEIDENTIFY: frozenset({AUDIO, TRANSCRIPT, TRACE}),
}
"""The actions whose grants open these kinds alone: a reviewer's grant never opens an original."""
DAMAGE = (BlobCorrupt, BlobMissing, KeyCorrupt)


@dataclass(frozen=True, slots=True)
class Item:
    """A recording in a list: what is known of it without opening anything."""

    id: str
    subject: str
    household: str
    device: str | None
    started_at: int
    kept_at: int
    expires_at: int
    duration_ms: int

    @property
    def resource(self) -> Resource:
        """The recording as the policies see it."""
        return Resource(id=self.id, subject=self.subject, household=self.household)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins: the last item of the one before."""

    started_at: int
    id: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a history: its items, newest first, their texts, and where the next one begins."""

    items: tuple[Item, ...]
    texts: Mapping[str, Mapping[str, str]]
    """recording id → artefact kind → text; a recording whose key is gone is not in it"""
    following: Cursor | None
    grant: Grant
    damaged: frozenset[str] = frozenset()
    """recordings whose texts do not open; they keep nothing of the others from being read"""


class Playback:
    """One opened artefact: read any range, as often as the player likes, for as long as the grant holds."""

    def __init__(self, access: Access, grant: Grant, item: Item, reader: envelope.Reader) -> None:
        """Made by :class:`Reading`; each read asks ``access`` again."""
        self._access = access
        self._reader = reader
        self.item = item
        self.grant = grant

    @property
    def size(self) -> int:
        """Length of the artefact in bytes."""
        return self._reader.size

    def read(self, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes from ``start`` up to, not including, ``end``.

        Raises:
            GrantInvalid: the grant has ended or was revoked, or the recording was erased meanwhile.
            BlobCorrupt: the stored bytes are not what was written.
        """
        self._access.check(self.grant, Action.RECORDING_PLAY, self.item.id)
        return self._reader.read(start, self.size if end is None else min(end, self.size))

    def stream(self) -> Iterator[bytes]:
        """Yield the whole artefact in pieces, asking again before each."""
        for start in range(0, self.size, STREAM_PIECE):
            yield self.read(start, start + STREAM_PIECE)


class Reading:
    """Opens what is kept; safe from many threads."""

    def __init__(self, database: Database, blobs: BlobStore, keyring: Keyring, access: Access, clock: Clock) -> None:
        """Read rows from ``database``, ciphertext from ``blobs`` and keys from ``keyring``."""
        self._database = database
        self._blobs = blobs
        self._keyring = keyring
        self._access = access
        self._clock = clock

    def find(self, recording_id: str) -> Item:
        """Look a recording up.

        Raises:
            NotFound: it does not exist, was erased or has expired.
        """
        found = self.find_many([recording_id])
        if not found:
            raise NotFound(f"There is no recording {recording_id}.", next_step="earwitness history lists what is kept.")
        return found[0]

    def find_many(self, recording_ids: Sequence[str]) -> list[Item]:
        """Look recordings up; those that do not stand any more are left out."""
        with self._database.read() as tx:
            rows = tx.execute(_standing(self._clock.now_ms()).where(recording.c.id.in_(recording_ids))).all()
        return [_item(row) for row in rows]

    def play(self, actor: Actor, recording_id: str, purpose: Purpose, kind: str = AUDIO) -> Playback:
        """Open one artefact (the newest version of ``kind``) for listening.

        Raises:
            NotFound: no such recording, or nothing of that kind in it.
            AccessDenied: the policies say no.
            KeyDestroyed: the recording's key is gone.
        """
        item = self.find(recording_id)
        grant = self._access.open(actor, Action.RECORDING_PLAY, [item.resource], purpose)
        key = self._keyring.key(recording_id)
        row = self._newest(recording_id, kind)
        context = envelope.Context(item.subject, item.id, kind, row.version)
        return Playback(self._access, grant, item, self._reader(key, context, row))

    def page(
        self,
        actor: Actor,
        subjects: Sequence[str],
        purpose: Purpose = Purpose.HISTORY,
        *,
        limit: int = 50,
        before: Cursor | None = None,
    ) -> Page:
        """Open one page of what is kept of these subjects: one grant, with every recording's id on its entry.

        Raises:
            AccessDenied: the policies say no to any of it.
            BadInput: the limit is not between 1 and 200.
        """
        if not 1 <= limit <= LARGEST_PAGE:
            raise BadInput(f"A page holds 1 to {LARGEST_PAGE} recordings, not {limit}.")
        for _ in range(TRIES - 1):
            try:
                return self._page(actor, subjects, purpose, limit, before)
            except (GrantInvalid, NotFound):
                # One of them was erased between listing and opening: list again without it.
                continue
        return self._page(actor, subjects, purpose, limit, before)

    def _page(self, actor: Actor, subjects: Sequence[str], purpose: Purpose, limit: int, before: Cursor | None) -> Page:
        items = self._list(subjects, limit + 1, before)
        following = Cursor(items[limit - 1].started_at, items[limit - 1].id) if len(items) > limit else None
        items = items[:limit]
        grant = self._access.open(actor, Action.RECORDING_READ, [item.resource for item in items], purpose)
        texts, damaged = self._texts_of_page(grant, items)
        return Page(tuple(items), texts, following, grant, damaged)

    def study(self, actor: Actor, items: Sequence[Item], purpose: Purpose) -> Grant:
        """Open up to 1,000 recordings to be learned from: one entry in the log of each person, with the ids on it.

        Raises:
            AccessDenied: the policies say no to any of them.
            NotFound: one is gone.
        """
        return self._access.open(actor, Action.RECORDING_LEARN, [item.resource for item in items], purpose)

    def artefact(self, grant: Grant, item: Item, kind: str) -> bytes | None:
        """Return the newest version of one kind, whole; None where the recording has none.

        Raises:
            GrantInvalid: the grant does not open it, or no longer.
            KeyDestroyed: the recording's key is gone.
            BlobCorrupt, BlobMissing, KeyCorrupt: it is damaged.
        """
        if grant.action not in WHOLE and kind not in NARROW.get(grant.action, ()):
            raise GrantInvalid("The grant is for something else.")
        self._access.check(grant, grant.action, item.id)
        try:
            row = self._newest(item.id, kind)
        except NotFound:
            return None
        context = envelope.Context(item.subject, item.id, kind, row.version)
        return self._reader(self._keyring.key(item.id), context, row).read(0, row.size)

    def texts(self, grant: Grant, items: Sequence[Item]) -> dict[str, dict[str, str]]:
        """Open the texts of these recordings (transcript, reply, trace).

        Raises:
            GrantInvalid: the grant does not open them, or no longer.
            BlobCorrupt, BlobMissing, KeyCorrupt: one is damaged; it is named.
        """
        self._access.check_all(grant, Action.RECORDING_READ, [item.id for item in items])
        by_id = {item.id: item for item in items}
        keys = self._keyring.keys(list(by_id))
        with self._database.read() as tx:
            rows = tx.execute(
                select(artefact)
                .where(artefact.c.recording_id.in_(list(keys)), artefact.c.kind.in_(TEXTS))
                .order_by(artefact.c.version)
            ).all()
        texts: dict[str, dict[str, str]] = {name: {} for name in keys}
        for row in rows:
            context = envelope.Context(by_id[row.recording_id].subject, row.recording_id, row.kind, row.version)
            sealed = row.sealed if row.sealed is not None else self._blobs.get(row.blob)
            opened = envelope.open_all(keys[row.recording_id], context, sealed)
            texts[row.recording_id][row.kind] = opened.decode()
        return texts

    def _texts_of_page(self, grant: Grant, items: Sequence[Item]) -> tuple[dict[str, dict[str, str]], frozenset[str]]:
        """Open the texts of a page; if one recording is damaged, open each by itself and name those that are."""
        try:
            return self.texts(grant, items), frozenset()
        except DAMAGE:
            texts: dict[str, dict[str, str]] = {}
            damaged: set[str] = set()
        for item in items:
            try:
                texts |= self.texts(grant, [item])
            except DAMAGE:
                damaged.add(item.id)
        return texts, frozenset(damaged)

    def _list(self, subjects: Sequence[str], limit: int, before: Cursor | None) -> list[Item]:
        query = _standing(self._clock.now_ms()).where(recording.c.subject_id.in_(subjects))
        if before:
            place = tuple_(recording.c.started_at, recording.c.id)
            query = query.where(place < (before.started_at, before.id))
        query = query.order_by(recording.c.started_at.desc(), recording.c.id.desc()).limit(limit)
        with self._database.read() as tx:
            return [_item(row) for row in tx.execute(query)]

    def _newest(self, recording_id: str, kind: str) -> Row[tuple[object, ...]]:
        query = (
            select(artefact)
            .where(artefact.c.recording_id == recording_id, artefact.c.kind == kind)
            .order_by(artefact.c.version.desc())
            .limit(1)
        )
        with self._database.read() as tx:
            row = tx.execute(query).first()
        if row is None:
            raise NotFound(f"Recording {recording_id} has no {kind}.")
        return row

    def _reader(self, key: bytes, context: envelope.Context, row: Row[tuple[object, ...]]) -> envelope.Reader:
        if row.sealed is not None:
            sealed: bytes = row.sealed
            return envelope.Reader(key, context, lambda start, end: sealed[start:end], len(sealed))
        name: str = row.blob
        return envelope.Reader(
            key, context, lambda start, end: self._blobs.get_range(name, start, end), self._blobs.size(name)
        )


def _standing(now: int) -> Select[tuple[object, ...]]:
    """Select recordings that may still be opened: kept, not expired, and their person not erased."""
    return (
        select(recording)
        .join(person, person.c.id == recording.c.subject_id, isouter=True)
        .where(
            recording.c.state == "kept",
            recording.c.expires_at > now,
            or_(person.c.id.is_(None), person.c.erased_at.is_(None)),
        )
    )


def _item(row: Row[tuple[object, ...]]) -> Item:
    return Item(
        id=row.id,
        subject=row.subject_id,
        household=row.household_id,
        device=row.device_id,
        started_at=row.started_at,
        kept_at=row.kept_at,
        expires_at=row.expires_at,
        duration_ms=row.duration_ms,
    )
