"""Facts put into Cedar's words: one question for all resources about which the same is known."""

from typing import Any

from sqlalchemy import Connection

from earwitness.identity.staff import StaffMember
from earwitness.policy.actions import Asked
from earwitness.policy.engine import Question, uid
from earwitness.policy.facts import Facts, PersonFacts, recording_facts, subject_facts
from earwitness.policy.principals import Principal, approvers

_TYPES = {"recording": "Recording", "ledger": "Ledger", "person": "Person", "household": "Household"}


def ask(tx: Connection, principal: Principal, asked: Asked) -> list[Question]:
    """Return the questions that decide whether all of what is asked for may be opened.

    Raises:
        NotFound: a resource does not exist or is not what the caller says it is.
    """
    facts = (
        recording_facts(tx, asked.resources, asked.now)
        if asked.action.resource_kind == "recording"
        else subject_facts(tx, asked.resources)
    )
    approved = approvers(tx, asked) if isinstance(principal.known, StaffMember) else {}
    same: dict[tuple[Facts, StaffMember | None], str] = {}
    for each in asked.resources:
        same.setdefault((facts[each.id], approved.get(each.id)), each.id)
    return [question(principal, asked, name, about, by) for (about, by), name in same.items()]


def question(principal: Principal, asked: Asked, name: str, facts: Facts, approver: StaffMember | None) -> Question:
    """Return the question about one resource, named ``name``; the policies never ask for its name."""
    entities: dict[tuple[str, str], dict[str, Any]] = {}

    def add(entity: dict[str, Any]) -> dict[str, str]:
        where: dict[str, str] = entity["uid"]
        entities[where["type"], where["id"]] = entity
        return where

    context: dict[str, Any] = {"purpose": str(asked.purpose), "now": asked.now}
    if principal.actor.second_factor_at is not None:
        context["secondFactorAt"] = principal.actor.second_factor_at
    if approver is not None:
        context["approvedBy"] = {"__entity": add(_staff(approver))}
    who = add(_principal(principal))
    add(_household(facts.household, facts.household_kind))
    if facts.subject is not None:
        add(_person(facts.subject))
    what = add(_resource(asked.action.resource_kind, name, facts))
    request = {"principal": who, "action": uid("Action", str(asked.action)), "resource": what, "context": context}
    return Question(request, list(entities.values()))


def _principal(principal: Principal) -> dict[str, Any]:
    match principal.known:
        case PersonFacts() as known:
            return _person(known)
        case StaffMember() as known:
            return _staff(known)
        case None:
            return {"uid": uid("Program", principal.actor.id), "attrs": {}, "parents": []}


def _person(facts: PersonFacts) -> dict[str, Any]:
    home = uid("Household", facts.household)
    attributes = {"household": _ref(home), "owner": facts.owner, "adult": facts.adult, "erased": facts.erased}
    return {"uid": uid("Person", facts.id), "attrs": attributes, "parents": [] if facts.erased else [home]}


def _staff(member: StaffMember) -> dict[str, Any]:
    attributes = {
        "role": str(member.role),
        "certifiedUntil": member.certified_until,
        "suspended": member.suspended_at is not None,
    }
    return {"uid": uid("Staff", member.id), "attrs": attributes, "parents": []}


def _household(name: str, kind: str) -> dict[str, Any]:
    return {"uid": uid("Household", name), "attrs": {"kind": kind}, "parents": []}


def _resource(kind: str, name: str, facts: Facts) -> dict[str, Any]:
    if kind == "household":
        return _household(facts.household, facts.household_kind)
    if kind == "person" and facts.subject is not None:
        return _person(facts.subject)
    home = uid("Household", facts.household)
    attributes: dict[str, Any] = {"household": _ref(home)}
    if facts.subject is not None:
        attributes["subject"] = _ref(uid("Person", facts.subject.id))
    if kind == "recording":
        attributes |= {
            "device": facts.device,
            "standing": facts.standing,
            "agreed": [_ref(uid("Person", each)) for each in sorted(facts.agreed)],
            "hearers": [_ref(uid("Person", each)) for each in sorted(facts.hearers)],
            "consents": sorted(facts.consents),
            "corrected": facts.corrected,
        }
    return {"uid": uid(_TYPES[kind], name), "attrs": attributes, "parents": [home]}


def _ref(name: dict[str, str]) -> dict[str, dict[str, str]]:
    return {"__entity": name}
