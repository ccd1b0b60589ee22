"""The hub's web application: ``/`` and ``/promises``, ``/healthz``, and the public log under ``/log/``.

Nothing here is personal, so nothing here asks who you are. Reads that do touch a person's data will
go through a grant, as everywhere.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from earwitness import __version__
from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.clock import Clock, SystemClock
from earwitness.kernel.errors import EarwitnessError
from earwitness.web.guard import Guard
from earwitness.web.pages import PUBLIC, Pages, PromiseRow
from earwitness.web.public_log import read_log_file

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
ASSETS = {"style.css": "text/css; charset=utf-8", "mark.svg": "image/svg+xml"}
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


def create_app(house: House, *, names: Sequence[str] = LOCAL_NAMES, clock: Clock | None = None) -> FastAPI:
    """Make the application.

    ``names`` are the host names it answers to (``*`` for any): a page elsewhere that points its own
    name at this machine (DNS rebinding) gets nothing.
    """
    app = FastAPI(title="Earwitness", docs_url=None, redoc_url=None, openapi_url=None)
    pages = Pages()
    _add_promises(app, house, pages)
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


def _add_promises(app: FastAPI, house: House, pages: Pages) -> None:
    @app.api_route("/", methods=READ)
    @app.api_route("/promises", methods=READ)
    def promises(request: Request) -> HTMLResponse:
        return HTMLResponse(pages.promises(house.promise_results(), __version__, str(request.base_url)))


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
    @app.api_route("/assets/{name}", methods=READ)
    def asset(name: str) -> FileResponse:
        if name not in ASSETS:
            raise HTTPException(NOT_FOUND)
        path = PUBLIC / "assets" / name
        return FileResponse(path, media_type=ASSETS[name], headers={"Cache-Control": "public, max-age=3600"})


def _problem(pages: Pages, status: int, error: Exception) -> Response:
    if status == NOT_FOUND:
        return HTMLResponse(pages.problem(status, "There is no such page", "Nothing is kept at this address."), status)
    if status < SERVER_ERROR:
        return HTMLResponse(pages.problem(status, "That cannot be done here", "This address is only read."), status)
    text = f"The hub could not answer. Its log says more under {describe_bug(error).partition(':')[0]}."
    return HTMLResponse(pages.problem(status, "Something went wrong", text), status)
