"""What a yes opens, in words, found by asking the policies themselves.

For each purpose every member of staff and every program is put before the engine with and without that yes, for each
action and purpose there is, with a second factor and an approval, so with all that could speak for them. The
sentence names the difference. Whoever changes a policy changes the sentence; an act that has no words here is
shown by its name rather than left out.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product

from earwitness.identity.staff import QUARTER, StaffMember
from earwitness.kernel.actors import Actor, Role
from earwitness.policy.actions import Action, Asked, Program, Resource
from earwitness.policy.engine import Engine, shipped_engine
from earwitness.policy.facts import Facts, PersonFacts
from earwitness.policy.principals import Principal
from earwitness.policy.purposes import NEEDED_TO_KEEP, Purpose
from earwitness.policy.questions import question

NOW = 2 * QUARTER
SOMEBODY = PersonFacts("person_somebody", "household_somebody", owner=False, adult=True, erased=False)
RECORDING = Resource("rec_something", SOMEBODY.id, SOMEBODY.household)
STAFF = (Role.REVIEWER, Role.OPERATOR, Role.AUDITOR)
ABOUT_RECORDINGS = tuple(each for each in Action if each.resource_kind == "recording")

WORDS = {
    (Role.REVIEWER, Action.RECORDING_REVIEW, Purpose.REVIEW): (
        "a reviewer may hear a copy with a changed voice and masked details, never the original, and write down "
        "what was said"
    ),
    (Program.DEIDENTIFIER, Action.RECORDING_DEIDENTIFY, Purpose.REVIEW): "a program of this house makes that copy",
    (Program.LEARNER, Action.RECORDING_LEARN, Purpose.TRAINING): (
        "a program of this house may learn from it, for models that others use as well"
    ),
    (Program.LEARNER, Action.RECORDING_LEARN, Purpose.ASSIST): (
        "what you put right teaches your own household's assistant, and nobody else's"
    ),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """One thing that somebody may do with a recording."""

    who: Role | Program
    action: Action
    purpose: Purpose

    @property
    def in_words(self) -> str:
        """The opening as it is said to a person."""
        known = WORDS.get((self.who, self.action, self.purpose))
        if known:
            return known
        who = f"{self.who}" if isinstance(self.who, Role) else f"the program {self.who}"
        return f"{who} may do {self.action} for {self.purpose}"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a yes to one purpose changes."""

    purpose: Purpose
    opens: tuple[Opening, ...]
    needed_to_keep: bool

    @property
    def with_yes(self) -> str:
        """What happens with it, a sentence."""
        parts = [*(["your recordings may be kept for you"] if self.needed_to_keep else [])]
        parts += [each.in_words for each in self.opens]
        text = "; ".join(parts) or "nothing here asks for it"
        return f"{text[0].upper()}{text[1:]}."

    @property
    def without(self) -> str:
        """What happens without it, a sentence."""
        return "Without it nothing of you is kept." if self.needed_to_keep else "Without it none of that happens."


@cache
def consequences() -> dict[Purpose, Consequence]:
    """Return what a yes to each purpose changes; takes about a second the first time."""
    engine = shipped_engine()
    never = openings(engine, frozenset())
    found = {}
    for purpose in Purpose:
        opened = openings(engine, frozenset({str(purpose)})) - never
        ordered = sorted(opened, key=lambda each: (isinstance(each.who, Program), each.who, each.action, each.purpose))
        found[purpose] = Consequence(purpose, tuple(ordered), purpose in NEEDED_TO_KEEP)
    return found


def openings(engine: Engine, consents: frozenset[str]) -> frozenset[Opening]:
    """Return everything that staff and programs may do with a recording whose person said yes to exactly this."""
    facts = Facts(SOMEBODY.household, "home", SOMEBODY, "personal", consents=consents, corrected=True)
    found = set()
    everybody: list[Role | Program] = [*STAFF, *Program]
    for who, action, purpose in product(everybody, ABOUT_RECORDINGS, Purpose):
        principal = _principal(who)
        asked = Asked(principal.actor, action, purpose, (RECORDING,), NOW)
        approver = _member(Role.OPERATOR, "staff_another") if isinstance(who, Role) else None
        if engine.decide(question(principal, asked, RECORDING.id, facts, approver)).allowed:
            found.add(Opening(who, action, purpose))
    return frozenset(found)


def _principal(who: Role | Program) -> Principal:
    if isinstance(who, Program):
        return Principal(Actor(str(who), Role.PROGRAM), None)
    member = _member(who, "staff_one")
    return Principal(member.actor(NOW), member)


def _member(role: Role, name: str) -> StaffMember:
    return StaffMember(name, role, "any", "XX", 0, NOW + QUARTER, None, None)
