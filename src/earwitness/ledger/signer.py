"""The private key that signs the log's notes, or a witness's cosignatures, kept in a file of its own.

The file holds one line as Go's note package writes it,
``PRIVATE+KEY+name+hex(key id)+base64(type ‖ seed)``, mode 0600.
"""

import base64
import re
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from earwitness.kernel.errors import BadInput, KeyCorrupt
from earwitness.kernel.ids import RandomBytes
from earwitness.ledger.notes import (
    TIME_SIZE,
    KeyType,
    Signature,
    SignedNote,
    VerifierKey,
    cosigned_message,
    decode_base64,
    valid_name,
)
from earwitness.storage.files import make_folder, os_errors, write_durably

SEED_SIZE = 32
PRIVATE_KEY = re.compile(r"PRIVATE\+KEY\+([^+]*)\+([0-9a-f]{8})\+(.+)")


class NoteSigner:
    """Signs notes under one name. Safe from several threads."""

    def __init__(self, name: str, seed: bytes, type_: KeyType = KeyType.ED25519) -> None:
        """Take the 32-byte ``seed`` of an Ed25519 key.

        Raises:
            BadInput: the name holds a space or a plus, or is empty.
        """
        if not valid_name(name):
            raise BadInput(
                "A key name must not be empty and holds no space and no plus.",
                next_step="Choose a name like earwitness.local/home.",
            )
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = VerifierKey(name, type_, self._private.public_key().public_bytes_raw())

    @property
    def name(self) -> str:
        """The key's name; of a log also its origin."""
        return self.key.name

    @property
    def vkey(self) -> str:
        """The verifier key, to give to whoever is to check signatures."""
        return self.key.encode()

    def sign(self, text: str) -> SignedNote:
        """Sign a text that ends in a newline."""
        return SignedNote(text, (Signature(self.name, self.key.id, self._private.sign(text.encode())),))

    def cosign(self, text: str, time: int) -> Signature:
        """Cosign a checkpoint's text at ``time``, seconds since the epoch."""
        value = time.to_bytes(TIME_SIZE, "big") + self._private.sign(cosigned_message(text, time))
        return Signature(self.name, self.key.id, value)

    def encode(self) -> str:
        """Write the private key. Whoever holds this line can sign as this log."""
        raw = base64.b64encode(bytes([self.key.type]) + self._seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.key.id.hex()}+{raw}"


def create_signer(
    path: Path, name: str, type_: KeyType = KeyType.ED25519, random: RandomBytes = secrets.token_bytes
) -> NoteSigner:
    """Make a new key and keep it in ``path`` (0600), durable when this returns.

    Raises:
        BadInput: a key is there already, or the name cannot be used.
        StorageError: the file cannot be written.
    """
    if path.exists():
        raise BadInput(f"{path} is there already.", next_step="A log's key is never replaced; start a new log instead.")
    signer = NoteSigner(name, random(SEED_SIZE), type_)
    make_folder(path.parent)
    write_durably(path, f"{signer.encode()}\n".encode(), 0o600)
    return signer


def load_signer(path: Path) -> NoteSigner:
    """Read the key that :func:`create_signer` kept.

    Raises:
        KeyCorrupt: the file is damaged.
        StorageError: the file cannot be read.
    """
    with os_errors(path):
        raw = path.read_bytes()
    match = PRIVATE_KEY.fullmatch(raw.decode("utf-8", "replace").rstrip("\n"))
    seed = decode_base64(match[3]) if match else None
    if match and seed and valid_name(match[1]) and len(seed) == 1 + SEED_SIZE and seed[0] in set(KeyType):
        signer = NoteSigner(match[1], seed[1:], KeyType(seed[0]))
        if signer.key.id.hex() == match[2]:
            return signer
    raise KeyCorrupt(f"The signing key in {path} is damaged.", next_step="Restore the file from a backup of the keys.")


def open_signer(path: Path, name: str, type_: KeyType = KeyType.ED25519) -> NoteSigner:
    """Read the key in ``path``, making it under ``name`` if there is none yet."""
    return load_signer(path) if path.exists() else create_signer(path, name, type_)
