"""Rotation: a new epoch with fresh keys for what survives, and the end of the old one.

Steps, commit point and what a crash after each of them leaves: docs/formats/envelope.md, "Rotation". Every
surviving key is opened and wrapped again in chunks, while others read and write the old ring; writers
are held off only for moments. ``step`` is called after each durable step with its name.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput, EarwitnessError, KeyCorrupt, StorageBusy
from earwitness.kernel.ids import RandomBytes
from earwitness.vault.custodians import Custodian
from earwitness.vault.rings import Builder, Head, KeyRow, Ring, RingStore, SubjectRow
from earwitness.vault.wrapping import KEY, NONCE, Unwrapper, label, unwrap, wrap

CHUNK = 20_000
MOST_CIPHERS = 20_000
FIRST = 1

Progress = Callable[[int, int], None]
"""Called with keys done and keys in all (as counted at the start)."""

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did; when it is returned, everything of epoch ``old`` is destroyed.

    ``damaged`` rows did not open; they were carried along as they are and go on saying so.
    """

    old: int
    new: int
    rewrapped: int
    damaged: int


@dataclass(frozen=True, slots=True)
class Keys:
    """What a rotation works with."""

    store: RingStore
    custodian: Custodian
    unwrapper: Unwrapper
    clock: Clock
    random: RandomBytes


def begin(keys: Keys, step: Step = lambda _: None) -> None:
    """Make the first epoch. What a crash left of an earlier try is removed first.

    Raises:
        BadInput: there are keys already.
        KeyCorrupt: there are rings, but nothing that says which is current.
    """
    store = keys.store
    with store.rotating():
        current, place = store.current(), store.place(FIRST)
        if current:
            raise BadInput("There are keys here already; nothing was changed.")
        if current is None and store.epochs():
            raise KeyCorrupt(
                f"There are rings, but no {place.current} that says which is in use.",
                next_step="Put the keys back from the newest key backup.",
            )
        store.switch(0)
        step("begun")
        keys.custodian.destroy(FIRST)
        for epoch in store.epochs():
            store.drop(epoch)
        head, _ = _new_epoch(keys, FIRST)
        step("root made")
        with store.build(head) as builder:
            builder.index()
            builder.finish()
        step("finished")
        store.switch(FIRST)
        step("switched")


def recover(keys: Keys) -> None:
    """Finish, or undo, what a crashed rotation left. Does nothing while one is running.

    Raises:
        KeyringError, StorageError: the current ring does not open (then nothing was changed), or
            something could not be destroyed.
    """
    head = keys.store.read(Ring.head)
    keys.unwrapper.kek(head)
    if _is_settled(head):
        return
    with suppress(StorageBusy), keys.store.rotating():
        _settle(keys)


def rotate(keys: Keys, progress: Progress, step: Step) -> Rotation:
    """Turn to the next epoch.

    Raises:
        StorageBusy: another process rotates or takes a snapshot.
        KeyringError, StorageError: the old epoch stays; or, if the switch had happened, the new one is
            in use and the old one is destroyed at the next try or the next start.
    """
    with keys.store.rotating():
        _settle(keys)
        try:
            return _Turn(keys, progress, step).run()
        except Exception:
            with suppress(EarwitnessError):
                _settle(keys)
            raise


def _is_settled(head: Head) -> bool:
    return head.next is None and head.ended >= head.epoch - 1


def _settle(keys: Keys) -> None:
    head = keys.store.read(Ring.head)
    keys.unwrapper.kek(head)
    if head.next is not None:
        keys.custodian.destroy(head.next)
        keys.store.drop(head.next)
        with keys.store.write(alone=True) as ring:
            ring.prepare_for(None)
    if head.ended < head.epoch - 1:
        _end(keys, head.epoch - 1, lambda _: None)


def _end(keys: Keys, epoch: int, step: Step) -> None:
    """Destroy an epoch that is no longer current: the root first, for that is what counts."""
    keys.custodian.destroy(epoch)
    step("root destroyed")
    keys.store.drop(epoch)
    step("ring dropped")
    with keys.store.write() as ring:
        ring.set_ended(epoch)
    step("ended")


def _new_epoch(keys: Keys, epoch: int) -> tuple[Head, AESGCM]:
    keys.custodian.create(epoch)
    kek = keys.random(KEY)
    wrapped = keys.custodian.wrap(epoch, kek)
    ended = max(0, epoch - 2)
    return Head(epoch, wrapped, keys.clock.now_ms(), None, ended), AESGCM(kek)


