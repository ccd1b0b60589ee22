"""Every message of Wyoming that we speak: round trips, the library's reading of them, and what is refused."""

import importlib
import pkgutil
from dataclasses import MISSING, fields

import pytest
import wyoming.asr
import wyoming.audio
import wyoming.error
import wyoming.handle
import wyoming.info
import wyoming.intent
import wyoming.ping
import wyoming.pipeline
import wyoming.satellite
import wyoming.snd
import wyoming.tts
import wyoming.vad
import wyoming.wake
from wyoming.event import Event as LibraryEvent

import earwitness.protocol.wyoming as package
from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming import Event, Message, encode
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStart, AudioStop, Played
from earwitness.protocol.wyoming.control import (
    Describe,
    Error,
    PauseSatellite,
    Ping,
    Pong,
    RunPipeline,
    RunSatellite,
    SelectProgram,
    StreamingStarted,
    StreamingStopped,
)
from earwitness.protocol.wyoming.info import Info, Model, Program, Satellite
from earwitness.protocol.wyoming.listening import (
    Detect,
    Detection,
    NotDetected,
    Transcribe,
    Transcript,
    TranscriptChunk,
    TranscriptStart,
    TranscriptStop,
    VoiceStarted,
    VoiceStopped,
)
from earwitness.protocol.wyoming.meaning import Entity, Handled, Intent, NotHandled, NotRecognized, Recognize
from earwitness.protocol.wyoming.speaking import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    Voice,
)

MODEL = Model("m", ("en", "de"), "A model", "1.2", "Somebody", "https://example.org", phrase="hey you")
EXAMPLES: dict[Message, type] = {
    AudioStart(16_000, 2, 1, 5): wyoming.audio.AudioStart,
    AudioChunk(22_050, 2, 1, b"abcd", 7): wyoming.audio.AudioChunk,
    AudioStop(9): wyoming.audio.AudioStop,
    Played(): wyoming.snd.Played,
    Detect(("alexa", "okay_nabu")): wyoming.wake.Detect,
    Detection("alexa", 12): wyoming.wake.Detection,
    NotDetected(): wyoming.wake.NotDetected,
    VoiceStarted(1): wyoming.vad.VoiceStarted,
    VoiceStopped(2): wyoming.vad.VoiceStopped,
    Transcribe("model", "en"): wyoming.asr.Transcribe,
    TranscriptStart("en"): wyoming.asr.TranscriptStart,
    TranscriptChunk("turn on"): wyoming.asr.TranscriptChunk,
    Transcript("turn on the light", "en"): wyoming.asr.Transcript,
    TranscriptStop(): wyoming.asr.TranscriptStop,
    Recognize("turn on the light"): wyoming.intent.Recognize,
    Intent("HassTurnOn", (Entity("area", "kitchen"), Entity("brightness", 5)), "Done"): wyoming.intent.Intent,
    NotRecognized("Sorry"): wyoming.intent.NotRecognized,
    Handled("Done"): wyoming.handle.Handled,
    NotHandled("No"): wyoming.handle.NotHandled,
    Synthesize("Hello", Voice("en-us")): wyoming.tts.Synthesize,
    SynthesizeStart(Voice(language="en")): wyoming.tts.SynthesizeStart,
    SynthesizeChunk("Hel"): wyoming.tts.SynthesizeChunk,
    SynthesizeStop(): wyoming.tts.SynthesizeStop,
    SynthesizeStopped(): wyoming.tts.SynthesizeStopped,
    Describe(): wyoming.info.Describe,
    SelectProgram("earwitness"): wyoming.info.SelectProgram,
    Ping("x"): wyoming.ping.Ping,
    Pong("x"): wyoming.ping.Pong,
    Error("That cannot be", "bad-input"): wyoming.error.Error,
    RunSatellite(): wyoming.satellite.RunSatellite,
    PauseSatellite(): wyoming.satellite.PauseSatellite,
    StreamingStarted(): wyoming.satellite.StreamingStarted,
    StreamingStopped(): wyoming.satellite.StreamingStopped,
    RunPipeline("wake", "tts", None, restart_on_end=True): wyoming.pipeline.RunPipeline,
}
INFO = Info(
    {
        kind: (
            Program(
                "p", (MODEL if kind == "wake" else Model("m", ("en",)),), "A program", "3", "We", "https://example.org"
            ),
        )
        for kind in ("asr", "tts", "wake", "intent", "handle")
    },
    Satellite("Kitchen", "kitchen", "1.0", has_vad=True, wake_words=("alexa",)),
)


