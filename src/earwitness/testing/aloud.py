"""An assistant with the real engines and no house beneath it, and espeak-ng's voice to talk to it."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from functools import cache

import miniaudio

from earwitness.assistant.arbitration import Arbiter
from earwitness.assistant.assistant import Assistant
from earwitness.assistant.dialog import Dialog
from earwitness.assistant.hearing import Engines
from earwitness.assistant.shared import Counts, Shared
from earwitness.assistant.skill import Here, Skill
from earwitness.assistant.turn import Answering, Finished
from earwitness.assistant.vocabulary import Vocabulary
from earwitness.gateway.wyoming.offers import Parts
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import NotFound
from earwitness.speech.asr.choose import POCKETSPHINX
from earwitness.speech.asr.pool import RecogniserPool
from earwitness.speech.tts import CachedSynthesizer
from earwitness.speech.tts.engines.espeak import PROGRAM, Espeak
from earwitness.speech.vad.pool import VoicePool
from earwitness.speech.verify.choice import FirstThatKnows
from earwitness.speech.verify.learned import LearnedVerifier
from earwitness.speech.verify.phones import SPOKEN, PhoneVerifier
from earwitness.speech.wake.microwakeword import MicroWakeDetector
from earwitness.speech.wake.models import SHIPPED
from earwitness.testing.clock import VirtualClock
from earwitness.understanding.loading import of
from earwitness.understanding.matcher import Matcher
from earwitness.understanding.sentences import Sentences, load

KITCHEN = "dev_kitchen"
HOUSEHOLD = "hh_aloud"
CLEAR = "en-us+f3"  # of espeak-ng's voices the one that the engines hear best


@dataclass(slots=True)
class Aloud:
    """The assistant of one household with some devices, and what it would have kept."""

    assistant: Assistant
    kept: list[Finished] = field(default_factory=list)


@contextmanager
def real_engines(recognisers: int = 1) -> Iterator[Engines]:
    """Load the engines that a house has by default."""
    with RecogniserPool(POCKETSPHINX, workers=recognisers) as pool:
        engines = Engines(
            wake=MicroWakeDetector.shipped(*SHIPPED),
            verifier=FirstThatKnows([LearnedVerifier.shipped(), PhoneVerifier(SPOKEN)]),
            voices=VoicePool(),
            recogniser=pool,
            voice=CachedSynthesizer(Espeak()),
        )
        yield engines
        engines.close()


def aloud(
    engines: Engines, skills: Sequence[Skill] = (), *, devices: Sequence[str] = (KITCHEN,), clock: Clock | None = None
) -> Aloud:
    """Put an assistant together; its event loop is the one it is first used on."""
    clock = clock or VirtualClock()
    sentences, matcher = _understanding()
    kept: list[Finished] = []

    def where_is(device: str) -> Here:
        if device not in devices:
            raise NotFound("There is no such device.")
        return Here(device, HOUSEHOLD, HOUSEHOLD, None, "kitchen", "kitchen", UTC)

    def keep(turn: Finished) -> str:
        kept.append(turn)
        return f"rec_{len(kept)}"

    shared = Shared(
        engines=engines,
        answering=Answering(engines, Dialog(skills, matcher, clock), keep, clock),
        vocabulary=Vocabulary(sentences, skills, clock, engines.working),
        arbiter=Arbiter(),
        where_is=where_is,
        clock=clock,
        counts=Counts(),
    )
    return Aloud(Assistant(shared), kept)


def parts(engines: Engines) -> Parts:
    """The engines by name, as Wyoming's services describe them."""
    return Parts(engines.wake.words, POCKETSPHINX.name, engines.voice.voice, {"pocketsphinx": "5"})


@cache
def _understanding() -> tuple[Sentences, Matcher]:
    sentences = load([])
    return sentences, of(sentences)


@cache
def said(text: str, voice: str = CLEAR) -> bytes:
    """Let espeak-ng say a text; 16 kHz mono s16le."""
    command = (PROGRAM, "--stdin", "--stdout", "-b", "1", "-v", voice)
    spoken = subprocess.run(command, input=text.encode(), capture_output=True, check=True)  # noqa: S603 - words of tests
    sound = miniaudio.decode(spoken.stdout, nchannels=1, sample_rate=SAMPLE_RATE)
    return bytes(sound.samples.tobytes())


def silence(seconds: float) -> bytes:
    """Nothing, for so long."""
    return bytes(int(seconds * SAMPLE_RATE) * SAMPLE_WIDTH)
