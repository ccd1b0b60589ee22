"""What goes between the hub and a recogniser's process: frames over one socket, sound raw, all else JSON.

A frame is a byte for its :class:`Kind`, four bytes for its length (little-endian) and so many bytes of body.
*Commands* are taken in order and never answered; *questions* are answered once each, with :attr:`Kind.FAILED` if
they or a command before them went wrong. Nothing is pickled, so a process that was taken over through a
damaged model cannot make the hub run anything.
"""

import json
import socket
import struct
from enum import IntEnum
from hashlib import sha256
from typing import Any, Final

from earwitness.kernel.errors import BadInput, EarwitnessError, EngineFailed, EngineMissing
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.port import Hypothesis, Partial, Recognition, Word

HEADER: Final = struct.Struct("<BI")
LARGEST_BODY: Final = 64 * 1024 * 1024  # a grammar of 200,000 states is a third of it
TOLD: Final = {each.__name__: each for each in (BadInput, EngineMissing, EngineFailed)}


class Kind(IntEnum):
    """What a frame is."""

    OPEN = 1  # command: load this engine
    GRAMMAR = 2  # command: these sentences from now on
    LISTEN = 3  # command: an utterance begins
    FEED = 4  # command: more sound
    SETTLE = 5  # command: work ahead
    CANCEL = 6  # command: forget the utterance, and what went wrong in it
    STATE = 7  # question: is all well
    PARTIAL = 8  # question: what was heard so far
    FINISH = 9  # question: what was said; the utterance ends
    ANSWER = 16  # the answer, JSON
    FAILED = 17  # the answer: an error of the tree
    BROKEN = 18  # likewise, and the process ends


def send(sock: socket.socket, kind: Kind, body: bytes = b"") -> None:
    """Write a frame; waits for room as long as the socket's timeout allows."""
    sock.sendall(HEADER.pack(kind, len(body)) + body)


def receive(sock: socket.socket) -> tuple[Kind, bytes]:
    """Read a frame.

    Raises:
        EngineFailed: the other side is gone, or what came is no frame.
        TimeoutError: nothing came within the socket's timeout.
    """
    kind, length = HEADER.unpack(_exactly(sock, HEADER.size))
    if length > LARGEST_BODY or kind not in Kind.__members__.values():
        raise EngineFailed("The recogniser's process sent what is no answer.")
    return Kind(kind), _exactly(sock, length)


def _exactly(sock: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = sock.recv(min(count - len(parts), 1 << 20))
        if not part:
            raise EngineFailed("The recogniser's process ended.", next_step="Say it again; it is being restarted.")
        parts += part
    return bytes(parts)


def to_json(value: Any) -> bytes:
    """The body of a frame that is not sound."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(body: bytes) -> Any:
    """The value of a body.

    Raises:
        EngineFailed: it is not JSON.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EngineFailed("The recogniser's process sent what is no answer.") from error


def pack_grammar(grammar: WordGraph) -> tuple[str, bytes]:
    """A grammar's digest, the same for the same sentences, and the body of its frame."""
    # In the order it came in: the decoder's sums round differently in another.
    shown = {"arcs": list(map(dict, grammar.arcs)), "start": grammar.start, "final": sorted(grammar.final)}
    body = to_json(shown | {"chances": list(map(dict, grammar.chances))})
    return sha256(body).hexdigest(), body


def unpack_grammar(body: bytes) -> WordGraph:
    """The grammar of a body that :func:`pack_grammar` made."""
    value = from_json(body)
    return WordGraph(tuple(value["arcs"]), value["start"], frozenset(value["final"]), tuple(value["chances"]))


def pack_recognition(heard: Recognition) -> bytes:
    """The body of an answer to ``FINISH``."""
    readings = [
        [each.text, each.score, [[word.text, word.start_ms, word.end_ms, word.confidence] for word in each.words]]
        for each in heard.hypotheses
    ]
    return to_json([readings, heard.in_grammar, heard.heard_ms, heard.free])


def unpack_recognition(body: bytes) -> Recognition:
    """What :func:`pack_recognition` packed.

    Raises:
        EngineFailed: it is not a recognition.
    """
    try:
        readings, chance, heard_ms, free = from_json(body)
        hypotheses = tuple(
            Hypothesis(str(text), tuple(Word(str(w), int(b), int(e), float(c)) for w, b, e, c in words), float(score))
            for text, score, words in readings
        )
        return Recognition(hypotheses, float(chance), int(heard_ms), str(free))
    except (TypeError, ValueError) as error:
        raise EngineFailed("The recogniser's process sent what is no answer.") from error


def pack_partial(partial: Partial) -> bytes:
    """The body of an answer to ``PARTIAL``."""
    return to_json([partial.text, partial.complete, partial.may_go_on])


def unpack_partial(body: bytes) -> Partial:
    """What :func:`pack_partial` packed.

    Raises:
        EngineFailed: it is not a partial result.
    """
    try:
        text, complete, may_go_on = from_json(body)
        return Partial(str(text), bool(complete), bool(may_go_on))
    except (TypeError, ValueError) as error:
        raise EngineFailed("The recogniser's process sent what is no answer.") from error


def pack_error(error: EarwitnessError) -> bytes:
    """The body of ``FAILED``; an error that the port does not name is told as :class:`EngineFailed`."""
    name = type(error).__name__
    return to_json([name if name in TOLD else EngineFailed.__name__, error.what, error.next_step])


def unpack_error(body: bytes) -> EarwitnessError:
    """The error of a ``FAILED`` body."""
    try:
        name, what, next_step = from_json(body)
        return TOLD[str(name)](str(what), next_step=str(next_step))
    except (TypeError, ValueError, KeyError, EngineFailed):
        return EngineFailed("The recogniser's process sent what is no answer.")
