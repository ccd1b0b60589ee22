"""What the database knows about what is to be opened: the facts that the policies judge by.

Nothing that the caller claims counts: the household, the subject and the state of each resource are
read anew. Recordings with equal facts are judged once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select

from earwitness.identity.device_rows import agreements, living_adults, standing_device
from earwitness.identity.people import Age, Standing
from earwitness.kernel.errors import NotFound
from earwitness.policy.actions import Resource
from earwitness.policy.answers import hearers_of, purposes_of, standing_answers
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema import artefact, device, household, person, recording

CORRECTION = "correction"
"""The kind of artefact that says what was really said or meant, by whose recording it is."""


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """A person as the policies see them."""

    id: str
    household: str
    owner: bool
    adult: bool
    erased: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """A resource as the policies see it; see rules/schema.cedarschema for each."""

    household: str
    household_kind: str
    subject: PersonFacts | None
    device: str = "all"
    standing: bool = True
    agreed: frozenset[str] = frozenset()
    hearers: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()
    corrected: bool = False


_PEOPLE = select(person.c.id, person.c.household_id, person.c.role, person.c.age, person.c.erased_at).where(
    person.c.id.in_(bindparam("people", expanding=True))
)
_KINDS = select(household.c.id, household.c.kind).where(household.c.id.in_(bindparam("households", expanding=True)))


def person_facts(tx: Connection, people: Iterable[str]) -> dict[str, PersonFacts]:
    """Return the facts of these people, erased or not; unknown ids are left out."""
    rows = tx.execute(_PEOPLE, {"people": list(people)})
    return {
        row.id: PersonFacts(
            row.id, row.household_id, row.role == Standing.OWNER, row.age == Age.ADULT, row.erased_at is not None
        )
        for row in rows
    }


def subject_facts(tx: Connection, resources: Sequence[Resource]) -> dict[str, Facts]:
    """Return the facts of people and households themselves, by the id of the resource.

    Raises:
        NotFound: a subject does not exist, or is not what the resource says.
    """
    subjects = {each.subject for each in resources}
    people = person_facts(tx, subjects)
    kinds = _household_kinds(tx, (subjects - people.keys()) | {each.household for each in people.values()})
    found = {}
    for each in resources:
        who = people.get(each.subject)
        home = who.household if who else each.subject
        if home not in kinds or each.household != home or each.id != each.subject:
            raise NotFound("There is no such person or household.")
        found[each.id] = Facts(home, kinds[home], who)
    return found


def recording_facts(tx: Connection, resources: Sequence[Resource], now: int) -> dict[str, Facts]:
    """Return the facts of recordings, by id; a subject's own id stands for all of its recordings.

    Raises:
        NotFound: one does not exist, was erased, or is not what the resource says.
    """
    all_of = [each for each in resources if each.id == each.subject]
    single = _recording_rows(tx, [each for each in resources if each.id != each.subject])
    whole = subject_facts(tx, all_of) if all_of else {}
    people = {row.person_id for row in single.values() if row.person_id} | {
        facts.subject.id for facts in whole.values() if facts.subject
    }
    shared = {row.household_id for row in single.values() if row.person_id is None} | {
        facts.household for facts in whole.values() if facts.subject is None
    }
    adults = living_adults(tx, shared) if shared else {}
    answers = standing_answers(tx, people.union(*adults.values()))
    said = _Said({each: (purposes_of(a), hearers_of(a)) for each, a in answers.items()}, adults)
    agreed = agreements(tx, {row.device_id for row in single.values() if row.person_id is None and row.device_id})
    found = {name: _recording(row, said, agreed, now) for name, row in single.items()}
    for name, facts in whole.items():
        found[name] = _all_of(tx, facts, said)
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    """Who said yes to what, and towards whom; and the adults of each household."""

    answers: Mapping[str, tuple[frozenset[Purpose], frozenset[str]]]
    adults: Mapping[str, frozenset[str]]

    def of_person(self, person_id: str) -> tuple[frozenset[str], frozenset[str]]:
        purposes, hearers = self.answers[person_id]
        return frozenset(str(each) for each in purposes), hearers

    def of_household(self, household_id: str) -> frozenset[str]:
        everybody = [self.answers[each][0] for each in self.adults[household_id]]
        return frozenset(str(each) for each in frozenset.intersection(*everybody)) if everybody else frozenset()


_RECORDINGS = (
    select(
        recording.c.id,
        recording.c.subject_id,
        recording.c.household_id,
        recording.c.device_id,
        recording.c.kept_at,
        recording.c.expires_at,
        recording.c.state,
        household.c.kind.label("household_kind"),
        device.c.mode,
        person.c.id.label("person_id"),
        person.c.role,
        person.c.age,
        person.c.erased_at,
        exists().where(artefact.c.recording_id == recording.c.id, artefact.c.kind == CORRECTION).label("corrected"),
    )
    .join(household, household.c.id == recording.c.household_id)
    .join(device, device.c.id == recording.c.device_id, isouter=True)
    .join(person, person.c.id == recording.c.subject_id, isouter=True)
    .where(recording.c.id.in_(bindparam("recordings", expanding=True)), recording.c.state != "erased")
)


def _recording_rows(tx: Connection, resources: Sequence[Resource]) -> dict[str, Any]:
    if not resources:
        return {}
    asked = {"recordings": [each.id for each in resources]}
    rows: dict[str, Any] = {row.id: row for row in tx.execute(_RECORDINGS, asked)}
    for each in resources:
        row = rows.get(each.id)
        if row is None or row.subject_id != each.subject or row.household_id != each.household:
            raise NotFound(f"There is no recording {each.id}.", next_step="earwitness history lists what is kept.")
    return rows


def _recording(row: Any, said: _Said, agreed: Mapping[str, Mapping[str, int]], now: int) -> Facts:
    standing = row.state == "kept" and row.expires_at > now
    mode = row.mode or "none"
    if row.person_id is None:
        since = agreed.get(row.device_id, {})
        then = frozenset(each for each, at in since.items() if at <= row.kept_at)
        return Facts(
            row.household_id,
            row.household_kind,
            None,
            mode,
            standing,
            then,
            consents=said.of_household(row.household_id),
            corrected=row.corrected,
        )
    subject = PersonFacts(
        row.person_id, row.household_id, row.role == Standing.OWNER, row.age == Age.ADULT, row.erased_at is not None
    )
    consents, hearers = said.of_person(row.person_id)
    return Facts(
        row.household_id,
        row.household_kind,
        subject,
        mode,
        standing,
        hearers=hearers,
        consents=consents,
        corrected=row.corrected,
    )


def _all_of(tx: Connection, facts: Facts, said: _Said) -> Facts:
    if facts.subject is not None:
        consents, hearers = said.of_person(facts.subject.id)
        return Facts(facts.household, facts.household_kind, facts.subject, hearers=hearers, consents=consents)
    shared = select(device.c.id).where(
        device.c.household_id == facts.household, device.c.mode == "shared", standing_device()
    )
    agreed = [frozenset(each) for each in agreements(tx, tx.scalars(shared)).values()]
    everywhere = said.adults[facts.household].intersection(*agreed)
    return Facts(
        facts.household, facts.household_kind, None, agreed=everywhere, consents=said.of_household(facts.household)
    )


def _household_kinds(tx: Connection, households: Iterable[str]) -> dict[str, str]:
    return {row.id: row.kind for row in tx.execute(_KINDS, {"households": list(households)})}
