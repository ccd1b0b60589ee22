"""``/history/delete``: delete a whole day, week or everything of one history; asked about once more, with a count."""

from datetime import datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.vault.scope import Scope, ScopeKind
from earwitness.web.front import Front, go
from earwitness.web.household.absent import as_if_absent
from earwitness.web.household.history_page import histories_of
from earwitness.web.sign_in.doors import Resident
from earwitness.web.sign_in.forms import Filled

SPANS = {"today": "of today", "week": "of the last seven days", "all": ""}


def many_page(front: Front) -> APIRouter:
    """Return the route."""
    routes = APIRouter()
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    @routes.post("/history/delete")
    def delete(resident: Who, form: Filled) -> Response:
        whose = next((each for each in histories_of(front, resident) if each.of == form.text("of")), None)
        if whose is None or whose.subject not in resident.subjects:
            raise NotFound("There is no such history of yours.")
        span = form.text("span")
        if span not in SPANS:
            raise BadInput("Choose what to delete.")
        now = front.rooms.clock.now_ms()
        since = {"today": _midnight(front, now), "week": now - 7 * DAY, "all": 0}[span]
        scope = Scope(ScopeKind.SPAN, whose.subject, resident.person.household, start=since, end=now + 1)
        count = front.rooms.removal.count_scope(scope)
        if not count or not form.flag("sure"):
            words = SPANS[span]
            return front.show(
                "many.html", resident.visitor, here="history", whose=whose, span=span, words=words, count=count
            )
        with as_if_absent():
            accepted = front.rooms.erasure.erase(resident.actor, scope)
        return go(f"/receipts/{accepted.receipt.id}?done=deleted")

    return routes


def _midnight(front: Front, now: int) -> int:
    local = front.templates.local(now)
    return int(datetime.combine(local.date(), time(), local.tzinfo).timestamp() * 1000)
