"""The sound of a recording over HTTP: streamed from the vault by ranges, under one grant for one listening.

The first request opens the recording, which the log is told before the first byte; the ranges that the player asks
for after that, and the picture of the sound, share its grant for five minutes. Each read asks the policies again, so
a recording that is deleted while it plays stops. A grant lives in the process that made it: a hub that takes over
opens anew, with an entry of its own.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from earwitness.kernel.audio import WAV_HEADER
from earwitness.kernel.errors import GrantInvalid
from earwitness.policy.purposes import Purpose
from earwitness.vault.reading import STREAM_PIECE, Playback, Reading
from earwitness.web.sign_in.doors import Resident

MOST_OPEN = 256
BARS = 120
LOUDEST = 32768
PARTIAL = 206
UNSATISFIABLE = 416
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from ``start`` up to, not including, ``end``."""

    start: int
    end: int


@dataclass(slots=True)
class _Place:
    """One session's listening to one recording; its lock keeps two requests from opening it twice."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    playback: Playback | None = None


class Listening:
    """The recordings that are being listened to; safe from many threads. One a process."""

    def __init__(self, reading: Reading) -> None:
        """Open through ``reading``."""
        self._reading = reading
        self._places: OrderedDict[tuple[str, str], _Place] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, resident: Resident, recording: str) -> Playback:
        """Return what this session is listening to, or open it: only that is a new entry in the log.

        Raises:
            NotFound: no such recording.
            AccessDenied: the policies say no.
        """
        place = self._place((resident.visitor.session.id, recording))
        with place.lock:  # a player asks for the sound and its picture at once; that is one listening
            if place.playback is None or not _stands(place.playback):
                place.playback = self._reading.play(resident.actor, recording, Purpose.HISTORY)
            return place.playback

    def _place(self, key: tuple[str, str]) -> _Place:
        with self._lock:
            place = self._places.setdefault(key, _Place())
            self._places.move_to_end(key)
            while len(self._places) > MOST_OPEN:
                self._places.popitem(last=False)
            return place


def answer(playback: Playback, request: Request) -> Response:
    """Answer a request for the sound, whole or in part (RFC 9110, section 14; one range)."""
    wanted = request.headers.get("range")
    part = Part(0, playback.size) if wanted is None else parse_range(wanted, playback.size)
    if part is None:
        return Response(status_code=UNSATISFIABLE, headers={"Content-Range": f"bytes */{playback.size}"})
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(part.end - part.start)}
    if wanted is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{playback.size}"
    status = 200 if wanted is None else PARTIAL
    return StreamingResponse(_pieces(playback, part), status, headers, media_type="audio/wav")


def parse_range(text: str, size: int) -> Part | None:
    """Read a ``Range`` header; None if nothing of it can be given."""
    match = _RANGE.fullmatch(text.strip())
    if match is None or not any(match.groups()) or len(text) > 60:  # noqa: PLR2004 - no size has so many digits
        return None
    first, last = match.groups()
    if not first:
        return Part(max(0, size - int(last)), size) if int(last) and size else None
    start, end = int(first), min(size, int(last) + 1) if last else size
    return Part(start, end) if start < end else None


def bars(playback: Playback) -> list[float]:
    """Return the picture of the sound: the loudest of each of 120 pieces, 0 to 1, the loudest of all being 1."""
    sound = np.frombuffer(playback.read(WAV_HEADER, playback.size)[: (playback.size - WAV_HEADER) // 2 * 2], "<i2")
    if not sound.size:
        return []
    loud = np.abs(sound.astype(np.float32)) / LOUDEST
    pieces = [float(piece.max()) for piece in np.array_split(loud, min(BARS, loud.size))]
    highest = max(pieces) or 1.0
    return [round(each / highest, 3) for each in pieces]


def _pieces(playback: Playback, part: Part) -> Iterator[bytes]:
    for start in range(part.start, part.end, STREAM_PIECE):
        yield playback.read(start, min(start + STREAM_PIECE, part.end))


def _stands(playback: Playback) -> bool:
    """Say whether its grant still opens it."""
    try:
        playback.read(0, 0)
    except GrantInvalid:
        return False
    return True
