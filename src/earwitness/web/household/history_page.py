"""``/history``: what is kept, newest first, by days; one's own, what the household shares, or what somebody opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from earwitness.identity.device_rows import DeviceMode
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.policy.answers import Answer
from earwitness.policy.purposes import Purpose
from earwitness.transparency.history import Line
from earwitness.vault.reading import Cursor
from earwitness.web.front import Front
from earwitness.web.household.absent import as_if_absent
from earwitness.web.sign_in.doors import Resident

PAGE = 30
LATEST = 10**15
LONGEST_CURSOR = 80
SHARED = "home"


@dataclass(frozen=True, slots=True)
class Whose:
    """One of the histories that somebody may look at; ``of`` is how the address says it, empty for one's own."""

    of: str
    label: str
    subject: str


@dataclass(frozen=True, slots=True)
class Day:
    """The recordings of one day; ``effects`` counts by recording what each caused and is still there."""

    label: str
    lines: Sequence[Line]


def history_page(front: Front) -> APIRouter:
    """Return the route."""
    routes = APIRouter()
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    @routes.get("/history")
    def history(resident: Who, of: str = "", before: str = "", done: str = "") -> Response:
        histories = histories_of(front, resident)
        whose = next((each for each in histories if each.of == of), None)
        if whose is None:
            raise NotFound("There is no such history.")
        with as_if_absent():
            page = front.rooms.history.page(resident.actor, [whose.subject], limit=PAGE, before=parse_cursor(before))
        effects = front.rooms.effects.of([line.id for line in page.lines])
        following = f"{page.following.started_at}:{page.following.id}" if page.following else ""
        return front.show(
            "history.html",
            resident.visitor,
            here="history",
            histories=histories,
            whose=whose,
            days=_days(front, page.lines),
            caused={line.id: [each.what for each in effects if each.recording == line.id] for line in page.lines},
            following=following,
            may_delete=whose.subject in resident.subjects,
            is_first=not before,
            done=done,
        )

    return routes


def histories_of(front: Front, resident: Resident) -> list[Whose]:
    """Return the histories that somebody may look at, their own first."""
    person, directory = resident.person, front.rooms.directory
    found = [Whose("", "Yours", person.id)]
    if not resident.is_adult:
        return found
    modes = {each.mode for each in directory.devices.list(person.household)}
    if DeviceMode.SHARED in modes:
        found.append(Whose(SHARED, "The household's", person.household))
    opened = Answer(Purpose.HISTORY, person.id)
    others = [each for each in directory.people.list(person.household) if each.id != person.id]
    with front.rooms.database.read() as tx:
        open_to_me = [each for each in others if opened in front.rooms.consents.current(tx, each.id)]
    return found + [Whose(each.id, f"{each.name}'s", each.id) for each in open_to_me]


def parse_cursor(text: str) -> Cursor | None:
    """Read where a page begins.

    Raises:
        BadInput: it is not what the page before said.
    """
    if not text:
        return None
    moment, _, name = text.partition(":")
    if not (len(text) <= LONGEST_CURSOR and moment.isascii() and moment.isdigit() and name and int(moment) < LATEST):
        raise BadInput("That is no place in this list.", next_step="Begin anew.")
    return Cursor(int(moment), name)


def _days(front: Front, lines: Sequence[Line]) -> list[Day]:
    by_day = groupby(lines, key=lambda line: front.templates.local(line.started_at).date())
    today = front.templates.local(front.rooms.clock.now_ms()).date()
    names = {today: "Today", today - timedelta(days=1): "Yesterday"}
    found = [(date, list(group)) for date, group in by_day]
    return [Day(names.get(date, front.templates.day(group[0].started_at)), group) for date, group in found]
