"""The wake service: a stream in, a detection out, never without the hub's second verification."""

from earwitness.gateway.wyoming.connection import Connection
from earwitness.gateway.wyoming.services import Services
from earwitness.gateway.wyoming.sound import must_be_ours
from earwitness.kernel.errors import NotFound
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStart, AudioStop
from earwitness.protocol.wyoming.listening import Detect, Detection, NotDetected
from earwitness.speech.wake.gate import WakeGate


class Waking:
    """One client's stream. What is not verified is overwritten and counted, as on the household's own devices."""

    def __init__(self, services: Services, connection: Connection, wish: Detect) -> None:
        """Listen for the words that are wished for, or for all that there are.

        Raises:
            NotFound: a word that no model knows.
        """
        known = services.shared.engines.wake.words
        wished = tuple(dict.fromkeys(as_word(each) for each in wish.names or ()))
        if set(wished) - set(known):
            raise NotFound("No model knows one of these wake words.", next_step="Ask with 'describe' which there are.")
        self._shared = services.shared
        self._connection = connection
        self._words = wished or known
        self._gate: WakeGate | None = None
        self._detected = False

    async def start(self, _form: AudioStart) -> None:
        """A stream begins."""
        self._detected = False
        if self._gate is not None:
            self._gate.rearm()

    async def hear(self, chunk: AudioChunk) -> None:
        """Hear on; tell of every wake word."""
        must_be_ours(chunk)
        shared, counts = self._shared, self._shared.counts
        if self._gate is None:
            self._gate = WakeGate(shared.engines.wake.open(self._words), shared.engines.verifier)
        gate, unheard = self._gate, chunk.audio
        while unheard:
            pcm = unheard
            heard, rejected = gate.counts.heard, gate.counts.rejected
            woke = await shared.quickly(lambda: gate.push(pcm))  # noqa: B023 - awaited within the turn of the loop
            counts.heard += gate.counts.heard - heard
            counts.not_verified += gate.counts.rejected - rejected
            if woke is None:
                return
            counts.verified += 1
            self._detected = True
            unheard = woke.unheard
            woke.sound[:] = bytes(len(woke.sound))
            gate.rearm()
            await self._connection.send(Detection(as_name(woke.word), chunk.timestamp))

    async def stop(self, _end: AudioStop) -> None:
        """The stream ends."""
        if not self._detected:
            await self._connection.send(NotDetected())

    async def close(self) -> None:
        """Overwrite what is left."""
        if self._gate is not None:
            self._gate.close()
            self._gate = None


def as_name(word: str) -> str:
    """A wake word as Wyoming's models are called: ``okay_nabu``."""
    return word.replace(" ", "_")


def as_word(name: str) -> str:
    """And back."""
    return name.lower().replace("_", " ")
