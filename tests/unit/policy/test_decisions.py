"""The decision table: who may do what with what, spelled out. What is not listed as allowed is denied."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, update

from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.households import HouseholdKind
from earwitness.identity.people import Age, Standing
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import DAY, HOUR
from earwitness.kernel.errors import AccessDenied
from earwitness.policy.access import Action, Program, Resource
from earwitness.policy.facts import CORRECTION
from earwitness.policy.purposes import Purpose
from earwitness.storage.database import Database, sqlite_url
from earwitness.storage.schema import artefact, device, person, recording
from earwitness.testing.clock import VirtualClock
from earwitness.testing.village import Village


@dataclass(frozen=True)
class Town:
    """Everybody who asks, everything that is asked for."""

    village: Village
    actors: Mapping[str, Actor]
    things: Mapping[str, Resource]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    database = Database.open(sqlite_url(tmp_path_factory.mktemp("town") / "data.db"))
    village = Village(database, VirtualClock())
    yield build(village)
    database.close()


def build(v: Village) -> Town:
    home, work, next_door = v.household(), v.household(HouseholdKind.WORKPLACE), v.household()
    who = SimpleNamespace(
        owner=v.person(home, Standing.OWNER),
        member=v.person(home),
        open_member=v.person(home),
        child=v.person(home, age=Age.CHILD),
        erased=v.person(home),
        boss=v.person(work, Standing.OWNER),
        worker=v.person(work),
        stranger=v.person(next_door, Standing.OWNER),
    )
    v.say_yes(who.open_member, Purpose.HISTORY, toward=who.owner.id)
    for each in (who.owner, who.open_member, who.worker):
        v.say_yes(each, Purpose.REVIEW)
    for each in (who.owner, who.worker, who.erased):
        v.say_yes(each, Purpose.TRAINING)
    v.say_yes(who.member, Purpose.ASSIST)
    shared, common_room = v.device(home, DeviceMode.SHARED).id, v.device(work, DeviceMode.SHARED).id
    for each in (who.owner, who.open_member):
        v.agreements.agree(each.actor(), shared)
    for each in (who.boss, who.worker):
        v.agreements.agree(each.actor(), common_room)
    own = {name: v.device(home, DeviceMode.PERSONAL, getattr(who, name).id).id for name in ("owner", "member")}
    turned = v.device(home, DeviceMode.PERSONAL, who.owner.id).id
    things = {
        "owner's": v.recording(home, who.owner.id, own["owner"]),
        "member's": v.recording(home, who.member.id, own["member"]),
        "corrected": v.recording(home, who.member.id),
        "open member's": v.recording(home, who.open_member.id),
        "child's": v.recording(home, who.child.id),
        "erased's": v.recording(home, who.erased.id),
        "shared": v.recording(home, home, shared),
        "turned child's": v.recording(home, who.owner.id, turned),
        "expired": v.recording(home, who.owner.id, own["owner"]),
        "worker's": v.recording(work, who.worker.id),
        "common room": v.recording(work, work, common_room),
        "all of owner": Resource(who.owner.id, who.owner.id, home),
        "all shared": Resource(home, home, home),
        **{f"{name} (person)": Resource(each.id, each.id, each.household) for name, each in vars(who).items()},
        "home": Resource(home, home, home),
        "work": Resource(work, work, work),
    }
    v.clock.advance(HOUR)  # type: ignore[attr-defined]
    who.newcomer = v.person(home)
    v.agreements.agree(who.newcomer.actor(), shared)
    gone = {"expires_at": v.clock.now_ms()}
    v.change(lambda tx: tx.execute(update(device).where(device.c.id == turned).values(mode="child")))
    right = {"recording_id": things["corrected"].id, "kind": CORRECTION, "version": 1, "size": 1, "created_at": 0}
    v.change(lambda tx: tx.execute(insert(artefact).values(right)))
    v.change(lambda tx: tx.execute(update(recording).where(recording.c.id == things["expired"].id).values(**gone)))
    v.change(lambda tx: tx.execute(update(person).where(person.c.id == who.erased.id).values(erased_at=1)))
    actors = {name: each.actor() for name, each in vars(who).items()} | staff(v) | programs()
    return Town(v, actors, things)


def staff(v: Village) -> dict[str, Actor]:
    now, found = v.clock.now_ms(), {}
    for role in (Role.REVIEWER, Role.OPERATOR, Role.AUDITOR):
        member = v.staff.register(role, "contractor", "PL")
        found |= {
            f"{role}": member.actor(now),
            f"{role}, factor 12 h old": member.actor(now - 12 * HOUR),
            f"{role}, factor too old": member.actor(now - 12 * HOUR - 1),
            f"{role}, factor of tomorrow": member.actor(now + 1),
            f"{role}, no factor": member.actor(None),
        }
    suspended, lapsed = (v.staff.register(Role.REVIEWER, "contractor", "PL") for _ in range(2))
    v.staff.suspend(suspended.id)
    v.staff._change(lapsed.id, certified_until=now)
    return found | {"suspended reviewer": suspended.actor(now), "lapsed reviewer": lapsed.actor(now)}


def programs() -> dict[str, Actor]:
    return {str(each): Actor(str(each), Role.PROGRAM) for each in Program} | {
        "unknown program": Actor("unknown", Role.PROGRAM)
    }


LIST, READ, PLAY, EXPORT = Action.RECORDING_LIST, Action.RECORDING_READ, Action.RECORDING_PLAY, Action.RECORDING_EXPORT
ERASE, DEIDENTIFY, REVIEW = Action.RECORDING_ERASE, Action.RECORDING_DEIDENTIFY, Action.RECORDING_REVIEW
CORRECT, LEARN = Action.RECORDING_CORRECT, Action.RECORDING_LEARN
HEAR = (LIST, READ, PLAY)
OPEN = (*HEAR, EXPORT)
OWN = (*OPEN, ERASE, CORRECT)
RECORDINGS = [action for action in Action if action.resource_kind == "recording"]
PERSON = (Action.PERSON_MANAGE, Action.PERSON_EXPORT, Action.PERSON_ERASE)

# --- recordings: all that is allowed, for the purpose history ------------------------------------

ALLOWED_HISTORY = {
    ("owner", "owner's"): OWN,
    ("owner", "all of owner"): OWN,
    ("owner", "turned child's"): OWN,
    ("owner", "expired"): (ERASE,),
    ("owner", "open member's"): HEAR,  # said yes to this owner by name; still no export, no erasing
    ("owner", "child's"): (ERASE,),
    ("owner", "shared"): OWN,
    ("owner", "all shared"): OWN,
    ("member", "member's"): OWN,
    ("member", "corrected"): OWN,
    ("member", "shared"): (ERASE,),  # has not agreed to the device
    ("member", "all shared"): (ERASE,),
    ("open_member", "open member's"): OWN,
    ("open_member", "shared"): OWN,
    ("open_member", "all shared"): OWN,
    ("newcomer", "shared"): (ERASE,),  # agreed only after it was recorded
    ("newcomer", "all shared"): OWN,  # of what is recorded from now on
    ("child", "child's"): (*OPEN, ERASE),
    ("worker", "worker's"): OWN,
    ("worker", "common room"): OWN,
    ("boss", "common room"): OWN,
    **{
        ("retention", thing): (ERASE, DEIDENTIFY)
        for thing in (
            "owner's", "member's", "open member's", "child's", "shared", "turned child's", "worker's", "common room",
            "all of owner", "all shared", "corrected",
        )
    },
    **{
        ("withdrawal", thing): (ERASE,)  # one by one, never all of somebody's
        for thing in (
            "owner's", "member's", "open member's", "child's", "shared", "turned child's", "worker's", "common room",
            "corrected", "expired", "erased's",
        )
    },
    **{("voice", thing): (ERASE,) for thing in ("shared", "all shared", "common room")},
    ("retention", "expired"): (ERASE,),
    ("retention", "erased's"): (ERASE,),
}  # fmt: skip

# --- recordings, for the purpose review ----------------------------------------------------------

ALLOWED_REVIEW = {  # what was given by hand is prepared, but no device says that it may be heard
    **{(reviewer, "owner's"): (REVIEW,) for reviewer in ("reviewer", "reviewer, factor 12 h old")},
    **{("deidentifier", thing): (DEIDENTIFY,) for thing in ("owner's", "open member's", "all of owner", "worker's")},
}

# --- recordings, for the purposes training and assist ---------------------------------------------

ALLOWED_TRAINING = {("learner", thing): (LEARN,) for thing in ("owner's", "all of owner", "worker's")}
ALLOWED_ASSIST = {("learner", "corrected"): (LEARN,)}  # its person put it right; a yes to training is not needed
ALLOWED = {
    Purpose.HISTORY: ALLOWED_HISTORY,
    Purpose.REVIEW: ALLOWED_REVIEW,
    Purpose.TRAINING: ALLOWED_TRAINING,
    Purpose.ASSIST: ALLOWED_ASSIST,
}

RECORDING_THINGS = [
    "owner's", "member's", "open member's", "child's", "erased's", "shared", "turned child's", "expired", "worker's",
    "common room", "all of owner", "all shared", "corrected",
]  # fmt: skip


def verdict(town: Town, actor: str, action: Action, thing: str, purpose: Purpose) -> bool:
    before = len(town.village.log.accesses)
    try:
        grant = town.village.access.open(town.actors[actor], action, [town.things[thing]], purpose)
    except AccessDenied:
        assert len(town.village.log.accesses) == before  # who was denied has opened nothing
        return False
    assert town.village.log.accesses[-1].grant == grant.id
    return True


@pytest.mark.parametrize("thing", RECORDING_THINGS)
@pytest.mark.parametrize("purpose", list(Purpose))
def test_recordings(town: Town, thing: str, purpose: Purpose) -> None:
    table = ALLOWED.get(purpose)
    actions = RECORDINGS if table else (PLAY, ERASE, REVIEW)  # for no other purpose is anything allowed
    for actor, action in product(town.actors, actions):
        expected = table is not None and action in table.get((actor, thing), ())
        assert verdict(town, actor, action, thing, purpose) == expected, f"{actor} {action} {thing} for {purpose}"


# --- the log, people and households ----------------------------------------------------------------

LOGS = {
    ("owner", "owner (person)"), ("owner", "child (person)"), ("owner", "home"),
    ("member", "member (person)"), ("member", "home"),
    ("open_member", "open_member (person)"), ("open_member", "home"),
    ("newcomer", "home"), ("child", "child (person)"),
    ("worker", "worker (person)"), ("worker", "work"), ("boss", "boss (person)"), ("boss", "work"),
    ("stranger", "stranger (person)"),
}  # fmt: skip
DECIDES_FOR = {(name, f"{name} (person)") for name in ("owner", "member", "open_member", "child", "boss", "worker")} | {
    ("stranger", "stranger (person)"),
    ("owner", "child (person)"),
}
LIVES_IN = {
    *((name, "home") for name in ("owner", "member", "open_member", "newcomer", "child")),
    *((name, "work") for name in ("boss", "worker")),
}
MANAGES = {("owner", "home"), ("boss", "work")}
OPERATES = {(name, "work") for name in ("operator", "operator, factor 12 h old")}


def test_the_log(town: Town) -> None:
    things = [name for name in town.things if name.endswith("(person)") or name in {"home", "work"}]
    for actor, thing, purpose in product(town.actors, things, (Purpose.HISTORY, Purpose.LEGAL, Purpose.SUPPORT)):
        expected = (actor, thing) in LOGS
        assert verdict(town, actor, Action.LEDGER_READ, thing, purpose) == expected, (
            f"{actor} log of {thing}, {purpose}"
        )


def test_people(town: Town) -> None:
    things = [name for name in town.things if name.endswith("(person)")]
    for actor, thing, action in product(town.actors, things, PERSON):
        expected = (actor, thing) in DECIDES_FOR
        assert verdict(town, actor, action, thing, Purpose.HISTORY) == expected, f"{actor} {action} {thing}"


def test_nobody_learns_alone_who_somebody_is(town: Town) -> None:
    things = [name for name in town.things if name.endswith("(person)")]
    for actor, thing, purpose in product(town.actors, things, (Purpose.SUPPORT, Purpose.LEGAL, Purpose.HISTORY)):
        assert not verdict(town, actor, Action.PERSON_IDENTIFY, thing, purpose), f"{actor} {thing} {purpose}"


@pytest.mark.parametrize("purpose", list(Purpose))
def test_households(town: Town, purpose: Purpose) -> None:
    operates = OPERATES if purpose is Purpose.SUPPORT else set()
    for actor, thing in product(town.actors, ("home", "work")):
        may_see, may_manage = (
            verdict(town, actor, action, thing, purpose) for action in (Action.HOUSEHOLD_READ, Action.HOUSEHOLD_MANAGE)
        )
        assert may_see == ((actor, thing) in LIVES_IN | operates), f"{actor} sees {thing} for {purpose}"
        assert may_manage == ((actor, thing) in MANAGES | operates), f"{actor} manages {thing} for {purpose}"


# --- shared devices and review -----------------------------------------------------------------------


def test_a_shared_recording_is_reviewed_only_if_every_adult_said_yes(
    sqlite_database: Database, virtual_clock: VirtualClock
) -> None:
    v = Village(sqlite_database, virtual_clock)
    home = v.household()
    ada, ben = v.person(home), v.person(home)
    shared = v.recording(home, home, v.device(home, DeviceMode.SHARED).id)
    reviewer = v.staff.register(Role.REVIEWER, "contractor", "PL").actor(virtual_clock.now_ms())

    def may_review() -> bool:
        return verdict(Town(v, {"r": reviewer}, {"s": shared}), "r", REVIEW, "s", Purpose.REVIEW)

    v.say_yes(ada, Purpose.REVIEW)
    assert not may_review()
    v.say_yes(ben, Purpose.REVIEW)
    assert may_review()
    v.person(home, age=Age.CHILD)
    assert may_review()
    v.person(home)
    assert not may_review()


def test_an_entry_about_staff_tells_the_truth_about_them(town: Town) -> None:
    claimed = town.actors["reviewer"]
    lying = Actor(claimed.id, claimed.role, None, claimed.second_factor_at, "the police", "XX")
    town.village.access.open(lying, REVIEW, [town.things["owner's"]], Purpose.REVIEW)
    recorded = town.village.log.accesses[-1].actor
    assert (recorded.employer, recorded.country) == ("contractor", "PL")
    assert town.village.staff.get(claimed.id).last_used_at == town.village.clock.now_ms()


def test_who_is_not_what_they_claim_is_denied(town: Town) -> None:
    member, owner = town.actors["member"], town.actors["owner"]
    reviewer = town.actors["reviewer"]
    now = town.village.clock.now_ms()
    for actor in (
        Actor(member.id, Role.OWNER, member.household),
        Actor(owner.id, Role.MEMBER, owner.household),
        Actor(owner.id, Role.CHILD, owner.household),
        Actor(owner.id, Role.OWNER, town.actors["stranger"].household),
        Actor(reviewer.id, Role.OPERATOR, None, now),
        Actor(owner.id, Role.REVIEWER, None, now),
        Actor(reviewer.id, Role.OWNER, owner.household, now),
        Actor("person_none", Role.OWNER),
        Actor("staff_none", Role.AUDITOR, None, now),
    ):
        for resources in ([town.things["owner's"]], []):
            with pytest.raises(AccessDenied):
                town.village.access.open(actor, PLAY, resources, Purpose.HISTORY)


def test_an_old_factor_is_told_from_a_fresh_one_by_the_clock_alone(town: Town) -> None:
    fresh = town.actors["reviewer"]
    stale = Actor(fresh.id, fresh.role, None, town.village.clock.now_ms() - DAY, fresh.employer, fresh.country)
    with pytest.raises(AccessDenied, match="second-factor"):
        town.village.access.open(stale, REVIEW, [town.things["owner's"]], Purpose.REVIEW)
