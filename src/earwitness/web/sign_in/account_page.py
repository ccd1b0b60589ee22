"""The account's own page: password, one-time codes, passkeys, sessions; and the link that begins an account.

Whatever changes how one signs in asks for the password again, so that a browser that was left open gives nothing away
for good. Staff cannot take off their last second factor.
"""

import json
import secrets
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from markupsafe import Markup

from earwitness.kernel.errors import BadInput, FormRefused, NotFound
from earwitness.web.front import Front, go
from earwitness.web.sign_in.codes import provisioning_uri
from earwitness.web.sign_in.doors import Place, Visitor
from earwitness.web.sign_in.entering import (
    LONGEST_CODE,
    LONGEST_PASSWORD,
    address,
    require_password,
    show_to_stranger,
)
from earwitness.web.sign_in.forms import Filled, fields_of

BAD = 400


def account_page(front: Front) -> APIRouter:
    """Return the routes of the account's page."""
    routes = APIRouter()
    _welcome(routes, front)
    _overview(routes, front)
    _codes(routes, front)
    _passkeys(routes, front)
    _sessions(routes, front)
    return routes


def _welcome(routes: APIRouter, front: Front) -> None:
    def ask(request: Request, link: str, *, error: str = "", status: int = 200) -> Response:
        called = front.rooms.accounts.of_link(link).name
        values = {"link": link, "called": called, "error": error}
        return show_to_stranger(front, request, "welcome.html", status=status, **values)

    @routes.get("/welcome/{link}")
    def welcome(request: Request, link: str) -> Response:
        front.tries.take("link", address(request))
        answer = ask(request, link)
        front.tries.forgive("link", address(request))
        return answer

    @routes.post("/welcome/{link}")
    def begin(request: Request, link: str, form: Filled) -> Response:
        front.rooms.accounts.of_link(link)
        password = form.text("password", LONGEST_PASSWORD)
        try:
            if password != form.text("again", LONGEST_PASSWORD):
                raise BadInput("The two passwords differ.", next_step="Type the same twice.")  # noqa: TRY301 - one way
            kept = front.passwords.hash(password)
        except BadInput as error:
            return ask(request, link, error=str(error), status=BAD)
        front.rooms.accounts.use_link(link, kept)
        return go("/sign-in?notice=set")


def _overview(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Visitor, Depends(front.doors.visitor)]  # noqa: N806 - a type

    @routes.get("/account")
    def account(request: Request, visitor: Who, done: str = "") -> Response:
        return show_account(front, request, visitor, done=done)

    @routes.post("/account/password")
    def change_password(request: Request, visitor: Who, form: Filled) -> Response:
        try:
            require_password(front, visitor.account, form.text("current", LONGEST_PASSWORD))
            kept = front.passwords.hash(form.text("password", LONGEST_PASSWORD))
        except BadInput as error:
            return show_account(front, request, visitor, error=str(error), status=BAD)
        front.rooms.accounts.set_password(visitor.account.id, kept)
        front.doors.sessions.end_others(visitor.account.id, visitor.session.id)
        return go("/account?done=password")


def _codes(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Visitor, Depends(front.doors.visitor)]  # noqa: N806 - a type

    def asked(visitor: Visitor, secret: str) -> str:
        """Return what shows that the password was given for this very secret, in this session."""
        return front.rooms.accounts.blinder.blind("codes", f"{visitor.session.id}\n{secret}").hex()

    def show(visitor: Visitor, secret: str, *, error: str = "", status: int = 200) -> Response:
        picture = segno.make(provisioning_uri(secret, visitor.account.name), error="m")
        # segno draws squares from numbers; nothing of the name becomes markup
        drawn = Markup(picture.svg_inline(scale=5, border=2, svgclass="qr", lineclass=None, omitsize=True))  # noqa: S704 - as above
        grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
        values = {"secret": secret, "grouped": grouped, "picture": drawn, "error": error, "here": "account"}
        values |= {"asked": asked(visitor, secret)}
        return front.show("codes.html", visitor, status=status, **values)

    @routes.post("/account/codes")
    def begin(request: Request, visitor: Who, form: Filled) -> Response:
        try:
            require_password(front, visitor.account, form.text("current", LONGEST_PASSWORD))
        except BadInput as error:
            return show_account(front, request, visitor, error=str(error), status=BAD)
        return show(visitor, front.codes.new_secret())

    @routes.post("/account/codes/enrol")
    def enrol(visitor: Who, form: Filled) -> Response:
        secret = form.text("secret", 100)
        if not secrets.compare_digest(form.text("asked").encode(), asked(visitor, secret).encode()):
            raise FormRefused(next_step="Begin again with your password.")
        try:
            spare = front.codes.enrol(visitor.account, secret, form.text("code", LONGEST_CODE))
        except BadInput as error:
            return show(visitor, secret, error=str(error), status=BAD)
        return front.show("recovery.html", visitor, here="account", codes=spare)

    @routes.post("/account/codes/remove")
    def remove(request: Request, visitor: Who, form: Filled) -> Response:
        try:
            require_password(front, visitor.account, form.text("current", LONGEST_PASSWORD))
            _require_another(front, visitor, passkeys=0)
        except BadInput as error:
            return show_account(front, request, visitor, error=str(error), status=BAD)
        front.codes.remove(visitor.account.id)
        return go("/account?done=codes-removed")


