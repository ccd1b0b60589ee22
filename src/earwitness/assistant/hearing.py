"""The engines that all sessions share, and the threads they run in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from earwitness.assistant.utterance import Utterance
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr.pool import RecogniserPool
from earwitness.speech.endpointing import EndpointSettings
from earwitness.speech.tts.port import Synthesizer
from earwitness.speech.vad.pool import VoicePool
from earwitness.speech.verify.port import Verifier
from earwitness.speech.wake.gate import WakeGate
from earwitness.speech.wake.port import WakeDetector


@dataclass(frozen=True, slots=True)
class Engines:
    """Wake word, verification, voice activity, recogniser, voice: thread-safe, loaded once.

    ``listening`` runs the wake word of every stream, in turn and quickly; ``working`` what takes longer.
    """

    wake: WakeDetector
    verifier: Verifier
    voices: VoicePool
    recogniser: RecogniserPool
    voice: Synthesizer
    endpoints: EndpointSettings = field(default_factory=EndpointSettings)
    listening: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "listening"))
    working: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8, "working"))
    closing: tuple[Callable[[], None], ...] = ()

    def gate(self, word: str) -> WakeGate:
        """A gate for one stream and one wake word.

        Raises:
            NotFound: no model of this word.
        """
        return WakeGate(self.wake.open((word,)), self.verifier)

    def utterance(self, graph: WordGraph, endpoints: EndpointSettings | None = None) -> Utterance:
        """Begin to hear an utterance of these sentences.

        Raises:
            EngineError: no engine is free, or it failed.
        """
        return Utterance(self.recogniser.listen(graph), self.voices, endpoints or self.endpoints)

    def close(self) -> None:
        """End the threads and the engines."""
        self.listening.shutdown(wait=True, cancel_futures=True)
        self.working.shutdown(wait=True, cancel_futures=True)
        for close in self.closing:
            close()
