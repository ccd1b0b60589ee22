"""``/receipts``: what was deleted, signed; each a file that verifies on any machine."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from earwitness.kernel.errors import AccessDenied, NotFound
from earwitness.policy.access import Action
from earwitness.policy.purposes import Purpose
from earwitness.vault.effects import Effect
from earwitness.vault.receipts import COMPLETED, Receipt
from earwitness.web.front import Front
from earwitness.web.sign_in.doors import Resident


def receipts_page(front: Front) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    @routes.get("/receipts")
    def receipts(resident: Who) -> Response:
        found = sorted(_mine(front, resident), key=lambda each: (each.at, each.index), reverse=True)
        left = _left_behind(front, resident)
        return front.show(
            "receipts.html", resident.visitor, here="receipts", receipts=found, left=left, final=COMPLETED
        )

    @routes.get("/receipts/{receipt}")
    def receipt(receipt: str, resident: Who, done: str = "") -> Response:
        found = _find(front, resident, receipt)
        both = [each for each in _mine(front, resident) if each.erasure == found.erasure]
        return front.show(
            "receipt.html",
            resident.visitor,
            here="receipts",
            receipt=found,
            final=next((each for each in both if each.kind == COMPLETED), None),
            left=_left_behind(front, resident) if done else [],
            key=front.rooms.log.signer.vkey,
            done=done,
        )

    @routes.get("/receipts/{receipt}/file")
    def receipt_file(receipt: str, resident: Who) -> Response:
        found = _find(front, resident, receipt)
        named = {"Content-Disposition": f'attachment; filename="{found.id}.tlog-proof"'}
        return Response(front.rooms.receipts.file(found.id), media_type="text/plain; charset=utf-8", headers=named)

    return routes


def _mine(front: Front, resident: Resident) -> list[Receipt]:
    return [each for subject in resident.subjects for each in front.rooms.receipts.of(subject)]


def _find(front: Front, resident: Resident, receipt: str) -> Receipt:
    found = next((each for each in _mine(front, resident) if each.id == receipt), None)
    if found is None:
        raise NotFound("There is no such receipt.")
    return found


def _left_behind(front: Front, resident: Resident) -> list[Effect]:
    """Return what recordings that are gone had caused and is still there; the look goes into the log."""
    effects: list[Effect] = []
    for subject in resident.subjects:
        with suppress(AccessDenied):
            everything = [resident.resource(subject)]
            front.rooms.access.open(resident.actor, Action.RECORDING_READ, everything, Purpose.HISTORY)
            effects += front.rooms.effects.of_subject(subject)
    there = {each.id for each in front.rooms.reading.find_many([each.recording for each in effects])}
    return [each for each in effects if each.recording not in there]
