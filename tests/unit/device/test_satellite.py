"""The satellite against a real gateway: what leaves the machine and when, mute, the light, and how it ends."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from earwitness.assistant.events import Idle, Muted, Silence, Speech
from earwitness.device.backoff import Backoff
from earwitness.device.light import Light
from earwitness.device.link import Link, dial
from earwitness.device.microphone import PIECE, Microphone, ProgramMicrophone
from earwitness.device.satellite import Order, Outfit, Satellite
from earwitness.device.speaker import SilentSpeaker
from earwitness.device.waking import Ear
from earwitness.kernel.errors import HubRefused, MicrophoneFailed
from earwitness.protocol.device.messages import Hello, Listens
from earwitness.speech.wake.port import WakeStream
from earwitness.testing.devices import REPLY, UTTERANCE, WORD, Served, served
from earwitness.testing.hearing import ScriptedWakeStream
from earwitness.testing.waiting import until

SOON = 10
TALKS = [
    *(sys.executable, "-c"),
    "import sys, time\nwhile True: sys.stdout.buffer.write(bytes(640)); sys.stdout.flush(); time.sleep(.005)",
]


@pytest.fixture(autouse=True)
def _linger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earwitness.device.satellite.LINGER", 0.2)


async def moment(seconds: float = 0.002) -> None:
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(seconds, done.set_result, None)
    await done


def is_alive(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


class Spoken:
    """A microphone that plays sound faster than life, then silence."""

    name = "spoken"

    def __init__(self, pcm: bytes = b"") -> None:
        self._pcm = pcm
        self._at = 0
        self.is_open = False
        self.opened = 0

    @property
    def is_over(self) -> bool:
        return bool(self._pcm) and self._at >= len(self._pcm)

    async def open(self) -> None:
        self.is_open = True
        self.opened += 1

    async def read(self) -> bytes:
        await moment(0.001)
        piece = self._pcm[self._at : self._at + PIECE]
        self._at += PIECE
        return piece.ljust(PIECE, b"\0")

    async def close(self) -> None:
        self.is_open = False


class Broken(Spoken):
    """A microphone that is none."""

    async def open(self) -> None:
        raise MicrophoneFailed("No such card.")


class Noting(SilentSpeaker):
    """Notes what is played."""

    def __init__(self) -> None:
        self.played = b""
        self.stopped = 0
        self.held = asyncio.Event()
        self.held.set()

    async def write(self, pcm: bytes) -> None:
        await self.held.wait()
        self.played += pcm

    async def stop(self) -> None:
        self.stopped += 1


class Once(ScriptedWakeStream):
    """A first stage that fires once."""

    def reset(self) -> None:
        """Go on counting."""


class Scripted:
    """A detector that fires once, at a sample."""

    words = (WORD,)

    def __init__(self, at: int) -> None:
        self.at = at

    def open(self, words: tuple[str, ...] | None = None) -> WakeStream:  # noqa: ARG002 - the port's
        return Once(self.at)


@dataclass
class Stage:
    """A satellite under test, with what it shows."""

    hub: Served
    outfit: Outfit
    token: str = "kitchen"
    lights: list[Light] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    orders: asyncio.Queue[Order] = field(default_factory=asyncio.Queue)

    def run(self, *, muted: bool = False) -> asyncio.Task[None]:
        async def call(hello: Hello) -> Link:
            return await dial(self.hub.url, hello)

        satellite = Satellite(
            self.outfit,
            call,
            Backoff(lambda: 1.0),
            self.lights.append,
            lambda kind, text: self.told.append((kind, text)),
        )
        return asyncio.create_task(satellite.run(self.token, self.orders, muted=muted))

    async def ended(self, running: asyncio.Task[None]) -> None:
        async with asyncio.timeout(SOON):
            await running

    async def quit(self, running: asyncio.Task[None]) -> None:
        await self.orders.put(Order.QUIT)
        await self.ended(running)

    def tell(self, *events: Any) -> None:
        asyncio.run_coroutine_threadsafe(self.hub.sessions.of("kitchen").tell(*events), self.hub.loop)


def waking(at: int, microphone: Microphone, **more: Any) -> Outfit:
    return Outfit(
        microphone,
        Noting(),
        Listens.WAKES,
        lambda word: Ear(Scripted(at), word),
        wake_words=(WORD,),
        tones=False,
        **more,
    )


def on_stage(work: Callable[[Served], Coroutine[Any, Any, None]]) -> None:
    with served("kitchen") as hub:
        asyncio.run(work(hub))


def test_sound_leaves_from_the_wake_word_to_the_end_of_speech_and_never_else() -> None:
    """Of two seconds before the wake word, 1.3 are sent; of ten seconds after the end of speech, nothing."""
    sound = bytes(range(1, 251)) * 256  # two seconds
    speaker = Noting()

    async def go(hub: Served) -> None:
        stage = Stage(hub, replace(waking(32_000, Spoken(sound + bytes(UTTERANCE))), speaker=speaker))
        await stage.ended(stage.run())
        session = hub.sessions.of("kitchen")
        assert session.calls == [f"woke {WORD} 0.9 20800", "played"]
        assert UTTERANCE <= session.heard <= 41_600 + UTTERANCE + 50 * PIECE
        assert speaker.played == REPLY
        assert hub.guests.hellos[0].listens == "wakes"
        assert stage.lights == [
            *(Light.AWAY, Light.WAITING, Light.VERIFYING, Light.LISTENING),
            *(Light.THINKING, Light.SPEAKING, Light.WAITING),
        ]

    on_stage(go)


def test_without_a_wake_word_nothing_leaves() -> None:
    async def go(hub: Served) -> None:
        stage = Stage(hub, waking(10**9, Spoken(bytes(64_000))))
        await stage.ended(stage.run())
        assert hub.sessions.of("kitchen").heard == 0
        assert not [light for light in stage.lights if light.sends]

    on_stage(go)


def test_muted_the_program_that_records_has_ended() -> None:
    async def go(hub: Served) -> None:
        microphone = ProgramMicrophone(TALKS)
        stage = Stage(hub, waking(10**9, microphone))
        running = stage.run()
        await until(lambda: microphone.is_open)
        process = microphone._process
        assert process is not None
        await stage.orders.put(Order.MUTE)
        await until(lambda: Light.MUTED in stage.lights)
        assert not is_alive(process.pid)
        await until(lambda: hub.guests.seen == [("kitchen", True)])
        await stage.orders.put(Order.TALK)
        await until(lambda: ("note", "The microphone is closed; open it first.") in stage.told)
        await stage.orders.put(Order.MUTE)
        await until(lambda: microphone.is_open)
        await until(lambda: hub.guests.seen[1:] == [("kitchen", False)])
        assert hub.sessions.of("kitchen").calls == ["mute True", "mute False"]
        await stage.quit(running)
        assert not microphone.is_open

    on_stage(go)


def test_the_hub_can_close_the_microphone_and_a_person_opens_it() -> None:
    async def go(hub: Served) -> None:
        microphone = Spoken()
        stage = Stage(hub, waking(10**9, microphone))
        running = stage.run()
        await until(lambda: microphone.is_open)
        stage.tell(Muted(True))
        await until(lambda: not microphone.is_open and stage.lights[-1] is Light.MUTED)
        await stage.orders.put(Order.MUTE)
        await until(lambda: microphone.is_open)
        assert microphone.opened == 2
        assert Light.MUTED not in stage.lights[-1:]
        await stage.quit(running)

    on_stage(go)


def test_begun_muted_the_microphone_is_never_opened() -> None:
    async def go(hub: Served) -> None:
        microphone = Spoken()
        stage = Stage(hub, waking(1, microphone))
        running = stage.run(muted=True)
        await until(lambda: Light.MUTED in stage.lights)
        await stage.quit(running)
        assert microphone.opened == 0
        assert hub.guests.hellos[0].muted

    on_stage(go)


def test_a_button_talks_and_a_stream_streams() -> None:
    async def go(hub: Served) -> None:
        button = Stage(hub, Outfit(Spoken(), Noting(), Listens.BUTTON, tones=False))
        running = button.run()
        await until(lambda: Light.WAITING in button.lights)
        await button.orders.put(Order.TALK)
        await until(lambda: hub.sessions.of("kitchen").turns == 1)
        await button.orders.put(Order.CANCEL)
        await until(lambda: "cancel" in hub.sessions.of("kitchen").calls)
        await button.quit(running)
        assert hub.sessions.of("kitchen").calls[0] == "listen"
        stream = Stage(hub, Outfit(Spoken(), Noting(), Listens.STREAMS, tones=False))
        running = stream.run()
        await until(lambda: hub.sessions.opened[1:] and hub.sessions.opened[1].heard > 5 * PIECE)
        await stream.quit(running)
        assert stream.lights[:2] == [Light.AWAY, Light.STREAMING]

    on_stage(go)


def test_silence_stops_the_speaker() -> None:
    async def go(hub: Served) -> None:
        speaker = Noting()
        speaker.held.clear()
        stage = Stage(hub, replace(waking(10**9, Spoken()), speaker=speaker))
        running = stage.run()
        await until(lambda: hub.sessions.opened)
        stage.tell(Speech(bytes(16_000), 16_000))
        await until(lambda: Light.SPEAKING in stage.lights)
        stage.tell(Silence(), Idle("cancelled"))
        await until(lambda: ("note", "cancelled") in stage.told)
        speaker.held.set()
        await until(lambda: speaker.stopped)
        assert speaker.played == b""
        await stage.quit(running)

    on_stage(go)


def test_a_hub_that_refuses_ends_it_and_says_why() -> None:
    async def go(hub: Served) -> None:
        stage = Stage(hub, waking(1, Spoken()), token="no")
        with pytest.raises(HubRefused, match="does not know this pairing token"):
            await stage.ended(stage.run())
        first, second = Stage(hub, waking(10**9, Spoken())), Stage(hub, waking(10**9, Spoken()))
        running = first.run()
        await until(lambda: hub.route.connected)
        taking_over = second.run()
        with pytest.raises(HubRefused, match="Another program"):
            await first.ended(running)
        await second.quit(taking_over)

    on_stage(go)


def test_a_hub_that_is_away_is_tried_again() -> None:
    async def go(hub: Served) -> None:
        stage = Stage(replace(hub, url="ws://127.0.0.1:9/device"), waking(1, Spoken()))
        running = stage.run()
        await until(lambda: len([kind for kind, _ in stage.told if kind == "error"]) >= 2)
        assert stage.lights == [Light.AWAY]
        await stage.quit(running)

    on_stage(go)


def test_a_microphone_that_is_none_ends_it() -> None:
    async def go(hub: Served) -> None:
        stage = Stage(hub, waking(1, Broken()))
        with pytest.raises(MicrophoneFailed):
            await stage.ended(stage.run())

    on_stage(go)


def test_a_wake_word_that_is_not_known_here_is_said() -> None:
    async def go(hub: Served) -> None:
        stage = Stage(hub, waking(10**9, Spoken(), wake_word="hey jarvis"))
        running = stage.run()
        await until(lambda: Light.WAITING in stage.lights)
        assert ("note", "“hey jarvis” is not known on this machine.") in stage.told
        await stage.quit(running)

    on_stage(go)
