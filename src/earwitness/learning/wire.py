"""What goes between the hub and the learner's process: messages of JSON with bytes beside it.

A message is four bytes for the length of its head (big-endian), the head (JSON with the lengths of its parts), and the
parts. The examples go in, progress and at last the outcome come out. Nothing is pickled, nothing is a file.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from earwitness.kernel.errors import EngineFailed
from earwitness.learning.examples import Account, Example, Source

LENGTH: Final = struct.Struct(">I")
LARGEST_HEAD: Final = 64 * 1024 * 1024
LARGEST_PART: Final = 256 * 1024 * 1024
ACCOUNT: Final = ("words", "intent", "slots", "for_me", "wake", "trusted", "meant")


def send(stream: IO[bytes], head: Mapping[str, Any], parts: Sequence[bytes] = ()) -> None:
    """Write a message."""
    body = json.dumps({**head, "parts": [len(part) for part in parts]}, ensure_ascii=False).encode()
    stream.write(LENGTH.pack(len(body)) + body)
    stream.writelines(parts)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """Read a message.

    Raises:
        EngineFailed: the stream ended, or what came is no message.
    """
    try:
        (length,) = LENGTH.unpack(_exactly(stream, LENGTH.size, LARGEST_HEAD))
        head = json.loads(_exactly(stream, length, LARGEST_HEAD))
        return head, [_exactly(stream, int(size), LARGEST_PART) for size in head.pop("parts")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EngineFailed("The learner's process sent what is no message.") from error


def _exactly(stream: IO[bytes], count: int, most: int) -> bytes:
    if not 0 <= count <= most:
        raise EngineFailed("The learner's process sent what is no message.")
    data = stream.read(count)
    if len(data) != count:
        raise EngineFailed("The learner's process ended.", next_step="Let it learn again.")
    return data


def pack_examples(examples: Sequence[Example]) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Examples without ids: recordings, people and households are numbers of this run."""
    numbers: dict[str, str] = {}

    def number(name: str) -> str:
        return numbers.setdefault(name, f"n{len(numbers)}")

    rows, parts = [], []
    for each in examples:
        said = each.account
        rows.append(
            {
                "recording": number(each.recording),
                "subject": number(each.subject),
                "household": number(each.household),
                "source": str(each.source),
                "words": said.words,
                "intent": said.intent,
                "slots": dict(said.slots),
                "for_me": said.for_me,
                "wake": said.wake,
                "trusted": said.trusted,
                "meant": said.meant,
                "heard": each.heard,
                "shared": each.shared,
            }
        )
        parts += [_samples(each.pcm), _samples(each.window)]
    return rows, parts


def unpack_examples(rows: Sequence[Mapping[str, Any]], parts: Sequence[bytes]) -> list[Example]:
    """What :func:`pack_examples` packed."""
    return [
        Example(
            row["recording"],
            row["subject"],
            row["household"],
            Source(row["source"]),
            Account(**{name: row[name] for name in ACCOUNT}),
            row["heard"],
            row["shared"],
            parts[2 * at],
            parts[2 * at + 1],
        )
        for at, row in enumerate(rows)
    ]


def _samples(sound: bytes) -> bytes:
    """The samples of a WAV as intake writes it, or of bare sound."""
    at = sound.find(b"data", 12, 64) if sound.startswith(b"RIFF") else -1
    return sound[at + 8 :] if at >= 0 else sound
