"""A sealer that keeps its keys in memory: real AES-256-GCM, bound to subject and label."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.kernel.errors import KeyCorrupt, KeyDestroyed

NONCE_SIZE = 12


class MemorySealer:
    """The port :class:`earwitness.identity.sealing.Sealer`; keys are gone with the process."""

    def __init__(self) -> None:
        """Start without any subject."""
        self.keys: dict[str, bytes] = {}

    def create_subject(self, subject: str) -> None:
        """Make the subject's key, unless there is one."""
        self.keys.setdefault(subject, os.urandom(32))

    def destroy_subject(self, subject: str) -> None:
        """Destroy the subject's key and with it everything it sealed."""
        self.keys.pop(subject, None)

    def seal(self, subject: str, label: str, plaintext: bytes) -> bytes:
        """Return the nonce and the ciphertext."""
        nonce = os.urandom(NONCE_SIZE)
        return nonce + self._cipher(subject).encrypt(nonce, plaintext, f"{subject} {label}".encode())

    def open(self, subject: str, label: str, sealed: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            KeyDestroyed: the subject has no key.
            KeyCorrupt: it was sealed for something else, or damaged.
        """
        try:
            return self._cipher(subject).decrypt(
                sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], f"{subject} {label}".encode()
            )
        except InvalidTag as error:
            raise KeyCorrupt(f"What was sealed as {label} does not open.") from error

    def _cipher(self, subject: str) -> AESGCM:
        if subject not in self.keys:
            raise KeyDestroyed
        return AESGCM(self.keys[subject])
