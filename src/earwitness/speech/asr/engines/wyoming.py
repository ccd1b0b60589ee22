"""Any Wyoming speech recognition server behind the port.

Sound goes to the server while the person speaks. It takes down any speech and tells neither its confidence nor the
times of words: what it took down is held against the grammar (``transcribing``), with ``TRUST`` in place of a
confidence, and the words have no times.
"""

import socket
import time
from typing import Final

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput, EngineFailed
from earwitness.kernel.word_graph import WordGraph
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStart, AudioStop
from earwitness.protocol.wyoming.listening import Transcribe
from earwitness.protocol.wyoming.listening import Transcript as Transcribed
from earwitness.speech.asr.engines.transcribing import Transcript, recognition
from earwitness.speech.asr.port import LONGEST_MS, Partial, Recognition
from earwitness.speech.engines.wyoming import Link, Server, connect, read

TRUST: Final = 0.9
PIECE: Final = 4_096  # bytes: an eighth of a second
MOST_EVENTS: Final = 1_000  # before the transcript
LONGEST_ANSWER_S: Final = 30.0


class WyomingRecogniser:
    """The port :class:`~earwitness.speech.asr.port.Recogniser`. Any number of utterances at a time."""

    def __init__(self, server: Server, *, model: str = "", language: str = "en") -> None:
        """Ask ``server``, for one of its models if it is named. Nothing is connected yet."""
        self._server = server
        self._wish = Transcribe(model or None, language)
        self._grammar: WordGraph | None = None

    def prepare(self, grammar: WordGraph) -> None:
        """See the port. Any word can be recognised, so nothing is loaded."""
        self._grammar = grammar

    def listen(self) -> "WyomingListening":
        """See the port.

        Raises:
            EngineFailed: the server does not answer.
        """
        if self._grammar is None:
            raise BadInput("The recogniser has no sentences yet.", next_step="Call prepare with a grammar first.")
        connection = connect(self._server)
        try:
            return WyomingListening(connection, self._server.answer_s, self._wish, self._grammar)
        except BaseException:
            connection.close()
            raise


class WyomingListening:
    """The port :class:`~earwitness.speech.asr.port.Listening`; keeps no sound but the piece that is not full."""

    def __init__(self, connection: socket.socket, answer_s: float, wish: Transcribe, grammar: WordGraph) -> None:
        """Begin an utterance over a connection, which is closed with it."""
        self._connection = connection
        self._link = Link(connection, answer_s)
        self._grammar = grammar
        self._rest = bytearray()
        self._bytes = 0
        self._open = True
        self._link.send(wish, AudioStart(SAMPLE_RATE, SAMPLE_WIDTH, 1))

    def feed(self, pcm: bytes) -> None:
        """See the port."""
        self._must_be_open()
        self._bytes += len(pcm)
        if self._heard_ms > LONGEST_MS:
            self.cancel()
            raise BadInput("The utterance is longer than 30 seconds.", next_step="End it at a pause.")
        self._rest += pcm
        while len(self._rest) >= PIECE:
            self._pass_on(PIECE)

    def partial(self) -> Partial:
        """See the port: nothing, since no server has to tell before the end."""
        return Partial("", complete=False, may_go_on=True)

    def settle(self) -> None:
        """See the port: the server cannot be asked before the end."""
        self._must_be_open()
        self._pass_on(len(self._rest))

    def finish(self, *, speech_end_ms: int | None = None) -> Recognition:
        """See the port."""
        self._must_be_open()
        try:
            self._pass_on(len(self._rest))
            self._link.send(AudioStop())
            text = self._transcript()
        finally:
            self.cancel()
        heard_ms = self._heard_ms if speech_end_ms is None else min(speech_end_ms, self._heard_ms)
        return recognition(Transcript(text, TRUST if text else 0.0), self._grammar, heard_ms)

    def cancel(self) -> None:
        """See the port."""
        self._open = False
        self._rest[:] = bytes(len(self._rest))
        self._connection.close()

    @property
    def _heard_ms(self) -> int:
        return self._bytes * 1000 // (SAMPLE_RATE * SAMPLE_WIDTH)

    def _pass_on(self, count: int) -> None:
        whole = count // SAMPLE_WIDTH * SAMPLE_WIDTH
        if whole:
            try:
                self._link.send(AudioChunk(SAMPLE_RATE, SAMPLE_WIDTH, 1, bytes(self._rest[:whole])))
            except EngineFailed:
                self.cancel()
                raise
            self._rest[:whole] = bytes(whole)
            del self._rest[:whole]

    def _transcript(self) -> str:
        due = time.monotonic() + LONGEST_ANSWER_S
        for _ in range(MOST_EVENTS):
            event = self._link.receive()
            if event.type == Transcribed.type:
                return read(Transcribed, event).text.strip()
            if time.monotonic() > due:
                break
        raise EngineFailed("The Wyoming server sends on without a transcript.")

    def _must_be_open(self) -> None:
        if not self._open:
            raise BadInput("This utterance has ended.", next_step="Begin another one.")


def load(host: str, port: int, *, model: str = "", language: str = "en") -> WyomingRecogniser:
    """Make the recogniser; called in its process."""
    return WyomingRecogniser(Server(host, port), model=model, language=language)
