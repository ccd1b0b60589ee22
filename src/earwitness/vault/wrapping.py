"""Keys wrapped under keys: AES-256-GCM with a random nonce, bound to epoch, subject and key id.

Format: docs/formats/envelope.md, "Wrapped keys". :class:`Unwrapper` remembers what is dear to open
(the epoch's KEK, subject keys), always by the very wrapped bytes that the caller has just read, so
that nothing opens whose row is gone.
"""

import hashlib
import re
import threading

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.kernel.errors import BadInput, KeyCorrupt, KeyDestroyed
from earwitness.kernel.ids import RandomBytes
from earwitness.vault.custodians import Custodian
from earwitness.vault.rings import Head

KEY = 32
NONCE = 12
FINGERPRINT = 16  # hexadecimal digits
MOST_SUBJECTS = 4096
_ID = re.compile(r"[!-~]{1,200}").fullmatch


def label(epoch: int, subject: str) -> bytes:
    """Return the associated data of a subject key, and that of its data keys up to their ids."""
    return f"earwitness/wrap/v1\n{epoch}\n{subject}\n".encode()


def checked_id(name: str) -> str:
    """Return ``name`` if labels can carry it.

    Raises:
        BadInput: it is not 1 to 200 printable ASCII characters without spaces.
    """
    if not _ID(name):
        raise BadInput("The id of a subject or a key is 1 to 200 printable ASCII characters without spaces.")
    return name


def wrap(cipher: AESGCM, bound: bytes, key: bytes, random: RandomBytes) -> bytes:
    """Wrap a 32-byte key; 60 bytes.

    Raises:
        BadInput: it is not 32 bytes.
    """
    if len(key) != KEY:
        raise BadInput(f"A key is {KEY} bytes.")
    nonce = random(NONCE)
    return nonce + cipher.encrypt(nonce, key, bound)


def unwrap(cipher: AESGCM, bound: bytes, wrapped: bytes) -> bytes | None:
    """Open what :func:`wrap` returned; None if it does not open."""
    try:
        return cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], bound)
    except (InvalidTag, ValueError):  # ValueError: the nonce is cut short
        return None


def fingerprint(key: bytes) -> str:
    """Return 16 hexadecimal digits that name a destroyed key in a receipt and say nothing about it."""
    return hashlib.sha256(b"earwitness/fingerprint/v1\n" + key).hexdigest()[:FINGERPRINT]


class Unwrapper:
    """Opens KEKs and subject keys, each once for as long as its wrapped bytes stay the same."""

    def __init__(self, custodian: Custodian) -> None:
        """Ask ``custodian`` for the KEK of an epoch."""
        self._custodian = custodian
        self._lock = threading.RLock()
        self._kek: tuple[tuple[int, bytes], AESGCM] | None = None
        self._subjects: dict[tuple[str, bytes], AESGCM] = {}

    def kek(self, head: Head) -> AESGCM:
        """Open the KEK of the ring that ``head`` was just read from; any other one is forgotten.

        Raises:
            WrongPassphrase, CustodianUnavailable: the custodian's.
            KeyCorrupt: the root key of this epoch is missing or damaged, or does not open the KEK.
        """
        which = (head.epoch, head.wrapped_kek)
        with self._lock:
            if self._kek is not None and self._kek[0] == which:
                return self._kek[1]
            cipher = AESGCM(self._ask(head))
            self.remember(head, cipher)
            return cipher

    def remember(self, head: Head, kek: AESGCM) -> None:
        """Take the KEK of a new epoch; that of the old one and its subject keys are forgotten."""
        with self._lock:
            self._subjects = {}
            self._kek = ((head.epoch, head.wrapped_kek), kek)

    def subject(self, head: Head, subject: str, wrapped: bytes) -> AESGCM | None:
        """Open a subject key that was just read from the ring of ``head``; None if it does not open.

        Raises:
            KeyringError: as :meth:`kek`.
        """
        kek, subjects = self.kek(head), self._subjects
        known = subjects.get((subject, wrapped))
        if known is not None:
            return known
        key = unwrap(kek, label(head.epoch, subject), wrapped)
        if key is None:
            return None
        cipher = AESGCM(key)
        if len(subjects) >= MOST_SUBJECTS:
            subjects.clear()
        subjects[(subject, wrapped)] = cipher
        return cipher

    def _ask(self, head: Head) -> bytes:
        try:
            kek = self._custodian.unwrap(head.epoch, head.wrapped_kek)
        except KeyDestroyed as error:
            # Not destroyed: its ring is current. Saying so would make every recording look erased.
            raise KeyCorrupt(
                f"The root key of the current epoch {head.epoch} is missing. {error.what}",
                next_step="Put it back from the newest key backup.",
            ) from error
        if len(kek) != KEY:
            raise KeyCorrupt(f"The custodian returned a key of {len(kek)} bytes for epoch {head.epoch}.")
        return kek
