"""The envelope of one artefact: sealed in chunks under a key of its own, opened whole or by ranges.

Format and reasons: docs/formats/envelope.md. The construction is STREAM (Hoang, Reyhanitabar, Rogaway,
Vizár 2015) with AES-256-GCM and 64 KiB chunks, parametrised as the age file format does; the key is
HKDF-SHA-256 (RFC 5869) of the recording's key with a random salt. Sealed bytes that do not
open raise :class:`BlobCorrupt`, which names the artefact's kind and recording and nothing else.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from earwitness.kernel.errors import BadInput, BlobCorrupt, KeyCorrupt
from earwitness.kernel.ids import RandomBytes

MAGIC = b"EWA1"
SALT = 16
HEADER = len(MAGIC) + SALT
TAG = 16
CHUNK = 64 * 1024
SEALED_CHUNK = CHUNK + TAG
KEY = 32
INFO = b"earwitness/artefact/v1\n"

_KIND = re.compile(r"[a-z0-9._:/-]{1,64}").fullmatch
_ID = re.compile(r"[!-~]{1,200}").fullmatch
_SHA256 = SHA256()


@dataclass(frozen=True, slots=True)
class Context:
    """What the sealed bytes are bound to; with any other context they do not open."""

    subject: str
    recording: str
    kind: str
    version: int


def field(text: str) -> bytes:
    """Encode one field of associated data: its length (u16) and its UTF-8, so that none runs into the next.

    Raises:
        BadInput: longer than 65,535 bytes.
    """
    data = text.encode()
    if len(data) > 0xFFFF:  # noqa: PLR2004 - the largest u16
        raise BadInput("A label is too long to be bound to sealed bytes.")
    return len(data).to_bytes(2) + data


def sealed_size(size: int) -> int:
    """Return how many bytes sealing ``size`` bytes gives."""
    return HEADER + size + TAG * max(1, -(-size // CHUNK))


def seal(
    key: bytes, context: Context, plaintext: bytes | bytearray | memoryview, random: RandomBytes = secrets.token_bytes
) -> bytes:
    """Seal ``plaintext`` under a key derived from the 32-byte recording ``key`` for this context alone.

    Raises:
        BadInput: an id, kind or version that the format cannot carry.
        KeyCorrupt: ``key`` is not 32 bytes.
    """
    header = MAGIC + random(SALT)
    cipher, bound = _cipher(key, context, header), _bound(context, header)
    if len(plaintext) <= CHUNK:
        return header + cipher.encrypt(_nonce(0, last=True), plaintext, bound)
    view = memoryview(plaintext)
    count = -(-len(view) // CHUNK)
    sealed = [header]
    for index in range(count):
        piece = view[index * CHUNK : (index + 1) * CHUNK]
        sealed.append(cipher.encrypt(_nonce(index, last=index == count - 1), piece, bound))
    return b"".join(sealed)


def open_all(key: bytes, context: Context, sealed: bytes) -> bytes:
    """Open a whole sealed artefact.

    Raises:
        BlobCorrupt: damaged, cut, reordered, or sealed for another context or key.
        BadInput, KeyCorrupt: as in :func:`seal`.
    """
    view = memoryview(sealed)
    reader = Reader(key, context, lambda start, end: view[start:end], len(sealed))
    return reader.read(0, reader.size)


class Reader:
    """Random access to one sealed artefact; only the chunks that a range touches are fetched and opened.

    Making one opens the last chunk, which authenticates the size; that chunk stays in memory, so an
    artefact of one chunk is fetched once. Not for several threads at once.
    """

    def __init__(
        self, key: bytes, context: Context, read_range: Callable[[int, int], bytes | memoryview], sealed_size: int
    ) -> None:
        """Read sealed bytes ``[start, end)`` with ``read_range`` out of ``sealed_size`` bytes.

        Raises:
            BlobCorrupt: the header or the last chunk does not open for this context and key.
            BadInput, KeyCorrupt: as in :func:`seal`.
        """
        self._context = context
        self._read_range = read_range
        self._count, self.size = self._measure(sealed_size)
        if self._count == 1:
            header, last = self._fetch_only(sealed_size)
        else:
            header = self._fetch(0, HEADER)
            last = self._fetch(HEADER + (self._count - 1) * SEALED_CHUNK, sealed_size)
        header = bytes(header)
        if not header.startswith(MAGIC):
            raise self._corrupt()
        self._cipher, self._bound = _cipher(key, context, header), _bound(context, header)
        self._last = self._open(self._count - 1, last)

    def read(self, start: int, end: int) -> bytes:
        """Return plaintext bytes ``[start, end)``, cut to what there is.

        Raises:
            BlobCorrupt: a chunk of the range is damaged or not where it was.
        """
        return b"".join(self.pieces(start, end))

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """Yield plaintext bytes ``[start, end)`` in order, at most 64 KiB at a time.

        Raises:
            BlobCorrupt: a chunk is damaged; what was yielded before it is authentic.
        """
        start, end = max(0, start), min(end, self.size)
        if start >= end:
            return
        for index in range(start // CHUNK, -(-end // CHUNK)):
            chunk = self._chunk(index)
            first, past = start - index * CHUNK, end - index * CHUNK
            yield chunk if first <= 0 and past >= len(chunk) else chunk[max(0, first) : past]

    def _chunk(self, index: int) -> bytes:
        if index == self._count - 1:
            return self._last
        begin = HEADER + index * SEALED_CHUNK
        return self._open(index, self._fetch(begin, begin + SEALED_CHUNK))

    def _open(self, index: int, sealed: bytes | memoryview) -> bytes:
        try:
            return self._cipher.decrypt(_nonce(index, last=index == self._count - 1), sealed, self._bound)
        except InvalidTag:
            raise self._corrupt() from None

    def _measure(self, sealed: int) -> tuple[int, int]:
        """Return (chunks, plaintext bytes) that a sealed object of this size holds."""
        body = sealed - HEADER
        count = max(1, -(-body // SEALED_CHUNK))
        size = body - TAG * count
        if size < 0 or (count > 1 and size <= (count - 1) * CHUNK):
            raise self._corrupt()
        return count, size

    def _fetch_only(self, sealed: int) -> tuple[bytes | memoryview, bytes | memoryview]:
        whole = self._fetch(0, sealed)
        return whole[:HEADER], whole[HEADER:]

    def _fetch(self, start: int, end: int) -> bytes | memoryview:
        data = self._read_range(start, end)
        if len(data) != end - start:
            raise self._corrupt()
        return data

    def _corrupt(self) -> BlobCorrupt:
        return BlobCorrupt(
            f"The {self._context.kind} of {self._context.recording} is not what was written.",
            next_step="Restore it from a backup; everything else is unaffected.",
        )


def _cipher(key: bytes, context: Context, header: bytes) -> AESGCM:
    if len(key) != KEY:
        raise KeyCorrupt(f"The key of {context.recording} is not {KEY} bytes.")
    info = INFO + b"%s\n%d" % (context.kind.encode(), context.version)
    return AESGCM(HKDF(_SHA256, KEY, header[len(MAGIC) :], info).derive(key))


def _bound(context: Context, header: bytes) -> bytes:
    """Return the associated data of every chunk; refuse what the labels cannot carry unambiguously."""
    if not (_KIND(context.kind) and _ID(context.subject) and _ID(context.recording) and 0 <= context.version < 1 << 32):
        raise BadInput("An artefact's kind, ids or version cannot be bound to its sealed bytes.")
    fields = field(context.subject) + field(context.recording) + field(context.kind)
    return header + fields + context.version.to_bytes(4)


def _nonce(index: int, *, last: bool) -> bytes:
    return index.to_bytes(11) + (b"\x01" if last else b"\x00")
