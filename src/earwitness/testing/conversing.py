"""An assistant without engines: sound in which letters are samples, a wake word that is one loud sample.

The recogniser is the spelled one in a process of its own (:mod:`earwitness.testing.recognising`); everything of the
assistant is real.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from functools import cache

import numpy as np

from earwitness.assistant.arbitration import Arbiter
from earwitness.assistant.assistant import Assistant
from earwitness.assistant.dialog import Dialog
from earwitness.assistant.events import Event, Idle, Speech
from earwitness.assistant.hearing import Engines
from earwitness.assistant.session import Session
from earwitness.assistant.shared import Counts, Shared
from earwitness.assistant.skill import Here, Skill
from earwitness.assistant.turn import Answering, Finished
from earwitness.assistant.vocabulary import Vocabulary
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import EngineFailed, NotFound
from earwitness.speech.asr.pool import RecogniserPool
from earwitness.speech.tts.port import Sound
from earwitness.speech.vad.pool import VoicePool
from earwitness.speech.verify.port import Verdict
from earwitness.speech.wake.port import WakeHeard
from earwitness.testing.clock import VirtualClock
from earwitness.testing.recognising import SPELLED, spell
from earwitness.understanding.loading import of
from earwitness.understanding.matcher import Matcher
from earwitness.understanding.sentences import Sentences, load

WORD = "alexa"
WOKE, FALSE = -20_000, -10_000  # samples: the wake word, and what only the first stage takes for it
HOUSEHOLD = "household_test"
SECOND = SAMPLE_RATE * SAMPLE_WIDTH
SILENCE = bytes(SECOND)
RATE = 8_000


def wake(sample: int = WOKE, *, loud: int = 0) -> bytes:
    """Half a second with the wake word in its middle, ``loud`` adds to it."""
    sound = np.zeros(SAMPLE_RATE // 2, "<i2")
    sound[SAMPLE_RATE // 4] = sample - loud
    return sound.tobytes()


def said(text: str) -> bytes:
    """Somebody says it, and then nothing for a second."""
    return spell(text) + SILENCE


class LetterVoice:
    """The port ``VoiceDetector``: somebody speaks where letters are, and a little after each."""

    def __init__(self) -> None:
        """Begin in silence."""
        self._since = 9

    def probability(self, frame: bytes | bytearray | memoryview) -> float:
        """See the port."""
        self._since = 0 if (np.frombuffer(bytes(frame), "<i2") > 0).any() else self._since + 1
        return 0.9 if self._since < 3 else 0.0  # noqa: PLR2004 - frames

    def reset(self) -> None:
        """See the port."""
        self._since = 9


class MarkedStream:
    """The port ``WakeStream``: hears the loud samples."""

    def __init__(self) -> None:
        """Begin."""
        self._position = 0

    def push(self, pcm: bytes | bytearray | memoryview) -> list[WakeHeard]:
        """See the port."""
        samples = np.frombuffer(bytes(pcm), "<i2")
        found = [WakeHeard(WORD, self._position + int(at), 0.9) for at in np.flatnonzero(samples <= FALSE)]
        self._position += len(samples)
        return found

    def reset(self) -> None:
        """See the port."""
        self._position = 0

    def close(self) -> None:
        """See the port."""


class MarkedWake:
    """The ports ``WakeDetector`` and ``Verifier``: the very loud samples are the wake word."""

    words = (WORD,)

    def open(self, words: tuple[str, ...] | None = None) -> MarkedStream:
        """See the port."""
        if words not in {None, self.words}:
            raise NotFound("There is no such wake word.")
        return MarkedStream()

    def verify(self, window: bytes | bytearray, word: str) -> Verdict:
        """See the port."""
        accepted = bool((np.frombuffer(bytes(window), "<i2") <= WOKE).any())
        return Verdict(accepted, 0.95 if accepted else 0.1, f"marked:{word}")


@dataclass(slots=True)
class SpelledVoice:
    """The port ``Synthesizer``: the sound is the text's bytes; ``broken`` fails at once."""

    broken: bool = False
    voice: str = "spelled"

    def speak(self, text: str) -> Iterator[Sound]:
        """See the port."""
        if self.broken:
            raise EngineFailed("The voice is gone.")
        half = len(text) // 2
        yield Sound(text[:half].encode("utf-16-le"), RATE)
        yield Sound(text[half:].encode("utf-16-le"), RATE)


