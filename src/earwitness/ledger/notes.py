"""Signed notes (C2SP signed-note v1.0.0) with Ed25519 signatures and timestamped cosignatures.

Parsing is strict and comes first, in the order of docs/formats/ledger.md, section 4, with one stable
reason for each thing that can be wrong; only a note that parses is looked at for signatures. Types
of keys: 01 Ed25519, 04 Ed25519 cosignature (tlog-cosignature v1.0.1).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from earwitness.kernel.errors import NoteInvalid

LARGEST_NOTE = 1_000_000
MOST_SIGNATURES = 64
KEY_ID_SIZE = 4
TIME_SIZE = 8
LATEST_TIME = (1 << 63) - 1
PUBLIC_SIZE = 32
SIGNATURE_SIZE = 64
GROUP_ORDER = (1 << 252) + 27742317777372353535851937790883648493
FIELD_PRIME = (1 << 255) - 19
SIGN_CLEARED = (1 << 255) - 1
SIGNATURE_LINE = re.compile(r"— ([^ ]*) ([^ ]+)")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
VERIFIER_KEY = re.compile(r"([^+]*)\+([0-9a-f]{8})\+(.+)", re.DOTALL)


class KeyType(IntEnum):
    """What a key signs with, and what."""

    ED25519 = 1
    COSIGNATURE = 4


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line; ``value`` is what follows the key id."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """Write the line without its newline."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.value).decode()}"


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note that parses; nothing is known of its signatures yet. ``text`` ends in a newline."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """Write the note as it is published."""
        lines = "".join(f"{signature.line()}\n" for signature in self.signatures)
        return f"{self.text}\n{lines}".encode()


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name."""

    name: str
    type: KeyType
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that stand for this key in a signature line."""
        return key_id(self.name, self.type, self.public)

    def encode(self) -> str:
        """Write the key as ``name+hex(id)+base64(type ‖ public key)``."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.type]) + self.public).decode()}"

    def signed(self, signature: Signature) -> bool:
        """Say whether the line claims to be of this key: name and id must both match."""
        return signature.name == self.name and signature.key_id == self.id

    def refusal(self, text: str, signature: Signature) -> str | None:
        """Return why the signature is not this key's over ``text``: a reason, or None if it is."""
        message, value = text.encode(), signature.value
        if self.type is KeyType.COSIGNATURE:
            if len(value) < TIME_SIZE or cosignature_time(signature) > LATEST_TIME:
                return "note-cosignature-time"
            message, value = cosigned_message(text, cosignature_time(signature)), value[TIME_SIZE:]
        return ed25519_refusal(self.public, value, message)


def key_id(name: str, type_: KeyType, public: bytes) -> bytes:
    """Return the first four bytes of SHA-256(name ‖ newline ‖ type ‖ public key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([type_]) + public).digest()[:KEY_ID_SIZE]


def cosigned_message(text: str, time: int) -> bytes:
    """Return what a witness signs: its own header, the time in seconds, and the note's text."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosignature_time(signature: Signature) -> int:
    """Return the moment of a cosignature in seconds since the epoch."""
    return int.from_bytes(signature.value[:TIME_SIZE], "big")


def ed25519_refusal(public: bytes, signature: bytes, message: bytes) -> str | None:
    """Check an RFC 8032 signature; return why it is refused, or None if it verifies.

    The first three reasons tell a malformed or malleable signature from a wrong one (RFC 8032, 5.1.7).
    """
    if len(signature) != SIGNATURE_SIZE:
        return "note-signature-length"
    if int.from_bytes(signature[PUBLIC_SIZE:], "little") >= GROUP_ORDER:
        return "note-signature-scalar"
    if int.from_bytes(signature[:PUBLIC_SIZE], "little") & SIGN_CLEARED >= FIELD_PRIME:
        return "note-signature-point"
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return "note-signature-invalid"
    return None


def parse_verifier_key(text: str) -> VerifierKey:
    """Read a verifier key.

    Raises:
        NoteInvalid: ``key-malformed``.
    """
    match = VERIFIER_KEY.fullmatch(text.strip())
    raw = decode_base64(match[3]) if match else None
    if match is None or raw is None or not valid_name(match[1]):
        raise _key_malformed("a verifier key is written name+id+key")
    if raw[:1] not in {b"\x01", b"\x04"} or len(raw) != 1 + PUBLIC_SIZE:
        raise _key_malformed("only Ed25519 keys (types 01 and 04) are known")
    key = VerifierKey(match[1], KeyType(raw[0]), raw[1:])
    if key.id.hex() != match[2]:
        raise _key_malformed("its key id is not that of its name and key")
    return key


