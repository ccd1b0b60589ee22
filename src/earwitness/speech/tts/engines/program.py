"""What voices that are programs have in common: a line of text goes in, samples come out as they are made."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Final

from earwitness.kernel.errors import BadInput
from earwitness.speech.tts.port import Sound

PIECE_BYTES: Final = 4_096
LONGEST_TEXT: Final = 2_000
SAMPLE_WIDTH: Final = 2
FIRST_SOUND_S: Final = 10.0


def must_be_speakable(text: str) -> None:
    """Refuse what no voice is given.

    Raises:
        BadInput: nothing to say, or too much at once.
    """
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise BadInput(f"A reply has 1 to {LONGEST_TEXT} characters.")


def hand_over(stdin: IO[bytes], text: str) -> None:
    """Write the text as one line, since programs pause at each, and end the input."""
    with suppress(BrokenPipeError):  # it died; its silence says so
        stdin.write(" ".join(text.split()).encode() + b"\n")
        stdin.close()


@contextmanager
def watched(process: subprocess.Popen[bytes], patience_s: float = FIRST_SOUND_S) -> Iterator[threading.Timer]:
    """End a program that hangs: unless the timer is cancelled, it is killed after ``patience_s`` seconds."""
    timer = threading.Timer(patience_s, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield timer
    finally:
        timer.cancel()


def pieces(stdout: IO[bytes], rate: int) -> Iterator[Sound]:
    """Whole samples as they come, until the program's output ends."""
    rest = b""
    while data := stdout.read1(PIECE_BYTES):  # type: ignore[attr-defined]  # a BufferedReader
        data = rest + data
        whole = len(data) // SAMPLE_WIDTH * SAMPLE_WIDTH
        rest = data[whole:]
        if whole:
            yield Sound(data[:whole], rate)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program and take it off the list of processes."""
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    process.wait()
