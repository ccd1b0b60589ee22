"""One device's connection: hello, then its messages to its session and the session's events back, until one end.

Three tasks run beside each other: reading, sending (:class:`Outbox`) and watching. Whichever finds a reason calls
:meth:`Connection.end`; the first reason counts, the others are cancelled, the session is closed, the device is told
why. What it sends waits in the socket while its session is busy, so it can't fill the hub's memory.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from earwitness import __version__
from earwitness.assistant import events
from earwitness.gateway.websocket import ending
from earwitness.gateway.websocket.ending import Ending
from earwitness.gateway.websocket.hub import Admitted, Doorkeeper, Session, Sessions
from earwitness.gateway.websocket.limits import SECOND_OF_SOUND, Limits
from earwitness.gateway.websocket.microphone import Microphone, Sound
from earwitness.gateway.websocket.outbox import Outbox
from earwitness.gateway.websocket.rates import Bucket
from earwitness.gateway.websocket.translation import translated
from earwitness.kernel.errors import AccessDenied, EarwitnessError, MessageInvalid
from earwitness.protocol.device.bounds import VERSIONS, CloseCode
from earwitness.protocol.device.codec import check_sound, decode_from_device, encode_from_hub
from earwitness.protocol.device.messages import (
    Cancel,
    Finish,
    FromDevice,
    Hello,
    Listen,
    Listens,
    Mute,
    Played,
    Refused,
    Welcome,
    Woke,
)

Frame = str | bytes
LEAST_COUNTED = SECOND_OF_SOUND // 100  # a smaller piece costs the hub as much
Greeted = Callable[["Connection"], None]
LOST = (WebSocketDisconnect, WebSocketDisconnected, OSError)  # what is raised once the other side is gone


class Connection:
    """A connection that was accepted; :meth:`run` it once. Lives on the event loop."""

    def __init__(self, socket: WebSocket, doorkeeper: Doorkeeper, sessions: Sessions, limits: Limits) -> None:
        """Serve the device at the other end of ``socket``."""
        loop = asyncio.get_running_loop()
        self.device = ""
        self._socket = socket
        self._doorkeeper = doorkeeper
        self._sessions = sessions
        self._limits = limits
        self._over: asyncio.Future[Ending] = loop.create_future()
        self._outbox = Outbox(self._send, limits)
        self._messages = Bucket(limits.messages_at_once, limits.messages_a_second, loop.time)
        self._sound = Bucket(limits.sound_at_once, limits.sound_a_second, loop.time)
        self._microphone = Microphone(Listens.BUTTON, limits, loop.time, muted=False)
        self._session: Session | None = None
        self._hello: Hello | None = None

    def end(self, why: Ending) -> None:
        """End it; only the first reason counts."""
        if not self._over.done():
            self._over.set_result(why)

    async def run(self, greeted: Greeted) -> Ending:
        """Serve until the end, and return it. ``greeted`` is called once the device is known."""
        parts: list[Coroutine[Any, Any, None]] = [self._talk(greeted), self._outbox.run(), self._watch()]
        tasks = [asyncio.create_task(self._guarded(part)) for part in parts]
        try:
            why = await self._over
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._session is not None:
                await self._session.close()
        await self._part(why)
        return why

    async def _guarded(self, part: Coroutine[Any, Any, None]) -> None:
        try:
            await part
        except TimeoutError:
            self.end(ending.SLOW)
        except LOST:
            self.end(ending.GONE)
        except MessageInvalid as error:
            self.end(ending.unreadable(error))
        except EarwitnessError as error:
            self.end(Ending(CloseCode.FAILED, "failed", error.what, error.next_step))
        except Exception as error:  # noqa: BLE001 - one connection ends, and the log says where
            structlog.get_logger().error("device_failed", exc_info=error)
            self.end(ending.FAILED)

    # --- the beginning ------------------------------------------------------------------------

    async def _talk(self, greeted: Greeted) -> None:
        try:
            async with asyncio.timeout(self._limits.hello_wait):
                first = await self._receive()
        except TimeoutError:
            return self.end(ending.NO_HELLO)
        if first is None:
            return self.end(ending.GONE)
        hello = decode_from_device(first) if isinstance(first, str) else None
        if not isinstance(hello, Hello):
            return self.end(ending.out_of_order("Something else came before hello."))
        version = max(set(hello.versions) & set(VERSIONS), default=None)
        if version is None:
            return self.end(ending.NO_VERSION)
        try:
            admitted = await asyncio.to_thread(self._doorkeeper.admit, hello)
        except AccessDenied:
            return self.end(ending.NOT_ADMITTED)
        self.device = admitted.device
        greeted(self)
        await self._open(hello, version, admitted)
        while (frame := await self._receive()) is not None:
            await self._take(frame)
        return self.end(ending.GONE)

    async def _open(self, hello: Hello, version: int, admitted: Admitted) -> None:
        listens = Listens(hello.listens)
        self._microphone = Microphone(listens, self._limits, asyncio.get_running_loop().time, muted=hello.muted)
        self._session = await self._sessions.open(
            admitted.device, self._emit, wakes_itself=listens is not Listens.STREAMS, word=admitted.wake_word
        )
        self._hello = hello
        self._outbox.put(
            Welcome(version, admitted.device, __version__, admitted.out_of_date, admitted.wake_word, admitted.area)
        )
        if hello.muted:
            await self._session.mute(True)

    # --- from the device ----------------------------------------------------------------------

    async def _receive(self) -> Frame | None:
        """Return the next frame; None if the device is gone."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        data: Frame | None = message.get("bytes")
        return message["text"] if data is None else data

    async def _take(self, frame: Frame) -> None:
        if isinstance(frame, bytes):
            await self._take_sound(check_sound(frame))
        elif self._messages.take(1):
            await self._take_message(decode_from_device(frame))
        else:
            self.end(ending.TOO_FAST)

    async def _take_sound(self, pcm: bytes) -> None:
        judged = self._microphone.judge(len(pcm))
        if not self._sound.take(max(len(pcm), LEAST_COUNTED)):
            self.end(ending.TOO_FAST)
        elif judged is Sound.UNASKED:
            self.end(ending.UNASKED)
        elif judged is Sound.TAKEN and self._session is not None:
            await self._session.hear(pcm)

    async def _take_message(self, message: FromDevice) -> None:
        if isinstance(message, Hello):
            return self.end(ending.out_of_order("Hello came twice."))
        if isinstance(message, Woke) and (self._hello is None or self._hello.listens != Listens.WAKES):
            return self.end(ending.out_of_order("A device without a wake word of its own woke."))
        if isinstance(message, Woke | Listen) and not await self._may_begin():
            return None
        try:
            await self._pass_on(message)
        except EarwitnessError as error:
            self._refuse("bad_input", error.what, error.next_step)

    async def _may_begin(self) -> bool:
        if self._microphone.is_muted:
            self._refuse("muted", "The microphone is closed.", "Open it first.")
            return False
        return await self._is_still_welcome()

    async def _pass_on(self, message: FromDevice) -> None:
        session = self._session
        if session is None:
            return
        match message:
            case Woke(word, score, ends_at):
                self._microphone.ask()
                await session.woke(word, score, ends_at)
            case Listen():
                self._microphone.ask()
                await session.listen()
            case Finish():
                self._microphone.end()
                await session.finish()
            case Played():
                await session.played()
            case Cancel():
                self._microphone.end()
                await session.cancel()
            case Mute(on):
                self._microphone.mute(on=on)
                await session.mute(on)
                await asyncio.to_thread(self._doorkeeper.saw, self.device, muted=on)

    # --- to the device ------------------------------------------------------------------------

    async def _emit(self, event: events.Event) -> None:
        """Take what the session tells; waits while the device has too much of a reply before it."""
        if self._over.done():
            return
        try:
            await self._tell(event)
        except MessageInvalid as error:  # a bug here: the session must not try again to say so
            structlog.get_logger().error("device_not_told", exc_info=error)
            self.end(ending.FAILED)

    async def _tell(self, event: events.Event) -> None:
        match event:
            case events.Speech(pcm, rate, last):
                await self._outbox.speak(pcm, rate, last=last)
            case events.Silence():
                self._outbox.silence()
            case events.Refused(code, message, next_step, fatal=True):
                told = Ending(CloseCode.FAILED, code, message, next_step)
                self.end(ending.TAKEN_OVER if code == "replaced" else told)
            case _:
                self._follow(event)
                if (message_ := translated(event)) is not None:
                    self._outbox.put(message_)

    def _follow(self, event: events.Event) -> None:
        match event:
            case events.Listening():
                self._microphone.ask()
            case events.SpeechEnded() | events.Idle():
                self._microphone.end()
            case events.Muted(on):
                self._microphone.mute(on=on)

    def _refuse(self, code: str, message: str, next_step: str) -> None:
        told = translated(events.Refused(code, message, next_step))
        if told is not None:
            self._outbox.put(told)

    async def _send(self, frame: Frame) -> None:
        try:
            if isinstance(frame, bytes):
                await self._socket.send_bytes(frame)
            else:
                await self._socket.send_text(frame)
        except RuntimeError as error:  # the server has closed it, and the application is not told in time
            raise WebSocketDisconnect(CloseCode.GOING_AWAY) from error

    # --- watching, and the end ----------------------------------------------------------------

    async def _watch(self) -> None:
        limits, time = self._limits, asyncio.get_running_loop().time
        checked = seen = time()
        while True:
            await asyncio.sleep(min(limits.turn_silence, limits.check_every) / 3)
            if self._hello is None or self._session is None:
                continue
            if self._microphone.has_fallen_silent():
                self._microphone.end()
                self._refuse("no_sound", "No sound came in this turn.", "Send sound, or finish.")
                await self._session.cancel()
            if time() - checked >= limits.check_every:
                checked = time()
                await self._is_still_welcome()
            if time() - seen >= limits.seen_every:
                seen = time()
                await asyncio.to_thread(self._doorkeeper.saw, self.device)

    async def _is_still_welcome(self) -> bool:
        token = self._hello.token if self._hello is not None else ""
        welcome = await asyncio.to_thread(self._doorkeeper.is_welcome, token, self.device)
        if not welcome:
            self.end(ending.NOT_ADMITTED)
        return welcome

    async def _part(self, why: Ending) -> None:
        if why is ending.GONE:
            return
        with suppress(TimeoutError, RuntimeError, *LOST):
            async with asyncio.timeout(self._limits.close_wait):
                if why.farewell is not None:
                    await self._send(encode_from_hub(_bounded(why.farewell)))
                await self._socket.close(int(why.code))


def _bounded(farewell: Refused) -> Refused:
    told = translated(events.Refused(farewell.code, farewell.message, farewell.next_step, fatal=True))
    return told if isinstance(told, Refused) else farewell
