"""The reviewer's desk: everything a reviewer can do, and the only way from them to anything that is kept.

Clips have ids of their own; nothing that leaves here says whose they are. For each clip the access policies are asked
and the log of its person is told before the first byte; the grant that comes of it is asked again at every read.
"""

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import AccessDenied, BadInput, GrantInvalid, KeyDestroyed, LeaseEnded, NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.policy.access import Access, Action, Grant
from earwitness.policy.purposes import Purpose
from earwitness.review.annotations import LONGEST_TEXT, Annotation, word_errors
from earwitness.review.eligible import may_be_reviewed
from earwitness.review.kinds import ANNOTATION, ESCALATION
from earwitness.review.queue import AT_ONCE, Lease, Queue
from earwitness.review.withdrawal import Voice, Withdrawals
from earwitness.storage.database import Database
from earwitness.storage.schema.review import review_annotation, review_clip, review_escalation
from earwitness.vault.adding import Adding, Beside
from earwitness.vault.kinds import REVIEW_COPY, REVIEW_TEXT
from earwitness.vault.reading import Item, Reading

QUEUES: Final = {
    "danger": "Somebody may be in danger, or says they will hurt somebody.",
    "abuse": "It may show violence or abuse.",
    "private": "It shows who it is, or what nobody should hear.",
    "unclear": "It cannot be judged: language, noise, several voices.",
}
"""The named queues a clip can be passed on to, with what belongs there."""

WITHDRAWN: Final = "This clip was withdrawn."
GO_ON: Final = "Go on with the next one."


@dataclass(frozen=True, slots=True)
class _Opened:
    grant: Grant
    item: Item


