"""``/choices``: what somebody says yes to, how long things are kept, how many others may hear, and their devices.

The sentence beside each choice is no text of its own: it comes from what decides. What a yes opens is asked of the
policies (policy.explained), whether a device keeps anything of ``policy.keeping`` as it decides at this moment, and
what a shorter time would remove is counted.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.devices import Device
from earwitness.identity.people import Age
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.policy.access import Action
from earwitness.policy.explained import consequences
from earwitness.policy.keeping import may_keep
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import DEFAULT, RetentionChoice
from earwitness.review.budget import MOST
from earwitness.web.front import Front, go
from earwitness.web.household.choosing import Situation, look
from earwitness.web.sign_in.doors import Resident
from earwitness.web.sign_in.forms import Filled, Form

TITLES = {
    Purpose.ASSIST: "Answer me",
    Purpose.HISTORY: "Keep a history for me",
    Purpose.REVIEW: "Let reviewers hear a few",
    Purpose.TRAINING: "Learn from mine",
}
BAD = 400


def choices_page(front: Front) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    _overview(routes, front)
    _consents(routes, front)
    _numbers(routes, front)
    _devices(routes, front)
    return routes


def _overview(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    @routes.get("/choices")
    def choices(resident: Who, done: str = "") -> Response:
        return show_choices(front, resident, done=done)


def _consents(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    def answer(resident: Resident, purpose: Purpose, toward: str | None, *, given: bool) -> None:
        take = front.rooms.consents.record if given else front.rooms.consents.withdraw
        with front.rooms.database.write() as tx:
            take(tx, resident.actor, resident.person.id, purpose, toward)

    @routes.post("/choices/consent")
    def consent(resident: Who, form: Filled) -> Response:
        wanted = form.text("purpose")
        if wanted not in set(TITLES):
            raise BadInput("There is no such purpose.")
        answer(resident, Purpose(wanted), None, given=form.text("answer") == "yes")
        return go(f"/choices?done=consent#{wanted}")

    @routes.post("/choices/hearers/{person}")
    def hearer(person: str, resident: Who, form: Filled) -> Response:
        if person not in {each.id for each in front.rooms.directory.people.list(resident.person.household)}:
            raise NotFound("There is no such person.")
        answer(resident, Purpose.HISTORY, person, given=form.text("answer") == "yes")
        return go("/choices?done=consent#hearers")


def _numbers(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    @routes.post("/choices/retention")
    def retention(resident: Who, form: Filled) -> Response:
        if form.text("choice") not in set(RetentionChoice):
            raise BadInput("Choose one of the times.")
        choice = RetentionChoice(form.text("choice"))
        going = look(front.rooms, resident).removes[choice]
        if going and not form.flag("sure"):
            return front.show("shorter.html", resident.visitor, here="choices", choice=choice, going=going)
        front.rooms.retention.choose(resident.actor, resident.person.id, choice)
        front.rooms.retention.sweep(household=resident.person.household)
        return go("/choices?done=retention#kept")

    @routes.post("/choices/budget")
    def budget(resident: Who, form: Filled) -> Response:
        with front.rooms.database.write() as tx:
            front.rooms.review.budgets.choose(tx, resident.actor, resident.person.id, _number(form, "clips"))
        return go("/choices?done=budget#budget")


def _devices(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    def mine(resident: Resident, device: str) -> Device:
        found = front.rooms.directory.devices.get(device)
        if found.household != resident.person.household:
            raise NotFound("There is no such device.")
        return found

    @routes.post("/choices/devices/{device}/answer")
    def answer(device: str, resident: Who, form: Filled) -> Response:
        found, agreements = mine(resident, device), front.rooms.directory.agreements
        if found.mode is DeviceMode.PERSONAL:
            agreements.confirm(resident.actor, device)
        elif form.text("answer") == "yes":
            agreements.agree(resident.actor, device)
        else:
            agreements.withdraw(resident.actor, device)
        return go("/choices?done=device#devices")

    @routes.post("/choices/devices/{device}/mode")
    def mode(device: str, resident: Who, form: Filled) -> Response:
        mine(resident, device)
        if form.text("mode") not in set(DeviceMode):
            raise BadInput("Choose one of the modes.")
        household = [resident.resource(resident.person.household)]
        front.rooms.access.open(resident.actor, Action.HOUSEHOLD_MANAGE, household, Purpose.ASSIST)
        wanted = DeviceMode(form.text("mode"))
        person = form.text("person") if wanted is DeviceMode.PERSONAL else None
        front.rooms.directory.devices.change_mode(device, wanted, person or None)
        return go("/choices?done=mode#devices")


def show_choices(front: Front, resident: Resident, *, status: int = 200, **said: str) -> Response:
    """Show the page; ``said`` is what was done, or an error."""
    situation = look(front.rooms, resident)
    explained = consequences()
    return front.show(
        "choices.html",
        resident.visitor,
        status=status,
        here="choices",
        person=resident.person,
        is_adult=resident.is_adult,
        is_owner=resident.is_adult and resident.person.standing == "owner",
        titles=TITLES,
        explained=explained,
        situation=situation,
        choices=list(RetentionChoice),
        default=DEFAULT,
        most=MOST,
        devices=_decided(front, situation),
        modes=list(DeviceMode),
        adults=[each for each in situation.people if each.age is Age.ADULT],
        **({"done": ""} | said),
    )


def _decided(front: Front, situation: Situation) -> list[tuple[Device, bool, str]]:
    """Return each device with whether it keeps anything now, and why, as ``policy.keeping`` decides it."""
    with front.rooms.database.read() as tx:
        decisions = [(each, may_keep(tx, each.id, None)) for each in situation.devices]
    return [(device, decision.keep, decision.reason) for device, decision in decisions]


def _number(form: Form, name: str) -> int:
    text = form.text(name, 6)
    if not (text.isascii() and text.isdigit()):
        raise BadInput("That is not a number.", next_step="Give one like 5.")
    return int(text)
