"""The satellite: microphone → wake word → hub → speaker, and a light that says what leaves this machine.

Three loops run beside each other: sound from the microphone, messages from the hub, orders of the person (mute, talk,
cancel). Which sound is sent is decided in one place, :meth:`Satellite._on_sound`: of a satellite that wakes itself,
none but from its wake word (or the button, or a question asked) to the end of speech.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

from earwitness import __version__
from earwitness.device.backoff import Backoff
from earwitness.device.light import Light, ShowLight, Tell
from earwitness.device.link import Link
from earwitness.device.microphone import Microphone
from earwitness.device.playing import Player
from earwitness.device.speaker import Speaker
from earwitness.device.tones import Tone
from earwitness.device.waking import Ear, Woke
from earwitness.kernel.errors import HubUnreachable, MicrophoneFailed
from earwitness.protocol.device import messages
from earwitness.protocol.device.bounds import PROGRAM, VERSIONS
from earwitness.protocol.device.messages import FromDevice, FromHub, Hello, Listens

LINGER = 1.5  # seconds without anything to do, after which a file that was played is over
REOPEN = 2.0  # seconds before a microphone that stopped is opened again
STEADY = 10.0  # one that ran so long is worth it


Dial = Callable[[Hello], Awaitable[Link]]
"""Connects to the hub; raises HubUnreachable or HubRefused."""


class Order(Enum):
    """What a person can tell the satellite by key, button or signal."""

    MUTE = auto()  # or open again
    TALK = auto()
    CANCEL = auto()
    QUIT = auto()


@dataclass(frozen=True, slots=True)
class Outfit:
    """What a satellite is made of. ``listens`` WAKES needs an ``ear`` for a word."""

    microphone: Microphone
    speaker: Speaker
    listens: Listens
    make_ear: Callable[[str], Ear] | None = None
    wake_words: tuple[str, ...] = ()
    wake_word: str | None = None  # else the one that the hub chose
    radios: tuple[str, ...] = ()
    tones: bool = True
    wake_tone: bool = False  # it is heard by the microphone as well


class Satellite:
    """One satellite. Lives on one event loop; :meth:`run` it once."""

    def __init__(self, outfit: Outfit, dial: Dial, backoff: Backoff, show: ShowLight, tell: Tell) -> None:
        """``dial`` connects; ``show`` gets the light when it changes, ``tell`` what is to be read."""
        self._outfit = outfit
        self._dial = dial
        self._backoff = backoff
        self._show = show
        self._tell = tell
        self._link: Link | None = None
        self._ear: Ear | None = None
        self._player = Player(outfit.speaker, self._on_played, lambda text: tell("error", text))
        self._light: Light | None = None
        self._sending = False
        self._muted = False
        self._busy = False  # a turn is under way
        self._microphone_wanted = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, token: str, orders: "asyncio.Queue[Order]", *, muted: bool = False) -> None:
        """Run until a person quits, or a file that is the microphone is over.

        Raises:
            HubRefused: the hub does not want this satellite.
            MicrophoneFailed: there is no microphone that works.
        """
        self._muted = muted
        parts = (self._hear(), self._stay_connected(token), self._obey(orders), self._player.run())
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            await asyncio.wait({*tasks, self._over}, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            tasks += [self._reading] if self._reading is not None else []
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._outfit.microphone.close()
            if self._ear is not None:
                self._ear.close()

    # --- the microphone -----------------------------------------------------------------------

    async def _hear(self) -> None:
        """Read the microphone while it may be open; closed means that its program has ended."""
        time = asyncio.get_running_loop().time
        while True:
            await self._microphone_wanted.wait()
            opened = time()
            self._reading = asyncio.create_task(self._read())
            await asyncio.wait({self._reading})
            if self._reading.cancelled():  # muted
                continue
            error = self._reading.exception()
            if not isinstance(error, MicrophoneFailed) or time() - opened < STEADY:
                return self._reading.result()
            self._tell("error", f"{error.what} It is opened again.")
            await asyncio.sleep(REOPEN)

    async def _read(self) -> None:
        """Read until the microphone fails, or is a file that is over and dealt with."""
        microphone, time = self._outfit.microphone, asyncio.get_running_loop().time
        try:
            await microphone.open()
            busy_at = time()
            while time() - busy_at < LINGER:
                await self._on_sound(await microphone.read())
                if not microphone.is_over or self._busy or self._player.is_busy:
                    busy_at = time()
        finally:
            await microphone.close()
        self._finish()

    async def _on_sound(self, pcm: bytes) -> None:
        if self._muted:
            return
        if self._sending and self._link is not None:
            await self._send_sound(pcm)
        elif self._ear is not None and (woke := self._ear.push(pcm)) is not None:
            await self._on_woke(woke)

    async def _on_woke(self, woke: Woke) -> None:
        if self._link is None:
            self._sound_out(Tone.ERROR)
            self._tell("note", "The hub is away; what is said now is not heard by anybody.")
            return
        self._player.stop()
        self._busy = self._sending = True
        self._set_light(Light.VERIFYING)
        await self._send(messages.Woke(woke.word, woke.score, woke.ends_at))
        await self._send_sound(woke.sound + woke.rest)

    # --- the hub ------------------------------------------------------------------------------

    async def _stay_connected(self, token: str) -> None:
        time = asyncio.get_running_loop().time
        while True:
            began = time()
            try:
                await self._serve_hub(token)
            except HubUnreachable as error:
                wait = self._backoff.wait(time() - began)
                self._tell("error", f"{error.what} Trying again in {wait:.0f} s.")
                await asyncio.sleep(wait)

    async def _serve_hub(self, token: str) -> None:
        self._set_light(Light.AWAY)
        link = await self._dial(self._hello(token))
        try:
            self._welcome(link)
            while True:
                message = await link.receive()
                if isinstance(message, bytes):
                    self._player.write(message)
                else:
                    await self._on_message(message)
        finally:
            self._link, self._sending, self._busy = None, False, False
            self._player.stop()
            await link.close()

    def _hello(self, token: str) -> Hello:
        outfit = self._outfit
        return Hello(
            VERSIONS,
            token,
            str(outfit.listens),
            PROGRAM,
            __version__,
            self._muted,
            outfit.radios,
            outfit.wake_words,
            outfit.microphone.name,
        )

    def _welcome(self, link: Link) -> None:
        outfit, welcome = self._outfit, link.welcome
        if welcome.out_of_date:
            self._tell("note", f"The hub runs Earwitness {welcome.hub_version}; this is {__version__}: update it.")
        if outfit.listens is Listens.WAKES and outfit.make_ear is not None:
            word = self._choose(outfit.wake_word or welcome.wake_word or "")
            if self._ear is None or self._ear.word != word:
                self._ear = outfit.make_ear(word)
            self._tell("note", f"Connected. The wake word is “{word}”.")
        else:
            self._tell("note", "Connected.")
        self._link = link
        if not self._muted:
            self._microphone_wanted.set()
        self._rest()

    def _choose(self, word: str) -> str:
        """Return the wake word that was chosen, or one that is known here."""
        known = self._outfit.wake_words
        if word not in known:
            self._tell("note", f"“{word}” is not known on this machine.")
        return word if word in known else known[0]

    async def _on_message(self, message: FromHub) -> None:  # noqa: C901 - a case a message
        match message:
            case messages.Listening():
                self._begin_sending()
            case messages.Woken() if self._outfit.wake_tone:
                self._sound_out(Tone.LISTENING)
            case messages.SpeechEnded():
                self._stop_sending()
                self._set_light(Light.THINKING)
            case messages.Heard(text, score):
                self._tell("heard", f"{text}  ({score:.2f})")
            case messages.Answered(text):
                self._tell("answered", text)
            case messages.Speech(rate):
                self._busy = True
                self._set_light(Light.SPEAKING)
                self._player.start(rate)
            case messages.SpeechEnd():
                self._player.end()
            case messages.Silence():
                self._player.stop()
            case messages.Idle(reason):
                self._on_idle(reason)
            case messages.Muted(on):
                await self._mute(on=on)
            case messages.Kept(recording):
                self._tell("kept", recording or "nothing")
            case messages.Refused(_, text, next_step):
                self._tell("error", f"{text} {next_step}".strip())

    def _begin_sending(self) -> None:
        if not self._muted:
            self._busy = self._sending = True
            self._set_light(Light.LISTENING)

    def _stop_sending(self) -> None:
        if self._outfit.listens is not Listens.STREAMS:
            self._sending = False
            if self._ear is not None:
                self._ear.forget()

    def _on_idle(self, reason: str) -> None:
        self._stop_sending()
        self._rest()
        if reason not in {"done", "elsewhere"}:
            self._tell("note", reason.replace("_", " "))

    def _rest(self) -> None:
        """The state between turns."""
        self._busy = False
        streams = self._outfit.listens is Listens.STREAMS
        self._sending = streams and not self._muted
        self._set_light(Light.MUTED if self._muted else Light.STREAMING if streams else Light.WAITING)

    async def _on_played(self) -> None:
        await self._send(messages.Played())

    # --- the person ---------------------------------------------------------------------------

    async def _obey(self, orders: "asyncio.Queue[Order]") -> None:
        while True:
            match await orders.get():
                case Order.MUTE:
                    await self._mute(on=not self._muted)
                    await self._send(messages.Mute(self._muted))
                case Order.TALK if self._muted:
                    self._tell("note", "The microphone is closed; open it first.")
                case Order.TALK:
                    self._player.stop()
                    await self._send(messages.Listen())
                case Order.CANCEL:
                    self._player.stop()
                    await self._send(messages.Cancel())
                case Order.QUIT:
                    return self._finish()

    async def _mute(self, *, on: bool) -> None:
        """Close the microphone, or let it be opened again; the light says so when it is closed."""
        if on is self._muted:
            return
        self._muted = on
        if on:
            self._microphone_wanted.clear()
            if self._reading is not None:
                self._reading.cancel()
                await asyncio.wait({self._reading})
            if self._ear is not None:
                self._ear.forget()
        else:
            self._microphone_wanted.set()
        self._sound_out(Tone.MUTED if on else Tone.OPENED)
        if self._link is not None:
            self._rest()

    # --- small things -------------------------------------------------------------------------

    async def _send(self, message: FromDevice) -> None:
        if self._link is not None:
            with suppress(HubUnreachable):  # the task that receives finds out, and says so
                await self._link.send(message)

    async def _send_sound(self, pcm: bytes) -> None:
        if self._link is not None:
            with suppress(HubUnreachable):
                await self._link.send_sound(pcm)

    def _sound_out(self, tone: Tone) -> None:
        if self._outfit.tones:
            self._player.tone(tone)

    def _set_light(self, light: Light) -> None:
        if light is not self._light:
            self._light = light
            self._show(light)

    def _finish(self) -> None:
        if not self._over.done():
            self._over.set_result(None)
