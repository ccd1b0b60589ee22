"""Audio as the house keeps it: 16 kHz, mono, 16-bit PCM in a WAV container.

Reading accepts WAV, FLAC, Ogg Vorbis and MP3 (decoded by miniaudio, MIT) and refuses whatever is
not already 16 kHz mono: resampling would change the evidence.
"""

import io
import stat
import wave
from dataclasses import dataclass
from pathlib import Path

from earwitness.kernel.errors import BadInput

SAMPLE_RATE = 16_000
SAMPLE_WIDTH = 2
LONGEST_SECONDS = 600
LARGEST_FILE = 64 * 1024 * 1024
WAV_HEADER = 44


@dataclass(frozen=True, slots=True)
class Clip:
    """A piece of sound: ``pcm`` is signed 16-bit little-endian mono at 16 kHz."""

    pcm: bytes

    @property
    def duration_ms(self) -> int:
        """Length in whole milliseconds."""
        return len(self.pcm) * 1000 // (SAMPLE_RATE * SAMPLE_WIDTH)

    def to_wav(self) -> bytes:
        """Return the clip as a WAV file with a 44-byte header."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(SAMPLE_WIDTH)
            out.setframerate(SAMPLE_RATE)
            out.writeframes(self.pcm)
        return buffer.getvalue()


def read_clip(path: Path, *, convert: bool = False) -> Clip:
    """Read an audio file; ``convert`` takes other rates and several channels too.

    Raises:
        BadInput: not a readable file, empty, too large, not audio, or not 16 kHz mono.
    """
    return decode_clip(_read_bounded(path), name=path.name, convert=convert)


def decode_clip(data: bytes, *, name: str = "the recording", convert: bool = False) -> Clip:
    """Decode the bytes of an audio file; ``convert`` takes other rates and several channels too.

    Raises:
        BadInput: empty, not audio, not 16 kHz mono, or longer than ten minutes.
    """
    if not data:
        msg = f"{name} is empty (0 bytes)."
        raise BadInput(msg, next_step="Give a WAV or FLAC file with speech in it.")
    import miniaudio  # noqa: PLC0415 - brings numpy, and few commands decode

    try:
        rate, channels, frames = _info(data)
    except miniaudio.DecodeError as error:
        msg = f"{name} is not audio that can be read."
        raise BadInput(msg, next_step="Give a WAV or FLAC file, 16 kHz mono.") from error
    if not convert and (rate != SAMPLE_RATE or channels != 1):
        msg = f"{name} has {channels} channel(s) at {rate} Hz; Earwitness keeps mono at {SAMPLE_RATE} Hz."
        raise BadInput(msg, next_step=f"Convert it first, e.g. sox in.wav -r {SAMPLE_RATE} -c 1 out.wav.")
    if frames == 0:
        msg = f"{name} holds no sound."
        raise BadInput(msg, next_step="Give a file with speech in it.")
    if frames > LONGEST_SECONDS * rate:
        msg = f"{name} is longer than {LONGEST_SECONDS // 60} minutes."
        raise BadInput(msg, next_step="Cut it into shorter recordings.")
    decoded = miniaudio.decode(data, nchannels=1, sample_rate=SAMPLE_RATE)
    return Clip(decoded.samples.tobytes())


def _info(data: bytes) -> tuple[int, int, int]:
    """Return (sample rate in Hz, channels, frames) from the container of one of the four formats."""
    import miniaudio  # noqa: PLC0415 - as above

    for probe in (miniaudio.wav_get_info, miniaudio.flac_get_info, miniaudio.vorbis_get_info, miniaudio.mp3_get_info):
        try:
            info = probe(data)
        except miniaudio.DecodeError:
            continue
        return info.sample_rate, info.nchannels, info.num_frames
    raise miniaudio.DecodeError


def _read_bounded(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode  # before it is opened: opening a pipe waits for somebody to write
        if stat.S_ISDIR(mode):
            msg = f"{path} is a folder."
            raise BadInput(msg, next_step="Give the path of one audio file.")
        if not stat.S_ISREG(mode):
            msg = f"{path} is not a file."
            raise BadInput(msg, next_step="Give the path of an audio file.")
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}."
        raise BadInput(msg, next_step="Check the path and its permissions.") from error
    if len(data) > LARGEST_FILE:
        msg = f"{path} is larger than {LARGEST_FILE // 2**20} MB."
        raise BadInput(msg, next_step="Cut it into shorter recordings.")
    return data
