"""One Wyoming satellite: the hub connects to it, runs it, hears it, and answers through it; again when it is gone.

In this order: ``describe`` and ``info``, a session for its device, ``run-satellite``; then what it sends goes to the
session, and what the session tells goes back (:mod:`.replying`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from earwitness.assistant import events
from earwitness.assistant.inbox import LARGEST_PIECE
from earwitness.gateway.wyoming.bounds import DEFAULT_BOUNDS, Bounds
from earwitness.gateway.wyoming.connection import READ_BYTES, Connection
from earwitness.gateway.wyoming.replying import Reply
from earwitness.gateway.wyoming.sessions import Session, Sessions
from earwitness.gateway.wyoming.sound import must_be_ours
from earwitness.kernel.errors import BadInput, EarwitnessError, Refused
from earwitness.protocol.wyoming import Event
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStop, Played
from earwitness.protocol.wyoming.control import Describe, Error, Ping, Pong, RunPipeline, RunSatellite
from earwitness.protocol.wyoming.info import Info, Satellite
from earwitness.protocol.wyoming.listening import Detect, Transcript, VoiceStopped

AGAIN_S: Final = (1.0, 2.0, 5.0, 10.0)  # before the n-th attempt in a row that came to nothing
ELSEWHERE_S: Final = 300.0  # after its device connected from elsewhere: two must not take it from each other for ever
CONNECT_S: Final = 5.0
SILENT_S: Final = 30.0  # without sound from one that streams
PING_S: Final = 15.0
OWN_WAKE_WORD: Final = (
    "The satellite wakes on a word of its own and sends no sound of it, so the hub cannot verify it. "
    "It is not listened to."
)


class Wakes(StrEnum):
    """Where the wake word is found."""

    HUB = "hub"  # it streams continuously to the hub, which finds and verifies the word
    SATELLITE_UNVERIFIED = "satellite-unverified"  # its own word is believed: the operator said so


@dataclass(frozen=True, slots=True)
class Place:
    """A satellite as the operator lists it; ``device`` is its id in the household, ``word`` its wake word."""

    host: str
    port: int
    device: str
    word: str
    wakes: Wakes = Wakes.HUB


@dataclass(frozen=True, slots=True)
class Standing:
    """How a satellite stands right now; ``problem`` is a sentence, empty while all is well."""

    place: Place
    connected: bool = False
    name: str = ""
    version: str = ""
    streams: bool = False  # "streams continuously to your hub"
    muted: bool = False
    problem: str = ""


Noted = Callable[[Standing], Awaitable[None]]


class SatelliteLink:
    """The hub's side of one satellite. Lives on the event loop."""

    def __init__(
        self,
        place: Place,
        sessions: Sessions,
        noted: Noted,
        bounds: Bounds = DEFAULT_BOUNDS,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Link ``place`` to a session of its device; ``noted`` is called when its standing changes."""
        self.standing = Standing(place)
        self._place = place
        self._sessions = sessions
        self._noted = noted
        self._bounds = bounds
        self._wait = wait

    async def run(self) -> None:
        """Connect, serve, and again, until cancelled."""
        vain = 0
        while True:
            pause = AGAIN_S[min(vain, len(AGAIN_S) - 1)]
            vain += 1
            try:
                await self._visit()
                vain = 0
            except Refused as error:
                await self._stands(problem=str(error))
                pause = ELSEWHERE_S
            except EarwitnessError as error:
                await self._stands(problem=str(error))
            except OSError:
                await self._stands(problem="The satellite does not answer, or went away.")
            vain = 0 if self.standing.connected else vain
            await self._stands(connected=False, streams=False)
            await self._wait(pause)

    async def _visit(self) -> None:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(self._place.host, self._place.port, limit=READ_BYTES)
        connection = Connection(reader, writer, self._bounds)
        try:
            about = await self._asked(connection)
            await self._stands(connected=True, name=about.name, version=about.version, problem="")
            await Visit(self._place, self._sessions, connection, self._stands).run()
        finally:
            await connection.close()

    async def _asked(self, connection: Connection) -> Satellite:
        """Ask what it is.

        Raises:
            BadInput: no satellite, or none that answers.
        """
        await connection.send(Describe())
        while (event := await connection.receive(self._bounds.first_s)) is not None:
            if event.type == Info.type:
                about = Info.of(event).satellite
                if about is None:
                    break
                return about
        raise BadInput("What answers there is no Wyoming satellite.", next_step="Check its address and port.")

    async def _stands(self, **changes: object) -> None:
        changed = replace(self.standing, **changes)  # type: ignore[arg-type]  # its own fields
        if changed != self.standing:
            self.standing = changed
            await self._noted(changed)


class Visit:
    """One connection to a satellite, from ``run-satellite`` to its end."""

    def __init__(
        self, place: Place, sessions: Sessions, connection: Connection, stands: Callable[..., Awaitable[None]]
    ) -> None:
        """Serve the satellite at the other end."""
        self._place = place
        self._sessions = sessions
        self._connection = connection
        self._stands = stands
        self._hub_wakes = place.wakes is Wakes.HUB
        self._session: Session | None = None
        self._hears = False  # sound that comes now is for the session
        self._answers_pings = False
        self._muted = asyncio.Event()
        self._reply = Reply(connection.send, self._played, self._muted.set, hub_wakes=self._hub_wakes)
        self._opened = asyncio.Event()
        self._fatal: Refused | None = None

    async def run(self) -> None:
        """Serve until it goes.

        Raises:
            EarwitnessError: it said what cannot be, or its device is connected elsewhere.
            OSError: it is gone.
        """
        place = self._place
        self._session = await self._sessions.open(
            place.device, self._tell, wakes_itself=not self._hub_wakes, word=place.word
        )
        try:
            await self._connection.send(RunSatellite())
            if self._hub_wakes:
                await self._connection.send(Detect())
            await self._until_one_ends(self._read(), self._reply.run(), self._ping(), self._muted.wait())
            if self._muted.is_set():
                await self._stay_muted()
        finally:
            await self._session.close()

    async def _until_one_ends(self, *parts: Awaitable[object]) -> None:
        tasks = [asyncio.ensure_future(each) for each in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._fatal is not None:
            raise self._fatal
        for each in done:
            each.result()

    async def _stay_muted(self) -> None:
        """Muted: the connection is closed, so that no sound can come; the session waits to be opened again."""
        await self._connection.close()
        await self._stands(muted=True, streams=False, connected=False)
        await self._opened.wait()
        await self._stands(muted=False)

    # --- from the satellite -------------------------------------------------------------------

    async def _read(self) -> None:
        while (event := await self._connection.receive(self._patience(), endless=True)) is not None:
            await self._take(event)

    def _patience(self) -> float | None:
        """How long silence is no sign that it is gone."""
        if self._answers_pings:
            return 3 * PING_S
        return SILENT_S if self._hub_wakes and self._hears else None

    async def _take(self, event: Event) -> None:
        session = self._session
        assert session is not None  # noqa: S101 - it is there before anything is read
        match event.type:
            case RunPipeline.type:
                await self._run_pipeline(session, RunPipeline.of(event))
            case AudioChunk.type:
                if self._hears:
                    await self._hear(session, AudioChunk.of(event))
            case AudioStop.type | VoiceStopped.type:
                await session.finish()
            case Played.type:
                self._reply.satellite_played()
            case Ping.type:
                await self._connection.send(Pong(Ping.of(event).text))
            case Pong.type:
                self._answers_pings = True

    async def _run_pipeline(self, session: Session, wish: RunPipeline) -> None:
        if wish.start_stage == "wake":
            self._hears = self._hub_wakes
            await self._stands(streams=True, problem="" if self._hub_wakes else OWN_WAKE_WORD)
        elif wish.start_stage == "asr" and self._hub_wakes:
            await self._stands(problem=OWN_WAKE_WORD)
            await self._connection.send(Error(OWN_WAKE_WORD, "not-verified"))
            await self._connection.send(Transcript(""))  # it stops sending
        elif wish.start_stage == "asr":
            self._hears = True
            await session.listen()

    async def _hear(self, session: Session, chunk: AudioChunk) -> None:
        must_be_ours(chunk)
        for at in range(0, len(chunk.audio), LARGEST_PIECE):
            await session.hear(chunk.audio[at : at + LARGEST_PIECE])

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_S)
            await self._connection.send(Ping())

    # --- from the session ---------------------------------------------------------------------

    async def _tell(self, event: events.Event) -> None:
        match event:
            case events.Refused(fatal=True):
                self._fatal = Refused(event.message, next_step=event.next_step)
                self._muted.set()
                self._opened.set()
            case events.Muted():
                self._hears = False  # from now on, though the last words of the reply are still played
                if not event.on:
                    self._opened.set()
            case events.SpeechEnded() | events.Idle() if not self._hub_wakes:
                self._hears = False  # what comes until the satellite takes notice is not for us
        await self._reply.tell(event)

    async def _played(self) -> None:
        if self._session is not None:
            await self._session.played()


class SatelliteLinks:
    """All satellites of this hub."""

    def __init__(self, links: list[SatelliteLink]) -> None:
        """Run these."""
        self._links = links
        self._running: list[asyncio.Task[None]] = []

    @property
    def standings(self) -> tuple[Standing, ...]:
        """How each stands."""
        return tuple(each.standing for each in self._links)

    def start(self) -> None:
        """Begin to connect."""
        self._running = [asyncio.create_task(each.run()) for each in self._links]

    async def close(self) -> None:
        """Disconnect them all."""
        for each in self._running:
            each.cancel()
        for each in self._running:
            with suppress(asyncio.CancelledError):
                await each
