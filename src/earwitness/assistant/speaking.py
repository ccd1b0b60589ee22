"""Reply in words → pieces of sound, as they are made, without stopping the event loop."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor

from earwitness.kernel.errors import EarwitnessError
from earwitness.speech.tts.port import Sound, Synthesizer

_End = EarwitnessError | None


async def spoken(text: str, voice: Synthesizer, threads: Executor) -> AsyncIterator[Sound]:
    """Yield the speech; closing the iterator early ends the engine's work at its next piece.

    Raises:
        EngineError: the engine is missing or died; what was yielded before is good.
    """
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[Sound | EarwitnessError | None] = asyncio.Queue()
    stopped = asyncio.Event()

    def speak() -> None:
        end: _End = None
        try:
            for piece in voice.speak(text):
                if stopped.is_set():
                    break
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
        except EarwitnessError as error:
            end = error
        loop.call_soon_threadsafe(pieces.put_nowait, end)

    speaking = loop.run_in_executor(threads, speak)
    try:
        while isinstance(piece := await pieces.get(), Sound):
            yield piece
        if piece is not None:
            raise piece
        await speaking
    finally:
        stopped.set()
