"""What a backup says of itself. Formats: docs/formats/backup.md.

The manifest of a data backup is a note signed by the log key: whoever can write to the backup's place
cannot plant a row in it. The first line differs from a checkpoint's, which keeps the two apart.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from earwitness.kernel.errors import BackupCorrupt, NoteInvalid
from earwitness.ledger.notes import VerifierKey, parse_note, verify_note
from earwitness.ledger.signer import NoteSigner
from earwitness.storage.files import os_errors

FORMAT = 1
MANIFEST, FILES = "manifest", "files.sha256"
KEY_MANIFEST = "manifest.json"
LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is in a data backup. ``blobs_missing``: objects that a row names and nobody could give."""

    recordings: int
    people: int
    blobs: int
    blob_bytes: int
    blobs_missing: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a data backup says of itself.

    ``made_at`` in ms since the epoch; ``ledger`` counts leaves of the snapshot; ``checkpoint`` is the note
    of log/checkpoint and ``key`` the log's verifier key; ``files`` is the SHA-256 of files.sha256 in hex.
    """

    installation: str
    made_at: int
    schema: str
    key: str
    ledger: int
    checkpoint: str
    epoch: int
    counts: Counts
    files: str

    def sign(self, signer: NoteSigner) -> bytes:
        """Write the manifest as a signed note."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True, separators=(",", ":"))
        return signer.sign(f"{_first_line(signer.name)}\n{text}\n").encode()

    @classmethod
    def open(cls, data: bytes, key: VerifierKey) -> "Manifest":
        """Read a manifest that ``key`` must have signed.

        Raises:
            BackupCorrupt: it is damaged, or of another installation.
        """
        try:
            note = parse_note(data)
            verify_note(note, [key])
        except NoteInvalid as error:
            raise _corrupt(MANIFEST, f"its signature does not hold ({error.reason})") from error
        first, _, text = note.text.partition("\n")
        if first != _first_line(key.name):
            raise _corrupt(MANIFEST, "it is something else that this log signed")
        body = _body(text, MANIFEST)
        try:
            return cls(**body | {"counts": Counts(**body["counts"])})
        except (KeyError, TypeError) as error:
            raise _corrupt(MANIFEST, "it lacks something, or holds more than it should") from error


@dataclass(frozen=True, slots=True)
class KeyManifest:
    """What a key backup says of itself; moments in ms since the epoch, ``files`` maps paths to SHA-256 in hex."""

    id: str
    installation: str
    epoch: int
    made_at: int
    expires_at: int
    log_key: str
    files: dict[str, str]

    def encode(self) -> bytes:
        """Write the manifest as JSON."""
        return (json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True, indent=2) + "\n").encode()

    @classmethod
    def parse(cls, data: bytes) -> "KeyManifest":
        """Read what :meth:`encode` wrote.

        Raises:
            BackupCorrupt: it is damaged.
        """
        try:
            made = cls(**_body(data.decode("utf-8", "replace"), KEY_MANIFEST))
        except TypeError as error:
            raise _corrupt(KEY_MANIFEST, "it lacks something, or holds more than it should") from error
        numbers = (made.epoch, made.made_at, made.expires_at)
        if not all(isinstance(each, int) for each in numbers) or not isinstance(made.files, dict):
            raise _corrupt(KEY_MANIFEST, "it holds something else than it should")
        return made


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex.

    Raises:
        StorageError: it cannot be read.
    """
    with os_errors(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_small(path: Path) -> bytes:
    """Return a manifest's bytes.

    Raises:
        BackupCorrupt: there is none: the folder is no backup, or one that was never finished.
    """
    try:
        with os_errors(path), path.open("rb") as file:
            return file.read(LARGEST + 1)
    except Exception as error:
        if path.exists():
            raise
        raise BackupCorrupt(
            f"{path.parent} is no complete backup: it has no {path.name}.",
            next_step="Give the folder of a backup, whose name begins with earwitness-.",
        ) from error


def corrupt(file: str) -> BackupCorrupt:
    """Say that a file of a backup is not what was written."""
    return _corrupt(file, "it is not what was written")


def _first_line(origin: str) -> str:
    return f"{origin}/backup"


def _body(text: str, name: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise _corrupt(name, "it is not JSON") from error
    if not isinstance(body, dict) or body.pop("format", None) != FORMAT:
        raise _corrupt(name, "it is of a format that this Earwitness does not know")
    return body


def _corrupt(file: str, why: str) -> BackupCorrupt:
    return BackupCorrupt(f"{file} of the backup cannot be used: {why}.", next_step="Use another backup.")
