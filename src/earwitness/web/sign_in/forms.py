"""What a form has to bring before anything is changed.

In this order: the browser says that a page of this very hub sent it (``Origin``, which no script of another page can
forge); it is of a bounded size and of one of two kinds; it carries the token of the visitor's own cookie. The
cookie itself is ``SameSite=Strict``. Each alone would do against a forged request; together they fail closed.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from earwitness.kernel.errors import BadInput, FormRefused
from earwitness.web.sign_in.doors import Place, session_cookie, visit_cookie
from earwitness.web.sign_in.tokens import form_token

LARGEST = 64 * 1024
MOST_FIELDS = 100
TOKEN_FIELD = "form"  # noqa: S105 - the name of a field
TOKEN_HEADER = "x-form"  # noqa: S105 - the name of a header
URLENCODED = "application/x-www-form-urlencoded"
STALE = "Open the page again and repeat it."


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, or a JSON body as text."""

    fields: Mapping[str, str]
    body: str = ""

    def text(self, name: str, longest: int = 500) -> str:
        """Return a field, empty if it is not there.

        Raises:
            BadInput: it is longer than that.
        """
        value = self.fields.get(name, "")
        if len(value) > longest:
            raise BadInput(f"The field '{name}' has up to {longest} characters.", next_step="Shorten it.")
        return value

    def flag(self, name: str) -> bool:
        """Say whether a box was ticked or a button pressed."""
        return bool(self.fields.get(name))


async def read_form(request: Request) -> Form:
    """Read the form of a request.

    Raises:
        FormRefused: it does not come from a page of this hub, or not from the visitor's own.
        BadInput: it is too large, or not a form.
    """
    _require_own_page(request)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise BadInput("That is more than a form holds.", next_step="Shorten it.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = _parse(kind, bytes(body))
    _require_token(request, form)
    return form


Filled = Annotated[Form, Depends(read_form)]


def _require_own_page(request: Request) -> None:
    if request.headers.get("origin") != Place.of(request).origin:
        raise FormRefused(next_step=STALE)


def _parse(kind: str, body: bytes) -> Form:
    try:
        text = body.decode()
        if kind == URLENCODED:
            return Form(dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS)))
        if kind == "application/json":
            json.loads(text)
            return Form({}, text)
    except (ValueError, RecursionError) as error:
        raise BadInput("That is not a form.", next_step=STALE) from error
    raise BadInput("That is not a form.", next_step=STALE)


def _require_token(request: Request, form: Form) -> None:
    given = form.fields.get(TOKEN_FIELD) or request.headers.get(TOKEN_HEADER, "")
    cookies = (request.cookies.get(session_cookie(request)), request.cookies.get(visit_cookie(request)))
    if not any(secrets.compare_digest(form_token(each).encode(), given.encode()) for each in cookies if each):
        raise FormRefused(next_step=STALE)


def fields_of(form: Form) -> Any:
    """Return the JSON body as it was sent."""
    return json.loads(form.body)