class Desk:
    """One desk for all reviewers; safe from many threads. One a process: its grants open nothing elsewhere."""

    def __init__(  # noqa: PLR0913, PLR0917 - handed down one by one, so that each can be seen
        self,
        database: Database,
        queue: Queue,
        reading: Reading,
        adding: Adding,
        access: Access,
        withdrawals: Withdrawals,
        clock: Clock,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Read copies through ``reading``, write annotations through ``adding``."""
        self._database = database
        self._queue = queue
        self._reading = reading
        self._adding = adding
        self._access = access
        self._withdrawals = withdrawals
        self._clock = clock
        self._random = random
        self._opened: dict[tuple[str, str], _Opened] = {}
        self._turns: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def next(self, reviewer: Actor, count: int = AT_ONCE) -> list[Lease]:
        """Return the clips the reviewer is to hear, the current one first; nothing of them is opened yet."""
        return self._queue.lease(reviewer.id, count)

    def waiting(self) -> int:
        """Count the clips that wait for a reviewer."""
        return self._queue.waiting()

    def text(self, reviewer: Actor, clip: str) -> dict[str, Any]:
        """Return the words of a clip, details masked (docs/formats/review.md, section 3).

        Raises:
            LeaseEnded: the clip is not theirs, or was withdrawn.
            AccessDenied: the policies say no to this reviewer.
        """
        value: dict[str, Any] = json.loads(self._read(reviewer, clip, REVIEW_TEXT))
        return value

    def sound(self, reviewer: Actor, clip: str) -> bytes:
        """Return the sound of a clip, a WAV file with a changed voice.

        Raises:
            LeaseEnded, AccessDenied: as :meth:`text`.
        """
        return self._read(reviewer, clip, REVIEW_COPY)

    def answer(self, reviewer: Actor, clip: str, annotation: Annotation) -> None:
        """Keep the reviewer's annotation; durable when this returns, and the same again changes nothing.

        Raises:
            LeaseEnded: the clip is not theirs, or was withdrawn.
            AccessDenied: the policies say no to this reviewer.
            BadInput: the annotation cannot be kept.
        """
        said = annotation.tokens
        if self._answered(reviewer, clip):
            return
        heard = list(self.text(reviewer, clip)["heard"])
        opened = self._open(reviewer, clip)
        now = self._clock.now_ms()
        content = annotation.to_bytes(heard, reviewer.id, now)
        row = {
            "id": new_id("ann", self._random),
            "clip_id": clip,
            "recording_id": opened.item.id,
            "reviewer_id": reviewer.id,
            "at": now,
            "route": str(annotation.route),
            "spent_ms": annotation.spent_ms,
            "words": len(said),
            "errors": word_errors(heard, said),
            "intent_right": annotation.intent_right,
            "wake": str(annotation.wake),
        }

        def beside(tx: Connection, numbers: Mapping[str, int]) -> None:
            self._queue.end(tx, reviewer.id, clip, "done")
            tx.execute(insert(review_annotation), [row | {"version": numbers[ANNOTATION]}])

        self._add(reviewer, clip, ANNOTATION, content, beside)

    def skip(self, reviewer: Actor, clip: str) -> None:
        """Leave a clip unanswered: it counts as non-response, and no reason has to be given; again changes nothing.

        Raises:
            LeaseEnded: the clip is not theirs.
        """
        if self._queue.ended(reviewer.id, clip, "skipped"):
            return
        with self._database.write() as tx:
            self._queue.end(tx, reviewer.id, clip, "skipped")
        self._forget(reviewer, clip)

    def escalate(self, reviewer: Actor, clip: str, queue: str, note: str) -> None:
        """Pass a clip on to a named queue, with a note that only those who answer it read; again changes nothing.

        Raises:
            BadInput: there is no such queue, or the note is too long.
            LeaseEnded: the clip is not theirs, or was withdrawn.
        """
        if queue not in QUEUES or len(note) > LONGEST_TEXT:
            raise BadInput("There is no such queue, or the note is too long.", next_step=f"{', '.join(QUEUES)}.")
        if self._queue.ended(reviewer.id, clip, "escalated", queue):
            return
        opened = self._open(reviewer, clip)
        now = self._clock.now_ms()
        row: dict[str, Any] = {"id": new_id("esc", self._random), "clip_id": clip, "recording_id": opened.item.id}
        row |= {"queue": queue, "reviewer_id": reviewer.id, "at": now}

        def beside(tx: Connection, numbers: Mapping[str, int]) -> None:
            self._queue.end(tx, reviewer.id, clip, "escalated", queue)
            tx.execute(insert(review_escalation), [row | {"version": numbers[ESCALATION]}])

        content = json.dumps({"v": 1, "queue": queue, "note": note}, ensure_ascii=False, sort_keys=True).encode()
        self._add(reviewer, clip, ESCALATION, content, beside)

    def withdraw(self, reviewer: Actor, clip: str, voice: Voice) -> None:
        """Say that a child or a guest can be heard: nobody hears it from now on, it is erased, its household told.

        Again changes nothing.

        Raises:
            LeaseEnded: the clip is not theirs.
        """
        if self._queue.ended(reviewer.id, clip, "withdrawn", str(voice)):
            return
        with self._database.write() as tx:
            self._database.serialize(tx, "ledger")
            recording = self._queue.held(tx, reviewer.id, clip).recording_id
            if recording is None:
                raise LeaseEnded(WITHDRAWN, next_step=GO_ON)
            self._queue.end(tx, reviewer.id, clip, "withdrawn", str(voice))
            self._withdrawals.accept(tx, recording, voice)
        self._forget(reviewer, clip)
        self._withdrawals.carry_out(recording)

    def leave(self, reviewer: Actor) -> None:
        """Stop: what was fetched ahead goes to others."""
        self._queue.put_back(reviewer.id)

    # --- opening --------------------------------------------------------------------------------------

    def _read(self, reviewer: Actor, clip: str, kind: str) -> bytes:
        opened = self._open(reviewer, clip)
        try:
            found = self._reading.artefact(opened.grant, opened.item, kind)
        except (GrantInvalid, NotFound, KeyDestroyed) as error:
            self._forget(reviewer, clip)
            raise LeaseEnded(WITHDRAWN, next_step=GO_ON) from error
        if found is None:
            raise LeaseEnded(WITHDRAWN, next_step=GO_ON)
        return found

    def _open(self, reviewer: Actor, clip: str) -> _Opened:
        """Return the grant for a clip: the one that stands, or a new one, of which the log is told first."""
        with self._opening(reviewer.id, clip):
            with self._database.read() as tx:
                recording = self._queue.held(tx, reviewer.id, clip).recording_id
            now = self._clock.now_ms()
            known = self._opened.get((reviewer.id, clip))
            if known is not None and known.grant.expires_at > now and _same(known.grant.actor, reviewer):
                return known
            opened = self._granted(reviewer, clip, recording)
            with self._database.write() as tx:
                self._database.serialize(tx, "review/queue")
                self._queue.hear(tx, reviewer.id, clip)
            with self._lock:
                self._opened = {key: each for key, each in self._opened.items() if each.grant.expires_at > now}
                self._opened[reviewer.id, clip] = opened
            return opened

    @contextmanager
    def _opening(self, reviewer: str, clip: str) -> Iterator[None]:
        """Let one request at a time open a clip for a reviewer, so that words and sound share one entry in the log."""
        with self._lock:
            turn = self._turns.setdefault((reviewer, clip), threading.Lock())
        with turn:
            yield

    def _granted(self, reviewer: Actor, clip: str, recording: str | None) -> _Opened:
        try:
            item = self._reading.find(recording or "")
        except NotFound as error:
            self._withdrawn(reviewer, clip, "gone")
            raise LeaseEnded(WITHDRAWN, next_step=GO_ON) from error
        try:
            grant = self._access.open(reviewer, Action.RECORDING_REVIEW, [item.resource], Purpose.REVIEW)
        except AccessDenied:
            with self._database.read() as tx:
                allowed = may_be_reviewed(tx, item.resource, self._clock.now_ms())
            if allowed:
                raise  # it is the reviewer who was denied, not the clip
            self._withdrawn(reviewer, clip, "consent")
            raise LeaseEnded(WITHDRAWN, next_step=GO_ON) from None
        return _Opened(grant, item)

    def _withdrawn(self, reviewer: Actor, clip: str, reason: str) -> None:
        with self._database.write() as tx:
            self._queue.end(tx, reviewer.id, clip, "withdrawn", reason)

    def _add(self, reviewer: Actor, clip: str, kind: str, content: bytes, beside: Beside) -> None:
        opened = self._open(reviewer, clip)
        try:
            self._adding.add_all(opened.grant, opened.item.id, {kind: content}, beside)
        except (GrantInvalid, NotFound, KeyDestroyed) as error:
            raise LeaseEnded(WITHDRAWN, next_step=GO_ON) from error
        finally:
            self._forget(reviewer, clip)

    def _answered(self, reviewer: Actor, clip: str) -> bool:
        mine = review_annotation.c.clip_id == clip, review_annotation.c.reviewer_id == reviewer.id
        done = review_clip.c.id == clip, review_clip.c.state == "done"
        with self._database.read() as tx:
            if tx.execute(select(review_annotation.c.id).where(*mine)).first() is None:
                return False
            return tx.execute(select(review_clip.c.id).where(*done)).first() is not None

    def _forget(self, reviewer: Actor, clip: str) -> None:
        with self._lock:
            found = self._opened.pop((reviewer.id, clip), None)
            self._turns.pop((reviewer.id, clip), None)
        if found is not None:
            self._access.revoke(found.grant.id)


def _same(one: Actor, other: Actor) -> bool:
    """Whether both come of one sign-in."""
    return (one.id, one.second_factor_at) == (other.id, other.second_factor_at)
