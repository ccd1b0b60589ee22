"""How fast keys are wrapped again when an epoch turns, beside bare AES-GCM on the same machine."""

import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.kernel.clock import SystemClock
from earwitness.vault.custodians.keyfile import KeyFile
from earwitness.vault.keyring import Keyring
from earwitness.vault.rings import RingFiles

BATCH = 10_000
SUBJECTS = 100
BARE = 50_000


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """Keys a second: wrapped and stored in large batches, wrapped again by a rotation, and by the bare cipher."""

    keys: int
    stored_per_s: float
    rewrapped_per_s: float
    bare_per_s: float


def measure(
    keys: int, *, within: Path | None = None, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> KeyFigures:
    """Fill a ring in a fresh folder (in ``within``, or the system's temporary folder) and turn its epoch."""
    with tempfile.TemporaryDirectory(dir=within, prefix="earwitness-bench-") as name:
        folder = Path(name)
        keyring = Keyring.create(RingFiles(folder), KeyFile(folder), SystemClock())
        try:
            stored = _timed(lambda: _fill(keyring, keys))
            turned = _timed(lambda: keyring.rotate(progress))
        finally:
            keyring.close()
    return KeyFigures(keys, keys / stored, keys / turned, BARE / _timed(_bare))


def _fill(keyring: Keyring, keys: int) -> None:
    for number in range(SUBJECTS):
        keyring.create_subject(f"per_{number}")
    for first in range(0, keys, BATCH):
        numbers = range(first, min(keys, first + BATCH))
        keyring.add_keys([(f"per_{n % SUBJECTS}", f"rec_{n:026d}", secrets.token_bytes(32)) for n in numbers])


def _bare() -> None:
    """Open a wrapped key and wrap it again, and nothing else."""
    cipher, nonce = AESGCM(secrets.token_bytes(32)), secrets.token_bytes(12)
    wrapped = cipher.encrypt(nonce, secrets.token_bytes(32), b"label")
    for _ in range(BARE):
        cipher.encrypt(nonce, cipher.decrypt(nonce, wrapped, b"label"), b"label")


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
