"""Incidents: from a list of recordings or a time span to the people affected, and a notice to each.

A notice is sealed for its person, names their recordings and who opened them in the span, and says
what happened in the reporter's words. Preparing it is an entry in that person's log, so a notice
cannot be prepared and then quietly dropped.
"""

import json
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select

from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import Clock, rfc3339
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.policy.access import Access, Action, Resource
from earwitness.policy.purposes import Purpose
from earwitness.storage.database import Database
from earwitness.storage.schema import incident, incident_notice, person, recording
from earwitness.vault.audit import Audit, Event
from earwitness.vault.keyring import Keyring

LONGEST_SUMMARY = 2_000
PART = 500


@dataclass(frozen=True, slots=True)
class Affected:
    """One person (or a household, for shared recordings) whose recordings are concerned."""

    subject: str
    household: str
    recordings: tuple[str, ...]
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Incident:
    """A reported incident, whom it affects, and the ids that were named and are not kept any more."""

    id: str
    reported_at: int
    affected: tuple[Affected, ...]
    unknown: tuple[str, ...]


class Incidents:
    """Reports incidents and keeps the notices."""

    def __init__(  # noqa: PLR0913, PLR0917 - composed once, in bootstrap
        self,
        database: Database,
        keyring: Keyring,
        audit: Audit,
        access: Access,
        clock: Clock,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """Notices are sealed by ``keyring`` for the person they are for."""
        self._database = database
        self._keyring = keyring
        self._audit = audit
        self._access = access
        self._clock = clock
        self._random = random

    def report(
        self, actor: Actor, summary: str, *, recordings: Sequence[str] = (), span: tuple[int, int] | None = None
    ) -> Incident:
        """Find whom it affects and prepare a notice to each, in one transaction.

        Args:
            actor: who reports; policies decide whether they may.
            summary: what happened, in words that the people affected will read.
            recordings: the recordings concerned, or
            span: a time span (ms, half open) in which everything recorded or kept is concerned.

        Raises:
            BadInput: neither or both are given, or the summary is empty or too long.
            NotFound: nothing that is kept is concerned.
            AccessDenied: the policies say no.
        """
        if bool(recordings) == bool(span):
            raise BadInput("Name the recordings or a time span, one of the two.")
        if not 0 < len(summary.strip()) <= LONGEST_SUMMARY:
            raise BadInput(f"Say in 1 to {LONGEST_SUMMARY} characters what happened; those affected will read it.")
        rows = self._concerned(recordings, span)
        if not rows:
            raise NotFound("Nothing that is kept is concerned.", next_step="Check the ids or the span.")
        affected = _by_subject(rows)
        homes = sorted({each.household for each in affected})
        resources = [Resource(id=home, subject=home, household=home) for home in homes]
        self._access.open(actor, Action.HOUSEHOLD_MANAGE, resources, Purpose.SUPPORT)
        made = Incident(
            new_id("inc", self._random),
            self._clock.now_ms(),
            tuple(affected),
            tuple(sorted(set(recordings) - {row.id for row in rows})),
        )
        self._store(actor, made, summary.strip(), {"recordings": list(recordings), "span": span})
        return made

    def notices(self, subject: str) -> list[str]:
        """Return the notices prepared for a subject, oldest first."""
        query = select(incident_notice).where(incident_notice.c.subject_id == subject)
        with self._database.read() as tx:
            rows = tx.execute(query.order_by(incident_notice.c.prepared_at)).all()
        return [self._keyring.open(subject, f"notice:{row.incident_id}", row.sealed).decode() for row in rows]

    def _concerned(self, recordings: Sequence[str], span: tuple[int, int] | None) -> list[Any]:
        columns = recording.c.id, recording.c.subject_id, recording.c.household_id, recording.c.started_at
        erased = select(person.c.id).where(person.c.id == recording.c.subject_id, person.c.erased_at.is_not(None))
        query = select(*columns).where(recording.c.state != "erased", ~erased.exists())
        with self._database.read() as tx:
            if span:
                inside = recording.c.started_at.between(span[0], span[1] - 1)
                return list(tx.execute(query.where(inside).order_by(recording.c.started_at)))
            found: list[Any] = []
            for start in range(0, len(recordings), PART):
                found += tx.execute(query.where(recording.c.id.in_(recordings[start : start + PART]))).all()
            return found

    def _store(self, actor: Actor, made: Incident, summary: str, scope: object) -> None:
        row = {
            "id": made.id,
            "reported_at": made.reported_at,
            "reported_by": actor.id,
            "summary": summary,
            "scope": json.dumps(scope),
        }
        notices = [
            {
                "incident_id": made.id,
                "subject_id": each.subject,
                "sealed": self._keyring.seal(each.subject, f"notice:{made.id}", _notice(made, each, summary).encode()),
                "recordings": len(each.recordings),
                "prepared_at": made.reported_at,
            }
            for each in made.affected
        ]
        events = [
            Event(each.subject, made.reported_at, actor, "incident:notice", details={"incident": made.id})
            for each in made.affected
        ]
        with self._database.write() as tx:
            tx.execute(insert(incident), [row])
            tx.execute(insert(incident_notice), notices)
            self._audit.append(tx, events)


def _by_subject(rows: Sequence[Row[Any]]) -> list[Affected]:
    grouped: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        grouped[row.subject_id, row.household_id].append(row)
    return [
        Affected(
            subject,
            household,
            tuple(row.id for row in mine),
            min(row.started_at for row in mine),
            max(row.started_at for row in mine),
        )
        for (subject, household), mine in sorted(grouped.items())
    ]


def _notice(made: Incident, affected: Affected, summary: str) -> str:
    listed = "\n".join(f"  {name}" for name in affected.recordings)
    return (
        f"Notice of an incident ({made.id}), prepared {rfc3339(made.reported_at)}\n\n"
        f"What happened: {summary}\n\n"
        f"It concerns {len(affected.recordings)} of your recordings, made between {rfc3339(affected.first_at)} and "
        f"{rfc3339(affected.last_at)}:\n{listed}\n\n"
        "What you can do: `earwitness who` lists everybody and everything that opened something of yours, each with a "
        "proof in the public log; `earwitness erase` removes these recordings; `earwitness export` takes a copy home "
        "first.\n"
    )
