"""The parts of a satellite: ear, microphones, speakers, player, tones, back-off, addresses and wishes."""

import asyncio
import sys
import wave
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earwitness.device import outfit, programs
from earwitness.device.backoff import Backoff
from earwitness.device.light import Light
from earwitness.device.link import hub_address
from earwitness.device.microphone import PIECE, FileMicrophone, ProgramMicrophone
from earwitness.device.playing import Player
from earwitness.device.speaker import FileSpeaker, ProgramSpeaker, SilentSpeaker, Speaker
from earwitness.device.tones import LOUDNESS, Tone
from earwitness.device.waking import Ear
from earwitness.kernel.audio import Clip
from earwitness.kernel.errors import BadInput, MicrophoneFailed, NotFound, SpeakerFailed
from earwitness.protocol.device.bounds import LEAD_MS
from earwitness.protocol.device.messages import Listens
from earwitness.speech.wake.port import WakeStream
from earwitness.testing.hearing import ScriptedWakeStream
from earwitness.testing.waiting import run_at_once

SECOND = 32_000


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


class Scripted:
    """A detector that fires at given samples."""

    words = ("alexa",)

    def __init__(self, *at: int) -> None:
        self.at = at

    def open(self, words: tuple[str, ...] | None = None) -> WakeStream:  # noqa: ARG002 - the port's
        return ScriptedWakeStream(*self.at)


def numbered(samples: int, start: int = 1) -> bytes:
    """Sound of which every sample says which one it is."""
    return (np.arange(start, start + samples) % 32_000).astype("<i2").tobytes()


# --- the ear ----------------------------------------------------------------------------------


@settings(deadline=None)  # the machine may be busy
@given(at=st.integers(1, 60_000), size=st.integers(1, 3_000))
def test_at_most_the_lead_leaves_the_ring(at: int, size: int) -> None:
    ear = Ear(Scripted(at), "alexa")
    sound = numbered(at + size)
    woke = None
    for begin in range(0, len(sound), size * 2):
        woke = ear.push(sound[begin : begin + size * 2])
        if woke is not None:
            break
    assert woke is not None
    assert 0 < woke.ends_at <= LEAD_MS * 16
    assert woke.ends_at == min(at, LEAD_MS * 16)
    assert sound[: begin + size * 2].endswith(woke.sound + woke.rest)
    last = woke.sound[(woke.ends_at - 1) * 2 : woke.ends_at * 2]
    assert last == sound[(at - 1) * 2 : at * 2]
    ear.close()


def test_nothing_is_left_in_the_ring_for_the_next_time() -> None:
    ear = Ear(Scripted(16_000), "alexa")
    assert ear.push(numbered(15_000)) is None
    ear.forget()
    assert ear.push(numbered(15_999)) is None
    woke = ear.push(numbered(320))
    assert woke is not None
    assert woke.ends_at == 16_000
    assert len(woke.sound) == 16_319 * 2
    ear.close()


# --- microphones ------------------------------------------------------------------------------

TALKS = [sys.executable, "-c", "import sys\nwhile True: sys.stdout.buffer.write(bytes(640))"]
STOPS = [sys.executable, "-c", "import sys; sys.stdout.buffer.write(bytes(1000)); sys.exit('no such card\\n')"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); signal.pause()",
]


def alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


def test_a_closed_microphone_is_a_program_that_has_ended() -> None:
    async def go() -> None:
        microphone = ProgramMicrophone(TALKS)
        for _ in range(2):
            await microphone.open()
            await microphone.open()
            assert microphone._process is not None
            process = microphone._process.pid
            assert await microphone.read() == bytes(PIECE)
            assert alive(process)
            await microphone.close()
            await microphone.close()
            assert not alive(process)
            assert not microphone.is_open
        with pytest.raises(MicrophoneFailed):
            await microphone.read()

    run(go())


def test_a_microphone_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earwitness.device.microphone.ENDING_SECONDS", 0.1)

    async def go() -> None:
        microphone = ProgramMicrophone(DEAF)
        await microphone.open()
        process = microphone._process
        assert process is not None
        assert process.stdout is not None
        await process.stdout.read(1)
        await microphone.close()
        assert not alive(process.pid)

    run(go())


