"""The export worker: a process that holds one person's key and writes their archive. See docs/formats/export.md.

It is given everything over standard input, one JSON object a line: first an *opening* (the subject's
key, where blobs rest, the recipient, where to write), then *members* that are plain already, then
*artefacts* with their wrapped keys. It has no custodian, no keyring and no database. An artefact of
anybody else does not open, and then there is no archive.
"""

import io
import json
import os
import sys
import tarfile
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyrage

from earwitness.kernel.errors import BadInput, EarwitnessError
from earwitness.storage.blobs import BlobStore, LocalBlobs, S3Blobs, S3Place
from earwitness.storage.files import os_errors
from earwitness.vault import envelope
from earwitness.vault.keyring import Share

DAMAGED = 1


class Archive:
    """A tar that is encrypted while it is written; ``manifest.json`` is its last member."""

    def __init__(self, tar: tarfile.TarFile, at: int) -> None:
        """Write members dated ``at`` (seconds)."""
        self._tar = tar
        self._at = at
        self._members: dict[str, dict[str, Any]] = {}

    def add(self, name: str, data: bytes) -> None:
        """Add one member."""
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = len(data), self._at, 0o600
        self._tar.addfile(info, io.BytesIO(data))
        self._members[name] = {"size": len(data), "sha256": sha256(data).hexdigest()}

    def close(self, manifest: Mapping[str, Any]) -> int:
        """Add the manifest and return how many members came before it."""
        count = len(self._members)
        self.add("manifest.json", json.dumps({**manifest, "members": self._members}, indent=1).encode())
        return count


def work(lines: Iterator[str]) -> int:
    """Write the archive that the lines describe; return the number of members.

    Raises:
        KeyCorrupt: an artefact's key is not under the given subject's.
        BlobCorrupt, BlobMissing: an artefact is damaged or gone.
        StorageFull, StorageError: the archive cannot be written.
    """
    opening = json.loads(next(lines))
    share = Share(opening["subject"], opening["epoch"], b64decode(opening["key"]), {})
    blobs = _blobs(opening["blobs"])
    recipient = pyrage.x25519.Recipient.from_str(opening["recipient"])
    count = 0
    path = Path(opening["path"])
    with os_errors(path), path.open("xb", buffering=0) as target:
        reading, writing = os.pipe()
        encrypting = _Encrypting(reading, target, recipient)
        encrypting.start()
        try:
            with os.fdopen(writing, "wb") as pipe, tarfile.open(fileobj=pipe, mode="w|") as tar:
                count = _fill(Archive(tar, opening["at"]), lines, share, blobs, opening)
        except BrokenPipeError:
            pass  # the encryption ended first; why is raised below
        finally:
            encrypting.join()
        if encrypting.failure:
            raise encrypting.failure
        os.fsync(target.fileno())
    return count


def _fill(archive: Archive, lines: Iterator[str], share: Share, blobs: BlobStore, opening: Mapping[str, Any]) -> int:
    for line in lines:
        each = json.loads(line)
        if "data" in each:
            archive.add(each["name"], b64decode(each["data"]))
            continue
        key = share.open(each["recording"], b64decode(each["wrapped"]))
        context = envelope.Context(share.subject, each["recording"], each["kind"], each["version"])
        sealed = b64decode(each["sealed"]) if each["sealed"] else blobs.get(each["blob"])
        archive.add(each["name"], envelope.open_all(key, context, sealed))
    return archive.close(opening["manifest"])


class _Target:
    """Writes to the archive's file, and remembers why it could not: pyrage tells only that."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            written = 0
            while written < len(data):
                written += self._file.write(data[written:]) or 0
        except OSError as error:
            self.failure = error
            raise
        return written

    def flush(self) -> None:
        """Nothing waits here."""


class _Encrypting(threading.Thread):
    """Encrypts what comes out of a pipe, so that nothing is ever whole in memory."""

    def __init__(self, reading: int, target: io.FileIO, recipient: "pyrage.x25519.Recipient") -> None:
        super().__init__(name="encrypting", daemon=True)
        self._reading, self._target, self._recipient = reading, _Target(target), recipient
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            with os.fdopen(self._reading, "rb") as source:
                pyrage.encrypt_io(source, self._target, [self._recipient])
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits
            self.failure = self._target.failure or error


def _blobs(place: Mapping[str, Any]) -> BlobStore:
    return LocalBlobs(Path(place["folder"])) if "folder" in place else S3Blobs(S3Place(**place))


def main() -> int:
    """Run as a program: lines in, one line of JSON out."""
    try:
        count = work(iter(sys.stdin))
    except StopIteration:
        error: EarwitnessError = BadInput("Nothing was given to export.")
    except EarwitnessError as failed:
        error = failed
    else:
        sys.stdout.write(json.dumps({"members": count}))
        return 0
    sys.stdout.write(json.dumps({"error": type(error).__name__, "what": error.what, "next_step": error.next_step}))
    return DAMAGED


if __name__ == "__main__":
    sys.exit(main())