def classes() -> set[type[Message]]:
    modules = [
        importlib.import_module(f"{package.__name__}.{each.name}") for each in pkgutil.iter_modules(package.__path__)
    ]
    return {one for module in modules for one in getattr(module, "MESSAGES", ())}


def test_no_message_escapes_these_tests() -> None:
    assert classes() == {type(each) for each in EXAMPLES} | {Info}
    assert len({one.type for one in classes()}) == len(classes())


@pytest.mark.parametrize("message", [*EXAMPLES, INFO], ids=lambda message: message.type)
def test_a_message_comes_back_as_it_went(message: Message) -> None:
    assert type(message).of(message.event()) == message
    assert encode(message.event())


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.type)
def test_the_library_understands_it_and_we_the_library(message: Message) -> None:
    event = message.event()
    theirs = EXAMPLES[message].from_event(LibraryEvent(event.type, dict(event.data), event.payload or None))
    back = theirs.event()
    assert back.type == event.type
    assert type(message).of(Event(back.type, back.data or {}, back.payload or b"")) == message


def test_the_library_understands_our_info() -> None:
    theirs = wyoming.info.Info.from_event(LibraryEvent("info", dict(INFO.event().data)))
    assert theirs.wake[0].models[0].phrase == "hey you"
    assert theirs.asr[0].models[0].languages == ["en"]
    assert theirs.tts[0].voices[0].installed
    assert theirs.handle[0].attribution.name == "We"
    assert theirs.satellite is not None
    assert theirs.satellite.area == "kitchen"
    assert Info.of(Event("info", theirs.event().data)).satellite == INFO.satellite


def refusal(message: Message, name: str, wrong: object) -> str:
    """The place that a refusal names; nothing where the value can be taken."""
    event = message.event()
    try:
        type(message).of(Event(event.type, {**event.data, name: wrong}, event.payload))
    except BadInput as error:
        return str(error).split("'")[1]
    return ""


def test_a_value_that_cannot_be_is_refused() -> None:
    assert refusal(AudioStart(16_000, 2, 1), "rate", -1) == "audio-start: rate"
    assert refusal(Transcript("x"), "text", "\ud800") == "transcript: text"
    assert refusal(Detect(), "names", [7]) == "detect: names"


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.type)
@pytest.mark.parametrize("wrong", [[], {}, 7, True, "x" * 5_000, "\ud800", 10**30, -1, [1], [{"name": 1}], {"name": 5}])
def test_a_wrong_value_is_refused_by_its_name(message: Message, wrong: object) -> None:
    event = message.event()
    for name in event.data:
        assert refusal(message, name, wrong) in {"", f"{event.type}: {name}"}


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.type)
def test_what_is_needed_is_asked_for_by_its_name(message: Message) -> None:
    needed = [each.name for each in fields(message) if each.default is MISSING and each.default_factory is MISSING]
    for name in needed:
        event = message.event()
        with pytest.raises(BadInput, match=f"'{event.type}' needs '{name}'"):
            type(message).of(Event(event.type, {key: value for key, value in event.data.items() if key != name}))


@pytest.mark.parametrize(
    "data",
    [
        {"asr": {"name": "x"}},
        {"asr": [7]},
        {"asr": [{}]},
        {"asr": [{"name": "x"}] * 51},
        {"wake": [{"name": "x", "models": [{"name": "y", "languages": "en"}]}]},
        {"satellite": "kitchen"},
        {"satellite": {"name": ["x"]}},
        {"tts": [{"name": "x", "attribution": 5}]},
    ],
)
def test_an_info_of_another_form_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="info"):
        Info.of(Event("info", data))