def test_what_a_microphone_complains_of_is_passed_on() -> None:
    async def go() -> None:
        microphone = ProgramMicrophone(STOPS)
        await microphone.open()
        await microphone.read()
        with pytest.raises(MicrophoneFailed, match="no such card") as failed:
            await microphone.read()
        assert "--microphone" in failed.value.next_step
        with pytest.raises(MicrophoneFailed):
            await ProgramMicrophone(["/nonexistent/program"]).open()

    run(go())


def test_a_file_is_played_as_fast_as_it_is_spoken_and_then_silent(tmp_path: Path) -> None:
    path = tmp_path / "order.wav"
    path.write_bytes(Clip(numbered(700)).to_wav())

    async def go() -> None:
        microphone = FileMicrophone(path)
        with pytest.raises(MicrophoneFailed):
            await microphone.read()
        await microphone.open()
        heard = [await microphone.read() for _ in range(5)]
        assert asyncio.get_running_loop().time() == pytest.approx(0.1)
        assert b"".join(heard) == numbered(700) + bytes(5 * PIECE - 1_400)
        assert microphone.is_over
        await microphone.close()

    run_at_once(go())


# --- speakers and the player ------------------------------------------------------------------


def test_a_program_gets_the_sound_at_its_rate(tmp_path: Path) -> None:
    keeps = [sys.executable, "-c", "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"]

    async def go() -> None:
        speaker = ProgramSpeaker([*keeps, f"{tmp_path}/{{rate}}.raw"])
        await speaker.start(22_050)
        await speaker.write(numbered(3))
        await speaker.finish()
        await speaker.write(numbered(3))
        with pytest.raises(SpeakerFailed):
            await ProgramSpeaker(["/nonexistent/program"]).start(16_000)

    run(go())
    assert (tmp_path / "22050.raw").read_bytes() == numbered(3)


def test_a_program_that_stops_playing_is_a_failure_and_one_that_is_stopped_is_not() -> None:
    async def go() -> None:
        speaker = ProgramSpeaker([sys.executable, "-c", "pass"])
        await speaker.start(16_000)
        with pytest.raises(SpeakerFailed, match="stopped playing"):
            await speaker.write(bytes(100 * SECOND))
        waits = ProgramSpeaker([sys.executable, "-c", "import signal; signal.pause()"])
        await waits.start(16_000)
        assert waits._process is not None
        process = waits._process.pid
        await waits.stop()
        assert not alive(process)

    run(go())


