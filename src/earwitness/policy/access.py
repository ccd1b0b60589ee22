"""Access: who may open what. The one door to everything the vault keeps.

Opening, in this order: the actor is looked up; the facts about each resource are read from the
database; Cedar decides (engine), once for all resources with equal facts; the log is told, durably;
only then the grant is minted. Using a grant decides all of it anew for what is being read, so that a
withdrawn consent, a suspension, a removed role or an erasure takes effect on the next read.
"""

import secrets
import threading
from collections.abc import Callable, Sequence

from earwitness.identity.staff import mark_used
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import AccessDenied, BadInput, GrantInvalid, NotFound
from earwitness.kernel.ids import RandomBytes
from earwitness.policy.actions import AccessRecord, Action, Asked, Program, Resource
from earwitness.policy.engine import Engine, shipped_engine
from earwitness.policy.grants import LIFETIME_MS, Draft, Grant, Mint
from earwitness.policy.principals import find_principal
from earwitness.policy.purposes import Purpose
from earwitness.policy.questions import ask
from earwitness.storage.database import Database

__all__ = ["Access", "AccessRecord", "Action", "Grant", "Program", "Resource"]

MOST_RESOURCES = 1_000

RecordAccess = Callable[[Sequence[AccessRecord]], None]
"""Appends the entries to the log of each subject; durable when it returns."""


class Access:
    """Decides, records and mints; safe from many threads. One a process: its grants open nothing elsewhere."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        record: RecordAccess,
        *,
        engine: Engine | None = None,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Tell ``record`` before each grant; ``engine`` is the shipped policies unless given."""
        self._database = database
        self._clock = clock
        self._record = record
        self._engine = engine or shipped_engine()
        self._mint = Mint(clock, random)
        self._revoked: dict[str, int] = {}  # grant id → running ms after which it has expired anyway
        self._lock = threading.Lock()

    def open(self, actor: Actor, action: Action, resources: Sequence[Resource], purpose: Purpose) -> Grant:
        """Ask to do something with all of these resources; all or none.

        With no resources at all the grant opens nothing and nothing is recorded, but the actor must be known.

        Raises:
            AccessDenied: the policies say no, or could not decide.
            NotFound: a resource does not exist, or is not what the caller says.
            BadInput: more than 1,000 resources at once.
            EarwitnessError: the log could not be told; there is no grant.
        """
        if len(resources) > MOST_RESOURCES:
            raise BadInput(f"Not more than {MOST_RESOURCES} things can be opened at once.")
        known = self._decide(actor, action, resources, purpose)
        draft = self._mint.draft(known, action, purpose, tuple(resources))
        if resources:
            self._record(_records(draft))
        if actor.role.is_staff:
            with self._database.write() as tx:
                mark_used(tx, actor.id, draft.issued_at)
        return self._mint.strike(draft)

    def check(self, grant: Grant, action: Action, resource_id: str) -> None:
        """Let one read pass under a grant, or not.

        Raises:
            GrantInvalid: it is forged, expired, revoked, for something else, or what it rested on is gone.
        """
        self.check_all(grant, action, [resource_id])

    def check_all(self, grant: Grant, action: Action, resource_ids: Sequence[str]) -> None:
        """Let the reads of one page pass: like :meth:`check` for each, at about the cost of one.

        Raises:
            GrantInvalid: as for :meth:`check`, for any of them.
        """
        self._mint.require_genuine(grant)
        with self._lock:
            if grant.id in self._revoked:
                raise GrantInvalid("The grant was revoked.")
        granted = {each.id: each for each in grant.resources}
        if grant.action is not action or not granted.keys() >= set(resource_ids):
            raise GrantInvalid("The grant is for something else.")
        try:
            self._decide(grant.actor, action, [granted[each] for each in resource_ids], grant.purpose)
        except (AccessDenied, NotFound) as error:
            raise GrantInvalid("What the grant rested on is gone: it no longer opens this.") from error

    def revoke(self, grant_id: str) -> None:
        """End a grant of this process; the next read under it is refused."""
        now = self._clock.running_ms()
        with self._lock:
            self._revoked = {name: until for name, until in self._revoked.items() if until > now}
            self._revoked[grant_id] = now + LIFETIME_MS

    def _decide(self, actor: Actor, action: Action, resources: Sequence[Resource], purpose: Purpose) -> Actor:
        asked = Asked(actor, action, purpose, tuple(resources), self._clock.now_ms())
        with self._database.read() as tx:
            principal = find_principal(tx, actor)
            questions = ask(tx, principal, asked) if resources else []
        for question in questions:
            verdict = self._engine.decide(question)
            if not verdict.allowed:
                raise AccessDenied(_because(action, purpose, verdict.reasons, failed=verdict.failed))
        return principal.actor


def _records(draft: Draft) -> list[AccessRecord]:
    by_subject: dict[str, list[str]] = {}
    for each in draft.resources:
        by_subject.setdefault(each.subject, []).append(each.id)
    return [
        AccessRecord(
            subject,
            draft.actor,
            draft.action,
            draft.purpose,
            tuple(ids),
            draft.id,
            draft.issued_at,
            draft.expires_at,
        )
        for subject, ids in by_subject.items()
    ]


def _because(action: Action, purpose: Purpose, reasons: Sequence[str], *, failed: bool) -> str:
    asked = f"{action} for {purpose} is denied"
    if failed:
        return f"{asked}: the policies could not be evaluated."
    if reasons:
        return f"{asked} by {', '.join(reasons)}."
    return f"{asked}: no policy permits it."
