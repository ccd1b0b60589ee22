"""Signing in and out: password, then the second factor where there is one; or a passkey, which is both.

What was wrong is not said: a name that is not here, a wrong password and an account without one give the same answer
after the same time. A browser gets a new session cookie at each step.
"""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from earwitness.kernel.errors import BadInput, NotSignedIn
from earwitness.web.front import Front, go
from earwitness.web.sign_in.accounts import Account
from earwitness.web.sign_in.clients import describe_client
from earwitness.web.sign_in.doors import Place, Visit, let_in, let_out, session_cookie, visit
from earwitness.web.sign_in.forms import Filled
from earwitness.web.sign_in.sessions import Session, Stage
from earwitness.web.sign_in.tokens import form_token

LONGEST_NAME = 80
LONGEST_PASSWORD = 400
LONGEST_CODE = 40
UNAUTHORISED = 401
WRONG = "The name or the password is not right."
WRONG_CODE = "That code is not right, or was used already."


def entering(front: Front) -> APIRouter:
    """Return the routes of signing in."""
    routes = APIRouter()
    _password(routes, front)
    _code(routes, front)
    _passkey(routes, front)
    _leave(routes, front)
    return routes


def _password(routes: APIRouter, front: Front) -> None:
    @routes.get("/sign-in")
    def sign_in(request: Request, next: str = "", notice: str = "") -> Response:  # noqa: A002 - as the address has it
        if front.doors.anybody(request):
            return go(inside(next))
        return show_sign_in(front, request, next, notice=notice)

    @routes.post("/sign-in")
    def give_password(request: Request, form: Filled) -> Response:
        wanted = form.text("next")
        front.tries.take("address", address(request))
        name = form.text("name", LONGEST_NAME)
        front.tries.take("name", name.casefold())
        account = front.rooms.accounts.by_name(name)
        if not front.passwords.check(account.password if account else None, form.text("password", LONGEST_PASSWORD)):
            return show_sign_in(front, request, wanted, error=WRONG, status=UNAUTHORISED)
        assert account is not None  # noqa: S101 - without one there is no password to be right
        front.tries.forgive("name", name.casefold())
        owes = front.rooms.accounts.factors(account.id).any
        token = front.doors.sessions.begin(
            account.id, describe_client(request), stage=Stage.PASSWORD if owes else Stage.FULL
        )
        answer = go(f"/sign-in/code?next={inside(wanted)}" if owes else inside(wanted))
        let_in(request, answer, token)
        return answer


def _code(routes: APIRouter, front: Front) -> None:
    Half = Annotated[Session, Depends(front.doors.half_way)]  # noqa: N806 - a type

    def ask(request: Request, session: Session, wanted: str, *, error: str = "", status: int = 200) -> Response:
        factors = front.rooms.accounts.factors(session.account)
        token = form_token(request.cookies[session_cookie(request)])
        place = Place.of(request)
        values = {"factors": factors, "next": inside(wanted), "has_name": place.has_name, "error": error}
        return front.show("code.html", None, status=status, **(values | {"token": token}))

    @routes.get("/sign-in/code")
    def code(request: Request, session: Half, next: str = "") -> Response:  # noqa: A002 - as the address has it
        return ask(request, session, next)

    @routes.post("/sign-in/code")
    def give_code(request: Request, form: Filled, session: Half) -> Response:
        front.tries.take("code", session.account)
        if not front.codes.check(front.rooms.accounts.get(session.account), form.text("code", LONGEST_CODE)):
            return ask(request, session, form.text("next"), error=WRONG_CODE, status=UNAUTHORISED)
        front.tries.forgive("code", session.account)
        answer = go(inside(form.text("next")))
        let_in(request, answer, front.doors.sessions.renew(session, second_factor=True))
        return answer


def _passkey(routes: APIRouter, front: Front) -> None:
    @routes.post("/sign-in/passkey/request")
    def ask_passkey(request: Request, form: Filled, here: Visit) -> Response:  # noqa: ARG001 - the form is checked
        front.tries.take("passkey", address(request))
        return JSONResponse(json.loads(front.passkeys.request(_with_name(request), here)))

    @routes.post("/sign-in/passkey")
    def give_passkey(request: Request, form: Filled, here: Visit) -> Response:
        account = front.passkeys.check(_with_name(request), here, form.body)
        front.tries.forgive("passkey", address(request))
        token = _through(front, request, account)
        answer = JSONResponse({"next": "/"})
        let_in(request, answer, token)
        return answer


def _through(front: Front, request: Request, account: str) -> str:
    """Return the token of a full session: the half one that is there goes on, or a new one begins."""
    try:
        half = front.doors.half_way(request)
    except NotSignedIn:
        half = None
    if half is not None and half.account == account:
        return front.doors.sessions.renew(half, second_factor=True)
    return front.doors.sessions.begin(account, describe_client(request), stage=Stage.FULL, second_factor=True)


def _leave(routes: APIRouter, front: Front) -> None:
    @routes.post("/sign-out")
    def sign_out(request: Request, form: Filled) -> Response:  # noqa: ARG001 - the form is checked
        answer = go("/sign-in?notice=out")
        token = request.cookies.get(session_cookie(request))
        if token:
            try:
                session = front.doors.sessions.find(token, quietly=True)
                front.doors.sessions.end(session.account, session.id)
            except NotSignedIn:
                pass
        let_out(request, answer)
        return answer


def show_sign_in(front: Front, request: Request, wanted: str, *, status: int = 200, **said: str) -> Response:
    """Show the page that asks for name and password; ``said`` are a notice or an error."""
    values = {"next": inside(wanted), "notice": "", "has_name": Place.of(request).has_name, **said}
    return show_to_stranger(front, request, "sign_in.html", status=status, **values)


def show_to_stranger(front: Front, request: Request, page: str, *, status: int = 200, **values: Any) -> Response:
    """Show a page with a form to a browser in which nobody is signed in; it gets a cookie for the form."""
    cookie = Response()
    token = form_token(visit(request, cookie))
    shown = front.show(page, None, status=status, **(values | {"token": token}))
    shown.headers["set-cookie"] = cookie.headers["set-cookie"]
    return shown


def inside(path: str) -> str:
    """Return the path to go on to if it is one of this hub, else the beginning."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()
    return path if plain and not any(each in path for each in "\\#?&") else "/"


def address(request: Request) -> str:
    """Return the address that a request came from; it is counted under a blinded key only."""
    return request.client.host if request.client else ""


def require_password(front: Front, account: Account, password: str) -> None:
    """Let only whoever knows the password change how one signs in.

    Raises:
        BadInput: it is another.
        TooManyTries: it was tried too often.
    """
    front.tries.take("name", account.name.casefold())
    if not front.passwords.check(account.password, password):
        raise BadInput("The password is not right.", next_step="Type the one that you sign in with.")
    front.tries.forgive("name", account.name.casefold())


def _with_name(request: Request) -> Place:
    place = Place.of(request)
    if not place.has_name:
        raise BadInput("Passkeys need a name, not a number.", next_step="Open this page under its name.")
    return place