def parse_note(data: bytes) -> SignedNote:
    """Read a signed note without judging its signatures.

    Raises:
        NoteInvalid: with the first reason that applies.
    """
    text, _, tail = _checked_text(data).rpartition("\n\n")
    lines = tail.split("\n")[:-1]
    if len(lines) > MOST_SIGNATURES:
        raise _invalid("note-too-many-signatures", f"more than {MOST_SIGNATURES} signatures")
    return SignedNote(f"{text}\n", tuple(parse_signature(line) for line in lines))


def _checked_text(data: bytes) -> str:
    if len(data) > LARGEST_NOTE:
        raise _invalid("note-too-large", f"more than {LARGEST_NOTE} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise _invalid("note-not-utf8", "it is not UTF-8") from error
    if CONTROL.search(text):
        raise _invalid("note-control-character", "it holds a control character")
    before, blank, tail = text.rpartition("\n\n")
    if not (blank and tail and tail.endswith("\n") and before):
        raise _invalid("note-no-signatures", "no signature lines follow a blank line")
    return text


def parse_signature(line: str) -> Signature:
    """Read one signature line, given without its newline.

    Raises:
        NoteInvalid: ``note-signature-line``, ``note-key-name`` or ``note-signature-encoding``.
    """
    match = SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise _invalid("note-signature-line", "a signature line is not '— name base64'")
    if not valid_name(match[1]):
        raise _invalid("note-key-name", "a key name is empty or holds a space or a plus")
    raw = decode_base64(match[2])
    if raw is None or len(raw) <= KEY_ID_SIZE:
        raise _invalid("note-signature-encoding", "a signature is not base64 of a key id and more")
    return Signature(match[1], raw[:KEY_ID_SIZE], raw[KEY_ID_SIZE:])


def verify_note(note: SignedNote, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    """Check every signature by a key of ``keys``; return the keys that signed, in the note's order.

    Signatures by other keys are ignored, as the specification demands.

    Raises:
        NoteInvalid: as :func:`verified_signatures`, or ``note-unknown-key`` if none of the keys signed.
    """
    signed = verified_signatures(note, keys)
    if not signed:
        raise _invalid("note-unknown-key", "no key that is trusted here signed it")
    return [key for key, _ in signed]


def verified_signatures(note: SignedNote, keys: Iterable[VerifierKey]) -> list[tuple[VerifierKey, Signature]]:
    """Return the keys of ``keys`` that signed, each once, with the signature; none is fine.

    Raises:
        NoteInvalid: a line claims to be of a trusted key and is not: ``note-signature-length``,
            ``note-signature-scalar``, ``note-signature-point``, ``note-cosignature-time`` or
            ``note-signature-invalid``.
    """
    trusted: Sequence[VerifierKey] = tuple(keys)
    found: dict[VerifierKey, Signature] = {}
    for signature in note.signatures:
        for key in trusted:
            if not key.signed(signature):
                continue
            if (reason := key.refusal(note.text, signature)) is not None:
                raise _invalid(reason, "a signature by a trusted key does not verify")
            found.setdefault(key, signature)
    return list(found.items())


def valid_name(name: str) -> bool:
    """Say whether a key may have this name: not empty, no spaces of any kind, no plus, no control."""
    return bool(name) and "+" not in name and not any(each.isspace() for each in name) and not CONTROL.search(name)


def decode_base64(text: str) -> bytes | None:
    """Decode standard base64; None unless it is exactly what encoding the result gives."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def _key_malformed(why: str) -> NoteInvalid:
    return NoteInvalid(
        f"The key cannot be used: {why}.", reason="key-malformed", next_step="Copy the whole line of the key again."
    )


def _invalid(reason: str, why: str) -> NoteInvalid:
    return NoteInvalid(
        f"The signed note is not valid: {why}.",
        reason=reason,
        next_step="Do not trust it; check that the right key was given.",
    )
