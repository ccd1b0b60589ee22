"""``/notice``: what this installation hears, keeps and lets be opened, for everybody who comes near it.

Numbers and sentences are taken from what is enforced: the purposes from the policies, the times from the retention
choices, the roles from the staff there is. Nobody is named.
"""

from collections import Counter

from fastapi import APIRouter, Request, Response

from earwitness.policy.explained import consequences
from earwitness.policy.grants import LIFETIME_MS
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import DEFAULT, IDENTITY_LIMIT_MS, RetentionChoice
from earwitness.review.budget import DEFAULT as BUDGET
from earwitness.web.front import Front

MODES = {
    "personal": "One adult's own, once that adult has confirmed it.",
    "shared": "The household's, and only while every adult of it agrees.",
    "guest": "Nothing is kept, nobody hears it.",
    "child": "Nothing is kept, nobody hears it.",
}


def notice(front: Front) -> APIRouter:
    """Return the route."""
    routes = APIRouter()

    @routes.get("/notice")
    def show(request: Request) -> Response:
        now = front.rooms.clock.now_ms()
        active = [each for each in front.rooms.directory.staff.list() if each.is_active(now)]
        return front.show(
            "notice.html",
            front.doors.anybody(request),
            can_enter=True,
            explained=[each for each in consequences().values() if each.purpose in _ANSWERED],
            choices=list(RetentionChoice),
            default=DEFAULT,
            identity_limit_ms=IDENTITY_LIMIT_MS,
            grant_ms=LIFETIME_MS,
            budget=BUDGET,
            modes=MODES,
            staff=sorted(Counter((str(each.role), each.employer, each.country) for each in active).items()),
            key=front.rooms.log.signer.vkey,
        )

    return routes


_ANSWERED = (Purpose.ASSIST, Purpose.HISTORY, Purpose.REVIEW, Purpose.TRAINING)
