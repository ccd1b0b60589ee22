"""Draws: commit to a secret, freeze the frame, take the seed, draw; each step is in the log before the next.

``run`` does all of it and goes on where a crash left it: what is committed or frozen is used, never made again. The
commitment for the next draw is made at the end of each, so that it is always older than the frame it is for.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import Clock, rfc3339
from earwitness.kernel.errors import BadInput, NotFound, WitnessRefused
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.ledger.commitments import Leaf, entry_commitment
from earwitness.ledger.log import Log
from earwitness.policy.actions import Program
from earwitness.policy.purposes import Purpose
from earwitness.review import frame
from earwitness.review.budget import ListeningBudgets
from earwitness.review.eligible import Eligible, eligible
from earwitness.review.seed import MOST_DELAY_MS, SECRET_SIZE, Seed, commitment, make_seed
from earwitness.review.statement import Entered, Parts, make_statement
from earwitness.storage.database import Database
from earwitness.storage.schema import recording
from earwitness.storage.schema import review as tables
from earwitness.vault.audit import Audit, Event

SALT_SIZE = 32
TRIES = 3
BATCH = 1_000
DRAWER = Actor(Program.DRAW, Role.PROGRAM)


@dataclass(frozen=True, slots=True)
class Draw:
    """A finished draw: how many were in its frame, asked for and chosen, and whether a witness signed."""

    id: str
    size: int
    expected: int
    chosen: int
    witnessed: bool
    at: int


class Draws:
    """Makes draws; safe from several processes, one draw at a time."""

    def __init__(  # noqa: PLR0913, PLR0917 - handed down one by one, so that each can be seen
        self,
        database: Database,
        log: Log,
        audit: Audit,
        budgets: ListeningBudgets,
        clock: Clock,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Write entries to ``log``; ``audit`` tells each person what of theirs was drawn."""
        self._database = database
        self._log = log
        self._audit = audit
        self._budgets = budgets
        self._clock = clock
        self._random = random

    def run(
        self, expected: int, *, household: str = "", without_witness: bool = False, trial: bool = False
    ) -> Draw:  # fmt: skip
        """Draw about ``expected`` clips; with none eligible the frame is empty and so is the draw.

        ``household`` draws of one household alone. Without a witness the operator could have sought a seed, so that
        has to be asked for; then no witness is asked. A ``trial`` is for the checks of promises: nobody counts it, no
        reviewer gets a clip of it, and :meth:`forget` ends it.

        Raises:
            BadInput: fewer than one clip is asked for, or there is no witness and none was done without.
            WitnessRefused: no witness signed; the draw goes on when it is run again.
        """
        if expected < 1:
            raise BadInput("A draw is for one clip or more.")
        if not self._log.witnesses and not without_witness:
            raise BadInput(
                "No witness is set up, so nobody but you could tell that the draw was by chance.",
                next_step="Set one up (earwitness witness), or say --without-witness.",
            )
        name = self.commit(trial=trial)
        self._freeze(name, expected, household)
        checkpoint = self._checkpoint(name, witnessed=not without_witness)
        made = self._draw(name, checkpoint, witnessed=not without_witness)
        if not trial:
            self.commit()
        self._log.publish()
        return made

    def commit(self, *, trial: bool = False) -> str:
        """Return the draw that is under way, or begin one: its secret is committed to in the log."""
        with self._database.write() as tx:
            self._database.serialize(tx, "review/draw")
            under_way = tables.review_draw.c.state != "drawn", tables.review_draw.c.trial.is_(trial)
            row = tx.execute(select(tables.review_draw).where(*under_way)).first()
            if row is not None and not self._stale(row):
                return str(row.id)
            if row is not None:
                self._abandon(tx, row.id)
            name, secret = new_id("draw", self._random), self._random(SECRET_SIZE)
            now = self._clock.now_ms()
            entry = {"kind": "draw-commit", "draw": name, "commitment": commitment(secret).hex(), "at": rfc3339(now)}
            index, body = self._enter(tx, entry)
            values = {"id": name, "state": "committed", "trial": trial, "secret": secret, "committed_at": now}
            tx.execute(insert(tables.review_draw), [values | {"commit_idx": index, "commit_body": body}])
        return name

    def newest(self) -> Draw:
        """Return the newest finished draw.

        Raises:
            NotFound: nothing was drawn yet.
        """
        found = self.all()
        if not found:
            raise NotFound("Nothing was drawn yet.", next_step="earwitness review draw")
        return found[-1]

    def all(self) -> list[Draw]:
        """Return the finished draws, oldest first."""
        finished = tables.review_draw.c.state == "drawn", tables.review_draw.c.trial.is_(False)
        query = select(tables.review_draw).where(*finished)
        with self._database.read() as tx:
            rows = tx.execute(query.order_by(tables.review_draw.c.drawn_at, tables.review_draw.c.id)).all()
        return [_read(row) for row in rows]

    def statement(self, name: str) -> bytes:
        """Return the statement by which anybody can draw again (review.statement).

        Raises:
            NotFound: there is no such finished draw.
        """
        self._log.publish()
        with self._database.read() as tx:
            row = draw_row(tx, name)
            if row.state != "drawn":
                raise NotFound("This draw is not finished.", next_step="earwitness review draw goes on with it.")
            stored = tx.execute(frame_of(name)).all()
        parts = Parts(
            Entered(row.commit_idx, row.commit_body),
            Entered(row.frame_idx, row.frame_body),
            Entered(row.result_idx, row.result_body),
            row.checkpoint,
            self._log.checkpoint_note(),
            [read_row(each) for each in stored],
            [frame.Drawn(each.pi, each.chosen) for each in stored],
        )
        return make_statement(parts, self._log.proof)

    def forget(self, name: str) -> None:
        """Remove a trial with its clips; its entries stay in the log.

        Raises:
            NotFound: there is no such draw, or it was no trial.
        """
        with self._database.write() as tx:
            if not draw_row(tx, name).trial:
                raise NotFound("This draw was no trial.", next_step="Draws stay, so that anybody can draw again.")
            clips = select(tables.review_clip.c.id).where(tables.review_clip.c.draw_id == name)
            beside = (tables.review_person, tables.review_hearing, tables.review_annotation, tables.review_escalation)
            for table in beside:
                tx.execute(delete(table).where(table.c.clip_id.in_(clips)))
            for table in (tables.review_clip, tables.review_frame):
                tx.execute(delete(table).where(table.c.draw_id == name))
            tx.execute(delete(tables.review_draw).where(tables.review_draw.c.id == name))

    # --- the steps ------------------------------------------------------------------------------------

    def _freeze(self, name: str, expected: int, household: str) -> None:
        with self._database.write() as tx:
            self._database.serialize(tx, "review/draw")
            if draw_row(tx, name).state != "committed":
                return
            now = self._clock.now_ms()
            found = eligible(tx, self._budgets, now, household_id=household)
            rows = self._rows(found)
            entry = {"kind": "draw-frame", "draw": name, "size": len(rows), "expected": expected}
            index, body = self._enter(tx, entry | {"root": frame.root(rows).hex(), "at": rfc3339(now)})
            values = [
                _frame_values(name, at, row, found[at].resource.id) for at, row in enumerate(rows)
            ]  # fmt: skip
            for start in range(0, len(values), BATCH):
                tx.execute(insert(tables.review_frame), values[start : start + BATCH])
            frozen = {"state": "frozen", "frame_idx": index, "frame_body": body, "frozen_at": now}
            changed = frozen | {"size": len(rows), "expected": expected}
            tx.execute(update(tables.review_draw).where(tables.review_draw.c.id == name).values(**changed))

    def _rows(self, found: Sequence[Eligible]) -> list[frame.Row]:
        groups = {group: number for number, group in enumerate(dict.fromkeys(each.group for each in found))}
        return [frame.Row(self._random(frame.HANDLE_SIZE), groups[e.group], e.quota, e.unsure) for e in found]

    def _checkpoint(self, name: str, *, witnessed: bool) -> bytes:
        """Return a checkpoint over the frame's leaf, cosigned by every witness; keep it with the draw."""
        with self._database.read() as tx:
            row = draw_row(tx, name)
        if row.checkpoint is not None:
            return bytes(row.checkpoint)
        note = self._cosigned() if witnessed else self._published()
        with self._database.write() as tx:
            mine = tables.review_draw.c.id == name, tables.review_draw.c.checkpoint.is_(None)
            tx.execute(update(tables.review_draw).where(*mine).values(checkpoint=note))
            return bytes(draw_row(tx, name).checkpoint)

    def _cosigned(self) -> bytes:
        refused: WitnessRefused | None = None
        for _ in range(TRIES):
            self._log.publish()
            results = self._log.cosign()
            note = self._log.checkpoint_note()
            keys = [witness.key for witness in self._log.witnesses]
            if len(make_seed(b"", note, self._log.signer.key, keys).witnesses) == len(keys):
                return note
            refused = next((each.error for each in results if each.error is not None), refused)
        raise refused or WitnessRefused("The log grew faster than it could be cosigned.", next_step="Try again.")

    def _published(self) -> bytes:
        self._log.publish()
        return self._log.checkpoint_note()

    def _draw(self, name: str, checkpoint: bytes, *, witnessed: bool) -> Draw:
        keys = [witness.key for witness in self._log.witnesses] if witnessed else []
        with self._database.write() as tx:
            self._database.serialize(tx, "review/draw")
            row = draw_row(tx, name)
            if row.state == "drawn":
                return _read(row)
            seed = make_seed(row.secret, checkpoint, self._log.signer.key, keys)
            stored = tx.execute(frame_of(name)).all()
            rows = [read_row(each) for each in stored]
            drawn = frame.draw(rows, seed.value, row.expected)
            now = self._clock.now_ms()
            chosen = [(each, found) for each, found in zip(stored, drawn, strict=True) if found.chosen]
            index, body = self._enter(tx, _result(row, seed, [bytes(each.handle) for each, _ in chosen], now))
            _mark_frame(tx, name, drawn)
            self._make_clips(tx, name, chosen, now)
            values = {"state": "drawn", "result_idx": index, "result_body": body, "drawn_at": now}
            tx.execute(update(tables.review_draw).where(tables.review_draw.c.id == name).values(**values))
            return _read(draw_row(tx, name))

    def _make_clips(self, tx: Connection, name: str, chosen: Sequence[tuple[Row[Any], frame.Drawn]], now: int) -> None:
        """Write a clip for each recording that still may be heard; one that was erased meanwhile is withdrawn."""
        still = _still(tx, self._budgets, now, [row.recording_id for row, _ in chosen if row.recording_id])
        clips, people, events = [], [], []
        for row, drawn in chosen:
            clip = new_id("clip", self._random)
            found = still.get(row.recording_id)
            state = {"state": "drawn"} if found else {"state": "withdrawn", "reason": "gone", "ended_at": now}
            clips.append(
                {"id": clip, "draw_id": name, "position": row.position, "pi": drawn.pi, "drawn_at": now, "attempts": 0}
                | {"recording_id": found.resource.id if found else None, "reason": None, "ended_at": None}
                | state
            )
            if found:
                people += [{"clip_id": clip, "person_id": who, "drawn_at": now} for who in found.people]
                events.append(_drawn_event(found, name, now))
        for table, values in ((tables.review_clip, clips), (tables.review_person, people)):
            if values:
                tx.execute(insert(table), values)
        self._audit.append(tx, events)

    def _stale(self, row: Row[Any]) -> bool:
        """A frame that was frozen so long ago that a cosignature would come too late."""
        late = row.frozen_at is not None and self._clock.now_ms() - row.frozen_at > MOST_DELAY_MS
        return late and row.checkpoint is None

    def _abandon(self, tx: Connection, name: str) -> None:
        """Give a draw up: its leaves stay in the log for everybody to see, its frame goes."""
        tx.execute(tables.review_frame.delete().where(tables.review_frame.c.draw_id == name))
        tx.execute(tables.review_draw.delete().where(tables.review_draw.c.id == name))

    def _enter(self, tx: Connection, entry: Mapping[str, Any]) -> tuple[int, bytes]:
        salt = self._random(SALT_SIZE)
        text = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
        return self._log.append(tx, [Leaf(entry_commitment(salt, text), b"")])[0], salt + text


