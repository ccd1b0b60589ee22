"""Piper as a program of its own (GPL-3.0): one process for each reply, the next one waiting with its voice loaded.

Protocol: ``piper -m VOICE.onnx -c VOICE.onnx.json --output-raw``; a line of text goes in over standard input, samples
come out over standard output as each sentence is made, at the rate the voice's JSON states; the end of the input ends
the program. Loading a voice takes about a second, so a process is started ahead; nothing is said to it before.
"""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from earwitness.kernel.errors import EngineFailed, EngineMissing
from earwitness.speech.tts.engines.program import end, hand_over, must_be_speakable, pieces, watched
from earwitness.speech.tts.port import Sound

PROGRAM: Final = "piper"
LARGEST_CONFIG: Final = 1_000_000
INSTALL: Final = "earwitness engines install piper"
ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HF_HUB_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1"}


class Piper:
    """The port :class:`~earwitness.speech.tts.Synthesizer` through the program ``piper``."""

    def __init__(self, model: Path, *, program: Path | None = None) -> None:
        """Speak with the voice in ``model`` (``….onnx``, its ``.json`` beside it).

        Raises:
            EngineMissing: the program or the voice is not installed.
            EngineFailed: the voice's JSON does not say its rate.
        """
        found = str(program) if program and program.exists() else shutil.which(PROGRAM)
        if found is None:
            raise EngineMissing("The program piper is not installed.", next_step=INSTALL)
        config = model.with_name(model.name + ".json")
        if not model.is_file() or not config.is_file():
            raise EngineMissing("The voice of Piper is not installed.", next_step=INSTALL)
        self._rate = _rate(config)
        self._voice = model.name.removesuffix(".onnx")
        self._command = (found, "-m", str(model), "-c", str(config), "--output-raw")
        self._lock = threading.Lock()
        self._waiting: subprocess.Popen[bytes] | None = None

    @property
    def voice(self) -> str:
        """The engine's and the voice's name."""
        return f"{PROGRAM}/{self._voice}"

    def warm(self) -> None:
        """Start the process that will speak next, if none waits."""
        with self._lock:
            if self._waiting is None or self._waiting.poll() is not None:
                self._waiting = self._start()

    def close(self) -> None:
        """End the waiting process."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
        if waiting is not None:
            end(waiting)

    def speak(self, text: str) -> Iterator[Sound]:
        """Yield the speech; see the port."""
        must_be_speakable(text)
        return self._speak(text)

    def _speak(self, text: str) -> Iterator[Sound]:
        process, said = self._next(), False
        assert process.stdin and process.stdout  # noqa: S101, PT018 - asked for at the start
        try:
            with watched(process) as patience:
                hand_over(process.stdin, text)
                for piece in pieces(process.stdout, self._rate):
                    patience.cancel()
                    said = True
                    yield piece
                if process.wait() != 0 or not said:
                    raise EngineFailed("Piper ended with an error.", next_step="earwitness engines list --check")
        finally:
            end(process)
            with suppress(EngineFailed):
                self.warm()

    def _next(self) -> subprocess.Popen[bytes]:
        with self._lock:
            waiting, self._waiting = self._waiting, None
        if waiting is None or waiting.poll() is not None:
            if waiting is not None:
                end(waiting)
            return self._start()
        return waiting

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(  # noqa: S603 - our own words only; the text goes in through a pipe
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # it may quote what it is to say
                env=ENVIRONMENT,
                process_group=0,
            )
        except OSError as error:
            raise EngineFailed("Piper could not be started.", next_step=INSTALL) from error


def _rate(config: Path) -> int:
    try:
        with config.open("rb") as file:
            rate = int(json.loads(file.read(LARGEST_CONFIG))["audio"]["sample_rate"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineFailed("The voice's JSON cannot be read.", next_step=INSTALL) from error
    if not 8_000 <= rate <= 48_000:  # noqa: PLR2004 - what a speaker plays
        raise EngineFailed("The voice has a rate that nothing plays.", next_step=INSTALL)
    return rate
