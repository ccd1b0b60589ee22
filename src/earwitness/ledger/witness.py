"""Asking a witness to cosign a checkpoint (C2SP tlog-witness v1.0.0, ``add-checkpoint``).

Every answer but 200 is a failure: real witnesses differ in their codes. The one exception is a 409
that names the size the witness holds: the request is made once more from there.
"""

import base64
from collections.abc import Callable, Sequence

import httpx

from earwitness.kernel.errors import NoteInvalid, WitnessRefused
from earwitness.ledger.checkpoint import parse_checkpoint, parse_decimal
from earwitness.ledger.notes import Signature, SignedNote, VerifierKey, parse_signature, verified_signatures

TIMEOUT_SECONDS = 15.0
LARGEST_ANSWER = 64 * 1024
OK, CONFLICT = 200, 409

Consistency = Callable[[int, int], Sequence[bytes]]
"""Gives the consistency proof from an old to a new size."""


class Witness:
    """One witness of the log. Not safe from several threads at once; the log asks one after the other."""

    def __init__(self, url: str, key: VerifierKey, client: httpx.Client | None = None) -> None:
        """Take the witness's submission prefix and its cosignature key (type 04)."""
        self.url = url.rstrip("/")
        self.key = key
        self._client = client or httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)
        self._seen = 0

    def cosign(self, note: SignedNote, consistency: Consistency) -> Signature:
        """Return the witness's cosignature on a checkpoint, checked against its key.

        Raises:
            WitnessRefused: it cannot be reached, refused, or answered what does not verify
                (reasons ``witness-unreachable``, ``witness-status``, ``witness-ahead``, ``witness-answer``).
        """
        size = parse_checkpoint(note.text).size
        status, body = self._ask(note, self._seen, consistency)
        if status == CONFLICT and (held := _held(body)) is not None and held != self._seen:
            if held > size:
                raise self._refused("witness-ahead", f"it has seen {held} leaves, this log has {size}")
            self._seen = held
            status, body = self._ask(note, held, consistency)
        if status != OK:
            raise self._refused("witness-status", f"it answered {status}")
        signature = self._cosignature(note, body)
        self._seen = size
        return signature

    def held(self, note: SignedNote) -> int | None:
        """Return the size of the newest checkpoint that the witness holds of this log, as it says.

        It is asked to cosign as if for the first time; None if its answer does not tell.

        Raises:
            WitnessRefused: ``witness-unreachable``.
        """
        size = parse_checkpoint(note.text).size
        status, body = self._ask(note, 0, lambda _old, _new: ())
        if status == CONFLICT:
            return _held(body)
        return size if status == OK else None

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _ask(self, note: SignedNote, old: int, consistency: Consistency) -> tuple[int, bytes]:
        new = parse_checkpoint(note.text).size
        old = min(old, new)
        proof = [base64.b64encode(each).decode() for each in consistency(old, new)] if old else []
        body = "\n".join([f"old {old}", *proof, "", ""]).encode() + note.encode()
        try:
            with self._client.stream("POST", f"{self.url}/add-checkpoint", content=body) as answer:
                return answer.status_code, _bounded(answer)
        except httpx.HTTPError as error:
            raise self._refused("witness-unreachable", f"no answer ({type(error).__name__})") from error

    def _cosignature(self, note: SignedNote, body: bytes) -> Signature:
        try:
            lines = body.decode().split("\n")
            offered = SignedNote(note.text, tuple(parse_signature(line) for line in lines if line))
            found = verified_signatures(offered, [self.key])
        except (UnicodeDecodeError, NoteInvalid) as error:
            raise self._refused("witness-answer", "its answer does not verify") from error
        if not found:
            raise self._refused("witness-answer", "it signed with another key")
        return found[0][1]

    def _refused(self, reason: str, why: str) -> WitnessRefused:
        return WitnessRefused(
            f"The witness {self.key.name} did not cosign: {why}.",
            reason=reason,
            next_step="Check that it runs and knows this log's verifier key.",
        )


def _held(body: bytes) -> int | None:
    return parse_decimal(body.decode("ascii", "replace").removesuffix("\n"))


def _bounded(answer: httpx.Response) -> bytes:
    data = b""
    for chunk in answer.iter_bytes():
        data += chunk
        if len(data) > LARGEST_ANSWER:
            break
    return data[:LARGEST_ANSWER]
