"""What a person sees: their recordings, why each happened, and who opened anything of theirs.

Every look at a page or a chain is itself opened under a grant, with its own entry in the log.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earwitness.identity.devices import Devices
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import HOUR, parse_rfc3339, rfc3339
from earwitness.kernel.errors import NotFound
from earwitness.policy.access import Access, Action, Resource
from earwitness.policy.purposes import Purpose
from earwitness.vault.audit import Audit, OpenedEntry
from earwitness.vault.effects import Effects
from earwitness.vault.kinds import REPLY, TRACE, TRANSCRIPT
from earwitness.vault.reading import Cursor, Item, Reading

KEEP = "recording:keep"
REMOVED = "a device that was removed"
WALKED = 200
"""So many entries of the log are opened at a time on the way back to a certain one."""


@dataclass(frozen=True, slots=True)
class Line:
    """One recording in a history; ``heard`` and ``answered`` are None where nothing of the kind is kept.

    ``damaged`` says that there is something, and that it does not open.
    """

    id: str
    started_at: int
    expires_at: int
    duration_ms: int
    device: str
    heard: str | None
    answered: str | None
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of a history, newest first."""

    lines: tuple[Line, ...]
    following: Cursor | None


@dataclass(frozen=True, slots=True)
class AccessLine:
    """One time somebody or something opened or changed something; ``index`` is its leaf in the public log."""

    index: int
    at: str
    who: str
    role: str
    action: str
    purpose: str
    recordings: tuple[str, ...]
    details: Mapping[str, Any]


class History:
    """Shows people what is theirs."""

    def __init__(self, reading: Reading, audit: Audit, access: Access, effects: Effects, devices: Devices) -> None:
        """Read through the vault; names of devices come from ``devices``."""
        self._reading = reading
        self._audit = audit
        self._access = access
        self._effects = effects
        self._devices = devices

    def page(
        self, actor: Actor, subjects: Sequence[str], *, limit: int = 50, before: Cursor | None = None
    ) -> HistoryPage:
        """Open one page of what is kept of these subjects.

        Raises:
            AccessDenied: the policies say no.
        """
        page = self._reading.page(actor, subjects, Purpose.HISTORY, limit=limit, before=before)
        labels = self.labels([item.device for item in page.items if item.device])
        lines = [
            _line(item, page.texts.get(item.id, {}), labels, damaged=item.id in page.damaged) for item in page.items
        ]
        return HistoryPage(tuple(lines), page.following)

    def why(self, actor: Actor, recording_id: str) -> list[str]:
        """Explain one recording in sentences: how it came in, why it was kept, what it led to.

        Raises:
            NotFound: no such recording, or one that this caller may not know of.
            AccessDenied: the policies say no.
        """
        item = self._reading.find(recording_id)
        grant = self._access.open(actor, Action.RECORDING_READ, [item.resource], Purpose.HISTORY)
        texts = self._reading.texts(grant, [item]).get(item.id, {})
        label = self.labels([item.device] if item.device else []).get(item.device or "", "a file")
        chain = [f"{rfc3339(item.started_at)}: {item.duration_ms / 1000:.1f} s came in through {label}."]
        if TRANSCRIPT in texts:
            chain.append(f"What was understood: “{texts[TRANSCRIPT]}”.")
        if TRACE in texts:
            chain += [_step(step) for step in json.loads(texts[TRACE])]
        if REPLY in texts:
            chain.append(f"What was answered: “{texts[REPLY]}”.")
        chain += [f"It was kept because {reason}." for reason in self.reasons(item)]
        chain.append(f"It will be removed by {rfc3339(item.expires_at)}.")
        chain += [f"It caused: {effect.what}." for effect in self._effects.of([recording_id])]
        return chain

    def who(self, actor: Actor, subject: Resource, *, limit: int | None = None) -> list[AccessLine]:
        """List, newest first, everything that was opened or changed of a subject, this look included.

        Raises:
            AccessDenied: the policies say no.
        """
        self._access.open(actor, Action.LEDGER_READ, [subject], Purpose.HISTORY)
        return [_access_line(entry) for entry in self._audit.entries(subject.subject, newest_first=True, limit=limit)]

    def reasons(self, item: Item) -> list[str]:
        """Return why a recording was kept, in words; the caller holds a grant to read it.

        The log is walked from its end to where the recording was kept.
        """
        before: int | None = None
        while entries := self._audit.entries(item.subject, newest_first=True, limit=WALKED, before=before):
            kept = [each for each in entries if each.body["action"] == KEEP and item.id in each.body["resources"]]
            if kept or parse_rfc3339(entries[-1].body["at"]) < item.kept_at - HOUR:
                return [each.body["details"]["because"] for each in kept]
            before = entries[-1].seq
        return []

    def labels(self, devices: Sequence[str]) -> dict[str, str]:
        """Return what these devices are called, by id."""
        labels = {}
        for name in set(devices):
            try:
                labels[name] = self._devices.get(name).label or REMOVED
            except NotFound:
                labels[name] = REMOVED
        return labels


def _line(item: Item, texts: Mapping[str, str], labels: Mapping[str, str], *, damaged: bool) -> Line:
    return Line(
        id=item.id,
        started_at=item.started_at,
        expires_at=item.expires_at,
        duration_ms=item.duration_ms,
        device=labels.get(item.device, item.device) if item.device else "a file",
        heard=texts.get(TRANSCRIPT),
        answered=texts.get(REPLY),
        damaged=damaged,
    )


def _access_line(entry: OpenedEntry) -> AccessLine:
    body = entry.body
    actor = body["actor"]
    described = " ".join(part for part in (actor.get("employer", ""), actor.get("country", "")) if part)
    return AccessLine(
        index=entry.index,
        at=body["at"],
        who=f"{actor['role']} ({described})" if described else actor["id"],
        role=actor["role"],
        action=body["action"],
        purpose=body["purpose"],
        recordings=tuple(body["resources"]),
        details=body.get("details", {}),
    )


def _step(step: Mapping[str, Any]) -> str:
    score = f" ({step['score']:.2f})" if "score" in step else ""
    return f"{step['step']}: {step['said']}{score}."