def read_row(row: Row[Any]) -> frame.Row:
    """Return a stored row of a frame as the arithmetic takes it."""
    return frame.Row(bytes(row.handle), row.grp, row.quota, row.unsure)


def frame_of(name: str) -> Select[Any]:
    """Select the rows of a draw's frame in their order."""
    return select(tables.review_frame).where(tables.review_frame.c.draw_id == name).order_by(
        tables.review_frame.c.position
    )  # fmt: skip


def draw_row(tx: Connection, name: str) -> Row[Any]:
    """Return the row of a draw.

    Raises:
        NotFound: there is none with this id.
    """
    row = tx.execute(select(tables.review_draw).where(tables.review_draw.c.id == name)).first()
    if row is None:
        raise NotFound("There is no such draw.", next_step="earwitness review list")
    return row


def _still(tx: Connection, budgets: ListeningBudgets, now: int, ids: Sequence[str]) -> dict[str, Eligible]:
    """Return those of the chosen that may still be heard: much can have ended since the freezing."""
    wanted = set(ids)
    homes = select(recording.c.household_id).where(recording.c.id.in_(wanted)).distinct()
    found = [each for home in tx.scalars(homes).all() for each in eligible(tx, budgets, now, household_id=home)]
    return {each.resource.id: each for each in found if each.resource.id in wanted}


