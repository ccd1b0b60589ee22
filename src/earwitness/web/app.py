"""The app behind sign-in, put together from its rooms; and what a refusal looks like.

A refusal is a page that says what to do next. Whoever is not signed in is sent to sign in and comes back; what belongs
to somebody else is not there.
"""

from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from earwitness.kernel.errors import (
    BadInput,
    EarwitnessError,
    FactorMissing,
    FormRefused,
    NotFound,
    NotSignedIn,
    Refused,
    TooManyTries,
)
from earwitness.web.front import Front, go
from earwitness.web.household.choices_page import choices_page
from earwitness.web.household.export_page import export_page
from earwitness.web.household.history_page import history_page
from earwitness.web.household.leave_page import leave_page
from earwitness.web.household.many_page import many_page
from earwitness.web.household.receipts_page import receipts_page
from earwitness.web.household.recording_page import recording_page
from earwitness.web.household.who_page import who_page
from earwitness.web.listen.listen_page import listen_page
from earwitness.web.notice import notice
from earwitness.web.sign_in.account_page import account_page
from earwitness.web.sign_in.entering import entering

STATUS: tuple[tuple[type[EarwitnessError], int, str], ...] = (
    (NotSignedIn, 401, "You are not signed in"),
    (TooManyTries, 429, "Too many tries"),
    (FormRefused, 403, "This form was not taken"),
    (Refused, 403, "That is not yours to do"),
    (NotFound, 404, "There is no such page"),
    (BadInput, 400, "That did not work"),
)


def add_rooms(app: FastAPI, front: Front) -> None:
    """Add every room of the app, and the pages of refusals."""
    app.state.tickets = front.tickets  # where devices are let in they are taken (bootstrap.doors)
    for routes in (
        entering(front),
        account_page(front),
        listen_page(front),
        history_page(front),
        recording_page(front),
        receipts_page(front),
        who_page(front),
        choices_page(front),
        many_page(front),
        export_page(front),
        leave_page(front),
        notice(front),
    ):
        app.include_router(routes)

    def refuse(request: Request, error: Exception) -> Response:
        return _refusal(front, request, error)

    for kind in (BadInput, Refused, RequestValidationError):
        app.add_exception_handler(kind, refuse)


def _refusal(front: Front, request: Request, error: Exception) -> Response:
    if isinstance(error, RequestValidationError):
        error = BadInput("That address is not complete.", next_step="Go back and try again.")
    assert isinstance(error, EarwitnessError)  # noqa: S101 - what the handlers are registered for
    if isinstance(error, NotSignedIn) and request.method == "GET" and _wants_page(request):
        return go(f"/sign-in?next={quote(request.url.path)}")
    if isinstance(error, FactorMissing) and request.method == "GET":
        return go("/account?done=factor")
    status, title = next((status, title) for kind, status, title in STATUS if isinstance(error, kind))
    answer: Response
    if _wants_page(request):
        values = {"code": status, "title": title, "text": error.what, "next_step": error.next_step}
        answer = front.show("refusal.html", front.doors.anybody(request), status=status, **values)
    else:
        answer = JSONResponse({"error": error.what, "next_step": error.next_step}, status)
    if isinstance(error, TooManyTries):
        answer.headers["Retry-After"] = str(-(-error.wait_ms // 1000))
    return answer


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") or request.url.path.endswith("/delete")
