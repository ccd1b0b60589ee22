"""The shelf of models: sealed files, named by what they hash to, under one key a release.

Even a model is made of what people said. Its files rest encrypted in ``models/``, under a key of their own
in the keyring (``model:…``, below the household's key, or below that of what is shared). Destroying
that key ends the model wherever copies of the files are; the files are removed as well. For use they are opened into
``run/models``, which no backup takes and each start makes anew.
"""

import hashlib
import secrets
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.kernel.errors import BlobCorrupt, BlobMissing
from earwitness.kernel.ids import RandomBytes
from earwitness.storage.files import make_folder, os_errors, remove_durably, write_durably
from earwitness.vault.keyring import Keyring

NONCE: Final = 12
KEY: Final = 32


@dataclass(frozen=True, slots=True)
class Shelved:
    """A sealed file: its ``name`` in the release, SHA-256 of the plaintext and of the sealed bytes, plain size."""

    name: str
    sha256: str
    sealed_sha256: str
    size: int


class Shelf:
    """Puts models away, opens and destroys them; safe from many threads and several processes."""

    def __init__(self, data: Path, keyring: Keyring, random: RandomBytes = secrets.token_bytes) -> None:
        """Files rest in ``models`` of the data folder, opened ones in ``run/models``."""
        self._sealed = data / "models"
        self._opened = data / "run" / "models"
        self._keyring = keyring
        self._random = random

    def put(self, subject: str, release: str, files: Mapping[str, bytes]) -> list[Shelved]:
        """Seal the files of a release under a new key; durable when this returns."""
        if not self._keyring.has_subject(subject):
            self._keyring.create_subject(subject)
        key = self._random(KEY)
        self._keyring.add_keys([(subject, key_id(release), key)])
        return [self._put(key, release, name, content) for name, content in sorted(files.items())]

    def _put(self, key: bytes, release: str, name: str, content: bytes) -> Shelved:
        nonce = self._random(NONCE)
        sealed = nonce + AESGCM(key).encrypt(nonce, content, _bound(release, name))
        kept = Shelved(name, hashlib.sha256(content).hexdigest(), hashlib.sha256(sealed).hexdigest(), len(content))
        path = self._path(kept)
        make_folder(path.parent)
        write_durably(path, sealed)
        return kept

    def get(self, release: str, kept: Shelved) -> bytes:
        """Open one file.

        Raises:
            BlobMissing: the file is gone.
            BlobCorrupt: it is not what was put there.
            KeyDestroyed: the release was destroyed.
        """
        key = self._keyring.key(key_id(release))
        try:
            sealed = self._path(kept).read_bytes()
        except FileNotFoundError as error:
            raise BlobMissing("A file of the model is gone.", next_step="Let it learn again.") from error
        try:
            content = AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], _bound(release, kept.name))
        except (InvalidTag, ValueError) as error:
            raise BlobCorrupt("A file of the model is damaged.", next_step="Let it learn again.") from error
        return content

    def install(self, release: str, files: Sequence[Shelved]) -> Path:
        """Open all files of a release into its folder below ``run/models`` and return that.

        Raises:
            BlobMissing, BlobCorrupt, KeyDestroyed: as :meth:`get`.
        """
        folder = self._opened / release
        if folder.is_dir():
            return folder
        making = self._opened / f".{release}.{self._random(4).hex()}"
        for kept in files:
            path = making / kept.name
            make_folder(path.parent)
            with os_errors(path):
                path.write_bytes(self.get(release, kept))
        with os_errors(folder):
            try:
                making.rename(folder)
            except OSError:  # another process was first
                shutil.rmtree(making, ignore_errors=True)
        return folder

    def clear(self) -> None:
        """Remove what was opened; for the start of the hub."""
        shutil.rmtree(self._opened, ignore_errors=True)

    def destroy(self, release: str, files: Sequence[Shelved]) -> list[str]:
        """Destroy a release's key, then its files; idempotent. Returns the destroyed key's fingerprint."""
        fingerprints = self._keyring.destroy_keys([key_id(release)])
        shutil.rmtree(self._opened / release, ignore_errors=True)
        for kept in files:
            if self._path(kept).exists():
                remove_durably(self._path(kept))
        return fingerprints

    def sweep(self, known: Collection[str], releases: Collection[str]) -> int:
        """Remove sealed files and opened releases that no row names; return how many."""
        lost = [path for path in self._sealed.glob("??/*") if path.name not in known]
        opened = [path for path in self._opened.glob("*") if path.name not in releases]
        for path in lost:
            remove_durably(path)
        for path in opened:
            shutil.rmtree(path, ignore_errors=True)
        return len(lost) + len(opened)

    def stands(self, release: str, files: Sequence[Shelved]) -> bool:
        """Whether key and files are all there."""
        return bool(self._keyring.keys([key_id(release)])) and all(self._path(kept).exists() for kept in files)

    def _path(self, kept: Shelved) -> Path:
        return self._sealed / kept.sealed_sha256[:2] / kept.sealed_sha256


def key_id(release: str) -> str:
    """The id of a release's key in the keyring; the sweep leaves ids with a colon alone."""
    return f"model:{release}"


def _bound(release: str, name: str) -> bytes:
    return f"earwitness/model/v1\n{release}\n{name}".encode()
