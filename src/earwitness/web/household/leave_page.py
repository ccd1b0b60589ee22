"""``/leave``: erase everything about oneself.

The password is asked for again; the receipt is handed out on the spot,
for there is no account left to fetch it with.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from earwitness.kernel.errors import AccessDenied, BadInput
from earwitness.vault.scope import Scope, ScopeKind
from earwitness.web.front import Front
from earwitness.web.sign_in.doors import Resident, let_out
from earwitness.web.sign_in.entering import LONGEST_PASSWORD, require_password
from earwitness.web.sign_in.forms import Filled

BAD = 400


def leave_page(front: Front) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    def scope(resident: Resident) -> Scope:
        if not resident.is_adult:
            raise AccessDenied("For a child an adult owner of the household decides.")
        return Scope(ScopeKind.PERSON, resident.person.id, resident.person.household)

    def ask(resident: Resident, *, error: str = "", status: int = 200) -> Response:
        count = front.rooms.removal.count_scope(scope(resident))
        return front.show("leave.html", resident.visitor, here="choices", status=status, count=count, error=error)

    @routes.get("/leave")
    def leave(resident: Who) -> Response:
        return ask(resident)

    @routes.post("/leave")
    def go_away(request: Request, resident: Who, form: Filled) -> Response:
        try:
            require_password(front, resident.visitor.account, form.text("current", LONGEST_PASSWORD))
        except BadInput as error:
            return ask(resident, error=str(error), status=BAD)
        accepted = front.rooms.erasure.erase(resident.actor, scope(resident))
        file = front.rooms.receipts.file(accepted.receipt.id).decode()
        gone = front.show(
            "gone.html",
            None,
            key=front.rooms.log.signer.vkey,
            receipt=accepted.receipt,
            file=file,
            person=resident.person.id,
            effects=accepted.effects,
        )
        let_out(request, gone)
        return gone

    return routes
