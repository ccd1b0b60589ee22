"""``/export``: take everything home, in an archive that only one's own age key opens.

The archive is made while its person waits, is handed out over the connection and is gone from the disk before its
first byte leaves. It takes the password again.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse

from earwitness.kernel.errors import BadInput
from earwitness.storage.files import make_folder
from earwitness.web.front import Front, go
from earwitness.web.sign_in.doors import Resident
from earwitness.web.sign_in.entering import LONGEST_PASSWORD, require_password
from earwitness.web.sign_in.forms import Filled

PIECE = 256 * 1024
BAD = 400


def export_page(front: Front) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    Who = Annotated[Resident, Depends(front.doors.resident)]  # noqa: N806 - a type

    def ask(resident: Resident, *, error: str = "", done: str = "", status: int = 200) -> Response:
        values = {"recipient": resident.person.recipient, "done": done, "error": error}
        return front.show("export.html", resident.visitor, status=status, here="choices", **values)

    @routes.get("/export")
    def export(resident: Who, done: str = "") -> Response:
        return ask(resident, done=done)

    @routes.post("/export/key")
    def enrol(resident: Who, form: Filled) -> Response:
        try:
            require_password(front, resident.visitor.account, form.text("current", LONGEST_PASSWORD))
            front.rooms.directory.people.set_recipient(resident.person.id, form.text("key"))
        except BadInput as error:
            return ask(resident, error=str(error), status=BAD)
        return go("/export?done=key")

    @routes.post("/export")
    def take(resident: Who, form: Filled) -> Response:
        try:
            require_password(front, resident.visitor.account, form.text("current", LONGEST_PASSWORD))
            file, name, size = _archive(front, resident)
        except BadInput as error:
            return ask(resident, error=str(error), status=BAD)
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
        return StreamingResponse(_pieces(file), media_type="application/octet-stream", headers=headers)

    return routes


def _archive(front: Front, resident: Resident) -> tuple[BinaryIO, str, int]:
    """Make the archive and return it open, its name and its size; it has no place on the disk any more."""
    run = front.rooms.data / "run"
    make_folder(run)
    folder = Path(tempfile.mkdtemp(prefix="export-", dir=run))
    try:
        made = front.rooms.export.export(resident.actor, resident.person.id, folder)
        return made.path.open("rb"), made.path.name, made.path.stat().st_size
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