class Noting(SilentSpeaker):
    """Notes what it is told; writing waits for the test."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def start(self, rate: int) -> None:
        self.did.append(f"start {rate}")

    async def write(self, pcm: bytes) -> None:
        await self.go_on.wait()
        self.did.append(f"write {len(pcm)}")

    async def finish(self) -> None:
        self.did.append("finish")

    async def stop(self) -> None:
        self.did.append("stop")


def test_replies_and_tones_are_played_in_order_and_stopped_at_once() -> None:
    async def go() -> None:
        speaker, played = Noting(), asyncio.Event()

        async def note_played() -> None:
            played.set()

        player = Player(speaker, note_played, pytest.fail)
        running = asyncio.create_task(player.run())
        player.start(16_000)
        player.write(bytes(10))
        player.end()
        player.write(bytes(99))
        await played.wait()
        assert speaker.did == ["start 16000", "write 10", "finish"]
        speaker.did.clear()
        speaker.go_on.clear()
        player.start(8_000)
        player.write(bytes(20))
        while not speaker.did:
            await _turn()
        await _turn()
        player.stop()
        player.write(bytes(30))
        player.end()
        speaker.go_on.set()
        while player.is_busy:
            await _turn()
        assert speaker.did == ["start 8000", "stop"]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run(go())


async def _turn() -> None:
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(done.set_result, None)
    await done


def test_a_file_gets_all_replies(tmp_path: Path) -> None:
    async def go() -> None:
        speaker: Speaker = FileSpeaker(tmp_path / "reply.wav")
        for _ in range(2):
            await speaker.start(16_000)
            await speaker.write(numbered(5))
            await speaker.finish()
            await speaker.stop()
        await speaker.close()
        with pytest.raises(SpeakerFailed):
            await FileSpeaker(tmp_path / "no" / "reply.wav").start(16_000)

    run(go())
    with wave.open(str(tmp_path / "reply.wav")) as file:
        assert (file.getnframes(), file.getframerate()) == (10, 16_000)


@pytest.mark.parametrize("tone", list(Tone))
def test_a_tone_is_short_and_neither_loud_nor_clicking(tone: Tone) -> None:
    samples = np.frombuffer(tone.samples(), "<i2").astype(int)
    assert 0.1 < len(samples) / 16_000 < 0.5
    assert np.abs(samples).max() <= LOUDNESS * 32_767
    assert samples[0] == samples[-1] == 0


# --- small things -----------------------------------------------------------------------------


def test_waits_double_and_begin_anew_after_a_good_connection() -> None:
    steady = Backoff(lambda: 0.0)
    assert [steady.wait(0) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert steady.wait(61) == 1
    assert Backoff(lambda: 1.0).wait(0) == 0.5


@pytest.mark.parametrize(
    ("given_", "address"),
    [
        ("http://localhost:8710", "ws://localhost:8710/device"),
        ("localhost:8710", "ws://localhost:8710/device"),
        ("http://127.0.0.9:1/", "ws://127.0.0.9:1/device"),
        ("http://[::1]:8710", "ws://[::1]:8710/device"),
        ("https://hub.example/", "wss://hub.example/device"),
        ("wss://hub.example:444/hub", "wss://hub.example:444/hub/device"),
    ],
)
def test_the_address_of_a_hub(given_: str, address: str) -> None:
    assert hub_address(given_) == address


@pytest.mark.parametrize(
    "bad", ["", "ftp://x", "http://", "http://u:p@x", "http://x?token=1", "http://x:99999", "http://["]
)
def test_what_is_no_address(bad: str) -> None:
    with pytest.raises(BadInput):
        hub_address(bad, insecure=True)


def test_a_token_does_not_cross_the_network_in_the_open() -> None:
    with pytest.raises(BadInput, match="unencrypted"):
        hub_address("http://192.168.1.5:8710")
    assert hub_address("http://192.168.1.5:8710", insecure=True) == "ws://192.168.1.5:8710/device"


def test_wishes_become_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = tmp_path / "order.wav"
    clip.write_bytes(Clip(numbered(100)).to_wav())
    made = outfit.outfit(Listens.WAKES, microphone_wish=str(clip), speaker_wish="none", wake_word="Hey Jarvis")
    assert (made.microphone.name, made.wake_word) == ("file", "hey jarvis")
    assert "alexa" in made.wake_words
    assert made.make_ear is not None
    made.make_ear("alexa").close()
    assert outfit.outfit(Listens.STREAMS, microphone_wish=str(clip), speaker_wish="none").make_ear is None
    assert isinstance(outfit.speaker(f"{sys.executable} -c pass"), ProgramSpeaker)
    assert isinstance(outfit.speaker("reply.wav"), FileSpeaker)
    with pytest.raises(NotFound):
        outfit.outfit(Listens.WAKES, microphone_wish=str(clip), speaker_wish="none", wake_word="computer")
    for wish in ("nosuchprogram -x", "", "'"):
        with pytest.raises(BadInput):
            outfit.microphone(wish)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MicrophoneFailed):
        outfit.microphone("default")
    with pytest.raises(SpeakerFailed):
        outfit.speaker("default")
    (tmp_path / "parec").write_text("#!/bin/sh\n")
    (tmp_path / "parec").chmod(0o755)
    assert programs.recorder()[0] == "parec"


def test_the_radios_of_a_machine(tmp_path: Path) -> None:
    (tmp_path / "net" / "wlan0" / "wireless").mkdir(parents=True)
    (tmp_path / "net" / "eth0" / "device").mkdir(parents=True)
    (tmp_path / "net" / "lo").mkdir()
    (tmp_path / "bluetooth" / "hci0").mkdir(parents=True)
    assert set(outfit.radios(tmp_path / "net", tmp_path / "bluetooth")) == {"wifi", "ethernet", "bluetooth"}
    assert outfit.radios(tmp_path / "none", tmp_path / "none") == ()


def test_a_token_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("ewd1_abc\n")
    assert outfit.read_token(path) == "ewd1_abc"
    for content in ("", "two words", "x" * 300, "é"):
        path.write_text(content)
        with pytest.raises(BadInput):
            outfit.read_token(path)
    with pytest.raises(BadInput):
        outfit.read_token(tmp_path / "none")


def test_the_light_tells_when_sound_leaves() -> None:
    assert {light for light in Light if light.sends} == {Light.STREAMING, Light.VERIFYING, Light.LISTENING}
    assert all(light.in_words for light in Light)
