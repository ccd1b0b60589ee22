"""The shelf of models: sealed files, named by what they hash to, under one key a release.

Even a model is made of what people said. Its files rest encrypted in ``models/``, under a key of their own
in the keyring (``model:…``, below the household's key, or below that of what is shared). Destroying
that key ends the model wherever copies of the files are; the files are removed as well. For use they are opened into
``run/models``, which no backup takes and each start makes anew.

Two locks, which the system drops with the process that holds them. ``run/models.lock`` is held by whoever puts or opens
a release, and exclusively by whoever looks for what belongs to nobody. ``run/models.use`` is held by
every process that has opened models, so that a hub that starts does not take them from under another.
"""

import hashlib
import secrets
import shutil
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.kernel.errors import BlobCorrupt, BlobMissing, KeyDestroyed, StorageBusy
from earwitness.kernel.ids import RandomBytes
from earwitness.storage.files import FolderLock, make_folder, os_errors, remove_durably, write_durably
from earwitness.vault.keyring import Keyring

NONCE: Final = 12
KEY: Final = 32
MODEL_KEY: Final = "model:"


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
        self._lock, self._use = data / "run" / "models.lock", data / "run" / "models.use"
        self._using, self._used, self._turn = ExitStack(), False, threading.Lock()
        weakref.finalize(self, self._using.close)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep sweeps away until what is being made has its row."""
        make_folder(self._lock.parent)
        with FolderLock(self._lock, exclusive=False):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nothing is being made, and let nobody begin."""
        make_folder(self._lock.parent)
        with FolderLock(self._lock, exclusive=True):
            yield

    def prepare(self, subject: str) -> None:
        """Make the key of a subject that is no household, unless it has one."""
        if not self._keyring.has_subject(subject):
            self._keyring.create_subject(subject)

    def put(self, subject: str, release: str, files: Mapping[str, bytes]) -> list[Shelved]:
        """Seal the files of a release under a new key; durable when this returns.

        Raises:
            KeyDestroyed: the subject was erased.
        """
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
        with self.changing():
            self._begin_to_use()
            if not folder.is_dir():
                self._open(release, files, folder)
        return folder

    def _open(self, release: str, files: Sequence[Shelved], folder: Path) -> None:
        making = self._opened / f".{release}.{self._random(4).hex()}"
        try:
            for kept in files:
                path = making / kept.name
                make_folder(path.parent)
                with os_errors(path):
                    path.write_bytes(self.get(release, kept))
            with suppress(OSError):  # another process was first
                making.rename(folder)
            self._keyring.key(key_id(release))  # after it is there: whoever destroys the key looks for it after that
        except KeyDestroyed:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def _begin_to_use(self) -> None:
        with self._turn:
            if self._used:
                return
            self._using.enter_context(FolderLock(self._use, exclusive=False))
            self._used = True

    def clear(self, releases: Collection[str]) -> None:
        """Remove what was opened; where another process uses models, what is of none of these ``releases``."""
        with self.alone(), self._turn:
            self._using.close()
            self._used = False
            try:
                with FolderLock(self._use, exclusive=True, wait=False):
                    shutil.rmtree(self._opened, ignore_errors=True)
            except StorageBusy:
                self._remove_opened(releases)

    def _remove_opened(self, releases: Collection[str]) -> int:
        opened = [path for path in self._opened.glob("*") if path.name not in releases]
        for path in opened:
            shutil.rmtree(path, ignore_errors=True)
        return len(opened)

    def destroy(self, release: str, files: Sequence[Shelved]) -> list[str]:
        """Destroy a release's key, then its files; idempotent. Returns the destroyed key's fingerprint."""
        fingerprints = self._keyring.destroy_keys([key_id(release)])
        shutil.rmtree(self._opened / release, ignore_errors=True)
        for kept in files:
            if self._path(kept).exists():
                remove_durably(self._path(kept))
        return fingerprints

    def sweep(self, known: Collection[str], releases: Collection[str]) -> int:
        """Remove keys, sealed files and opened releases that no row names; return how many.

        Call it within :meth:`alone`, and look for the rows there too.
        """
        named = {key_id(each) for each in releases}
        keys = [each for each in self._keyring.key_ids() if each.startswith(MODEL_KEY) and each not in named]
        if keys:
            self._keyring.destroy_keys(keys)
        lost = [path for path in self._sealed.glob("??/*") if path.name not in known]
        for path in lost:
            remove_durably(path)
        return len(keys) + len(lost) + self._remove_opened(releases)

    def stands(self, release: str, files: Sequence[Shelved]) -> bool:
        """Whether key and files are all there."""
        return bool(self._keyring.keys([key_id(release)])) and all(self._path(kept).exists() for kept in files)

    def _path(self, kept: Shelved) -> Path:
        return self._sealed / kept.sealed_sha256[:2] / kept.sealed_sha256


def key_id(release: str) -> str:
    """The id of a release's key in the keyring; the sweep leaves ids with a colon alone."""
    return f"{MODEL_KEY}{release}"


def _bound(release: str, name: str) -> bytes:
    return f"earwitness/model/v1\n{release}\n{name}".encode()
