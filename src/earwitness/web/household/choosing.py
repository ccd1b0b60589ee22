"""What stands now of somebody's choices, and what another choice would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from earwitness.identity.devices import Device
from earwitness.identity.households import HouseholdKind
from earwitness.identity.people import Age, Person
from earwitness.policy.answers import hearers_of, purposes_of
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice, chosen
from earwitness.storage.schema import recording
from earwitness.web.rooms import Rooms
from earwitness.web.sign_in.doors import Resident


@dataclass(frozen=True, slots=True)
class Situation:
    """The choices of one person as they stand."""

    given: frozenset[Purpose]
    hearers: frozenset[str]
    may_open_to: Sequence[Person]
    choice: RetentionChoice
    lost: bool
    shared_choice: RetentionChoice
    kept: int
    removes: Mapping[RetentionChoice, int]
    budget: int
    budget_left: int
    people: Sequence[Person]
    devices: Sequence[Device]


def look(rooms: Rooms, resident: Resident) -> Situation:
    """Read what stands."""
    person = resident.person
    people = rooms.directory.people.list(person.household)
    adults = [each.id for each in people if each.age is Age.ADULT]
    with rooms.database.read() as tx:
        answers = rooms.consents.current(tx, person.id)
        times = chosen(tx, [person.id, *adults])
        mine = recording.c.subject_id == person.id, recording.c.state == "kept"
        kept = tx.scalar(select(func.count()).select_from(recording).where(*mine)) or 0
        now = rooms.clock.now_ms()
        removes = {
            each: tx.scalar(
                select(func.count()).select_from(recording).where(*mine, recording.c.kept_at <= now - each.lifetime_ms)
            )
            or 0
            for each in RetentionChoice
        }
        budget = rooms.review.budgets.chosen(tx, [person.id])[person.id]
        left = rooms.review.budgets.left(tx, [person.id])[person.id]
    home = rooms.directory.households.get(person.household)
    others = [each for each in people if each.id != person.id and each.age is Age.ADULT]
    return Situation(
        given=purposes_of(answers),
        hearers=hearers_of(answers),
        may_open_to=others if home.kind is not HouseholdKind.WORKPLACE else [],
        choice=times[person.id].choice,
        lost=times[person.id].lost,
        shared_choice=min(
            (times[each].choice for each in adults), key=lambda each: each.lifetime_ms, default=times[person.id].choice
        ),
        kept=kept,
        removes=removes,
        budget=budget,
        budget_left=left,
        people=people,
        devices=rooms.directory.devices.list(person.household),
    )