def _passkeys(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Visitor, Depends(front.doors.visitor)]  # noqa: N806 - a type

    @routes.post("/account/passkeys/request")
    def begin(request: Request, visitor: Who, form: Filled) -> Response:
        fields = fields_of(form)
        password = fields.get("current", "") if isinstance(fields, dict) else ""
        require_password(front, visitor.account, str(password)[:LONGEST_PASSWORD])
        return JSONResponse(
            json.loads(front.passkeys.enrolment(visitor.account, Place.of(request), visitor.session.id))
        )

    @routes.post("/account/passkeys")
    def enrol(request: Request, visitor: Who, form: Filled) -> Response:
        front.passkeys.enrol(visitor.account, Place.of(request), visitor.session.id, form.body)
        return JSONResponse({"next": "/account?done=passkey"})

    @routes.post("/account/passkeys/{passkey}/remove")
    def remove(request: Request, passkey: str, visitor: Who, form: Filled) -> Response:
        if passkey not in {each.id for each in front.passkeys.of(visitor.account.id)}:
            raise NotFound("There is no such passkey.")
        try:
            require_password(front, visitor.account, form.text("current", LONGEST_PASSWORD))
            _require_another(front, visitor, passkeys=1)
        except BadInput as error:
            return show_account(front, request, visitor, error=str(error), status=BAD)
        front.passkeys.remove(visitor.account.id, passkey)
        return go("/account?done=passkey-removed")


def _sessions(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Visitor, Depends(front.doors.visitor)]  # noqa: N806 - a type

    @routes.post("/account/sessions/{session}/end")
    def end(session: str, visitor: Who, form: Filled) -> Response:  # noqa: ARG001 - the form is checked
        if session not in {each.id for each in front.doors.sessions.of(visitor.account.id)}:
            raise NotFound("There is no such session.")
        front.doors.sessions.end(visitor.account.id, session)
        return go("/account?done=session")

    @routes.post("/account/sessions/end-others")
    def end_others(visitor: Who, form: Filled) -> Response:  # noqa: ARG001 - the form is checked
        front.doors.sessions.end_others(visitor.account.id, visitor.session.id)
        return go("/account?done=sessions")


def show_account(front: Front, request: Request, visitor: Visitor, *, status: int = 200, **said: str) -> Response:
    """Show the account's page; ``said`` is what was done, or an error."""
    account = front.rooms.accounts.get(visitor.account.id)
    return front.show(
        "account.html",
        visitor,
        status=status,
        here="account",
        account=account,
        factors=front.rooms.accounts.factors(account.id),
        passkeys=front.passkeys.of(account.id),
        sessions=front.doors.sessions.of(account.id),
        has_name=Place.of(request).has_name,
        **({"done": ""} | said),
    )


def _require_another(front: Front, visitor: Visitor, *, passkeys: int) -> None:
    """Leave staff a second factor; ``passkeys`` is how many go, 0 if the codes do."""
    factors = front.rooms.accounts.factors(visitor.account.id)
    left = factors.passkeys - passkeys if passkeys else factors.passkeys
    keeps_codes = factors.codes and passkeys
    if visitor.staff is not None and left <= 0 and not keeps_codes:
        raise BadInput("Staff keep a second factor.", next_step="Add another before you remove this one.")