def _frame_values(name: str, at: int, row: frame.Row, recording_id: str) -> dict[str, Any]:
    values = {"draw_id": name, "position": at, "recording_id": recording_id, "chosen": False}
    return values | {"handle": row.handle, "grp": row.group, "quota": row.quota, "unsure": row.unsure}


def _mark_frame(tx: Connection, name: str, drawn: Sequence[frame.Drawn]) -> None:
    place = tables.review_frame.c.position == bindparam("at")
    query = update(tables.review_frame).where(tables.review_frame.c.draw_id == name, place)
    query = query.values(pi=bindparam("chance"), chosen=bindparam("taken"))
    values = [{"at": at, "chance": each.pi, "taken": each.chosen} for at, each in enumerate(drawn)]
    if values:
        tx.execute(query, values)


def _result(row: Row[Any], seed: Seed, handles: Sequence[bytes], now: int) -> dict[str, Any]:
    return {
        "kind": "draw-result",
        "draw": row.id,
        "secret": row.secret.hex(),
        "seed": seed.value.hex(),
        "witnessed": bool(seed.witnesses),
        "count": len(handles),
        "chosen": frame.chosen_hash(handles),
        "at": rfc3339(now),
    }


def _drawn_event(found: Eligible, name: str, now: int) -> Event:
    resource = found.resource
    details = {"draw": name}
    return Event(resource.subject, now, DRAWER, "review:drawn", str(Purpose.REVIEW), (resource.id,), details)


def _read(row: Row[Any]) -> Draw:
    result = json.loads(row.result_body[SALT_SIZE:])
    return Draw(row.id, row.size, row.expected, result["count"], result["witnessed"], row.drawn_at)
