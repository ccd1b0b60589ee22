"""``/recordings/…``: one recording: its sound, why it did what it did, putting it right, deleting it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from earwitness.kernel.errors import BadInput, NotFound
from earwitness.learning.corrections import LONGEST_TEXT, Wrong
from earwitness.policy.access import Action
from earwitness.policy.purposes import Purpose
from earwitness.transparency.naming import Names
from earwitness.vault.scope import Scope, ScopeKind
from earwitness.web.front import Front, go
from earwitness.web.household.absent import as_if_absent
from earwitness.web.household.sound import Listening, answer, bars
from earwitness.web.household.told import tell
from earwitness.web.sign_in.doors import Resident
from earwitness.web.sign_in.forms import Filled, Form

BAD = 400
WRONGS = {
    Wrong.SAID: "That is not what I said",
    Wrong.MEANT: "That is not what I meant",
    Wrong.FOR_ME: "That was not for it: I spoke to somebody else",
}
ASKED = {Wrong.SAID: ("said",), Wrong.MEANT: ("said", "meant"), Wrong.FOR_ME: ()}
"""Which fields of the form count for which answer."""


def recording_page(front: Front) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    _look(routes, front)
    _listen(routes, front)
    _correct(routes, front)
    _delete(routes, front)
    return routes


def _look(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    @routes.get("/recordings/{recording}")
    def look(recording: str, resident: Who, done: str = "") -> Response:
        return show_recording(front, resident, recording, done=done)


def _listen(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type
    listening = Listening(front.rooms.reading)

    @routes.get("/recordings/{recording}/sound")
    def sound(request: Request, recording: str, resident: Who) -> Response:
        with as_if_absent():
            return answer(listening.open(resident, recording), request)

    @routes.get("/recordings/{recording}/picture")
    def picture(recording: str, resident: Who) -> Response:
        with as_if_absent():
            return JSONResponse({"bars": bars(listening.open(resident, recording))})


def _correct(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    @routes.post("/recordings/{recording}/correct")
    def correct(recording: str, resident: Who, form: Filled) -> Response:
        if form.text("wrong") not in set(Wrong):
            return show_recording(front, resident, recording, error="Say what was wrong.", status=BAD)
        wrong = Wrong(form.text("wrong"))
        try:
            words = _words(form, wrong)
            with as_if_absent():
                front.rooms.corrections.record(
                    resident.actor, recording, wrong, said=words.get("said"), meant=words.get("meant")
                )
        except NotFound:
            raise
        except BadInput as error:
            return show_recording(front, resident, recording, error=str(error), status=BAD)
        return go(f"/recordings/{recording}?done=corrected")

    @routes.post("/effects/{effect}/remove")
    def take_back(effect: str, resident: Who, form: Filled) -> Response:
        for subject in resident.subjects:
            with as_if_absent():
                everything = resident.resource(subject)
                front.rooms.access.open(resident.actor, Action.RECORDING_READ, [everything], Purpose.HISTORY)
            mine = {each.id: each for each in front.rooms.effects.of_subject(subject)}
            if effect in mine:
                front.rooms.effects.remove(effect, front.rooms.clock.now_ms())
                back = form.text("back")
                return go(f"/recordings/{mine[effect].recording}?done=undone" if back == "recording" else "/receipts")
        raise NotFound("Nothing of yours caused that, or it was taken back already.")


def _words(form: Form, wrong: Wrong) -> dict[str, str]:
    """The words that are asked for with this answer.

    Raises:
        BadInput: some are missing, or too long.
    """
    words = {name: form.text(name, LONGEST_TEXT).strip() for name in ASKED[wrong]}
    if not all(words.values()):
        raise BadInput("Some words are missing: what you said, or what it should have done.")
    return words


def _delete(routes: APIRouter, front: Front) -> None:
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    @routes.post("/recordings/{recording}/delete")
    def delete(recording: str, resident: Who, form: Filled) -> Response:  # noqa: ARG001 - the form is checked
        with as_if_absent():
            item = front.rooms.reading.find(recording)
            scope = Scope(ScopeKind.RECORDINGS, item.subject, item.household, (item.id,))
            accepted = front.rooms.erasure.erase(resident.actor, scope)
        return go(f"/receipts/{accepted.receipt.id}?done=deleted")


def show_recording(front: Front, resident: Resident, recording: str, *, status: int = 200, **said: str) -> Response:
    """Show one recording; ``said`` is what was done, or an error."""
    told = tell(front.rooms, resident, recording)
    item = told.item
    return front.show(
        "recording.html",
        resident.visitor,
        status=status,
        here="history",
        told=told,
        whose=Names(front.rooms.directory, resident.person).of(item.subject),
        may_correct=resident.is_adult and item.subject in resident.subjects,
        may_delete=item.subject in resident.subjects,
        wrongs=WRONGS,
        **({"done": ""} | said),
    )
