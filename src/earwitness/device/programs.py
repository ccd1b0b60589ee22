"""The programs of a machine that record and play: found by name, or given as a command.

Each is a process of its own, so that a closed microphone is a process that has ended: anybody can see it with ``ps``.
"""

import shlex
import shutil
from collections.abc import Sequence

from earwitness.kernel.audio import SAMPLE_RATE
from earwitness.kernel.errors import BadInput, MicrophoneFailed, SpeakerFailed

RECORDERS = (
    f"arecord -q -t raw -f S16_LE -c 1 -r {SAMPLE_RATE}",
    f"parec --raw --format=s16le --channels=1 --rate={SAMPLE_RATE} --latency-msec=40",
    f"pw-record --raw --format s16 --channels 1 --rate {SAMPLE_RATE} -",
    f"rec -q -t raw -e signed -b 16 -c 1 -r {SAMPLE_RATE} -",
)
PLAYERS = (
    "aplay -q -t raw -f S16_LE -c 1 -r {rate}",
    "paplay --raw --format=s16le --channels=1 --rate={rate}",
    "pw-play --raw --format s16 --channels 1 --rate {rate} -",
    "play -q -t raw -e signed -b 16 -c 1 -r {rate} -",
)


def recorder() -> list[str]:
    """Return the command of the first program here that records.

    Raises:
        MicrophoneFailed: there is none.
    """
    found = _first(RECORDERS)
    if found is None:
        raise MicrophoneFailed(
            "No program that records was found (arecord, parec, pw-record, rec).",
            next_step="Install alsa-utils, or give a command or a file with --microphone.",
        )
    return found


def player() -> list[str]:
    """Return the command of the first program here that plays, with ``{rate}`` in it.

    Raises:
        SpeakerFailed: there is none.
    """
    found = _first(PLAYERS)
    if found is None:
        raise SpeakerFailed(
            "No program that plays was found (aplay, paplay, pw-play, play).",
            next_step="Install alsa-utils, or give --speaker none, a file or a command.",
        )
    return found


def given(command: str) -> list[str]:
    """Split a command that a person gave.

    Raises:
        BadInput: it is no command line, or its program is not here.
    """
    try:
        parts = shlex.split(command)
    except ValueError as error:
        raise BadInput("That is not a command line.", next_step="Close its quotation marks.") from error
    if not parts or shutil.which(parts[0]) is None:
        raise BadInput("There is no such program or file.", next_step="Give a WAV file, or a program with its options.")
    return parts


def _first(commands: Sequence[str]) -> list[str] | None:
    return next((each.split() for each in commands if shutil.which(each.split()[0])), None)
