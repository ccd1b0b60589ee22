"""Whatever the facts are, nobody without a relation to a thing is ever allowed anything with it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from earwitness.identity.staff import StaffMember
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import HOUR
from earwitness.policy.actions import Action, Asked, Program, Resource
from earwitness.policy.engine import Engine, shipped_engine, shipped_rules
from earwitness.policy.facts import Facts, PersonFacts
from earwitness.policy.principals import Principal
from earwitness.policy.purposes import Purpose
from earwitness.policy.questions import question

ENGINE = shipped_engine()
RULES, SCHEMA = shipped_rules()
WIDE_OPEN = Engine(RULES | {"open.cedar": '@id("open") permit (principal, action, resource);'}, SCHEMA)
NOW = 1_795_000_000_000
HOUSEHOLDS = ("household_a", "household_b")
PEOPLE = ("person_a", "person_b", "person_c", "person_d")
HEARING = {Action.RECORDING_LIST, Action.RECORDING_READ, Action.RECORDING_PLAY, Action.RECORDING_EXPORT}

households, names, actions, purposes = (st.sampled_from(each) for each in (HOUSEHOLDS, PEOPLE, Action, Purpose))
moments = st.none() | st.integers(NOW - 24 * HOUR, NOW + HOUR)


def people(household: st.SearchStrategy[str] = households) -> st.SearchStrategy[PersonFacts]:
    return st.builds(PersonFacts, names, household, owner=st.booleans(), adult=st.booleans(), erased=st.booleans())


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    home = draw(households)
    crowd = st.frozensets(names)
    return Facts(
        household=home,
        household_kind=draw(st.sampled_from(["home", "workplace", "canary"])),
        subject=draw(st.none() | people(st.just(home))),
        device=draw(st.sampled_from(["personal", "shared", "guest", "child", "none", "all"])),
        standing=draw(st.booleans()),
        agreed=draw(crowd),
        hearers=draw(crowd),
        consents=draw(st.frozensets(purposes.map(str))),
    )


def living() -> st.SearchStrategy[PersonFacts]:
    return people().map(lambda who: replace(who, erased=False))


def standing() -> st.SearchStrategy[Facts]:
    """Facts about what is kept, and of nobody who was erased."""
    return facts().map(lambda it: replace(it, standing=True, subject=it.subject and replace(it.subject, erased=False)))


@st.composite
def staff(draw: st.DrawFn, name: str = "staff_a") -> StaffMember:
    return StaffMember(
        id=name,
        role=draw(st.sampled_from([Role.REVIEWER, Role.OPERATOR, Role.AUDITOR])),
        employer="contractor",
        country="PL",
        created_at=0,
        certified_until=draw(st.integers(NOW - HOUR, NOW + HOUR)),
        last_used_at=None,
        suspended_at=draw(st.none() | st.just(NOW)),
    )


active = staff().map(lambda who: replace(who, certified_until=NOW + 1, suspended_at=None))
everyday = st.sampled_from(sorted(set(Purpose) - {Purpose.LEGAL}))
others = st.none() | staff("staff_b")
TAKES_TWO = [
    (action, purpose)
    for action in Action
    for purpose in Purpose
    if action is Action.PERSON_IDENTIFY or purpose is Purpose.LEGAL
]


def allowed(  # noqa: PLR0913 - one question has this many parts
    principal: Principal,
    action: Action,
    purpose: Purpose,
    about: Facts,
    approver: StaffMember | None = None,
    *,
    engine: Engine = ENGINE,
) -> bool:
    subject = about.subject.id if about.subject else about.household
    assume(action.resource_kind != "person" or about.subject is not None)
    asked = Asked(principal.actor, action, purpose, (Resource("thing", subject, about.household),), NOW)
    verdict = engine.decide(question(principal, asked, "thing", about, approver))
    assert not verdict.failed, verdict
    return verdict.allowed


def as_person(who: PersonFacts) -> Principal:
    return Principal(Actor(who.id, Role.MEMBER, None, NOW), who)


def as_staff(who: StaffMember, factor_at: int | None) -> Principal:
    return Principal(who.actor(factor_at), who)


def same_person(who: PersonFacts, about: Facts) -> bool:
    return about.subject is not None and about.subject.id == who.id


@given(people(), actions, purposes, facts())
def test_a_stranger_to_the_household_is_allowed_nothing(
    who: PersonFacts, action: Action, purpose: Purpose, about: Facts
) -> None:
    assume(who.household != about.household and not same_person(who, about))
    assert not allowed(as_person(who), action, purpose, about)


@given(people(), st.sampled_from(sorted(HEARING)), purposes, facts(), people(), st.integers(1, len(PEOPLE) - 1))
def test_nobody_hears_another_who_did_not_open_their_history_by_name(  # noqa: PLR0913, PLR0917 - each is drawn by hypothesis
    who: PersonFacts, action: Action, purpose: Purpose, about: Facts, other: PersonFacts, further: int
) -> None:
    somebody_else = PEOPLE[(PEOPLE.index(who.id) + further) % len(PEOPLE)]
    about = replace(about, subject=replace(other, id=somebody_else, household=about.household))
    if about.household_kind != "workplace" and action is not Action.RECORDING_EXPORT:
        about = replace(about, hearers=about.hearers - {who.id})
    assert not allowed(as_person(who), action, purpose, about)


@given(people(), st.sampled_from(sorted(HEARING)), purposes, facts())
def test_nobody_hears_a_shared_device_they_did_not_agree_to(
    who: PersonFacts, action: Action, purpose: Purpose, about: Facts
) -> None:
    about = replace(about, subject=None, agreed=about.agreed - {who.id})
    assert not allowed(as_person(who), action, purpose, about)


@given(people(), actions, purposes, facts())
def test_an_erased_person_is_allowed_nothing(who: PersonFacts, action: Action, purpose: Purpose, about: Facts) -> None:
    gone = replace(who, erased=True)
    if same_person(who, about):
        about = Facts(about.household, about.household_kind, gone)
    assert not allowed(as_person(gone), action, purpose, about)


@given(staff(), actions, purposes, facts(), moments, others)
def test_staff_are_allowed_nothing_without_factor_certification_and_good_standing(  # noqa: PLR0913, PLR0917 - each is drawn by hypothesis
    who: StaffMember, action: Action, purpose: Purpose, about: Facts, factor_at: int | None, by: StaffMember | None
) -> None:
    fresh = factor_at is not None and 0 <= NOW - factor_at <= 12 * HOUR
    assume(not (fresh and who.is_active(NOW)))
    assert not allowed(as_staff(who, factor_at), action, purpose, about, by)


@given(staff(), st.sampled_from(sorted(HEARING | {Action.RECORDING_ERASE})), purposes, facts(), others)
def test_staff_never_open_an_original(
    who: StaffMember, action: Action, purpose: Purpose, about: Facts, by: StaffMember | None
) -> None:
    assert not allowed(as_staff(who, NOW), action, purpose, about, by)


@given(staff(), purposes, facts())
def test_a_review_needs_the_purpose_a_yes_and_an_adults_device(
    who: StaffMember, purpose: Purpose, about: Facts
) -> None:
    expected = (
        who.is_active(NOW)
        and who.role is Role.REVIEWER
        and purpose is Purpose.REVIEW
        and "review" in about.consents
        and about.device in {"personal", "shared"}
        and about.standing
        and (about.subject is None or (about.subject.adult and not about.subject.erased))
    )
    assert allowed(as_staff(who, NOW), Action.RECORDING_REVIEW, purpose, about) == expected


@given(staff(), st.sampled_from(TAKES_TWO), facts(), staff("staff_b"), st.sampled_from(["nobody", "oneself", "gone"]))
def test_identity_and_legal_purposes_take_a_second_active_member_of_staff(
    who: StaffMember, what: tuple[Action, Purpose], about: Facts, by: StaffMember, approver: str
) -> None:
    approvers = {"nobody": None, "oneself": who, "gone": replace(by, suspended_at=NOW)}
    assert not allowed(as_staff(who, NOW), *what, about, approvers[approver])


@given(st.text(), actions, purposes, facts())
def test_a_program_that_is_not_ours_is_allowed_nothing(
    name: str, action: Action, purpose: Purpose, about: Facts
) -> None:
    assume(name not in set(Program))
    assert not allowed(Principal(Actor(name, Role.PROGRAM), None), action, purpose, about)


PROGRAMS: Mapping[Any, set[Action]] = {
    Program.RETENTION: {Action.RECORDING_ERASE, Action.RECORDING_DEIDENTIFY},
    Program.DEIDENTIFIER: {Action.RECORDING_DEIDENTIFY},
}


@given(st.sampled_from(Program), actions, purposes, facts())
def test_our_programs_do_their_own_work_only(program: Program, action: Action, purpose: Purpose, about: Facts) -> None:
    if allowed(Principal(Actor(str(program), Role.PROGRAM), None), action, purpose, about):
        assert action in PROGRAMS[program]


# --- what nobody can permit holds even where a careless policy permits everything ----------------


@given(active, st.sampled_from(sorted(HEARING)), everyday, standing())
def test_a_careless_policy_opens_no_original_to_staff(
    who: StaffMember, action: Action, purpose: Purpose, about: Facts
) -> None:
    assert not allowed(as_staff(who, NOW), action, purpose, about, engine=WIDE_OPEN)


@given(active, everyday, standing(), st.sampled_from(["guest", "child", "of a child"]))
def test_a_careless_policy_opens_no_guest_and_no_child_to_review(
    who: StaffMember, purpose: Purpose, about: Facts, how: str
) -> None:
    child = PersonFacts("person_a", about.household, owner=False, adult=False, erased=False)
    about = replace(about, subject=child) if how == "of a child" else replace(about, device=how)
    deidentifier = Principal(Actor(str(Program.DEIDENTIFIER), Role.PROGRAM), None)
    assert not allowed(as_staff(who, NOW), Action.RECORDING_REVIEW, purpose, about, engine=WIDE_OPEN)
    assert not allowed(deidentifier, Action.RECORDING_DEIDENTIFY, purpose, about, engine=WIDE_OPEN)


@given(living(), st.sampled_from(sorted(HEARING)), everyday, standing(), living())
def test_a_careless_policy_opens_no_colleague(
    who: PersonFacts, action: Action, purpose: Purpose, about: Facts, colleague: PersonFacts
) -> None:
    assume(who.id != colleague.id)
    speaker = replace(colleague, household=about.household)
    about = replace(about, household_kind="workplace", subject=speaker)
    assert not allowed(as_person(who), action, purpose, about, engine=WIDE_OPEN)


@given(living(), actions, everyday, standing(), living())
def test_a_careless_policy_opens_nothing_of_the_erased(
    who: PersonFacts, action: Action, purpose: Purpose, about: Facts, gone: PersonFacts
) -> None:
    assume(action is not Action.RECORDING_ERASE and action.resource_kind != "household" and who.id != gone.id)
    about = replace(about, subject=replace(gone, household=about.household, erased=True))
    assert not allowed(as_person(who), action, purpose, about, engine=WIDE_OPEN)
