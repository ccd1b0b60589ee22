"""What a person sees: each recording in words, each reason, and everybody who opened or changed anything."""

import json

import pytest
from sqlalchemy import update

from earwitness.identity.people import Age
from earwitness.kernel.actors import Role
from earwitness.kernel.audio import Clip
from earwitness.kernel.clock import MINUTE, rfc3339
from earwitness.kernel.errors import AccessDenied, NotFound
from earwitness.policy.access import Action
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema import household
from earwitness.testing.canary import AUDIO, TRANSCRIPT, canary
from earwitness.testing.house import Family
from earwitness.vault.effects import Effect
from earwitness.vault.intake import Incoming
from earwitness.vault.kinds import TRACE


def test_why_tells_every_step_and_what_came_of_it(small_family: Family) -> None:
    family, house = small_family, small_family.house
    steps = [{"step": "recogniser", "said": canary("words"), "score": 0.914}, {"step": "dialog", "said": "confirmed"}]
    kept = family.keep(family.ada, artefacts={"transcript": TRANSCRIPT.encode(), TRACE: json.dumps(steps).encode()})
    with house.database.write() as tx:
        house.effects.record(tx, Effect("", kept.recording, family.ada.id, "list", 1, canary("seed on the list")))
    chain = house.history.why(family.ada.actor, kept.recording)
    label = house.directory.devices.get(family.ada.device).label
    assert chain[0] == f"{rfc3339(house.clock.now_ms())}: 0.7 s came in through {label}."
    assert chain[2:4] == [f"recogniser: {canary('words')} (0.91).", "dialog: confirmed."]
    assert chain[-3] == "It was kept because the device is personal, and its adult said yes; for 3 months."
    assert chain[-2] == f"It will be removed by {rfc3339(kept.expires_at)}."
    assert chain[-1] == f"It caused: {canary('seed on the list')}."


def test_what_came_by_hand_came_from_a_file(small_family: Family) -> None:
    family, house = small_family, small_family.house
    kept = house.intake.keep(Incoming(Clip(AUDIO), house.clock.now_ms(), family.ada.actor, person=family.ada.id))
    (line,) = house.history.page(family.ada.actor, [family.ada.id]).lines
    assert (line.device, line.heard, line.answered) == ("a file", None, None)
    assert "came in through a file." in house.history.why(family.ada.actor, kept.recording)[0]


def test_a_long_trace_is_told_too(small_family: Family) -> None:
    family = small_family
    steps = [{"step": f"step {number}", "said": "x" * 90} for number in range(200)]
    kept = family.keep(family.ada, artefacts={TRACE: json.dumps(steps).encode()}).recording
    assert len([line for line in family.house.history.why(family.ada.actor, kept) if line.startswith("step ")]) == 200


@pytest.mark.parametrize("asker", ["ben", "nobody"])
def test_why_is_for_those_who_may_hear(small_family: Family, asker: str) -> None:
    family = small_family
    kept = family.keep(family.ada).recording
    if asker == "ben":
        with pytest.raises(AccessDenied):
            family.house.history.why(family.ben.actor, kept)
    with pytest.raises(NotFound):
        family.house.history.why(family.ada.actor, "rec_none")


def test_who_lists_the_newest_first_this_look_included(family: Family) -> None:
    house = family.house
    kept = family.keep(family.ben).recording
    family.say_yes(family.ben, Purpose.HISTORY, toward=family.ada.id)
    family.clock.advance(MINUTE)
    family.play(family.ada, kept)
    lines = house.history.who(family.ben.actor, family.resource(family.ben.id))
    assert [(line.action, line.who) for line in lines[:3]] == [
        ("ledger:read", family.ben.id),
        ("recording:play", family.ada.id),
        ("consent:give", family.ben.id),
    ]
    assert lines[1].recordings == (kept,)
    assert (lines[1].role, lines[1].purpose) == ("owner", "history")
    assert lines[1].at == rfc3339(house.clock.now_ms())
    assert lines[2].details == {"detail": f"history toward {family.ada.id}"}
    assert len(house.history.who(family.ben.actor, family.resource(family.ben.id), limit=2)) == 2


def test_who_is_for_its_person(small_family: Family) -> None:
    family, house = small_family, small_family.house
    with pytest.raises(AccessDenied):
        house.history.who(family.ada.actor, family.resource(family.ben.id))
    assert house.history.who(family.ben.actor, family.resource(family.household))[0].action == "ledger:read"
    child = house.directory.people.add(family.household, canary("child"), age=Age.CHILD)
    with pytest.raises(AccessDenied):
        house.history.who(child.actor(), family.resource(family.household))
    assert house.history.who(family.ada.actor, family.resource(child.id))  # a parent


def test_of_staff_the_employer_and_the_country_are_told_and_no_name(small_family: Family) -> None:
    family, house = small_family, small_family.house
    with house.database.write() as tx:
        tx.execute(update(household).where(household.c.id == family.household).values(kind="workplace"))
    operator = house.directory.staff.register(Role.OPERATOR, "contractor", "NZ")
    now = house.clock.now_ms()
    house.access.open(operator.actor(now), Action.HOUSEHOLD_READ, [family.resource(family.household)], Purpose.SUPPORT)
    line = house.history.who(family.ada.actor, family.resource(family.household))[1]
    assert (line.who, line.role, line.purpose) == ("operator (contractor NZ)", "operator", "support")
