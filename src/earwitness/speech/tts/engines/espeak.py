"""espeak-ng as a process of its own, one for each reply.

The text goes in over standard input, so it stands in no list of processes; a WAV stream with a header of
unknown length comes out over standard output and is passed on as it is made.
"""

import shutil
import struct
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import IO

from earwitness.kernel.errors import BadInput, EngineFailed, EngineMissing
from earwitness.speech.tts.engines.program import SAMPLE_WIDTH, hand_over, must_be_speakable, pieces, watched
from earwitness.speech.tts.port import Sound

PROGRAM = "espeak-ng"
HEADER_BYTES = 44
WORDS_A_MINUTE = 165


class Espeak:
    """The port :class:`earwitness.speech.tts.Synthesizer` through Debian's package espeak-ng."""

    def __init__(self, voice: str = "en-us", *, words_a_minute: int = WORDS_A_MINUTE) -> None:
        """Speak with an espeak-ng ``voice`` (``espeak-ng --voices``).

        Raises:
            EngineMissing: espeak-ng is not installed.
            BadInput: it has no such voice.
        """
        found = shutil.which(PROGRAM)
        if found is None:
            raise EngineMissing("espeak-ng is not installed.", next_step="apt-get install espeak-ng")
        if voice.partition("+")[0] not in _languages(found):  # it would speak with another voice and say nothing
            raise BadInput("espeak-ng has no such voice.", next_step="espeak-ng --voices lists them.")
        self._command = (found, "--stdin", "--stdout", "-b", "1", "-v", voice, "-s", str(words_a_minute))
        self._voice = voice

    @property
    def voice(self) -> str:
        """The engine's and the voice's name."""
        return f"{PROGRAM}/{self._voice}"

    def speak(self, text: str) -> Iterator[Sound]:
        """Yield the speech; see the port."""
        must_be_speakable(text)
        return self._speak(text)

    def _speak(self, text: str) -> Iterator[Sound]:
        with subprocess.Popen(  # noqa: S603 - our own words only; the text goes in through a pipe
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdin and process.stdout  # noqa: S101, PT018 - asked for above
            try:
                with watched(process) as patience:
                    hand_over(process.stdin, text)
                    rate = _read_header(process.stdout)
                    patience.cancel()
                yield from pieces(process.stdout, rate)
                if process.wait() != 0:
                    raise EngineFailed("espeak-ng ended with an error.", next_step="Try its voice with espeak-ng -v.")
            finally:
                process.kill()


@cache
def _languages(program: str) -> frozenset[str]:
    """Return the names by which voices are chosen: the second column of its list."""
    listed = subprocess.run((program, "--voices"), capture_output=True, text=True, check=False)  # noqa: S603 - a fixed question
    return frozenset(line.split()[1] for line in listed.stdout.splitlines()[1:] if len(line.split()) > 1)


def _read_header(stdout: IO[bytes]) -> int:
    """Return the sample rate out of a canonical WAV header."""
    header = stdout.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not header.startswith(b"RIFF") or header[8:16] != b"WAVEfmt ":
        raise EngineFailed("espeak-ng said nothing.", next_step="Is its voice installed? espeak-ng --voices")
    channels, rate = struct.unpack_from("<HI", header, 22)
    (bits,) = struct.unpack_from("<H", header, 34)
    if channels != 1 or bits != 8 * SAMPLE_WIDTH:
        raise EngineFailed("espeak-ng gave sound of another form than 16-bit mono.")
    return int(rate)
