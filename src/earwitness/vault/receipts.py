"""The two signed receipts of an erasure: *accepted* at once, *completed* when the bound has passed.

A receipt's body is canonical JSON that names ids, counts and hashes and nothing personal. The log
commits to it, so the tlog-proof file that a person takes home verifies with no database and no
network. Format: docs/formats/ledger.md, section 5; the fields: docs/formats/envelope.md, "Receipts".
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from earwitness import __version__
from earwitness.kernel.clock import Clock, rfc3339
from earwitness.kernel.errors import NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.ledger.commitments import SALT_SIZE, Leaf, entry_commitment
from earwitness.ledger.log import Log
from earwitness.storage.database import Database
from earwitness.storage.schema import erasure
from earwitness.storage.schema import receipt as receipts
from earwitness.vault.tally import Tally

ACCEPTED = "erasure-accepted"
COMPLETED = "erasure-completed"
DONE = "Everything in scope was removed, and every root key that could open an older copy was destroyed."
NOT_PROVED = (
    "copies somebody took before, outside this installation",
    "what a person who heard it remembers",
    "an operator who runs other code than this",
    "blocks that the medium keeps after they were overwritten, beyond what the destroyed root key covers",
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as the product holds it; ``index`` is its leaf in the log."""

    id: str
    kind: str
    erasure: str
    index: int
    at: int
    body: Mapping[str, Any]


class Receipts:
    """Makes, lists and hands out receipts."""

    def __init__(self, database: Database, log: Log, clock: Clock, random: RandomBytes = secrets.token_bytes) -> None:
        """Commit receipts to ``log``."""
        self._database = database
        self._log = log
        self._clock = clock
        self._random = random

    def acknowledge(self, erasure_id: str) -> Receipt:
        """Make the first receipt, or return the one that was made; idempotent."""
        with self._database.write() as tx:
            row = tx.execute(select(erasure).where(erasure.c.id == erasure_id)).one()
            tally = Tally.from_json(row.scope)
            promise = (
                "Nothing in scope can be opened through the product any more, and no restored backup brings it back. "
                "By the time in 'final_by' no key that opens an older copy exists in this installation."
            )
            fields = {
                "says": promise,
                "epoch": row.epoch,
                "final_by": rfc3339(row.due_at),
                "keys_destroyed": tally.keys_destroyed,
                "key_fingerprints": tally.fingerprints,
            }
            return self._issue(tx, row, ACCEPTED, fields)

    def complete(self, tx: Connection, row: Row[Any], fields: Mapping[str, Any]) -> Receipt:
        """Make the second receipt in the caller's transaction, or return the one that was made."""
        tally = Tally.from_json(row.scope)
        return self._issue(
            tx,
            row,
            COMPLETED,
            {
                "says": DONE,
                "removed_by_kind": tally.counts,
                "removed_root": tally.tree.root().hex(),
                "keys_destroyed": tally.keys_destroyed,
                "key_fingerprints": tally.fingerprints,
                **fields,
            },
        )

    def of(self, subject: str) -> list[Receipt]:
        """List a subject's receipts, oldest first; they outlive the subject."""
        query = select(receipts).where(receipts.c.subject_id == subject).order_by(receipts.c.at, receipts.c.idx)
        with self._database.read() as tx:
            return [_receipt(row) for row in tx.execute(query)]

    def file(self, receipt_id: str) -> bytes:
        """Return the receipt as a tlog-proof file, which verifies anywhere.

        Raises:
            NotFound: there is no such receipt.
        """
        with self._database.read() as tx:
            row = tx.execute(select(receipts).where(receipts.c.id == receipt_id)).first()
        if row is None:
            raise NotFound(f"There is no receipt {receipt_id}.", next_step="earwitness receipts lists them.")
        self._log.publish()
        commitment = entry_commitment(row.body[:SALT_SIZE], row.body[SALT_SIZE:])
        return self._log.receipt(row.idx, commitment, extra=row.body)

    def _issue(self, tx: Connection, row: Row[Any], kind: str, fields: Mapping[str, Any]) -> Receipt:
        self._database.serialize(tx, "ledger")
        made = select(receipts).where(receipts.c.erasure_id == row.id, receipts.c.kind == kind)
        existing = tx.execute(made).first()
        if existing is not None:
            return _receipt(existing)
        now, name = self._clock.now_ms(), new_id("rct", self._random)
        body = {
            "v": 1,
            "receipt": name,
            "kind": kind,
            "at": rfc3339(now),
            "request": row.id,
            "requested_at": rfc3339(row.requested_at),
            "scope": Tally.from_json(row.scope).scope,
            "code": __version__,
            "does_not_prove": list(NOT_PROVED),
            **fields,
        }
        salt = self._random(SALT_SIZE)
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        index = self._log.append(tx, [Leaf(entry_commitment(salt, text), b"")])[0]
        values = {
            "id": name,
            "subject_id": row.subject_id,
            "erasure_id": row.id,
            "kind": kind,
            "idx": index,
            "body": salt + text,
            "at": now,
        }
        tx.execute(insert(receipts), [values])
        return Receipt(name, kind, row.id, index, now, body)


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(row.id, row.kind, row.erasure_id, row.idx, row.at, json.loads(row.body[SALT_SIZE:]))
