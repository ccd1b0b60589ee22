"""The passphrase custodian: the root key is argon2id of a passphrase and of a salt file an epoch.

The salt is 32 random bytes, so that destroying its file destroys the root key even where the
passphrase is known. Parameters: RFC 9106, section 4, second recommended option.
"""

import base64
import binascii
import hmac
import secrets
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from argon2.low_level import ARGON2_VERSION, Type, hash_secret_raw

from earwitness.kernel.errors import BadInput, KeyCorrupt, WrongPassphrase
from earwitness.kernel.ids import RandomBytes
from earwitness.vault.custodians.rootfiles import copy_root, damaged, read_root, shred, unwrap_key, wrap_key, write_root

MAGIC = "EARWITNESS-PASS-1"
CHECK = b"earwitness/passphrase-check/v1"
CHECK_SIZE = 16
SALT = 32
ROOT = 32
LARGEST_MEMORY_KIB = 4 * 1024 * 1024
MOST_PASSES = 1000
MOST_LANES = 255


@dataclass(frozen=True, slots=True)
class Argon2id:
    """Cost of one derivation: memory in KiB, passes over it, and lanes."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4

    def derive(self, passphrase: bytes, salt: bytes) -> bytes:
        """Return the 32-byte root key."""
        return hash_secret_raw(
            passphrase, salt, self.passes, self.memory_kib, self.lanes, ROOT, Type.ID, version=ARGON2_VERSION
        )

    @property
    def is_sane(self) -> bool:
        """Whether a derivation with these numbers can be asked of a machine at all."""
        return (
            1 <= self.lanes <= MOST_LANES
            and 8 * self.lanes <= self.memory_kib <= LARGEST_MEMORY_KIB
            and 1 <= self.passes <= MOST_PASSES
        )


@dataclass(frozen=True, slots=True)
class _Salt:
    cost: Argon2id
    salt: bytes
    check: bytes


class Passphrase:
    """A root key that exists only while someone who knows the passphrase runs the product."""

    delay_ms = 0
    statement = (
        "The epoch's salt file was overwritten and removed; what the disk itself keeps of overwritten blocks is "
        "not covered, and such a remnant opens the epoch together with the passphrase."
    )

    def __init__(
        self,
        folder: Path,
        passphrase: str | Callable[[], str],
        *,
        cost: Argon2id | None = None,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Keep salts in ``folder``, which must exist.

        A ``passphrase`` that is a function is called once, when it is first needed. ``cost`` is for new
        epochs; old ones state their own.

        Raises:
            BadInput: the passphrase is empty.
        """
        self._folder = folder
        self._ask: Callable[[], str] | None = None
        self._known = b""
        if isinstance(passphrase, str):
            self._known = _normal(passphrase)
        else:
            self._ask = passphrase
        self._cost = cost or Argon2id()
        self._random = random
        self._derived: dict[_Salt, bytes] = {}
        self._lock = threading.RLock()

    def path(self, epoch: int) -> Path:
        """Return where the salt of ``epoch`` is or was."""
        return self._folder / f"root-{epoch}.pass"

    def create(self, epoch: int) -> None:
        """Write a fresh salt and the check of the root key it gives, unless the epoch has one.

        Raises:
            StorageError: the folder cannot be written.
        """
        if self.path(epoch).exists():
            return
        salt, cost = self._random(SALT), self._cost
        root = cost.derive(self._passphrase(), salt)
        check = _check(root)
        numbers = [str(cost.memory_kib), str(cost.passes), str(cost.lanes)]
        fields = [MAGIC, str(epoch), "argon2id", *numbers, base64.b64encode(salt).decode(), check.hex()]
        write_root(self.path(epoch), fields)
        with self._lock:
            self._derived[_Salt(cost, salt, check)] = root

    def wrap(self, epoch: int, key: bytes) -> bytes:
        """Wrap ``key`` with AES key wrap (RFC 3394).

        Raises:
            WrongPassphrase, KeyDestroyed, KeyCorrupt, StorageError: as the port says.
        """
        return wrap_key(self._root(epoch), key)

    def unwrap(self, epoch: int, wrapped: bytes) -> bytes:
        """Open what :meth:`wrap` returned.

        Raises:
            WrongPassphrase, KeyDestroyed, KeyCorrupt, StorageError: as the port says.
        """
        return unwrap_key(self._root(epoch), wrapped)

    def destroy(self, epoch: int) -> None:
        """Forget the derived key; overwrite, fsync and unlink the salt, fsync the folder.

        Raises:
            StorageError: the file cannot be written or removed.
        """
        with self._lock:
            self._derived.clear()
        shred(self.path(epoch), self._random)

    def export(self, epoch: int, folder: Path) -> None:
        """Copy the salt file.

        Raises:
            KeyDestroyed, StorageError: it is gone, or cannot be copied.
        """
        copy_root(self.path(epoch), folder)

    def close(self) -> None:
        """Forget the derived root keys."""
        with self._lock:
            self._derived.clear()

    def _root(self, epoch: int) -> bytes:
        """Derive the root key, once for each salt that is on the disk; the file is read each time."""
        salt = self._salt(epoch)
        with self._lock:
            known = self._derived.get(salt)
            if known is None:
                known = salt.cost.derive(self._passphrase(), salt.salt)
                if not hmac.compare_digest(_check(known), salt.check):
                    raise WrongPassphrase(next_step="Give the passphrase this installation was made with.")
                self._derived[salt] = known
            return known

    def _passphrase(self) -> bytes:
        with self._lock:
            if self._ask is not None:
                self._known, self._ask = _normal(self._ask()), None
            return self._known

    def _salt(self, epoch: int) -> _Salt:
        path = self.path(epoch)
        match read_root(path, epoch):
            case [magic, _, "argon2id", memory, passes, lanes, salt, check] if magic == MAGIC:
                return _parse(path, (memory, passes, lanes), salt, check)
        raise damaged(path)


def _normal(passphrase: str) -> bytes:
    """Return the bytes of a passphrase, the same for each way a keyboard may compose its letters."""
    if not passphrase:
        raise BadInput("The passphrase is empty.", next_step="Give one of several words.")
    return unicodedata.normalize("NFC", passphrase).encode()


def _parse(path: Path, numbers: tuple[str, str, str], salt: str, check: str) -> _Salt:
    try:
        cost = Argon2id(*(int(number) for number in numbers))
        parsed = _Salt(cost, base64.b64decode(salt, validate=True), bytes.fromhex(check))
    except (ValueError, binascii.Error):
        raise damaged(path) from None
    if not cost.is_sane or len(parsed.salt) != SALT or len(parsed.check) != CHECK_SIZE:
        raise KeyCorrupt(f"{path} asks for a derivation that no Earwitness writes.")
    return parsed


def _check(root: bytes) -> bytes:
    return hmac.digest(root, CHECK, "sha256")[:CHECK_SIZE]
