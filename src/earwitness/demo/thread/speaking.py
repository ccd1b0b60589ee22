"""One device of the thread: a microphone that plays recordings into the device protocol, faster than life.

It goes as fast as the gateway lets a device go, and a little slower: 30 seconds of sound at once, then less than
twice the pace of life (docs/formats/device-protocol.md, "Bounds on the hub").
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from earwitness import __version__
from earwitness.device.link import Link, dial, hub_address
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import HubUnreachable, SatelliteError
from earwitness.protocol.device.messages import (
    Answered,
    Cancel,
    Heard,
    Hello,
    Idle,
    Kept,
    Listening,
    Listens,
    Played,
    SpeechEnd,
    SpeechEnded,
    Woken,
)

SECOND: Final = SAMPLE_RATE * SAMPLE_WIDTH
PIECE: Final = 4_096  # bytes: 128 ms
LEAD: Final = bytes(SECOND)
TAIL: Final = bytes(6 * SECOND)  # for the end of speech to be found
AT_ONCE: Final = 20 * SECOND
A_SECOND: Final = 1.8 * SECOND
PATIENCE: Final = 15.0  # seconds after the last sound, after which nothing woke it
LONGER: Final = 60.0  # where something did
AWAY: Final = 90.0  # seconds for which a hub may be away
AGAIN: Final = 0.5


@dataclass(slots=True)
class Turn:
    """What the hub said of one recording; moments in seconds of the running clock."""

    woke: bool = False
    text: str = ""
    reply: str = ""
    recording: str | None = None
    reason: str = "nothing"
    speech_ended: float = 0.0
    kept: float = 0.0


@dataclass(slots=True)
class Device:
    """A connected device that streams all the time."""

    link: Link
    _left: float = AT_ONCE
    _at: float = field(default_factory=time.monotonic)

    @classmethod
    async def connect(cls, url: str, token: str) -> "Device":
        """Say hello with the device's pairing token.

        Raises:
            HubUnreachable, HubRefused: the hub is away, or does not want it.
        """
        hello = Hello((1,), token, str(Listens.STREAMS), "earwitness-demo", __version__, muted=False)
        return cls(await dial(hub_address(url), hello))

    async def speak(self, pcm: bytes, *, pace: bool = False) -> Turn:
        """Play 16 kHz mono s16le sound, and wait until the turn is over or nothing woke; ``pace``: as slow as life.

        Raises:
            HubUnreachable, HubRefused: the connection has ended.
        """
        turn = Turn()
        listening = asyncio.create_task(self._listen(turn))
        try:
            await self._send(LEAD + pcm + TAIL, turn, pace=pace)
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await asyncio.shield(listening)
            if turn.woke:  # a busy machine
                async with asyncio.timeout(LONGER):
                    await asyncio.shield(listening)
        except HubUnreachable:
            if turn.recording is None:  # what is kept is kept, whatever became of the connection
                raise
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, SatelliteError):
                await listening
        return turn

    async def close(self) -> None:
        """Say goodbye."""
        await self.link.close()

    async def _send(self, pcm: bytes, turn: Turn, *, pace: bool) -> None:
        begun = time.monotonic()
        for at in range(0, len(pcm), PIECE):
            if turn.speech_ended:
                return
            piece = pcm[at : at + PIECE]
            await self._take(len(piece))
            if pace:
                await asyncio.sleep(max(0.0, at / SECOND - (time.monotonic() - begun)))
            await self.link.send_sound(piece)

    async def _take(self, amount: int) -> None:
        """Wait until so much sound may be sent."""
        now = time.monotonic()
        self._left = min(AT_ONCE, self._left + (now - self._at) * A_SECOND)
        self._at = now
        if amount > self._left:
            await asyncio.sleep((amount - self._left) / A_SECOND)
        self._left -= amount

    async def _listen(self, turn: Turn) -> None:
        """Follow the turn to its end."""
        while True:
            match await self.link.receive():
                case Woken():
                    turn.woke = True
                case SpeechEnded():
                    turn.speech_ended = time.monotonic()
                case Heard(text=text):
                    turn.text = text
                case Answered(text=text):
                    turn.reply = text
                case SpeechEnd():
                    await self.link.send(Played())
                case Kept(recording=recording):
                    turn.recording, turn.kept = recording, time.monotonic()
                case Idle(reason=reason):
                    turn.reason = reason
                    return
                case Listening(follow_up=True):  # nobody answers questions here
                    await self.link.send(Cancel())
                case _:
                    pass


@dataclass(slots=True)
class Speaker:
    """Somebody in front of a device: says it again where the hub went away before it had kept it."""

    address: Callable[[], str]
    """where the hub is now"""
    token: str = field(repr=False)
    _device: Device | None = None

    async def say(self, pcm: bytes, *, pace: bool = False) -> Turn:
        """Say it to the hub, and wait for what comes of it; ``pace``: as slow as life.

        Raises:
            HubUnreachable, HubRefused: the hub is away for long, or does not want the device.
        """
        until = time.monotonic() + AWAY
        while True:
            try:
                self._device = self._device or await Device.connect(self.address(), self.token)
                return await self._device.speak(pcm, pace=pace)
            except HubUnreachable:
                await self.leave()
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(AGAIN)

    async def leave(self) -> None:
        """Go away from the device."""
        device, self._device = self._device, None
        if device is not None:
            await device.close()
