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
from earwitness.speech.tts.port import Sound

PROGRAM = "espeak-ng"
PIECE_BYTES = 4_096
HEADER_BYTES = 44
LONGEST_TEXT = 2_000
WORDS_A_MINUTE = 165
SAMPLE_WIDTH = 2


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
        if not text.strip() or len(text) > LONGEST_TEXT:
            raise BadInput(f"A reply has 1 to {LONGEST_TEXT} characters.")
        return self._speak(text)

    def _speak(self, text: str) -> Iterator[Sound]:
        with subprocess.Popen(  # noqa: S603 - our own words only; the text goes in through a pipe
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdin and process.stdout  # noqa: S101, PT018 - asked for above
            try:
                _hand_over(process.stdin, text)
                rate = _read_header(process.stdout)
                yield from _pieces(process.stdout, rate)
                if process.wait() != 0:
                    raise EngineFailed("espeak-ng ended with an error.", next_step="Try its voice with espeak-ng -v.")
            finally:
                process.kill()


@cache
def _languages(program: str) -> frozenset[str]:
    """Return the names by which voices are chosen: the second column of its list."""
    listed = subprocess.run((program, "--voices"), capture_output=True, text=True, check=False)  # noqa: S603 - a fixed question
    return frozenset(line.split()[1] for line in listed.stdout.splitlines()[1:] if len(line.split()) > 1)


def _hand_over(stdin: IO[bytes], text: str) -> None:
    try:
        # One line: espeak-ng reads its standard input line by line and pauses at each.
        stdin.write(" ".join(text.split()).encode() + b"\n")
        stdin.close()
    except BrokenPipeError:
        pass  # it died; reading its answer says so


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


def _pieces(stdout: IO[bytes], rate: int) -> Iterator[Sound]:
    rest = b""
    while data := stdout.read1(PIECE_BYTES):  # type: ignore[attr-defined]  # a BufferedReader
        data = rest + data
        whole = len(data) // SAMPLE_WIDTH * SAMPLE_WIDTH
        rest = data[whole:]
        if whole:
            yield Sound(data[:whole], rate)
