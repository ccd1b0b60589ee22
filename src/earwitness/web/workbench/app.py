"""The workbench's web application: one page, its assets, and requests that are handed on to the desk.

It knows a list of requests and hands on nothing else. The session's token is in a cookie that scripts cannot read; a
request that changes something must come from the page itself (``Origin``, and a header no foreign form can send).
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

from fastapi import Cookie, FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.clock import Clock, SystemClock
from earwitness.kernel.errors import DeskAway
from earwitness.web.guard import Guard
from earwitness.web.hub import LOCAL_NAMES
from earwitness.web.workbench.desk_client import DeskClient, Handed

ASSETS: Final = {
    "workbench.js": "text/javascript; charset=utf-8",
    "keys.js": "text/javascript; charset=utf-8",
    "spectrogram.js": "text/javascript; charset=utf-8",
    "workbench.css": "text/css; charset=utf-8",
    "mark.svg": "image/svg+xml",
}
FOLDER: Final = Path(__file__).parent / "assets"
COOKIE: Final = "earwitness_workbench"
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; media-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
LARGEST_BODY: Final = 32 * 1024
GET: Final = re.compile(r"session|figures|figures\.svg|clips/clip_[a-z2-7]{26}(/sound)?").fullmatch
POST: Final = re.compile(r"next|leave|clips/clip_[a-z2-7]{26}/(answer|skip|escalate|withdraw)").fullmatch
NOT_FOUND, FORBIDDEN, TOO_LARGE, AWAY, SERVER_ERROR = 404, 403, 413, 503, 500


def create_workbench(desk: DeskClient, *, names: Sequence[str] = LOCAL_NAMES, clock: Clock | None = None) -> FastAPI:
    """Make the application; ``names`` are the host names it answers to. Its end closes the connections to the desk."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with desk:
            yield

    app = FastAPI(title="Earwitness workbench", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    _add_page(app)
    _add_door(app, desk)
    _add_handing_on(app, desk)

    def refused(_request: Request, error: Exception) -> Response:
        if isinstance(error, AnyHTTPException):
            return JSONResponse(
                {"error": "Refused", "what": "That cannot be done here.", "next": ""}, error.status_code
            )
        if isinstance(error, DeskAway):
            return JSONResponse({"error": "DeskAway", "what": error.what, "next": error.next_step}, AWAY)
        what = f"The workbench could not answer ({describe_bug(error).partition(':')[0]})."
        return JSONResponse({"error": "Bug", "what": what, "next": "Reload the page."}, SERVER_ERROR)

    for kind in (AnyHTTPException, DeskAway):
        app.add_exception_handler(kind, refused)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(names), www_redirect=False)
    app.add_middleware(Guard, clock=clock or SystemClock(), problem=refused)
    return app


def _add_page(app: FastAPI) -> None:
    @app.get("/")
    def page() -> FileResponse:
        headers = {"Content-Security-Policy": CSP}
        return FileResponse(FOLDER / "page.html", media_type="text/html; charset=utf-8", headers=headers)

    @app.get("/assets/{name}")
    def asset(name: str) -> FileResponse:
        if name not in ASSETS:
            raise HTTPException(NOT_FOUND)
        return FileResponse(FOLDER / name, media_type=ASSETS[name], headers={"Cache-Control": "no-cache"})

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}


def _add_door(app: FastAPI, desk: DeskClient) -> None:
    @app.post("/api/sign-in")
    async def sign_in(request: Request) -> Response:
        given = await desk.ask("POST", "sign-in", body=await _own_body(request))
        answer, token = given.without_token()
        if token:
            secure = request.url.scheme == "https"
            answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/api")
        return answer

    @app.post("/api/sign-out")
    async def sign_out(
        request: Request, earwitness_workbench: Annotated[str, Cookie()] = ""
    ) -> Response:  # fmt: skip
        await _own_body(request)
        given = await desk.ask("POST", "sign-out", earwitness_workbench)
        answer = given.response()
        answer.delete_cookie(COOKIE, path="/api")
        return answer


def _add_handing_on(app: FastAPI, desk: DeskClient) -> None:
    @app.get("/api/{wanted:path}")
    async def get(wanted: str, earwitness_workbench: Annotated[str, Cookie()] = "") -> Response:
        if not GET(wanted):
            raise HTTPException(NOT_FOUND)
        return _answer(await desk.ask("GET", wanted, earwitness_workbench))

    @app.post("/api/{wanted:path}")
    async def post(
        request: Request, wanted: str, earwitness_workbench: Annotated[str, Cookie()] = ""
    ) -> Response:  # fmt: skip
        if not POST(wanted):
            raise HTTPException(NOT_FOUND)
        return _answer(await desk.ask("POST", wanted, earwitness_workbench, body=await _own_body(request)))


def _answer(given: Handed) -> Response:
    return given.response()


async def _own_body(request: Request) -> bytes:
    """Read the body of a request that changes something, if it comes from the workbench's own page.

    Raises:
        HTTPException: it does not, or it is too large.
    """
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if request.headers.get("origin", own) != own or request.headers.get("x-workbench") != "1":
        raise HTTPException(FORBIDDEN)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            raise HTTPException(TOO_LARGE)
    return bytes(body)
