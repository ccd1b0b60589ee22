"""The keyring: data keys wrapped under subject keys wrapped under the epoch's KEK, and their destruction.

Format, guarantees and the meaning of *final*: docs/formats/envelope.md. Only the existence of rows
decides: each call reads the current ring, so a key that any process destroyed is gone with the next
call. Writes are durable when they return.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import KeyCorrupt, KeyDestroyed, RowCorrupt
from earwitness.kernel.ids import RandomBytes
from earwitness.vault import rotation, snapshots
from earwitness.vault.custodians import Custodian
from earwitness.vault.envelope import field
from earwitness.vault.rings import Head, KeyRow, Ring, RingStore
from earwitness.vault.rings.rows import Found
from earwitness.vault.rotation import Progress, Rotation, Step
from earwitness.vault.wrapping import KEY, NONCE, Unwrapper, checked_id, fingerprint, label, unwrap, wrap

PROFILE_MAGIC = b"EWP1"
PAGE = 5_000
BEYOND = 1 << 62

__all__ = ["Keyring", "Rotation", "Share", "audit_key_id", "profile_key_id"]


def audit_key_id(subject: str) -> str:
    """Return the id of the data key that seals a subject's entries in the ledger."""
    return f"audit:{subject}"


def profile_key_id(subject: str) -> str:
    """Return the id of the data key that seals a subject's names and labels."""
    return f"profile:{subject}"


@dataclass(frozen=True, slots=True)
class Share:
    """One subject's key of one epoch, and data keys wrapped under it by id."""

    subject: str
    epoch: int
    key: bytes
    wrapped: Mapping[str, bytes]

    def open(self, key_id: str, wrapped: bytes) -> bytes:
        """Open one wrapped data key.

        Raises:
            KeyCorrupt: it is damaged, or somebody else's.
        """
        opened = unwrap(AESGCM(self.key), label(self.epoch, self.subject) + key_id.encode(), wrapped)
        if opened is None:
            raise KeyCorrupt(f"The wrapped key of {key_id} is damaged or does not belong to {self.subject}.")
        return opened


