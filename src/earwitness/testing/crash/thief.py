"""Somebody who copied the rings at every moment and now takes the whole folder: which keys open?

The thief remembers every wrapped key that ever stood in a ring, whatever was destroyed since, and
searches every byte of the folder for root keys: files that should be gone, left-over blocks, logs. What
opens from a root down is lost. So a destroyed key is final exactly when the thief can't open it.
"""

import base64
import re
import shutil
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.kernel.errors import KeyCorrupt
from earwitness.vault.custodians.keyfile import MAGIC
from earwitness.vault.custodians.rootfiles import unwrap_key
from earwitness.vault.wrapping import label, unwrap

_ROOT = re.compile(MAGIC.encode() + rb" (\d+) ([A-Za-z0-9+/]{43}=)")
_RING = re.compile(r"ring-(\d+)\.db")


@dataclass(slots=True)
class _Epoch:
    """What was seen of one epoch's ring."""

    keks: set[bytes] = field(default_factory=set)
    subjects: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    keys: dict[tuple[str, str], set[bytes]] = field(default_factory=lambda: defaultdict(set))


class Thief:
    """Collects rings, then tries to open what was in them."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._epochs: dict[int, _Epoch] = defaultdict(_Epoch)

    def copy_rings(self, folder: Path) -> None:
        """Remember all rows of all ring files at any depth of ``folder``. No process may be using them."""
        for path in folder.rglob("ring-*.db"):
            match = _RING.fullmatch(path.name)
            if match:
                self._remember(self._epochs[int(match[1])], path)

    def opens(self, folder: Path) -> set[str]:
        """Return the ids of all keys ever seen that open with a root key found anywhere in ``folder``."""
        return {name for epoch, root in _roots(folder) for name in self._opened(epoch, root)}

    def _remember(self, seen: _Epoch, path: Path) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            for suffix in ("", "-wal"):
                part = path.with_name(path.name + suffix)
                if part.exists():
                    shutil.copyfile(part, Path(scratch) / f"ring{suffix}")
            connection = sqlite3.connect(Path(scratch) / "ring")
            try:
                self._read(seen, connection)
            except sqlite3.DatabaseError:
                return  # a ring that was never finished: no rows yet
            finally:
                connection.close()

    def _read(self, seen: _Epoch, connection: sqlite3.Connection) -> None:
        # A ring that was torn while it was built may hold anything in any column.
        for (kek,) in connection.execute("SELECT wrapped_kek FROM head"):
            if isinstance(kek, bytes):
                seen.keks.add(kek)
        for subject, wrapped in connection.execute("SELECT id, wrapped FROM subject"):
            if isinstance(wrapped, bytes):
                seen.subjects[str(subject)].add(wrapped)
        rows = "SELECT subject.id, key.id, key.wrapped FROM key JOIN subject ON subject.no = key.subject"
        for subject, name, wrapped in connection.execute(rows):
            if isinstance(wrapped, bytes):
                seen.keys[str(subject), str(name)].add(wrapped)

    def _opened(self, number: int, root: bytes) -> Iterator[str]:
        seen = self._epochs[number]
        ciphers: dict[str, list[AESGCM]] = defaultdict(list)
        for kek in _keks(root, seen.keks):
            for subject, wraps in seen.subjects.items():
                keys = (unwrap(kek, label(number, subject), wrapped) for wrapped in wraps)
                ciphers[subject] += [AESGCM(key) for key in keys if key is not None]
        for (subject, name), wraps in seen.keys.items():
            bound = label(number, subject) + name.encode()
            if any(unwrap(cipher, bound, wrapped) is not None for cipher in ciphers[subject] for wrapped in wraps):
                yield name


def _roots(folder: Path) -> set[tuple[int, bytes]]:
    """Find root keys in any byte of any file."""
    return {
        (int(epoch), base64.b64decode(encoded))
        for path in folder.rglob("*")
        if path.is_file()
        for epoch, encoded in _ROOT.findall(path.read_bytes())
    }


def _keks(root: bytes, wrapped: set[bytes]) -> Iterator[AESGCM]:
    for each in wrapped:
        try:
            yield AESGCM(unwrap_key(root, each))
        except KeyCorrupt:
            continue
