"""What the hub answers to the workbench: sign-in, clips, annotations, figures. JSON over a socket that only it reaches.

Each request carries the session's token; who it is and what they may do is found out anew each time. No answer holds
an id of a recording, person, household, device, account or member of staff, nor anything about another reviewer.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from earwitness.kernel.actors import Role
from earwitness.kernel.errors import (
    AccessDenied,
    BadInput,
    EarwitnessError,
    LeaseEnded,
    NotSignedIn,
    TooManyTries,
)
from earwitness.review.annotations import LONGEST_TEXT, Annotation, Route, Wake
from earwitness.review.desk import QUEUES, Desk
from earwitness.review.figures import Counting, Figures
from earwitness.review.plot import plot
from earwitness.review.withdrawal import Voice
from earwitness.web.workbench.door import PURPOSES, StaffDoor, Worker

STATUS: Final[tuple[tuple[type[EarwitnessError], int], ...]] = (
    (NotSignedIn, 401),
    (TooManyTries, 429),
    (AccessDenied, 403),
    (LeaseEnded, 410),
    (BadInput, 400),
    (EarwitnessError, 503),
)
SVG: Final = "image/svg+xml"
Intents = Callable[[], Sequence[str]]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SignIn(_Body):
    """What is typed to sign in."""

    name: str = Field(max_length=80)
    password: str = Field(max_length=400)
    code: str = Field(max_length=40)
    purpose: str = Field(max_length=20)


class Answer(_Body):
    """An annotation as the page sends it."""

    route: Route
    words: str = Field(max_length=LONGEST_TEXT)
    wake: Wake
    spent_ms: int = Field(ge=0, le=3_600_000)
    intent_right: bool | None = None
    intent: str = Field(default="", max_length=60)
    slots: dict[str, str] = Field(default_factory=dict, max_length=20)


class Escalation(_Body):
    """Where a clip is passed on to, and why."""

    queue: str = Field(max_length=20)
    note: str = Field(default="", max_length=LONGEST_TEXT)


class Withdrawn(_Body):
    """Whose voice should not be there."""

    voice: Voice


def create_desk_app(desk: Desk, counting: Counting, door: StaffDoor, intents: Intents = tuple) -> FastAPI:
    """Make the application; ``intents`` gives the names a reviewer can choose from."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    def worker(authorization: Annotated[str, Header()] = "") -> Worker:
        return door.worker(authorization.removeprefix("Bearer "))

    app.include_router(_door(door, worker, intents))
    app.include_router(_hearing(desk, worker))
    app.include_router(_judging(desk, worker))
    app.include_router(_figures(counting, worker))
    app.add_exception_handler(EarwitnessError, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    return app


def _door(door: StaffDoor, worker: Callable[..., Worker], intents: Intents) -> APIRouter:
    routes = APIRouter()

    @routes.post("/sign-in")
    def sign_in(given: SignIn) -> dict[str, Any]:
        token = door.sign_in(given.name, given.password, given.code, given.purpose)
        return {"token": token} | _session(door.worker(token), intents)

    @routes.get("/session")
    def session(who: Annotated[Worker, Depends(worker)]) -> dict[str, Any]:
        return _session(who, intents)

    @routes.post("/sign-out")
    def sign_out(authorization: Annotated[str, Header()] = "") -> dict[str, Any]:
        door.sign_out(authorization.removeprefix("Bearer "))
        return {}

    return routes


def _session(who: Worker, intents: Intents) -> dict[str, Any]:
    role = who.actor.role
    shown: dict[str, Any] = {"role": str(role), "purpose": str(PURPOSES[role]), "until": who.until}
    return shown | ({"queues": QUEUES, "intents": intents()} if role is Role.REVIEWER else {})


def _reviewer(worker: Callable[..., Worker]) -> Callable[..., Worker]:
    def reviewer(who: Annotated[Worker, Depends(worker)]) -> Worker:
        if who.actor.role is not Role.REVIEWER:
            raise AccessDenied("Only a reviewer hears clips.")
        return who

    return reviewer


def _hearing(desk: Desk, worker: Callable[..., Worker]) -> APIRouter:
    routes = APIRouter()
    reviewer = _reviewer(worker)

    @routes.post("/next")
    def following(who: Annotated[Worker, Depends(reviewer)]) -> dict[str, Any]:
        leases = desk.next(who.actor)
        return {"clips": [asdict(each) for each in leases], "waiting": desk.waiting()}

    @routes.post("/leave")
    def leave(who: Annotated[Worker, Depends(reviewer)]) -> dict[str, Any]:
        desk.leave(who.actor)
        return {}

    @routes.get("/clips/{clip}")
    def text(clip: str, who: Annotated[Worker, Depends(reviewer)]) -> dict[str, Any]:
        return desk.text(who.actor, clip)

    @routes.get("/clips/{clip}/sound")
    def sound(clip: str, who: Annotated[Worker, Depends(reviewer)]) -> Response:
        return Response(desk.sound(who.actor, clip), media_type="audio/wav")

    return routes


def _judging(desk: Desk, worker: Callable[..., Worker]) -> APIRouter:
    routes = APIRouter()
    reviewer = _reviewer(worker)

    @routes.post("/clips/{clip}/answer")
    def answer(clip: str, given: Answer, who: Annotated[Worker, Depends(reviewer)]) -> dict[str, Any]:
        desk.answer(who.actor, clip, Annotation(**given.model_dump()))
        return {}

    @routes.post("/clips/{clip}/skip")
    def skip(clip: str, who: Annotated[Worker, Depends(reviewer)]) -> dict[str, Any]:
        desk.skip(who.actor, clip)
        return {}

    @routes.post("/clips/{clip}/escalate")
    def escalate(clip: str, given: Escalation, who: Annotated[Worker, Depends(reviewer)]) -> dict[str, Any]:
        desk.escalate(who.actor, clip, given.queue, given.note)
        return {}

    @routes.post("/clips/{clip}/withdraw")
    def withdraw(clip: str, given: Withdrawn, who: Annotated[Worker, Depends(reviewer)]) -> dict[str, Any]:
        desk.withdraw(who.actor, clip, given.voice)
        return {}

    return routes


def _figures(counting: Counting, worker: Callable[..., Worker]) -> APIRouter:
    routes = APIRouter()

    def operator(who: Annotated[Worker, Depends(worker)]) -> Worker:
        if who.actor.role is not Role.OPERATOR:
            raise AccessDenied("Only an operator sees the figures.")
        return who

    @routes.get("/figures", dependencies=[Depends(operator)])
    def figures() -> dict[str, Any]:
        return {"all": shown(counting.together()), "draws": [shown(each) for each in counting.all()]}

    @routes.get("/figures.svg", dependencies=[Depends(operator)])
    def picture() -> Response:
        return Response(plot(counting.all()), media_type=SVG)

    return routes


def shown(figures: Figures) -> dict[str, Any]:
    """Figures as JSON."""
    return asdict(figures)


def _refused(_: Request, error: Exception) -> Response:
    status = next(code for kind, code in STATUS if isinstance(error, kind))
    what, step = (error.what, error.next_step) if isinstance(error, EarwitnessError) else ("", "")
    return JSONResponse({"error": type(error).__name__, "what": what, "next": step}, status)


def _unreadable(_request: Request, _error: Exception) -> Response:
    """Say nothing of what was sent: it may be words of a clip."""
    return JSONResponse({"error": "BadInput", "what": "That cannot be read.", "next": "Reload the page."}, 400)
