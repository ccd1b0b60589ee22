"""The services as Home Assistant uses them: its library's client, one connection a request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.handle import Handled, NotHandled
from wyoming.info import Describe, Info
from wyoming.intent import Intent, NotRecognized, Recognize
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)
from wyoming.wake import Detect, Detection, NotDetected

from earwitness.assistant.hearing import Engines
from earwitness.gateway.wyoming import Kind, Services, WyomingServer, offers
from earwitness.skills.clock.skill import ClockSkill
from earwitness.testing.aloud import KITCHEN, Aloud, aloud, parts, real_engines, said, silence
from earwitness.web.listening import listen

Client = Callable[[], AsyncTcpClient]


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with real_engines() as opened:
        yield opened


@asynccontextmanager
async def served(engines: Engines, *kinds: Kind) -> AsyncIterator[tuple[Client, Aloud]]:
    house = aloud(engines, [ClockSkill()])
    programs = offers.programs(kinds or tuple(Kind), parts(engines))
    server = WyomingServer(Services(house.assistant, programs, KITCHEN))
    listening = listen("127.0.0.1", 0)
    await server.start(listening.sockets)
    try:
        yield lambda: AsyncTcpClient("127.0.0.1", listening.port), house
    finally:
        await server.close()
        assert server.counts.failed == 0


def run(engines: Engines, talk: Callable[[Client, Aloud], Awaitable[None]], *kinds: Kind) -> None:
    async def inside() -> None:
        async with asyncio.timeout(60), served(engines, *kinds) as (client, house):
            await talk(client, house)

    asyncio.run(inside())


async def until(client: AsyncTcpClient, *types: str) -> list[Event]:
    """Read up to and with the first event of one of these types."""
    events = []
    while not events or events[-1].type not in types:
        event = await client.read_event()
        assert event is not None, [each.type for each in events]
        assert not Error.is_type(event.type), Error.from_event(event)
        events.append(event)
    return events


async def play(client: AsyncTcpClient, pcm: bytes, samples: int = 1_024) -> None:
    await client.write_event(AudioStart(16_000, 2, 1, 0).event())
    for at in range(0, len(pcm), 2 * samples):
        chunk = AudioChunk(16_000, 2, 1, pcm[at : at + 2 * samples], timestamp=at // 32)
        await client.write_event(chunk.event())


def test_info_names_models_languages_makers_and_versions(engines: Engines) -> None:
    async def talk(client: Client, _house: Aloud) -> None:
        async with client() as one:
            await one.write_event(Describe().event())
            info = Info.from_event((await until(one, "info"))[-1])
        assert [each.phrase for each in info.wake[0].models] == list(engines.wake.words)
        for program in (*info.asr, *info.wake, *info.intent, *info.handle, *info.tts):
            assert program.installed
            assert program.version
            for model in getattr(program, "models", None) or program.voices:
                assert model.languages == ["en"]
                assert model.attribution.name
        assert info.tts[0].supports_synthesize_streaming
        assert info.satellite is None

    run(engines, talk)


def test_a_service_that_is_off_is_not_offered_and_refuses(engines: Engines) -> None:
    async def talk(client: Client, _house: Aloud) -> None:
        async with client() as one:
            await one.write_event(Describe().event())
            info = Info.from_event((await until(one, "info"))[-1])
            assert info.tts
            assert (info.asr, info.wake, info.handle, info.intent) == ([], [], [], [])
            await one.write_event(Transcribe().event())
            refused = await one.read_event()
            assert refused is not None
            assert Error.from_event(refused).code == "bad-input"
            assert await one.read_event() is None

    run(engines, talk, Kind.TTS)


def test_speech_is_transcribed(engines: Engines) -> None:
    async def talk(client: Client, house: Aloud) -> None:
        async with client() as one:
            await one.write_event(Transcribe(language="en-US").event())
            await play(one, silence(0.3) + said("what is the time") + silence(0.5))
            await one.write_event(AudioStop().event())
            events = await until(one, "transcript-stop")
            assert [each.type for each in events] == [
                "transcript-start", "transcript-chunk", "transcript", "transcript-stop",
            ]  # fmt: skip
            assert Transcript.from_event(events[2]).text == "what is the time"
            await play(one, silence(0.7))  # a second utterance on the same connection
            await one.write_event(AudioStop().event())
            events = await until(one, "transcript-stop")
            assert Transcript.from_event(events[1]).text == ""
        assert house.kept == []

    run(engines, talk)


def test_a_wake_word_is_found_and_verified(engines: Engines) -> None:
    async def talk(client: Client, house: Aloud) -> None:
        async with client() as one:
            await one.write_event(Detect(names=["alexa"]).event())
            await play(one, silence(1.0) + said("alexa") + silence(1.0))
            detection = Detection.from_event((await until(one, "detection"))[-1])
            assert detection.name == "alexa"
            assert detection.timestamp is not None
            assert 1_000 < detection.timestamp < 2_500
            await play(one, silence(1.0) + said("hello there") + silence(1.0))
            await one.write_event(AudioStop().event())
            events = await until(one, "not-detected")
            assert [each.type for each in events] == ["not-detected"]
            assert NotDetected.is_type(events[0].type)
        assert house.assistant.counts.verified == 1
        assert house.kept == []

    run(engines, talk)


def test_a_sentence_is_handled_and_understood(engines: Engines) -> None:
    async def talk(client: Client, house: Aloud) -> None:
        context = {"conversation_id": "01J"}
        async with client() as one:  # as Home Assistant's conversation does it
            await one.write_event(Transcript("what is the time", context=context, language="en").event())
            handled = Handled.from_event((await until(one, "handled", "not-handled"))[-1])
            assert handled.text
            assert "it's" in handled.text.lower() or "it is" in handled.text.lower()
            assert handled.context == context
        async with client() as one:
            await one.write_event(Recognize("what is the time").event())
            intent = Intent.from_event((await until(one, "intent", "not-recognized"))[-1])
            assert intent.name == "HassGetCurrentTime"
            await one.write_event(Recognize("colourless green ideas sleep furiously").event())
            assert NotRecognized.is_type((await until(one, "intent", "not-recognized"))[-1].type)
            await one.write_event(Transcript("colourless green ideas sleep furiously").event())
            assert NotHandled.is_type((await until(one, "handled", "not-handled"))[-1].type)
        assert house.kept == []

    run(engines, talk)


def test_without_handle_a_sentence_is_only_understood(engines: Engines) -> None:
    async def talk(client: Client, _house: Aloud) -> None:
        async with client() as one:
            await one.write_event(Transcript("what is the time").event())
            assert (await until(one, "intent", "handled"))[-1].type == "intent"

    run(engines, talk, Kind.INTENT)


def test_text_is_spoken(engines: Engines) -> None:
    async def talk(client: Client, _house: Aloud) -> None:
        async with client() as one:
            voice = SynthesizeVoice(name=engines.voice.voice)
            await one.write_event(Synthesize("The light is on. The door is shut.", voice=voice).event())
            events = await until(one, "audio-stop")
            start = AudioStart.from_event(events[0])
            assert (start.width, start.channels) == (2, 1)
            sound = b"".join(each.payload or b"" for each in events[1:-1])
            assert 1.5 < len(sound) / 2 / start.rate < 6

    run(engines, talk)


def test_text_that_comes_in_parts_is_spoken_before_it_ends(engines: Engines) -> None:
    async def talk(client: Client, _house: Aloud) -> None:
        async with client() as one:
            await one.write_event(SynthesizeStart().event())
            for part in ("The light", " is on. The", " door"):
                await one.write_event(SynthesizeChunk(part).event())
            await until(one, "audio-chunk")  # the first sentence sounds while the second is being written
            await one.write_event(SynthesizeChunk(" is shut.").event())
            await one.write_event(Synthesize("The light is on. The door is shut.").event())
            await one.write_event(SynthesizeStop().event())
            events = await until(one, "synthesize-stopped")
            assert SynthesizeStopped.is_type(events[-1].type)
            assert [each.type for each in events if each.type != "audio-chunk"] == ["audio-stop", "synthesize-stopped"]

    run(engines, talk)


def test_a_ping_is_answered_and_an_unknown_event_ignored(engines: Engines) -> None:
    async def talk(client: Client, _house: Aloud) -> None:
        async with client() as one:
            await one.write_event(Event("some-day", {"new": True}, b"1234"))
            await one.write_event(Ping(text="x").event())
            assert Pong.from_event((await until(one, "pong"))[-1]).text == "x"

    run(engines, talk)


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([Transcribe(language="de").event()], "bad-input"),
        ([Transcribe().event(), AudioStart(48_000, 2, 2).event()], "bad-input"),
        ([Transcribe().event(), AudioStart(8_000, 2, 1).event()], "bad-input"),
        ([Transcribe().event(), AudioChunk(16_000, 2, 1, b"12").event()], "bad-input"),
        ([Detect().event(), AudioChunk(16_000, 2, 1, b"123").event()], "bad-input"),
        ([Detect().event(), AudioChunk(16_000, 4, 1, b"1234").event()], "bad-input"),
        ([Detect(names=["computer"]).event()], "not-found"),
        ([Synthesize(" ").event()], "bad-input"),
        ([Synthesize("hello", voice=SynthesizeVoice(name="somebody")).event()], "not-found"),
        ([SynthesizeChunk("hello").event()], "bad-input"),
        ([Recognize("").event()], "bad-input"),
        ([Recognize("word " * 200).event()], "bad-input"),
        ([Event("audio-chunk", {"rate": "many"})], "bad-input"),
    ],
)
def test_what_cannot_be_is_said_and_ends_the_connection(engines: Engines, events: list[Event], code: str) -> None:
    async def talk(client: Client, _house: Aloud) -> None:
        async with client() as one:
            for event in events:
                await one.write_event(event)
            answers = []
            while (answer := await one.read_event()) is not None:
                answers.append(answer)
            error = Error.from_event(answers[-1])
            assert error.code == code
            assert error.text

    run(engines, talk)