@dataclass(slots=True)
class Device:
    """A connected device: what it was told, and the session it speaks into; ``plays`` replies at once, to their end."""

    events: list[Event] = field(default_factory=list)
    plays: bool = True
    _session: Session | None = None
    _told: asyncio.Event = field(default_factory=asyncio.Event)
    _seen: int = 0

    @property
    def session(self) -> Session:
        """The hub's side."""
        if self._session is None:
            raise NotFound("The device is not connected.")
        return self._session

    async def connect(self, assistant: Assistant, name: str, *, wakes_itself: bool) -> None:
        """Open the session."""
        self._session = await assistant.open(name, self._hear, wakes_itself=wakes_itself)

    async def send(self, sound: bytes) -> None:
        """Send sound in pieces of 100 ms, and wait until it is dealt with."""
        for at in range(0, len(sound), SECOND // 10):
            await self.session.hear(sound[at : at + SECOND // 10])
        await self.session.caught_up()

    async def until(self, event: Event | type[Event]) -> Event:
        """Wait until it is told this event, or one of this kind, that no earlier waiting has seen."""
        while True:
            while self._seen < len(self.events):
                each = self.events[self._seen]
                self._seen += 1
                if each == event or (isinstance(event, type) and isinstance(each, event)):
                    return each
            self._told.clear()
            await asyncio.wait_for(self._told.wait(), 20)

    async def until_idle(self) -> Idle:
        """Wait until the turn is over; return why."""
        event = await self.until(Idle)
        return event if isinstance(event, Idle) else Idle()

    def told(self, kind: type[Event]) -> list[Event]:
        """The events of a kind, in order."""
        return [each for each in self.events if isinstance(each, kind)]

    async def _hear(self, event: Event) -> None:
        self.events.append(event)
        self._told.set()
        if isinstance(event, Speech) and event.last and self.plays:
            await self.session.played()


@dataclass(slots=True)
class Conversing:
    """An assistant in a test, with what it would have kept; a device called ``guest…`` keeps nothing."""

    skills: Sequence[Skill]
    pool: RecogniserPool
    voice: SpelledVoice = field(default_factory=SpelledVoice)
    clock: VirtualClock = field(default_factory=VirtualClock)
    kept: list[Finished] = field(default_factory=list)
    assistant: Assistant = field(init=False)

    def __post_init__(self) -> None:
        """Put it together."""
        sentences, matcher = understanding()
        engines = Engines(
            wake=MarkedWake(), verifier=MarkedWake(), voices=VoicePool(make=LetterVoice), recogniser=self.pool,
            voice=self.voice,
        )  # fmt: skip
        shared = Shared(
            engines=engines,
            answering=Answering(engines, Dialog(self.skills, matcher, self.clock), self._keep, self.clock),
            vocabulary=Vocabulary(sentences, self.skills, self.clock, engines.working),
            arbiter=Arbiter(),
            where_is=self._where_is,
            clock=self.clock,
            counts=Counts(),
        )
        self.assistant = Assistant(shared)

    async def connect(self, name: str = "kitchen", *, wakes_itself: bool = False) -> Device:
        """Connect a device."""
        device = Device()
        await device.connect(self.assistant, name, wakes_itself=wakes_itself)
        return device

    async def close(self) -> None:
        """End sessions and threads."""
        await self.assistant.close()
        self.assistant.shared.engines.close()

    def _where_is(self, device: str) -> Here:
        if device == "stolen":
            raise NotFound("There is no such device.")
        subject = None if device.startswith("guest") else HOUSEHOLD
        return Here(device, HOUSEHOLD, subject, None, device, None, UTC)

    def _keep(self, turn: Finished) -> str | None:
        if turn.here.subject is None:
            return None
        self.kept.append(turn)
        return f"rec_{len(self.kept)}"


@contextmanager
def spelled_pool(workers: int = 2) -> Iterator[RecogniserPool]:
    """Recognisers of the spelled kind, in processes."""
    with RecogniserPool(SPELLED, workers=workers) as pool:
        yield pool


@cache
def understanding() -> tuple[Sentences, Matcher]:
    """The shipped sentences and what matches them, loaded once."""
    sentences = load(home=False)
    return sentences, of(sentences)
