"""Random tokens and what is kept of them.

A token is 32 random bytes, base64url. The browser or the person has it; the database has its SHA-256, which nothing
leads back from. What a person chooses (a sign-in name) or what can be guessed (an address) is kept as an HMAC under a
key of this installation instead: a plain hash of it could be tried out.
"""

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from earwitness.kernel.errors import KeyDestroyed, KeyringError
from earwitness.kernel.ids import RandomBytes
from earwitness.vault.keyring import Keyring, profile_key_id

SUBJECT = "accounts"
"""The subject whose key stands for the installation: it hides names, and seals what belongs to staff."""
TOKEN_SIZE = 32
KEY_SIZE = 32


def new_token(random: RandomBytes = secrets.token_bytes) -> str:
    """Return a token of 256 random bits."""
    return base64.urlsafe_b64encode(random(TOKEN_SIZE)).decode().rstrip("=")


def token_hash(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def form_token(cookie: str) -> str:
    """Return the token that a form of the holder of this cookie carries; nobody else can make it."""
    mac = hmac.digest(cookie.encode(), b"earwitness/form/v1", "sha256")
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


class Blinder:
    """Hides what could be guessed, under a key of this installation that is made at its first use."""

    def __init__(self, keyring: Keyring) -> None:
        """Take the key from ``keyring``."""
        self._keyring = keyring

    def blind(self, what: str, text: str) -> bytes:
        """Return 32 bytes that stand for ``text`` among others of its kind ``what``."""
        return hmac.digest(self._key(), f"{what}\n{text}".encode(), "sha256")

    def ensure(self) -> None:
        """Make the key if there is none yet."""
        if self._keyring.has_subject(SUBJECT):
            return
        try:
            self._keyring.create_subject(SUBJECT)
        except KeyringError:
            if not self._keyring.has_subject(SUBJECT):  # else another process made it at the same moment
                raise

    def _key(self) -> bytes:
        try:
            secret = self._keyring.key(profile_key_id(SUBJECT))
        except KeyDestroyed:
            self.ensure()
            secret = self._keyring.key(profile_key_id(SUBJECT))
        return HKDF(SHA256(), KEY_SIZE, salt=None, info=b"earwitness/sign-in/v1").derive(secret)
