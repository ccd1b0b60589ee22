"""``/listen``: talking to the hub from a browser, by pressing or with a wake word.

The page is shown to an adult of a household; its browser is a device personal to them, which they choose or make here.
What the page then does is the device protocol, in ``public/assets/listen.js``.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from earwitness import __version__
from earwitness.kernel.errors import AccessDenied, NotFound
from earwitness.policy.keeping import may_keep
from earwitness.web.front import Front, go
from earwitness.web.listen import browsers
from earwitness.web.sign_in.clients import describe_client
from earwitness.web.sign_in.doors import Resident
from earwitness.web.sign_in.forms import Filled

UNAVAILABLE = 503
MICROPHONE = {"Permissions-Policy": "camera=(), geolocation=(), microphone=(self)"}
"""Of all pages this one alone may ask for the microphone."""


def listen_page(front: Front) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    @routes.get("/listen")
    def listen(request: Request, resident: Who, choose: str = "") -> Response:
        shown = _show(front, request, resident, choosing=bool(choose))
        shown.headers.update(MICROPHONE)
        return shown

    @routes.post("/listen/device")
    def device(request: Request, resident: Who, form: Filled) -> Response:
        _require_adult(resident)
        chosen, label = form.text("device"), form.text("label")
        found = (
            browsers.become(front.rooms, resident, chosen) if chosen else browsers.make(front.rooms, resident, label)
        )
        answer = go("/listen")
        browsers.remember(request, answer, found)
        return answer

    @routes.post("/listen/ticket")
    def ticket(request: Request, resident: Who, form: Filled) -> Response:  # noqa: ARG001 - read, so that it is checked
        _require_adult(resident)
        found = browsers.device_of(front.rooms, resident, request)
        if found is None:
            raise NotFound("This browser is no device of yours any more.", next_step="Set it up again.")
        if not _hears(request):
            said = {"error": "This hub is not listening: its voice is off.", "next_step": "Start it with its voice on."}
            return JSONResponse(said, UNAVAILABLE)
        return JSONResponse({"ticket": front.tickets.issue(resident, found.id)})

    return routes


def _show(front: Front, request: Request, resident: Resident, *, choosing: bool) -> Response:
    adult = resident.is_adult
    found = browsers.device_of(front.rooms, resident, request) if adult and not choosing else None
    keeps, reason = False, ""
    if found is not None:
        with front.rooms.database.read() as tx:
            decision = may_keep(tx, found.id, None)
        keeps, reason = decision.keep, decision.reason
    return front.show(
        "listen.html",
        resident.visitor,
        here="listen",
        is_adult=adult,
        device=found,
        devices=browsers.choosable(front.rooms, resident) if adult else [],
        suggested=describe_client(request),
        keeps=keeps,
        reason=reason,
        hears=_hears(request),
        release=__version__,
    )


def _require_adult(resident: Resident) -> None:
    if not resident.is_adult:
        raise AccessDenied("A device of one's own is for adults.", next_step="Use one of the household's.")


def _hears(request: Request) -> bool:
    """Say whether devices are let in: the voice loop runs (bootstrap.devices)."""
    return getattr(request.app.state, "voice", None) is not None
