"""Where a satellite's replies go: a program that plays, a file, or nowhere.

The port :class:`Speaker` plays one sound at a time; :meth:`Speaker.stop` is heard at once, because it ends the program.
"""

import asyncio
import wave
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.kernel.errors import SpeakerFailed

ENDING_SECONDS = 10.0  # for a program to play what it has taken already


class Speaker(Protocol):
    """Plays mono s16le. One task at a time."""

    async def start(self, rate: int) -> None:
        """Begin a sound at ``rate`` Hz.

        Raises:
            SpeakerFailed: it cannot.
        """
        ...

    async def write(self, pcm: bytes) -> None:
        """Play more; waits while enough waits to be played.

        Raises:
            SpeakerFailed: it stopped.
        """
        ...

    async def finish(self) -> None:
        """Return when all of it was played."""
        ...

    async def stop(self) -> None:
        """Be silent at once."""
        ...

    async def close(self) -> None:
        """Be silent for good."""
        ...


class ProgramSpeaker:
    """The port over a program that reads raw sound from its standard input; one process a sound."""

    def __init__(self, command: Sequence[str]) -> None:
        """Play with ``command``, in which ``{rate}`` stands for the rate."""
        self._command = command
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, rate: int) -> None:
        """See the port."""
        await self.stop()
        command = [part.replace("{rate}", str(rate)) for part in self._command]
        null = asyncio.subprocess.DEVNULL
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.PIPE, stdout=null, stderr=null
            )
        except OSError as error:
            raise self._failed(f"cannot be started: {error.strerror}") from error

    async def write(self, pcm: bytes) -> None:
        """See the port."""
        if self._process is not None and self._process.stdin is not None:
            try:
                self._process.stdin.write(pcm)
                await self._process.stdin.drain()
                if self._process.stdin.is_closing():  # it had ended: drain does not always say so
                    raise ConnectionResetError
            except ConnectionError as error:
                await self.stop()
                raise self._failed("stopped playing") from error

    async def finish(self) -> None:
        """See the port."""
        process = self._process
        if process is None or process.stdin is None:
            return
        with suppress(ConnectionError):
            process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING_SECONDS):
                await process.wait()
        await self.stop()

    async def stop(self) -> None:
        """See the port."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def close(self) -> None:
        """See the port."""
        await self.stop()

    def _failed(self, how: str) -> SpeakerFailed:
        return SpeakerFailed(f"{Path(self._command[0]).name} {how}.", next_step="Give another with --speaker.")


class FileSpeaker:
    """The port over a WAV file that gets everything one after the other, at the rate of the first sound."""

    def __init__(self, path: Path) -> None:
        """Write to ``path``; what was there is replaced."""
        self._path = path
        self._file: wave.Wave_write | None = None
        self._target: BinaryIO | None = None

    async def start(self, rate: int) -> None:
        """See the port."""
        if self._file is None:
            try:
                target = self._path.open("wb")
            except OSError as error:
                raise SpeakerFailed(f"{self._path.name} cannot be written: {error.strerror}.") from error
            self._target = target
            self._file = wave.open(target)  # noqa: SIM115 - open as long as the satellite runs
            self._file.setnchannels(1)
            self._file.setsampwidth(SAMPLE_WIDTH)
            self._file.setframerate(rate)

    async def write(self, pcm: bytes) -> None:
        """See the port."""
        if self._file is not None:
            self._file.writeframes(pcm)

    async def finish(self) -> None:
        """See the port."""

    async def stop(self) -> None:
        """See the port."""

    async def close(self) -> None:
        """See the port."""
        if self._file is not None and self._target is not None:
            self._file.close()
            self._target.close()
            self._file = self._target = None


class SilentSpeaker:
    """The port over nothing: a satellite with a light alone."""

    async def start(self, rate: int) -> None:
        """See the port."""

    async def write(self, pcm: bytes) -> None:
        """See the port."""

    async def finish(self) -> None:
        """See the port."""

    async def stop(self) -> None:
        """See the port."""

    async def close(self) -> None:
        """See the port."""
