"""Which recordings may be drawn at all, judged by the same facts as the access policies.

The rules in words: docs/formats/review.md, section 1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from earwitness.identity.device_rows import living_adults
from earwitness.identity.households import HouseholdKind
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import NotFound
from earwitness.policy.actions import Resource
from earwitness.policy.facts import Facts, recording_facts
from earwitness.policy.purposes import Purpose
from earwitness.review.budget import ListeningBudgets
from earwitness.review.frame import NOT_SAID
from earwitness.storage.schema import household, recording
from earwitness.storage.schema.review import review_clip, review_unsure

LEAST_LEFT_MS = 7 * DAY
BATCH = 500
HEARD_MODES = frozenset({"personal", "shared"})


@dataclass(frozen=True, slots=True)
class Eligible:
    """A recording that may be drawn: whose voices may be on it, its group and how many of the group may be drawn."""

    resource: Resource
    people: tuple[str, ...]
    group: str
    quota: int
    unsure: int


@dataclass(frozen=True, slots=True)
class _Allowed:
    resource: Resource
    shared: bool
    people: tuple[str, ...]
    unsure: int


def eligible(tx: Connection, budgets: ListeningBudgets, now: int, *, household_id: str = "") -> list[Eligible]:
    """Return what may be drawn now, in the order of the recordings' ids.

    ``household_id`` asks for one household alone, which may be the canaries'.
    """
    allowed = list(_allowed(tx, now, household_id))
    groups = _groups(allowed)
    adults = living_adults(tx, {each.resource.household for each in allowed})
    people = {who for each in allowed for who in each.people} | {who for found in adults.values() for who in found}
    left = budgets.left(tx, people)
    found = []
    for each in allowed:
        group = groups[each.resource.id]
        members = adults[group] if group in adults else frozenset(each.people)
        quota = min((left[who] for who in members), default=0)
        if quota:
            found.append(Eligible(each.resource, each.people, group, quota, each.unsure))
    return found


def may_be_reviewed(tx: Connection, resource: Resource, now: int) -> bool:
    """Say whether a recording may still be heard by a reviewer, whoever that is."""
    try:
        return _may(recording_facts(tx, [resource], now)[resource.id])
    except NotFound:
        return False


def _groups(allowed: Sequence[_Allowed]) -> dict[str, str]:
    """By recording: the household where one of its recordings is shared, else the person."""
    sharing = {each.resource.household for each in allowed if each.shared}
    return {
        each.resource.id: each.resource.household if each.resource.household in sharing else each.resource.subject
        for each in allowed
    }


def _allowed(tx: Connection, now: int, household_id: str) -> Iterator[_Allowed]:
    rows = tx.execute(_query(now, household_id)).all()
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        resources = [Resource(row.id, row.subject_id, row.household_id) for row in part]
        facts = recording_facts(tx, resources, now)
        adults = living_adults(tx, {each.household for each in resources})
        for row, resource in zip(part, resources, strict=True):
            known = facts[resource.id]
            if _may(known):
                shared = known.subject is None
                people = tuple(sorted(adults[resource.household])) if shared else (resource.subject,)
                unsure = NOT_SAID if row.unsure is None else row.unsure
                yield _Allowed(resource, shared, people, unsure)


def _may(facts: Facts) -> bool:
    of_adults = facts.subject is None or (facts.subject.adult and not facts.subject.erased)
    return (
        facts.standing and of_adults and facts.device in HEARD_MODES and str(Purpose.REVIEW) in facts.consents
    )  # fmt: skip


def _query(now: int, household_id: str) -> Select[Any]:
    drawn = select(review_clip.c.id).where(review_clip.c.recording_id == recording.c.id)
    query = (
        select(recording.c.id, recording.c.subject_id, recording.c.household_id, review_unsure.c.unsure)
        .join(household, household.c.id == recording.c.household_id)
        .join(review_unsure, review_unsure.c.recording_id == recording.c.id, isouter=True)
        .where(recording.c.state == "kept", recording.c.expires_at > now + LEAST_LEFT_MS, ~drawn.exists())
        .order_by(recording.c.id)
    )
    if household_id:
        return query.where(recording.c.household_id == household_id)
    return query.where(household.c.kind != str(HouseholdKind.CANARY))
