"""The statement of a draw: everything that is needed to draw again, and nothing that says whose anything is.

:func:`make_statement` takes it from the house; :func:`verify_statement` checks it with the keys of the log and of its
witnesses alone, without the house, its database or a network. Format: docs/formats/review.md, section 2.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from earwitness.kernel.clock import parse_rfc3339
from earwitness.kernel.errors import BadInput, DrawInvalid
from earwitness.ledger.checkpoint import open_checkpoint
from earwitness.ledger.notes import VerifierKey
from earwitness.ledger.proof import TlogProof, verify_receipt
from earwitness.review import frame
from earwitness.review.seed import SECRET_SIZE, commitment, make_seed, require_timely

FORMAT: Final = "earwitness/draw-statement/v1"
SALT_SIZE: Final = 32
LARGEST: Final = 64 * 1024 * 1024
MOST_ROWS: Final = 500_000

Proof = Callable[[int, int], Sequence[bytes]]
"""Gives the inclusion proof of a leaf in the tree of a size."""


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry of the log: where its leaf is, and its salt and text."""

    index: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """What a statement proves. ``witnesses`` signed the checkpoint of which the seed was made."""

    draw: str
    size: int
    expected: int
    chosen: int
    witnesses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a statement is made of: three entries, two checkpoints, and the frame."""

    commit: Entered
    frozen: Entered
    result: Entered
    seed_checkpoint: bytes
    checkpoint: bytes
    rows: Sequence[frame.Row]
    drawn: Sequence[frame.Drawn]


def make_statement(parts: Parts, proof: Proof) -> bytes:
    """Write the statement: JSON, UTF-8."""
    before = open_checkpoint(parts.seed_checkpoint, None).checkpoint.size
    after = open_checkpoint(parts.checkpoint, None).checkpoint.size

    def receipt(entered: Entered, size: int, note: bytes) -> str:
        hashes = tuple(proof(entered.index, size))
        return _encoded(TlogProof(entered.index, hashes, note, entered.body).encode())

    value = {
        "format": FORMAT,
        "commit": receipt(parts.commit, before, parts.seed_checkpoint),
        "frame": receipt(parts.frozen, before, parts.seed_checkpoint),
        "result": receipt(parts.result, after, parts.checkpoint),
        "rows": [
            [row.handle.hex(), row.group, row.quota, row.unsure, drawn.pi, drawn.chosen]
            for row, drawn in zip(parts.rows, parts.drawn, strict=True)
        ],
    }
    return json.dumps(value, separators=(",", ":")).encode()


def verify_statement(data: bytes, log: VerifierKey, witnesses: Sequence[VerifierKey] = ()) -> Verified:
    """Draw again and compare.

    Every witness that is given has to have signed.

    Raises:
        DrawInvalid: with the first reason that applies.
        NoteInvalid, ProofInvalid: a checkpoint or a proof in it is not valid.
    """
    value = _parsed(data)
    commit, frozen, result = (_entry(value, name, log) for name in ("commit", "frame", "result"))
    rows, drawn = _rows(value)
    if not commit.index < frozen.index < result.index or result.index < frozen.size:
        raise _invalid("draw-order", "its entries are not in the log in the order of a draw")
    if not commit.body.get("draw") == frozen.body.get("draw") == result.body.get("draw"):
        raise _invalid("draw-mixed", "its entries are of different draws")
    _require_frame(frozen.body, rows)
    secret = _hex(result.body.get("secret"), SECRET_SIZE)
    if commitment(secret).hex() != commit.body.get("commitment"):
        raise _invalid("draw-secret", "the secret is not the one that was committed to")
    signed = bool(result.body.get("witnessed"))
    seed = make_seed(secret, frozen.note, log, witnesses if signed else ())
    if len(seed.witnesses) < len(witnesses):
        raise _invalid("draw-unwitnessed", "not every witness signed the checkpoint of its seed")
    require_timely(seed, _moment(frozen.body.get("at")))
    if signed and not witnesses:
        raise _invalid("draw-witness-key", "a witness signed, and its key was not given")
    if seed.value.hex() != result.body.get("seed"):
        raise _invalid("draw-seed", "another seed comes out")
    again = frame.draw(rows, seed.value, frozen.body["expected"])
    if again != drawn:
        raise _invalid("draw-choice", "another choice comes out, or other probabilities")
    handles = [row.handle for row, each in zip(rows, again, strict=True) if each.chosen]
    if (frame.chosen_hash(handles), len(handles)) != (result.body.get("chosen"), result.body.get("count")):
        raise _invalid("draw-choice", "the log has another choice")
    return Verified(str(frozen.body["draw"]), len(rows), frozen.body["expected"], len(handles), seed.witnesses)


@dataclass(frozen=True, slots=True)
class _Entry:
    index: int
    body: Mapping[str, Any]
    note: bytes
    size: int


def _entry(value: Mapping[str, Any], name: str, log: VerifierKey) -> _Entry:
    raw = _decoded(value.get(name))
    receipt = verify_receipt(raw, log)
    if receipt.opened is None or len(receipt.opened) <= SALT_SIZE:
        raise _invalid("draw-entry", f"the entry '{name}' carries no text")
    body = _json(receipt.opened[SALT_SIZE:])
    kind = "draw-frame" if name == "frame" else f"draw-{name}"
    if not isinstance(body, dict) or body.get("kind") != kind:
        raise _invalid("draw-entry", f"the entry '{name}' is none")
    note = raw.partition(b"\n\n")[2]
    return _Entry(receipt.index, body, note, receipt.checkpoint.size)


def _require_frame(body: Mapping[str, Any], rows: Sequence[frame.Row]) -> None:
    expected = body.get("expected")
    if not isinstance(expected, int) or isinstance(expected, bool) or expected < 1:
        raise _invalid("draw-entry", "the frame's entry does not say how many were wanted")
    if body.get("size") != len(rows) or body.get("root") != frame.root(rows).hex():
        raise _invalid("draw-frame", "the rows are not those of the frozen frame")


def _rows(value: Mapping[str, Any]) -> tuple[list[frame.Row], list[frame.Drawn]]:
    given = value.get("rows")
    if not isinstance(given, list) or len(given) > MOST_ROWS:
        raise _invalid("draw-rows", "it has no rows, or too many")
    rows, drawn = [], []
    for each in given:
        match each:
            case [str(handle), int(group), int(quota), int(unsure), float(pi) | int(pi), bool(chosen)] if (
                min(group, quota, unsure) >= 0 and max(group, quota, unsure) < 1 << 32
            ):
                rows.append(frame.Row(_hex(handle, frame.HANDLE_SIZE), group, quota, unsure))
                drawn.append(frame.Drawn(float(pi), chosen))
            case _:
                raise _invalid("draw-rows", "a row is none")
    return rows, drawn


def _parsed(data: bytes) -> Mapping[str, Any]:
    if len(data) > LARGEST:
        raise _invalid("draw-too-large", f"more than {LARGEST} bytes")
    value = _json(data)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise _invalid("draw-format", f"it is not {FORMAT}")
    return value


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _invalid("draw-format", "it is not JSON") from error


def _hex(text: object, size: int) -> bytes:
    try:
        raw = bytes.fromhex(str(text))
    except ValueError as error:
        raise _invalid("draw-format", "a value is not hexadecimal") from error
    if len(raw) != size or raw.hex() != text:
        raise _invalid("draw-format", "a value has another length")
    return raw


def _moment(text: object) -> int:
    try:
        return parse_rfc3339(str(text))
    except BadInput as error:
        raise _invalid("draw-entry", "the frame's entry has no time") from error


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid("draw-format", "an entry is not base64") from error


def _invalid(reason: str, why: str) -> DrawInvalid:
    return DrawInvalid(
        f"The statement does not hold: {why}.", reason=reason, next_step="Ask for it again; do not trust this one."
    )
