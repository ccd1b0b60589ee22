"""The hub's side of a satellite, with a satellite made of our own codec and sessions that note what they get."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from earwitness.assistant import events
from earwitness.gateway.wyoming import replying
from earwitness.gateway.wyoming.bounds import Bounds
from earwitness.gateway.wyoming.connection import Connection
from earwitness.gateway.wyoming.satellite import ELSEWHERE_S, Place, SatelliteLink, SatelliteLinks, Standing, Wakes
from earwitness.protocol.wyoming import FROM_SERVERS, Event, Message
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStop, Played
from earwitness.protocol.wyoming.control import Describe, Error, Ping, Pong, RunPipeline
from earwitness.protocol.wyoming.info import Info, Satellite
from earwitness.protocol.wyoming.listening import Transcript
from earwitness.testing.devices import NotedSession, NotedSessions

STREAMS = RunPipeline("wake", "tts", restart_on_end=True)
WOKE = RunPipeline("asr", "tts")
SOUND = AudioChunk(16_000, 2, 1, bytes(2_048))
INFO = Info({}, Satellite("Kitchen", version="9"))
SECOND = bytes(32_000)


@dataclass
class FakeSatellite:
    """Says what it is and notes what it gets."""

    info: Message = INFO
    got: list[Event] = field(default_factory=list)
    visits: int = 0
    here: Connection | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.here = Connection(reader, writer, Bounds(), FROM_SERVERS)
        self.visits += 1
        with suppress(ConnectionError):
            while (event := await self.here.receive()) is not None:
                if event.type == Describe.type:
                    await self.here.send(self.info)
                async with self.changed:
                    self.got.append(event)
                    self.changed.notify_all()
        await self.here.close()
        async with self.changed:
            self.here = None
            self.changed.notify_all()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(condition)

    async def gets(self, *types: str) -> None:
        await self.until(lambda: not set(types) - {each.type for each in self.got})

    async def send(self, *messages: Message) -> None:
        assert self.here is not None
        for message in messages:
            await self.here.send(message)

    @property
    def types(self) -> list[str]:
        return [each.type for each in self.got]


@dataclass
class Stage:
    satellite: FakeSatellite
    sessions: NotedSessions
    standings: list[Standing]
    waits: list[float]
    noted: asyncio.Condition

    @property
    def session(self) -> NotedSession:
        return self.sessions.opened[-1]

    async def stands(self, condition: Callable[[Standing], object]) -> None:
        async with asyncio.timeout(5), self.noted:
            await self.noted.wait_for(lambda: self.standings and condition(self.standings[-1]))


@asynccontextmanager
async def staged(wakes: Wakes = Wakes.HUB, info: Message = INFO) -> AsyncIterator[Stage]:
    satellite = FakeSatellite(info)
    server = await asyncio.start_server(satellite.serve, "127.0.0.1", 0)
    stage = Stage(satellite, NotedSessions(), [], [], asyncio.Condition())

    async def noted(standing: Standing) -> None:
        async with stage.noted:
            stage.standings.append(standing)
            stage.noted.notify_all()

    async def wait(seconds: float) -> None:
        stage.waits.append(seconds)
        if len(stage.waits) > 3:
            await asyncio.Event().wait()  # enough was seen

    place = Place("127.0.0.1", server.sockets[0].getsockname()[1], "dev_kitchen", "alexa", wakes)
    links = SatelliteLinks([SatelliteLink(place, stage.sessions, noted, Bounds(first_s=0.5), wait)])
    links.start()
    try:
        yield stage
    finally:
        await links.close()
        server.close()
        await satellite.until(lambda: satellite.here is None)


def run(talk: Callable[[Stage], Awaitable[None]], wakes: Wakes = Wakes.HUB, info: Message = INFO) -> None:
    async def inside() -> None:
        async with asyncio.timeout(10), staged(wakes, info) as stage:
            await talk(stage)

    asyncio.run(inside())


def test_a_turn_as_a_satellite_sees_it() -> None:
    async def talk(stage: Stage) -> None:
        satellite = stage.satellite
        await satellite.gets("run-satellite", "detect")
        await satellite.send(STREAMS, SOUND)
        await stage.stands(lambda now: now.streams and now.connected)
        assert (stage.standings[-1].name, stage.standings[-1].version) == ("Kitchen", "9")
        assert not stage.session.wakes_itself
        await stage.session.tell(
            events.Woken("hey jarvis", 0.9), events.Listening(), events.SpeechEnded(), events.Heard("hello", 0.9),
            events.Answered("Hello.", "done"), events.Speech(bytes(320), 16_000),
            events.Speech(b"", 16_000, last=True), events.Idle(), events.Kept("rec_1"),
        )  # fmt: skip
        await satellite.until(lambda: satellite.types.count("detect") == 2)
        assert satellite.types[3:] == [
            "detection", "transcribe", "voice-started", "voice-stopped", "transcript", "synthesize",
            "audio-start", "audio-chunk", "audio-stop", "detect",
        ]  # fmt: skip
        named = {each.type: each.data for each in satellite.got}
        assert named["detection"]["name"] == "hey_jarvis"
        assert named["transcript"]["text"] == "hello"
        assert stage.session.calls == ["played"]  # it never said so: after the length of the reply
        assert stage.session.heard == 2_048

    run(talk)


@pytest.mark.parametrize("reason", ["nothing_said", "elsewhere", "not_for_me", "failed"])
def test_every_turn_ends_with_one_transcript(reason: str) -> None:
    """A satellite that woke itself sends sound until it gets one."""

    async def talk(stage: Stage) -> None:
        await stage.satellite.gets("run-satellite")
        await stage.satellite.send(WOKE, SOUND, SOUND)
        await stage.satellite.gets("transcribe")
        await stage.session.tell(events.SpeechEnded(), events.Idle(reason))
        await stage.satellite.gets("transcript")
        await stage.satellite.send(SOUND)  # it has not taken notice yet
        await stage.satellite.send(Ping("x"))
        await stage.satellite.gets("pong")
        assert stage.satellite.types.count("transcript") == 1
        assert stage.session.calls == ["listen"]
        assert stage.session.heard == 2 * 2_048
        assert stage.session.wakes_itself

    run(talk, Wakes.SATELLITE_UNVERIFIED)


def test_stop_leaves_the_rest_of_the_reply_unsent() -> None:
    async def talk(stage: Stage) -> None:
        await stage.satellite.gets("run-satellite")
        await stage.session.tell(*(events.Speech(SECOND, 16_000) for _ in range(10)))
        await stage.satellite.gets("audio-chunk")
        await stage.session.tell(events.Silence(), events.Idle())
        await stage.satellite.gets("audio-stop")
        sent = sum(len(each.payload) for each in stage.satellite.got)
        assert sent <= 1.2 * len(SECOND)
        await stage.session.tell(events.Speech(bytes(320), 16_000), events.Speech(b"", 16_000, last=True))
        await stage.satellite.until(lambda: stage.satellite.types.count("audio-stop") == 2)
        assert stage.satellite.types.count("audio-start") == 2

    run(talk)


def test_a_satellite_that_says_it_has_played_is_believed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replying, "AFTER_S", 3_600.0)  # unless it says so

    async def talk(stage: Stage) -> None:
        await stage.satellite.gets("run-satellite")
        await stage.session.tell(events.Speech(bytes(24_000), 16_000), events.Speech(b"", 16_000, last=True))
        await stage.satellite.gets("audio-stop")
        assert stage.session.calls == []
        await stage.satellite.send(Played())
        await stage.session.tell(events.Idle())
        await stage.satellite.until(lambda: stage.satellite.types.count("detect") == 2)
        assert stage.session.calls == ["played"]

    run(talk)


def test_a_reply_that_is_too_long_waits_with_whoever_makes_it() -> None:
    async def talk(stage: Stage) -> None:
        await stage.satellite.gets("run-satellite")
        large = events.Speech(bytes(4 << 20), 16_000)
        await stage.session.tell(large, large)  # one is being sent
        third = asyncio.create_task(stage.session.tell(large))
        await asyncio.wait([third], timeout=0.05)
        assert not third.done()
        third.cancel()  # as a session does when somebody says stop
        await asyncio.gather(third, return_exceptions=True)
        await stage.session.tell(events.Silence())
        await stage.satellite.gets("audio-stop")

    run(talk)


def test_mute_closes_the_connection_after_the_last_word_until_it_is_opened() -> None:
    async def talk(stage: Stage) -> None:
        satellite, first = stage.satellite, None
        await satellite.gets("run-satellite")
        await satellite.send(STREAMS, SOUND)
        await stage.stands(lambda now: now.streams)
        first = stage.session
        await first.tell(
            events.Speech(bytes(1_600), 16_000), events.Speech(b"", 16_000, last=True), events.Muted(on=True)
        )
        await satellite.send(SOUND)
        await stage.stands(lambda now: now.muted)
        await satellite.until(lambda: satellite.here is None)
        assert satellite.types[-1] == "pause-satellite"
        assert satellite.types.index("audio-stop") < satellite.types.index("pause-satellite")
        assert first.heard <= 2 * 2_048
        assert not first.closed
        assert satellite.visits == 1
        await first.tell(events.Muted(on=False))
        await stage.stands(lambda now: now.connected and not now.muted)
        assert satellite.visits == 2
        assert first.closed

    run(talk)


def test_a_device_that_is_connected_elsewhere_is_left_alone_for_a_while() -> None:
    async def talk(stage: Stage) -> None:
        await stage.satellite.gets("run-satellite")
        await stage.session.tell(events.Refused("replaced", "The device connected again from elsewhere.", fatal=True))
        await stage.stands(lambda now: not now.connected)
        assert "elsewhere" in stage.standings[-1].problem
        await stage.satellite.until(lambda: stage.waits)
        assert stage.waits[0] == ELSEWHERE_S

    run(talk)


def test_a_wake_word_that_the_hub_cannot_verify_is_not_believed() -> None:
    async def talk(stage: Stage) -> None:
        await stage.satellite.gets("run-satellite")
        await stage.satellite.send(WOKE, SOUND)
        await stage.satellite.gets("error", "transcript")
        assert "cannot verify" in stage.standings[-1].problem
        await stage.satellite.send(Ping("x"))
        await stage.satellite.gets("pong")
        assert (stage.session.calls, stage.session.heard) == ([], 0)

    run(talk)


def test_the_end_of_its_sound_is_the_end_of_the_utterance() -> None:
    async def talk(stage: Stage) -> None:
        await stage.satellite.gets("run-satellite")
        await stage.satellite.send(WOKE, SOUND, AudioStop())
        await stage.satellite.gets("transcript")
        assert stage.session.calls[:2] == ["listen", "finish"]

    run(talk, Wakes.SATELLITE_UNVERIFIED)


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (AudioChunk(48_000, 2, 2, bytes(8)), "2 channel"),
        (AudioChunk(16_000, 2, 1, b"abc"), "inside a sample"),
        (Transcript("x" * 4_000), ""),
        (Pong(), ""),
        (Error("something", "x"), ""),
    ],
)
def test_what_a_satellite_says_wrongly_is_its_problem_alone(sent: Message, problem: str) -> None:
    async def talk(stage: Stage) -> None:
        await stage.satellite.gets("run-satellite")
        await stage.satellite.send(STREAMS, sent)
        if problem:
            await stage.stands(lambda now: problem in now.problem)
            await stage.satellite.until(lambda: stage.satellite.visits > 1)
        else:
            await stage.satellite.send(Ping("x"))
            await stage.satellite.gets("pong")
            assert stage.satellite.visits == 1

    run(talk)


def test_what_is_no_satellite_is_tried_again_and_again_more_slowly() -> None:
    async def talk(stage: Stage) -> None:
        await stage.satellite.until(lambda: len(stage.waits) > 3)
        assert stage.waits == sorted(stage.waits)
        assert stage.waits[0] < stage.waits[3]
        assert "no Wyoming satellite" in stage.standings[-1].problem
        assert stage.sessions.opened == []

    run(talk, info=Info())
