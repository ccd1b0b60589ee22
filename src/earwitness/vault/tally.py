"""What an erasure has removed so far, kept in its row so that a crash loses no count.

The Merkle root covers one hash per removed artefact (recording, kind, version and size), in the order
of removal: the receipt commits to exactly what was removed without listing it.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from earwitness.ledger.merkle import CompactRange, leaf_hash

FINGERPRINTS_SHOWN = 20


@dataclass(slots=True)
class Tally:
    """Counts by kind, the tree over what was removed, and the fingerprints of destroyed keys."""

    scope: str
    counts: dict[str, int] = field(default_factory=dict)
    tree: CompactRange = field(default_factory=CompactRange)
    keys_destroyed: int = 0
    fingerprints: list[str] = field(default_factory=list)

    def add_artefacts(self, rows: Iterable[Any]) -> None:
        """Count rows of the artefact table."""
        for row in rows:
            self.counts[row.kind] = self.counts.get(row.kind, 0) + 1
            text = f"{row.recording_id}\n{row.kind}\n{row.version}\n{row.size}".encode()
            self.tree.append(leaf_hash(hashlib.sha256(b"earwitness/removed/v1\n" + text).digest()))

    def add(self, kind: str, number: int) -> None:
        """Count things of another kind."""
        if number:
            self.counts[kind] = self.counts.get(kind, 0) + number

    def destroyed(self, fingerprints: Sequence[str]) -> None:
        """Note destroyed keys; the first few fingerprints are shown, all are counted."""
        fresh = [name for name in fingerprints if name not in self.fingerprints]
        self.keys_destroyed += len(fresh)
        self.fingerprints = (self.fingerprints + fresh)[:FINGERPRINTS_SHOWN]

    def to_json(self) -> str:
        """Write the tally as the ``scope`` column holds it."""
        return json.dumps(
            {
                "kind": self.scope,
                "counts": self.counts,
                "removed": self.tree.size,
                "peaks": [peak.hex() for peak in self.tree.peaks],
                "keys_destroyed": self.keys_destroyed,
                "fingerprints": self.fingerprints,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Tally":
        """Read what :meth:`to_json` wrote."""
        body = json.loads(text)
        tree = CompactRange([bytes.fromhex(peak) for peak in body["peaks"]], body["removed"])
        return cls(body["kind"], body["counts"], tree, body["keys_destroyed"], body["fingerprints"])
