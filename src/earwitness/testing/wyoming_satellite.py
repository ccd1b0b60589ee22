"""The real ``wyoming-satellite`` in a virtual environment of its own, with a microphone and a speaker made of files."""

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

PACKAGE: Final = "wyoming-satellite==1.0.0"
RATE: Final = 22_050
LIGHTS: Final = ("detect", "detection", "stt-start", "stt-stop", "transcript", "synthesize", "tts-start", "tts-stop")

MICROPHONE: Final = """
import os, sys, time
folder, begun, sent = sys.argv[1], time.monotonic(), 0
waiting = b""
while True:
    if not waiting:
        try:
            os.rename(folder + "/say.raw", folder + "/saying.raw")
            waiting = open(folder + "/saying.raw", "rb").read()
        except FileNotFoundError:
            pass
    piece, waiting = waiting[:2048].ljust(2048, b"\\0"), waiting[2048:]
    sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
    sent += 1
    time.sleep(max(0, begun + sent * 0.064 / float(sys.argv[2]) - time.monotonic()))
"""
SPEAKER: Final = "import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, open(sys.argv[1] + '/played.raw', 'ab'))"
LIGHT: Final = (
    "import sys; open(sys.argv[1] + '/lights.txt', 'a').write(sys.argv[2] + ' ' + sys.stdin.read().strip() + chr(10))"
)


class PackageMissingError(AssertionError):
    """The package cannot be fetched here."""


def install(folder: Path) -> Path:
    """Make the virtual environment; return its Python.

    Raises:
        PackageMissingError: no package index answers.
    """
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin" / "python"
    command = (str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--retries", "0", PACKAGE)
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)  # noqa: S603 - a fixed package
    if done.returncode:
        raise PackageMissingError(f"{PACKAGE} cannot be fetched: no package index answers.")
    return python


@dataclass(slots=True)
class RealSatellite:
    """One running satellite. ``speed`` is how much faster than life its microphone hears."""

    python: Path
    folder: Path
    port: int
    log: Path
    options: tuple[str, ...] = ()
    speed: float = 2.0
    _process: "subprocess.Popen[bytes] | None" = None

    def __enter__(self) -> Self:
        """Start it."""
        folder = str(self.folder)
        command = [
            str(self.python), "-m", "wyoming_satellite", "--uri", f"tcp://127.0.0.1:{self.port}", "--no-zeroconf",
            "--name", "Test satellite", "--area", "kitchen",
            "--mic-command", _command(MICROPHONE, folder, str(self.speed)),
            "--snd-command", _command(SPEAKER, folder), "--snd-command-rate", str(RATE),
            *self.options,
        ]  # fmt: skip
        for light in LIGHTS:
            command += [f"--{light}-command", _command(LIGHT, folder, light)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - ours
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def say(self, pcm: bytes) -> None:
        """Let its microphone hear this."""
        (self.folder / "saying.tmp").write_bytes(pcm)
        (self.folder / "saying.tmp").rename(self.folder / "say.raw")

    @property
    def played(self) -> bytes:
        """What its speaker played so far: s16le at ``RATE``."""
        path = self.folder / "played.raw"
        return path.read_bytes() if path.exists() else b""

    @property
    def lights(self) -> list[tuple[str, str]]:
        """What its lights were told so far, with the words that came along."""
        path = self.folder / "lights.txt"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [(name, text) for name, _, text in (line.partition(" ") for line in lines)]


def _command(program: str, *arguments: str) -> str:
    """A command line for the satellite, which splits it as a shell would."""
    quoted = "'" + program.replace("'", "'\"'\"'") + "'"
    return " ".join([sys.executable, "-c", quoted, *arguments])
