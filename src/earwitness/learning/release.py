"""Releases: models with a manifest in the log, made active, rolled back and destroyed.

A release is files on the shelf, a row, and a manifest whose salted hash is a leaf of the public log: what was learned
from (counts and a root over salted commitments, no ids), the files' hashes, the figures, the verdict. The log's
signature on its checkpoint signs it. At most one release of a layer is active. Destroying one leaves a second leaf that
says so. Format: docs/formats/learning.md, "Manifest".
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from earwitness import __version__
from earwitness.kernel.clock import Clock, rfc3339
from earwitness.kernel.errors import BadInput, BlobCorrupt, BlobMissing, KeyDestroyed, NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.learning.gate import Verdict
from earwitness.learning.kinds import count_examples
from earwitness.learning.shelf import Shelf, Shelved
from earwitness.learning.snapshot import SHARED, Snapshot
from earwitness.ledger.commitments import SALT_SIZE, entry_commitment
from earwitness.ledger.log import Leaf, Log
from earwitness.storage.database import Database
from earwitness.storage.schema.learning import learning_file, learning_release, learning_snapshot


class State(StrEnum):
    """Where a release stands."""

    MADE = "made"
    ACTIVE = "active"
    RETIRED = "retired"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Release:
    """A release as the product holds it; ``subject`` is the household whose layer it is, or what is shared."""

    id: str
    subject: str
    snapshot: str
    state: State
    verdict: Verdict
    made_at: int
    manifest: Mapping[str, Any]
    files: tuple[Shelved, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """What learning came to, before it is a release."""

    files: Mapping[str, bytes]
    figures: Mapping[str, Any]
    verdict: Verdict


class Releases:
    """Makes, lists, activates, rolls back and destroys releases; safe from several processes."""

    def __init__(
        self, database: Database, log: Log, shelf: Shelf, clock: Clock, random: RandomBytes = secrets.token_bytes
    ) -> None:
        """Commit manifests to ``log``; files rest on the ``shelf``."""
        self._database = database
        self._log = log
        self._shelf = shelf
        self._clock = clock
        self._random = random

    def make(self, snapshot: Snapshot, made: Made) -> Release:
        """Make a release that is not active yet; durable when this returns.

        Raises:
            NotFound: what it learned from was erased meanwhile; nothing of it stays.
        """
        name = new_id("release", self._random)
        with self._shelf.changing():
            self._make(name, snapshot, made)
        return self.find(name)

    def _make(self, name: str, snapshot: Snapshot, made: Made) -> None:
        if snapshot.subject == SHARED:
            self._shelf.prepare(SHARED)
        try:
            files = self._shelf.put(snapshot.subject, name, made.files)
        except KeyDestroyed as error:  # the household went; it gets no key again
            raise _erased_meanwhile() from error
        body = self._manifest(name, snapshot, made, files)
        try:
            with self._database.write() as tx:
                self._database.serialize(tx, "ledger")
                self._require_whole(tx, snapshot)
                row = self._leaf(tx, body)
                values = {
                    "id": name,
                    "subject_id": snapshot.subject,
                    "snapshot_id": snapshot.id,
                    "state": str(State.MADE),
                    "verdict": str(made.verdict),
                    "idx": row[0],
                    "manifest": row[1],
                    "made_at": self._clock.now_ms(),
                }
                tx.execute(insert(learning_release), [values])
                if files:
                    tx.execute(insert(learning_file), [_file_row(name, each) for each in files])
        except BaseException:
            self._shelf.destroy(name, files)
            raise

    def _require_whole(self, tx: Connection, snapshot: Snapshot) -> None:
        """Refuse what was learned from somebody who took it back while it was learned."""
        if count_examples(tx, snapshot.id) != len(snapshot.examples):
            raise _erased_meanwhile()

    def activate(self, release_id: str) -> Release:
        """Let a release be used from now on; the one before is retired.

        Raises:
            NotFound: there is no such release.
            BadInput: it was destroyed, or its files are gone.
        """
        release = self.find(release_id)
        if release.state is State.DESTROYED or not self._shelf.stands(release.id, release.files):
            raise BadInput("This release was destroyed.", next_step="Choose another, or let it learn again.")
        now = self._clock.now_ms()
        with self._database.write() as tx:
            self._end_active(tx, release.subject, now)
            done = {"state": str(State.ACTIVE), "activated_at": now, "ended_at": None}
            standing = learning_release.c.state != str(State.DESTROYED)
            if not tx.execute(
                update(learning_release).where(learning_release.c.id == release.id, standing).values(**done)
            ).rowcount:
                raise BadInput("This release was destroyed.", next_step="Choose another, or let it learn again.")
        return self.find(release_id)

    def roll_back(self, subject: str = SHARED) -> Release | None:
        """Go back to the release that was active before; None: to what ships.

        Raises:
            NotFound: no release of this layer is active.
        """
        active = self.current(subject)
        if active is None:
            raise NotFound("Nothing learned is in use here.", next_step="earwitness learn releases")
        query = (
            select(learning_release.c.id)
            .where(
                learning_release.c.subject_id == subject,
                learning_release.c.state == str(State.RETIRED),
                learning_release.c.made_at <= active.made_at,
            )
            .order_by(learning_release.c.activated_at.desc())
        )
        with self._database.read() as tx:
            before = tx.scalar(query)
        if before is not None:
            return self.activate(before)
        with self._database.write() as tx:
            self._end_active(tx, subject, self._clock.now_ms())
        return None

    def current(self, subject: str = SHARED) -> Release | None:
        """The active release of a layer, None where what ships is used.

        One whose key or files are gone (a restored backup has none of them) counts as none.
        """
        query = select(learning_release.c.id).where(
            learning_release.c.subject_id == subject, learning_release.c.state == str(State.ACTIVE)
        )
        with self._database.read() as tx:
            name = tx.scalar(query)
        if name is None:
            return None
        release = self.find(name)
        return release if self._shelf.stands(release.id, release.files) else None

    def find(self, release_id: str) -> Release:
        """Look one up.

        Raises:
            NotFound: there is none of this id.
        """
        with self._database.read() as tx:
            row = tx.execute(select(learning_release).where(learning_release.c.id == release_id)).first()
            if row is None:
                raise NotFound("There is no such release.", next_step="earwitness learn releases")
            return self._read(tx, row)

    def list(self, subject: str | None = None) -> list[Release]:
        """List them, newest first; those of one layer, or all."""
        query = select(learning_release).order_by(learning_release.c.made_at.desc(), learning_release.c.id)
        if subject is not None:
            query = query.where(learning_release.c.subject_id == subject)
        with self._database.read() as tx:
            return [self._read(tx, row) for row in tx.execute(query).all()]

    def content(self, release: Release) -> dict[str, bytes]:
        """Open all files of a release.

        Raises:
            BlobMissing, BlobCorrupt, KeyDestroyed: it is gone or damaged.
        """
        return {each.name: self._shelf.get(release.id, each) for each in release.files}

    def install(self, release: Release) -> Path | None:
        """Open a release into a folder for use; None where it is gone meanwhile."""
        try:
            return self._shelf.install(release.id, release.files)
        except (BlobMissing, BlobCorrupt, KeyDestroyed):
            return None

    def destroy(self, release_id: str, why: str) -> Release:
        """Destroy a release: its key, its files, what was opened of them; idempotent.

        It stops being used before anything is destroyed. A leaf says what was destroyed and ``why`` (a slug).

        Raises:
            NotFound: there is no such release.
        """
        with self._database.write() as tx:
            release = self.end(tx, release_id)
        fingerprints = self._shelf.destroy(release.id, release.files)
        body = {
            "v": 1,
            "kind": "model-destroyed",
            "release": release.id,
            "at": rfc3339(self._clock.now_ms()),
            "why": why,
            "files": [each.sealed_sha256 for each in release.files],
            "key_fingerprints": fingerprints,
            "code": __version__,
        }
        with self._database.write() as tx:
            self._database.serialize(tx, "ledger")
            said = select(learning_release.c.destroyed_idx).where(learning_release.c.id == release.id)
            if tx.scalar(said) is None:
                index, text = self._leaf(tx, body)
                values = {"destroyed_idx": index, "destroyed": text}
                tx.execute(update(learning_release).where(learning_release.c.id == release.id).values(**values))
                self._drop_salt(tx, release.snapshot)
        return self.find(release_id)

    def end(self, tx: Connection, release_id: str) -> Release:
        """Let nobody use a release from when ``tx`` commits, before it is destroyed; return it as it stood.

        Raises:
            NotFound: there is no such release.
        """
        row = tx.execute(select(learning_release).where(learning_release.c.id == release_id)).first()
        if row is None:
            raise NotFound("There is no such release.", next_step="earwitness learn releases")
        if row.state != str(State.DESTROYED):
            ended = {"state": str(State.DESTROYED), "ended_at": self._clock.now_ms()}
            tx.execute(update(learning_release).where(learning_release.c.id == release_id).values(**ended))
        return self._read(tx, row)

    def close_all(self) -> None:
        """Remove what was opened of releases and no other process uses; it is opened again when it is used."""
        self._shelf.clear(self._standing()[1])

    def sweep(self) -> int:
        """Remove keys and files that no release names (of an erased household, of a crash); return how many."""
        with self._shelf.alone():
            return self._shelf.sweep(*self._standing())

    def _standing(self) -> tuple[set[str], set[str]]:
        """The sealed files that releases name, and the releases that are not destroyed."""
        standing = learning_release.c.state != str(State.DESTROYED)
        with self._database.read() as tx:
            releases = set(tx.scalars(select(learning_release.c.id).where(standing)))
            mine = select(learning_file.c.sealed_sha256).join(learning_release).where(standing)
            return set(tx.scalars(mine)), releases

    def proof(self, release_id: str, *, destroyed: bool = False) -> bytes:
        """The manifest, or the account of its destruction, as a tlog-proof file that verifies anywhere.

        Raises:
            NotFound: there is none.
        """
        with self._database.read() as tx:
            row = tx.execute(select(learning_release).where(learning_release.c.id == release_id)).first()
        text = None if row is None else (row.destroyed if destroyed else row.manifest)
        if row is None or text is None:
            raise NotFound("There is no such proof.", next_step="earwitness learn releases")
        self._log.publish()
        index = row.destroyed_idx if destroyed else row.idx
        return self._log.receipt(index, entry_commitment(text[:SALT_SIZE], text[SALT_SIZE:]), extra=text)

    def _manifest(self, name: str, snapshot: Snapshot, made: Made, files: Sequence[Shelved]) -> dict[str, Any]:
        return {
            "v": 1,
            "kind": "model-release",
            "release": name,
            "layer": "shared" if snapshot.subject == SHARED else "household",
            "at": rfc3339(self._clock.now_ms()),
            "code": __version__,
            "examples": {"count": len(snapshot.examples), "people": snapshot.people, "root": snapshot.root},
            "files": [{"name": each.name, "sha256": each.sha256, "size": each.size} for each in files],
            "figures": made.figures,
            "verdict": str(made.verdict),
        }

    def _leaf(self, tx: Connection, body: Mapping[str, Any]) -> tuple[int, bytes]:
        salt = self._random(SALT_SIZE)
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        return self._log.append(tx, [Leaf(entry_commitment(salt, text), b"")])[0], salt + text

    @staticmethod
    def _end_active(tx: Connection, subject: str, now: int) -> None:
        active = learning_release.c.subject_id == subject, learning_release.c.state == str(State.ACTIVE)
        tx.execute(update(learning_release).where(*active).values(state=str(State.RETIRED), ended_at=now))

    @staticmethod
    def _drop_salt(tx: Connection, snapshot_id: str) -> None:
        """Without the salt nobody can tell any more whether a recording was among the examples."""
        tx.execute(update(learning_snapshot).where(learning_snapshot.c.id == snapshot_id).values(salt=bytes(32)))

    @staticmethod
    def _read(tx: Connection, row: Row[Any]) -> Release:
        files = tx.execute(select(learning_file).where(learning_file.c.release_id == row.id)).all()
        return Release(
            row.id,
            row.subject_id,
            row.snapshot_id,
            State(row.state),
            Verdict(row.verdict),
            row.made_at,
            json.loads(row.manifest[SALT_SIZE:]),
            tuple(Shelved(each.name, each.sha256, each.sealed_sha256, each.size) for each in files),
        )


def _erased_meanwhile() -> NotFound:
    return NotFound("Something it learned from was erased meanwhile.", next_step="Let it learn again.")


def _file_row(release: str, each: Shelved) -> dict[str, Any]:
    return {
        "release_id": release,
        "name": each.name,
        "sha256": each.sha256,
        "sealed_sha256": each.sealed_sha256,
        "size": each.size,
    }
