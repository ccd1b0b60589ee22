"""The hub's web application: the public pages, and the app behind sign-in where a house is given.

``/`` and ``/promises``, ``/notice``, ``/healthz`` and the public log under ``/log/`` show nothing personal and ask
nobody who they are. Everything else takes a session, and opens what it shows through a grant.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from earwitness import __version__
from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.clock import Clock, SystemClock
from earwitness.kernel.errors import EarwitnessError
from earwitness.web.app import add_rooms
from earwitness.web.front import SEE_OTHER, Front
from earwitness.web.guard import Guard
from earwitness.web.pages import PUBLIC, Pages, PromiseRow
from earwitness.web.public_log import read_log_file
from earwitness.web.sign_in.doors import Visitor

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
ASSETS = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}
READ = ["GET", "HEAD"]
NOT_FOUND = 404
SERVER_ERROR = 500
UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Health:
    """What anybody may know about the running hub: counts and versions."""

    schema: str
    ledger_size: int
    epoch: int


class House(Protocol):
    """What the web needs of the composition that bootstrap makes. Thread-safe."""

    @property
    def data(self) -> Path:
        """The data folder."""
        ...

    def promise_results(self) -> Sequence[PromiseRow]:
        """Every promise with the result of its last run."""
        ...

    def health(self) -> Health:
        """Versions and sizes.

        Raises:
            EarwitnessError: a store does not answer.
        """
        ...


def create_app(
    house: House, *, names: Sequence[str] = LOCAL_NAMES, clock: Clock | None = None, front: Front | None = None
) -> FastAPI:
    """Make the application; without a ``front`` it has the public pages alone.

    ``names`` are the host names it answers to (``*`` for any): a page elsewhere that points its own
    name at this machine (DNS rebinding) gets nothing.
    """
    app = FastAPI(title="Earwitness", docs_url=None, redoc_url=None, openapi_url=None)
    pages = Pages()
    _add_promises(app, house, pages, front)
    if front is not None:
        add_rooms(app, front)
    _add_health(app, house)
    _add_public_log(app, house.data / "log")
    _add_assets(app)

    def refused(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, AnyHTTPException) else SERVER_ERROR
        return _problem(pages, status, error)

    app.add_exception_handler(AnyHTTPException, refused)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(names), www_redirect=False)
    app.add_middleware(Guard, clock=clock or SystemClock(), problem=refused)
    return app


def _add_promises(app: FastAPI, house: House, pages: Pages, front: Front | None) -> None:
    def visitor(request: Request) -> Visitor | None:
        return front.doors.anybody(request) if front is not None else None

    @app.api_route("/", methods=READ)
    def begin(request: Request) -> Response:
        found = visitor(request)
        if found is not None:
            return RedirectResponse("/history" if found.person else "/account", SEE_OTHER)
        return promises(request)

    @app.api_route("/promises", methods=READ)
    def promises(request: Request) -> Response:
        results = house.promise_results()
        return HTMLResponse(
            pages.promises(
                results, __version__, str(request.base_url), visitor=visitor(request), can_enter=front is not None
            )
        )


def _add_health(app: FastAPI, house: House) -> None:
    @app.api_route("/healthz", methods=READ)
    def healthz() -> JSONResponse:
        try:
            health = asdict(house.health())
        except EarwitnessError as error:
            failing = {"status": "failing", "version": __version__, "error": type(error).__name__}
            return JSONResponse(failing, UNAVAILABLE)
        return JSONResponse({"status": "ok", "version": __version__, **health})


def _add_public_log(app: FastAPI, folder: Path) -> None:
    @app.api_route("/log/{path:path}", methods=READ)
    def public_log(path: str) -> Response:
        found = read_log_file(folder, path)
        if found is None:
            raise HTTPException(NOT_FOUND)
        return Response(found.data, media_type=found.media_type, headers={"Cache-Control": found.cache_control})


def _add_assets(app: FastAPI) -> None:
    found = {path.name: ASSETS[path.suffix] for path in (PUBLIC / "assets").iterdir() if path.suffix in ASSETS}

    @app.api_route("/assets/{name}", methods=READ)
    def asset(name: str) -> FileResponse:
        if name not in found:
            raise HTTPException(NOT_FOUND)
        headers = {"Cache-Control": "no-cache"}  # asked for again each time, and not sent again if it is the same
        return FileResponse(PUBLIC / "assets" / name, media_type=found[name], headers=headers)


def _problem(pages: Pages, status: int, error: Exception) -> Response:
    if status == NOT_FOUND:
        return HTMLResponse(pages.problem(status, "There is no such page", "Nothing is kept at this address."), status)
    if status < SERVER_ERROR:
        return HTMLResponse(pages.problem(status, "That cannot be done here", "This address is only read."), status)
    text = f"The hub could not answer. Its log says more under {describe_bug(error).partition(':')[0]}."
    return HTMLResponse(pages.problem(status, "Something went wrong", text), status)
