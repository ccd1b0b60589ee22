"""What a recording caused: list items, timers, sent messages.

Effects are not part of the recording, so deleting it leaves them; they are listed when it is erased
and can be removed too, as far as they can. Each kind registers how. The description is sealed for
its subject, not under the recording's key, so that it can still be shown after the erasure.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from earwitness.kernel.errors import BadInput, NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.storage.database import Database
from earwitness.storage.schema import effect
from earwitness.vault.keyring import Keyring


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that a recording caused; ``what`` is in words, ``undo`` is for its kind's remover."""

    id: str
    recording: str
    subject: str
    kind: str
    at: int
    what: str
    undo: Mapping[str, Any] = field(default_factory=dict)
    removable: bool = False


Remover = Callable[[Effect], None]
"""Takes the effect back in the world (deletes the list item, recalls the message); idempotent."""


class Effects:
    """Records effects and takes them back."""

    def __init__(self, database: Database, keyring: Keyring, random: RandomBytes = secrets.token_bytes) -> None:
        """Seal descriptions with ``keyring``."""
        self._database = database
        self._keyring = keyring
        self._random = random
        self._removers: dict[str, Remover] = {}

    def register(self, kind: str, remover: Remover) -> None:
        """Say how effects of this kind are taken back."""
        if kind in self._removers:
            raise BadInput(f"The effect kind '{kind}' is registered twice.")
        self._removers[kind] = remover

    def record(self, tx: Connection, caused: Effect) -> Effect:
        """Note what a recording caused, in the caller's transaction; the id is given here."""
        name = new_id("eff", self._random)
        text = json.dumps({"what": caused.what, "undo": dict(caused.undo)}).encode()
        row = {
            "id": name,
            "recording_id": caused.recording,
            "subject_id": caused.subject,
            "kind": caused.kind,
            "sealed": self._keyring.seal(caused.subject, f"effect:{name}", text),
            "at": caused.at,
        }
        tx.execute(insert(effect), [row])
        return Effect(name, caused.recording, caused.subject, caused.kind, caused.at, caused.what, caused.undo)

    def of(self, recordings: Sequence[str]) -> list[Effect]:
        """List what these recordings caused and what has not been removed yet."""
        query = select(effect).where(effect.c.recording_id.in_(recordings))
        return self._open(query.where(effect.c.removed_at.is_(None)).order_by(effect.c.at))

    def of_subject(self, subject: str) -> list[Effect]:
        """List what is known to have been caused by anything of this subject."""
        query = select(effect).where(effect.c.subject_id == subject)
        return self._open(query.where(effect.c.removed_at.is_(None)).order_by(effect.c.at))

    def remove(self, effect_id: str, now: int) -> Effect:
        """Take an effect back.

        Raises:
            NotFound: no such effect, or it was removed already.
            BadInput: nothing here can take back an effect of that kind.
        """
        found = self._open(select(effect).where(effect.c.id == effect_id, effect.c.removed_at.is_(None)))
        if not found:
            raise NotFound(f"There is no effect {effect_id} left to remove.")
        if not found[0].removable:
            raise BadInput(
                f"An effect of kind '{found[0].kind}' cannot be taken back from here.",
                next_step="It has left this house; ask whoever received it.",
            )
        self._removers[found[0].kind](found[0])
        with self._database.write() as tx:
            tx.execute(update(effect).where(effect.c.id == effect_id).values(removed_at=now))
        return found[0]

    def _open(self, query: Any) -> list[Effect]:
        with self._database.read() as tx:
            return [self._effect(row) for row in tx.execute(query)]

    def _effect(self, row: Row[Any]) -> Effect:
        body = json.loads(self._keyring.open(row.subject_id, f"effect:{row.id}", row.sealed))
        removable = row.kind in self._removers
        return Effect(row.id, row.recording_id, row.subject_id, row.kind, row.at, body["what"], body["undo"], removable)
