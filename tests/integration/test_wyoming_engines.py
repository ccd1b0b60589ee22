"""Wyoming servers as our engines: our own services at the other end, and servers that misbehave."""

import socket
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from earwitness.assistant.hearing import Engines
from earwitness.kernel.errors import BadInput, EngineError, EngineFailed
from earwitness.kernel.word_graph import WordGraph
from earwitness.protocol.wyoming import Message, encode
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStart, AudioStop
from earwitness.protocol.wyoming.control import Describe, Error
from earwitness.protocol.wyoming.listening import Transcript, TranscriptChunk
from earwitness.speech.asr.engines.wyoming import WyomingRecogniser, load
from earwitness.speech.asr.pool import RecogniserPool
from earwitness.speech.asr.process import EngineSpec
from earwitness.speech.engines.wyoming import Server, described
from earwitness.speech.tts.engines.wyoming import WyomingSynthesizer
from earwitness.testing.aloud import real_engines, said, silence
from earwitness.testing.wyoming_servers import LOOPBACK, Script, our_server, scripted_server

TIME = WordGraph(({"what": 1}, {"is": 2}, {"the": 3}, {"time": 4, "date": 4}, {}), 0, frozenset({4}))
ASKED = silence(0.3) + said("what is the time") + silence(0.4)
ENDLESS = 100_000


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with real_engines() as opened:
        yield opened


@pytest.fixture(scope="module")
def port(engines: Engines) -> Iterator[int]:
    with our_server(engines) as port:
        yield port


def server(port: int, answer_s: float = 10.0) -> Server:
    return Server(LOOPBACK, port, connect_s=1.0, answer_s=answer_s)


def recogniser(port: int, answer_s: float = 10.0) -> WyomingRecogniser:
    made = WyomingRecogniser(server(port, answer_s))
    made.prepare(TIME)
    return made


def test_says_what_it_offers(port: int) -> None:
    info = described(server(port))
    assert info.programs["asr"][0].models[0].languages == ("en",)
    assert info.programs["tts"][0].can["supports_synthesize_streaming"]


def test_speech_is_recognised_by_a_server(port: int) -> None:
    listening = recogniser(port).listen()
    for at in range(0, len(ASKED), 1_024):
        listening.feed(ASKED[at : at + 1_024])
    assert listening.partial().text == ""
    listening.settle()
    heard = listening.finish()
    assert heard.for_me()
    assert heard.best is not None
    assert heard.best.text == heard.free == "what is the time"
    assert heard.best.words == ()  # no server tells where they are
    with pytest.raises(BadInput):
        listening.feed(b"\0\0")


def test_what_is_no_sentence_here_is_not_for_me(port: int) -> None:
    listening = WyomingRecogniser(server(port))
    listening.prepare(WordGraph(({"brew": 1}, {"coffee": 2}, {}), 0, frozenset({2})))
    one = listening.listen()
    one.feed(ASKED)
    heard = one.finish()
    assert heard.free == "what is the time"
    assert not heard.for_me()


def test_it_works_in_the_pool_of_processes(port: int) -> None:
    spec = EngineSpec("wyoming", f"{load.__module__}:load", {"host": LOOPBACK, "port": port}, network=True)
    with RecogniserPool(spec, workers=1) as pool:
        pool.prepare(TIME)
        listening = pool.listen()
        listening.feed(ASKED)
        best = listening.finish().best
        assert best is not None
        assert best.text == "what is the time"


def test_a_reply_is_spoken_by_a_server(port: int) -> None:
    voice = WyomingSynthesizer(server(port), name="espeak-ng/en-us")
    sounds = list(voice.speak("It is seven."))
    assert sum(each.duration_ms for each in sounds) > 500
    assert voice.voice == f"wyoming/{LOOPBACK}:{port}/espeak-ng/en-us"
    first = next(iter(voice.speak("It is seven, and this is left before its end.")))
    assert first.pcm
    with pytest.raises(BadInput):
        voice.speak(" ")
    with pytest.raises(EngineFailed, match="could not do it"):
        list(WyomingSynthesizer(server(port), name="somebody").speak("Hello."))


def sends(*messages: Message, then: bytes = b"", hold: bool = False) -> Script:
    def script(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"".join(encode(each.event()) for each in messages) + then)
        while hold and connection.recv(65_536):
            pass

    return script


def endless(message: Message) -> Script:
    data = encode(message.event()) * 100

    def script(connection: socket.socket) -> None:
        while True:
            connection.sendall(data)

    return script


BAD: dict[str, Script] = {
    "closes": sends(),
    "is silent": sends(hold=True),
    "garbage": sends(then=b"\xff\xfe\n"),
    "cut off": sends(then=b'{"type": "transcript", "data_length": 50}\n{"text"'),
    "ten gigabytes": sends(then=b'{"type": "audio-chunk", "payload_length": 10000000000}\n', hold=True),
    "a header bomb": sends(then=b"{" + b" " * 100_000, hold=True),
    "fails": sends(Error("out of memory")),
    "wrong form": sends(then=b'{"type": "transcript", "data": {"text": 7}}\n{"type": "audio-chunk"}\n'),
    "stereo": sends(AudioStart(16_000, 2, 2), then=b""),
    "half a sample": sends(AudioChunk(16_000, 2, 1, b"123")),
    "says nothing": sends(AudioStart(16_000, 2, 1), AudioStop()),
    "endless sound": endless(AudioChunk(16_000, 2, 1, bytes(65_536))),
    "endless parts": endless(TranscriptChunk("on and on")),
}


def transcribe(port: int) -> None:
    listening = recogniser(port, 0.3).listen()
    listening.feed(ASKED)
    listening.finish()


def speak(port: int) -> None:
    for _ in WyomingSynthesizer(server(port, 0.3)).speak("Hello."):
        pass


@pytest.mark.parametrize("script", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("use", [transcribe, speak])
def test_a_server_that_misbehaves_is_a_failed_engine(use: Callable[[int], None], script: Script) -> None:
    tracemalloc.start()
    try:
        with scripted_server(script) as port, pytest.raises(EngineError):
            use(port)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_no_server_is_a_failed_engine() -> None:
    with scripted_server(sends()) as port:
        pass
    with pytest.raises(EngineFailed, match="does not answer"):
        transcribe(port)
    with pytest.raises(EngineFailed, match="does not answer"):
        speak(port)
    with pytest.raises(EngineFailed, match="does not answer"):
        described(server(port))


def test_another_transcript_before_the_end_is_taken() -> None:
    with scripted_server(sends(Describe(), Transcript("What is the time?"), hold=True)) as port:
        listening = recogniser(port).listen()
        assert listening.finish().free == "what is the time"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "wyoming://",
        "wyoming://here",
        "tcp://here:1",
        "wyoming://here:x",
        "wyoming://here:99999",
        "wyoming://a@b:1",
        "wyoming://h:1/x",
    ],
)
def test_an_address_that_cannot_be_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="address"):
        Server.at(address)


def test_an_address_is_read() -> None:
    assert Server.at("wyoming://192.0.2.5:10300") == Server("192.0.2.5", 10_300)
    assert Server.at("wyoming://[::1]:10300").host == "::1"