class Keyring:
    """The keys of one installation. Safe for several threads, and for several processes on one store.

    Errors: :class:`KeyringError` and :class:`StorageError`, with nothing half done.
    """

    def __init__(
        self, store: RingStore, custodian: Custodian, clock: Clock, random: RandomBytes = secrets.token_bytes
    ) -> None:
        """Open the current epoch and finish, or undo, what a crashed rotation left.

        Raises:
            NotFound: no keys were made yet.
            WrongPassphrase, CustodianUnavailable: the root key can't be used; nothing was changed.
            KeyCorrupt: a file is damaged or missing; it is named, and nothing was changed.
        """
        self._store = store
        self._unwrapper = Unwrapper(custodian)
        self._random = random
        self._custodian = custodian
        self._keys = rotation.Keys(store, custodian, self._unwrapper, clock, random)
        rotation.recover(self._keys)

    @classmethod
    def create(
        cls,
        store: RingStore,
        custodian: Custodian,
        clock: Clock,
        random: RandomBytes = secrets.token_bytes,
        *,
        step: Step = lambda _: None,
    ) -> "Keyring":
        """Make the first epoch and open it.

        Raises:
            BadInput: there are keys already.
        """
        rotation.begin(rotation.Keys(store, custodian, Unwrapper(custodian), clock, random), step)
        return cls(store, custodian, clock, random)

    @property
    def custodian(self) -> Custodian:
        """Who holds the root key."""
        return self._custodian

    @property
    def destruction_delay_ms(self) -> int:
        """How long after an epoch's end its custodian may still hold a copy of the root key (milliseconds)."""
        return self._custodian.delay_ms

    @property
    def epoch(self) -> int:
        """The current epoch."""
        return self._head().epoch

    @property
    def opened_at(self) -> int:
        """When the current epoch began (ms since the Unix epoch)."""
        return self._head().opened_at

    def finality_epoch(self) -> int:
        """Return the epoch whose end makes final what was destroyed before this call."""
        head = self._head()
        return head.next or head.epoch

    def ended_epoch(self) -> int:
        """Return the last epoch that is wholly gone, root key and ring; all before it are too."""
        return self._head().ended

    def refresh(self) -> None:
        """Forget the keys of an epoch that another process has ended; call it now and then."""
        self._unwrapper.kek(self._head())

    def create_subject(self, subject: str) -> None:
        """Make a subject's key and its audit and profile keys; fine if it has them.

        Raises:
            BadInput: the id cannot be carried.
        """
        checked_id(subject)
        with self._store.write() as ring:
            if ring.subjects([subject]):
                return
            head = ring.head()
            bound = label(head.epoch, subject)
            key = self._random(KEY)
            number = ring.add_subject(subject, wrap(self._unwrapper.kek(head), bound, key, self._random))
            cipher = AESGCM(key)
            ids = (audit_key_id(subject), profile_key_id(subject))
            fresh = [(i, number, wrap(cipher, bound + i.encode(), self._random(KEY), self._random)) for i in ids]
            ring.remove_keys(ids, note=head.next is not None)  # of a subject of that id that was destroyed
            ring.add_keys(fresh)

    def has_subject(self, subject: str) -> bool:
        """Say whether the subject has its key."""
        return bool(self._store.read(lambda ring: ring.subjects([subject])))

    def destroy_subject(self, subject: str) -> str:
        """Destroy a subject's key: every data key under it is unreadable from now on.

        Returns its fingerprint; empty if it was gone already, or did not open any more.
        """
        with self._store.write() as ring:
            head = ring.head()
            key = None
            for _, name, wrapped in ring.subjects([subject]):
                key = unwrap(self._unwrapper.kek(head), label(head.epoch, name), wrapped)
            note = head.next is not None
            ring.remove_subjects([subject], note=note)
            ring.remove_keys([audit_key_id(subject), profile_key_id(subject)], note=note)
        return "" if key is None else fingerprint(key)

    def add_keys(self, items: Sequence[tuple[str, str, bytes]]) -> None:
        """Wrap and store data keys (subject, key id, 32 bytes), all in one durable transaction or none.

        Raises:
            KeyDestroyed: a subject has no key, or no longer.
            KeyringError: a key of one of the ids exists.
            BadInput: an id cannot be carried, or a key is not 32 bytes.
        """
        wanted = {checked_id(subject) for subject, _, _ in items}
        with self._store.write() as ring:
            head = ring.head()
            ciphers = self._subject_ciphers(ring, head, wanted)
            rows = []
            for subject, key_id, key in items:
                number, cipher, bound = ciphers[subject]
                rows.append((key_id, number, wrap(cipher, bound + checked_id(key_id).encode(), key, self._random)))
            ring.add_keys(rows)

    def key(self, key_id: str) -> bytes:
        """Return one data key.

        Raises:
            KeyDestroyed: it is gone, or its subject's key is.
            KeyCorrupt: it does not open.
        """
        found = self.keys([key_id])
        if key_id not in found:
            raise KeyDestroyed
        return found[key_id]

    def keys(self, key_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the data keys that exist and whose subject's key exists; the others are left out.

        Raises:
            KeyCorrupt: one does not open.
        """

        def body(ring: Ring) -> dict[str, bytes]:
            head = ring.head()
            opened = {}
            for found in ring.find(key_ids):
                key = self._open(head, found)
                if key is None:
                    raise KeyCorrupt(
                        f"The wrapped key of {found[0]} in {ring.place} is damaged.",
                        next_step="Put the keys back from the newest key backup; other keys are unaffected.",
                    )
                opened[found[0]] = key
            return opened

        return self._store.read(body)

    def share(self, subject: str, key_ids: Sequence[str]) -> "Share":
        """Return one subject's own key and those of these data keys that are wrapped under it, still wrapped.

        For a worker that is to open this subject's things and nobody else's.

        Raises:
            KeyDestroyed: the subject has no key, or no longer.
            KeyCorrupt: it does not open.
        """

        def body(ring: Ring) -> Share:
            head = ring.head()
            rows = ring.subjects([subject])
            if not rows:
                raise KeyDestroyed
            key = unwrap(self._unwrapper.kek(head), label(head.epoch, subject), rows[0][2])
            if key is None:
                raise KeyCorrupt(f"The wrapped key of {subject} in {ring.place} is damaged.")
            found = {name: wrapped for name, wrapped, owner, _ in ring.find(key_ids) if owner == subject}
            return Share(subject, head.epoch, key, found)

        return self._store.read(body)

    def destroy_keys(self, key_ids: Sequence[str]) -> list[str]:
        """Destroy data keys in one durable transaction; those that are gone already are fine.

        Returns the fingerprints of those that were there and could still be opened, in the order asked.
        """
        with self._store.write() as ring:
            head = ring.head()
            opened = {found[0]: self._open(head, found) for found in ring.find(key_ids)}
            ring.remove_keys(key_ids, note=head.next is not None)
        keys = (opened.get(key_id) for key_id in dict.fromkeys(key_ids))
        return [fingerprint(key) for key in keys if key is not None]

    def key_ids(self) -> Iterator[str]:
        """Yield the id of every stored data key, those of destroyed subjects too, in pages of one view each."""
        last = 0
        while rows := self._page(last):
            yield from (name for _, name, _, _ in rows)
            last = rows[-1][0]

    def seal(self, subject: str, label: str, plaintext: bytes) -> bytes:
        """Seal a small text under the subject's profile key, bound to ``label``.

        Raises:
            KeyDestroyed: the subject has no keys, or no longer.
        """
        nonce = self._random(NONCE)
        cipher = AESGCM(self.key(profile_key_id(subject)))
        return PROFILE_MAGIC + nonce + cipher.encrypt(nonce, plaintext, _profile_bound(subject, label))

    def open(self, subject: str, label: str, sealed: bytes) -> bytes:
        """Open what :meth:`seal` returned for the same subject and label.

        Raises:
            KeyDestroyed: the subject's keys are gone, and with them the text.
            RowCorrupt: it was not sealed for this subject and label, or is damaged.
        """
        cipher = AESGCM(self.key(profile_key_id(subject)))
        start = len(PROFILE_MAGIC) + NONCE
        try:
            if not sealed.startswith(PROFILE_MAGIC):
                raise InvalidTag  # noqa: TRY301 - one way out for whatever does not open
            return cipher.decrypt(sealed[start - NONCE : start], sealed[start:], _profile_bound(subject, label))
        except (InvalidTag, ValueError):
            raise RowCorrupt(
                f"A sealed text of {subject} is not what was written.",
                next_step="Restore a backup: earwitness restore.",
            ) from None

    def rotate(self, progress: Progress = lambda _done, _all: None, *, step: Step = lambda _: None) -> Rotation:
        """Wrap every survivor again under fresh keys in a new ring, turn to it, and destroy the old epoch.

        Raises:
            StorageBusy: another process rotates or takes a snapshot.
            KeyringError, StorageError: see :func:`earwitness.vault.rotation.rotate`.
        """
        return rotation.rotate(self._keys, progress, step)

    def snapshot(self, folder: Path) -> int:
        """Copy the keys into ``folder``, made as a keys folder of its own; return the epoch it opens.

        Raises:
            BadInput: there are keys in that folder.
            StorageBusy: a rotation is running.
        """
        return snapshots.take(self._store, self._custodian, folder)

    @staticmethod
    def restore_snapshot(folder: Path, keys_folder: Path) -> int:
        """Make a keys folder out of a snapshot; return its epoch. No process may use the folder meanwhile.

        Raises:
            BadInput: there are keys in ``keys_folder``.
            KeyCorrupt, NotFound: the snapshot is damaged, or is none.
        """
        return snapshots.restore_files(folder, keys_folder)

    def close(self) -> None:
        """Close the connections of the store and the custodian."""
        self._store.close()
        self._custodian.close()

    def _page(self, after: int) -> list[KeyRow]:
        return self._store.read(lambda ring: ring.keys_after(after, BEYOND, PAGE))

    def _head(self) -> Head:
        return self._store.read(Ring.head)

    def _open(self, head: Head, found: Found) -> bytes | None:
        name, wrapped, subject, outer = found
        cipher = self._unwrapper.subject(head, subject, outer)
        return None if cipher is None else unwrap(cipher, label(head.epoch, subject) + name.encode(), wrapped)

    def _subject_ciphers(self, ring: Ring, head: Head, wanted: set[str]) -> dict[str, tuple[int, AESGCM, bytes]]:
        """Return number, cipher and label of each wanted subject."""
        ciphers = {}
        for number, subject, wrapped in ring.subjects(sorted(wanted)):
            cipher = self._unwrapper.subject(head, subject, wrapped)
            if cipher is None:
                raise KeyCorrupt(
                    f"The wrapped key of {subject} in {ring.place} is damaged.",
                    next_step="Put the keys back from the newest key backup; other keys are unaffected.",
                )
            ciphers[subject] = (number, cipher, label(head.epoch, subject))
        if len(ciphers) < len(wanted):
            raise KeyDestroyed(f"{len(wanted) - len(ciphers)} subject(s) have no keys here, or no longer.")
        return ciphers


def _profile_bound(subject: str, label: str) -> bytes:
    return PROFILE_MAGIC + field(subject) + field(label)
