"""Where a satellite's sound comes from: a program that records, or a file played as if somebody were speaking.

The port :class:`Microphone` opens and closes; closed it holds nothing and runs nothing. A piece is 20 ms of 16 kHz
mono s16le.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH, read_clip
from earwitness.kernel.errors import MicrophoneFailed

PIECE_MS = 20
PIECE = SAMPLE_RATE * SAMPLE_WIDTH * PIECE_MS // 1000
ENDING_SECONDS = 2.0
LONGEST_COMPLAINT = 200


class Microphone(Protocol):
    """Records. One task at a time."""

    @property
    def name(self) -> str:
        """What it is, for the registry."""
        ...

    @property
    def is_open(self) -> bool:
        """Whether it records."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it (a file that was played)."""
        ...

    async def open(self) -> None:
        """Begin to record.

        Raises:
            MicrophoneFailed: it cannot.
        """
        ...

    async def read(self) -> bytes:
        """Return the next 20 ms.

        Raises:
            MicrophoneFailed: it stopped.
        """
        ...

    async def close(self) -> None:
        """Stop recording; when this returns nothing is recorded any more. Twice is fine."""
        ...


class ProgramMicrophone:
    """The port over a program that writes raw sound to its standard output."""

    is_over = False

    def __init__(self, command: Sequence[str]) -> None:
        """Record with ``command``."""
        self._command = command
        self._process: asyncio.subprocess.Process | None = None

    @property
    def name(self) -> str:
        """See the port."""
        return Path(self._command[0]).name

    @property
    def is_open(self) -> bool:
        """See the port."""
        return self._process is not None

    async def open(self) -> None:
        """See the port."""
        if self._process is not None:
            return
        pipe = asyncio.subprocess.PIPE
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, limit=64 * PIECE
            )
        except OSError as error:
            raise MicrophoneFailed(
                f"{self.name} cannot be started: {error.strerror}.", next_step="Give another with --microphone."
            ) from error

    async def read(self) -> bytes:
        """See the port."""
        process = self._process
        if process is None or process.stdout is None:
            raise MicrophoneFailed("The microphone is closed.")
        try:
            return await process.stdout.readexactly(PIECE)
        except asyncio.IncompleteReadError as error:
            complaint = await _complaint(process)
            await self.close()
            raise MicrophoneFailed(
                f"{self.name} stopped recording{complaint}.",
                next_step="Check that a microphone is connected, or give another with --microphone.",
            ) from error

    async def close(self) -> None:
        """See the port."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(ENDING_SECONDS):
                await process.communicate()
        except TimeoutError:
            process.kill()
            await process.communicate()


class FileMicrophone:
    """The port over an audio file, as fast as it is spoken; after its end there is silence."""

    def __init__(self, path: Path) -> None:
        """Play ``path``.

        Raises:
            BadInput: not an audio file, or not 16 kHz mono.
        """
        self._pcm = read_clip(path).pcm
        self._at = 0
        self._due: float | None = None

    @property
    def name(self) -> str:
        """See the port."""
        return "file"

    @property
    def is_open(self) -> bool:
        """See the port."""
        return self._due is not None

    @property
    def is_over(self) -> bool:
        """See the port."""
        return self._at >= len(self._pcm)

    async def open(self) -> None:
        """See the port."""
        if self._due is None:
            self._due = asyncio.get_running_loop().time()

    async def read(self) -> bytes:
        """See the port."""
        if self._due is None:
            raise MicrophoneFailed("The microphone is closed.")
        self._due += PIECE_MS / 1000
        await asyncio.sleep(max(0.0, self._due - asyncio.get_running_loop().time()))
        piece = self._pcm[self._at : self._at + PIECE]
        self._at += PIECE
        return piece.ljust(PIECE, b"\0")

    async def close(self) -> None:
        """See the port."""
        self._due = None


async def _complaint(process: asyncio.subprocess.Process) -> str:
    """Return what the program said last, in its own words: they are about devices."""
    if process.stderr is None:
        return ""
    with suppress(TimeoutError):
        async with asyncio.timeout(ENDING_SECONDS):
            lines = (await process.stderr.read(4096)).decode(errors="replace").split("\n")
            said = [line.strip() for line in lines if line.strip()]
            return f": {said[-1][:LONGEST_COMPLAINT].rstrip('.')}" if said else ""
    return ""