class _Turn:
    """One rotation from the settled epoch that is current to the next."""

    def __init__(self, keys: Keys, progress: Progress, step: Step) -> None:
        self._keys = keys
        self._store = keys.store
        self._progress = progress
        self._step = step
        self._subject = self._key = 0  # the last numbers copied
        self._done = self._total = 0

    def run(self) -> Rotation:
        """Mark, copy, switch, end."""
        old, bounds = self._mark()
        self._step("marked")
        new, kek = _new_epoch(self._keys, old.epoch + 1)
        self._step("root made")
        with self._store.build(new) as builder:
            self._step("ring made")
            rewrap = _Rewrap(old, self._keys.unwrapper.kek(old), new, kek, builder, self._keys.random)
            self._copy(rewrap, bounds)
            self._step("copied")
            builder.index()
            self._step("indexed")
            with self._store.write(alone=True) as ring:
                bounds = ring.last()
            self._copy(rewrap, bounds)
            self._step("caught up")
            self._switch(rewrap, builder, new)
        self._keys.unwrapper.remember(new, kek)
        self._step("switched")
        _end(self._keys, old.epoch, self._step)
        return Rotation(old.epoch, new.epoch, rewrap.rewrapped, rewrap.damaged)

    def _mark(self) -> tuple[Head, tuple[int, int]]:
        with self._store.write(alone=True) as ring:
            head = ring.head()
            ring.prepare_for(head.epoch + 1)
            self._total = ring.counts()[1]
            return replace(head, next=head.epoch + 1), ring.last()

    def _switch(self, rewrap: "_Rewrap", builder: Builder, new: Head) -> None:
        with self._store.write(alone=True) as ring:
            subjects, keys = ring.last()
            while self._subject < subjects:
                self._copy_subjects(rewrap, ring, subjects)
            while self._key < keys:
                self._copy_keys(rewrap, ring, keys)
            builder.remove(*ring.gone())
            builder.finish()
            self._step("finished")
            self._store.switch(new.epoch)

    def _copy(self, rewrap: "_Rewrap", bounds: tuple[int, int]) -> None:
        """Copy rows up to ``bounds`` in chunks; between them writers and checkpoints go on."""
        subjects, keys = bounds
        while self._subject < subjects:
            self._store.read(lambda ring: self._copy_subjects(rewrap, ring, subjects))
        while self._key < keys:
            self._store.read(lambda ring: self._copy_keys(rewrap, ring, keys))

    def _copy_subjects(self, rewrap: "_Rewrap", ring: Ring, upto: int) -> None:
        rows = ring.subjects_after(self._subject, upto, CHUNK)
        rewrap.subjects(rows)
        self._subject = rows[-1][0] if len(rows) == CHUNK else upto

    def _copy_keys(self, rewrap: "_Rewrap", ring: Ring, upto: int) -> None:
        rows = ring.keys_after(self._key, upto, CHUNK)
        rewrap.keys(ring, rows)
        self._key = rows[-1][0] if len(rows) == CHUNK else upto
        self._done += len(rows)
        self._progress(self._done, max(self._done, self._total))


_Ciphers = tuple[AESGCM | None, bytes, AESGCM | None, bytes]
"""A subject's cipher and label in the old epoch and in the new; None where its key does not open."""


class _Rewrap:
    """Opens under the old epoch, wraps under the new one, and fills the new ring."""

    def __init__(  # noqa: PLR0913, PLR0917 - two epochs, each with its key
        self, old: Head, old_kek: AESGCM, new: Head, new_kek: AESGCM, builder: Builder, random: RandomBytes
    ) -> None:
        self._old, self._old_kek = old, old_kek
        self._new, self._new_kek = new, new_kek
        self._builder = builder
        self._random = random
        self._ciphers: dict[int, _Ciphers] = {}
        self.rewrapped = 0
        self.damaged = 0

    def subjects(self, rows: list[SubjectRow]) -> None:
        """Give each subject a fresh key; one whose key does not open is carried along as it is."""
        fresh = []
        for no, name, wrapped in rows:
            intact = unwrap(self._old_kek, label(self._old.epoch, name), wrapped) is not None
            self.damaged += not intact
            bound = label(self._new.epoch, name)
            fresh.append((no, name, self._wrap_fresh(bound) if intact else wrapped))
        self._builder.fill(fresh, [])

    def keys(self, ring: Ring, rows: list[KeyRow]) -> None:
        """Wrap keys under the fresh keys of their subjects; those of a destroyed subject are left behind."""
        self._prepare(ring, {subject for _, _, subject, _ in rows})
        self._builder.fill([], self._again(rows))

    def _again(self, rows: list[KeyRow]) -> list[KeyRow]:
        nonces = self._random(NONCE * len(rows))
        fresh: list[KeyRow] = []
        for index, (no, name, subject, wrapped) in enumerate(rows):
            ciphers = self._ciphers.get(subject)
            if ciphers is None:
                continue
            old, old_label, new, new_label = ciphers
            encoded = name.encode()
            nonce = nonces[index * NONCE : (index + 1) * NONCE]
            try:
                if old is None or new is None:
                    raise InvalidTag  # noqa: TRY301 - the common case has no branch of its own
                key = old.decrypt(wrapped[:NONCE], wrapped[NONCE:], old_label + encoded)
            except (InvalidTag, ValueError):
                self.damaged += 1
                fresh.append((no, name, subject, wrapped))
            else:
                fresh.append((no, name, subject, nonce + new.encrypt(nonce, key, new_label + encoded)))
        self.rewrapped += len(fresh)
        return fresh

    def _prepare(self, ring: Ring, subjects: set[int]) -> None:
        """Have the ciphers of these subjects at hand, and not of ever more."""
        if len(self._ciphers) > MOST_CIPHERS:
            self._ciphers = {}
        missing = sorted(subjects - self._ciphers.keys())
        if not missing:
            return
        fresh = {no: wrapped for no, _, wrapped in self._builder.subjects(missing)}
        for no, name, wrapped in ring.subjects_numbered(missing):
            if no in fresh:
                old_label, new_label = label(self._old.epoch, name), label(self._new.epoch, name)
                old = _cipher(unwrap(self._old_kek, old_label, wrapped))
                new = _cipher(unwrap(self._new_kek, new_label, fresh[no]))
                self._ciphers[no] = (old, old_label, new, new_label)

    def _wrap_fresh(self, bound: bytes) -> bytes:
        return wrap(self._new_kek, bound, self._random(KEY), self._random)


def _cipher(key: bytes | None) -> AESGCM | None:
    return None if key is None else AESGCM(key)
