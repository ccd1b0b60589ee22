"""One turn from the words to the reply: recognised, answered, spoken, kept, each with its step in the trace."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from earwitness.assistant.dialog import Conversation, Dialog, Said
from earwitness.assistant.events import Answered, Event, Kept, Speech
from earwitness.assistant.hearing import Engines
from earwitness.assistant.skill import Caused, Here, Past, Reply, Then
from earwitness.assistant.speaking import spoken
from earwitness.assistant.trace import Step, Trace
from earwitness.assistant.utterance import Heard
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import EarwitnessError, EngineError
from earwitness.speech.asr.port import Recognition, Word
from earwitness.speech.endpointing import EndReason
from earwitness.speech.tts.port import Sound
from earwitness.understanding.context import Context
from earwitness.understanding.values import Hypothesis

Emit = Callable[[Event], Awaitable[None]]
MOST_WORDS: Final = 200
MAYBE: Final = 0.08  # of what is not for the assistant, on other speakers, nearly everything stays below


@dataclass(frozen=True, slots=True)
class Finished:
    """A turn to be kept: its sound cut to the utterance, its texts, its trace and what it caused."""

    here: Here
    pcm: bytes = field(repr=False)
    started_at: int
    transcript: str
    reply: str
    trace: bytes = field(repr=False)
    caused: tuple[Caused, ...] = ()


Keep = Callable[[Finished], str | None]
"""Keeps a turn where policy allows it, blocking; returns the recording's id, or None where nothing was kept."""


@dataclass(slots=True)
class Turn:
    """One turn of one device."""

    here: Here
    started_at: int
    trace: Trace = field(default_factory=Trace)
    follow_up: bool = False


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers turns: what sessions share. Lives on the event loop."""

    engines: Engines
    dialog: Dialog
    keep: Keep
    clock: Clock

    async def decide(self, turn: Turn, heard: Heard, context: Context, conversation: Conversation) -> Reply:
        """Find out what was meant and do it."""
        note_heard(turn.trace, heard)
        readings = [Hypothesis(each.text, each.score) for each in heard.recognition.hypotheses]
        said = Said(readings if may_be_for_me(heard.recognition) else [], context, heard.recognition.in_grammar)
        reply = await self.dialog.turn(said, turn.here, conversation, turn.trace)
        turn.trace.add(Step("reply", f"I answered: “{reply.text}”" if reply.text else "I answered with a tone."))
        return reply

    async def deliver(self, turn: Turn, heard: Heard, reply: Reply, conversation: Conversation, emit: Emit) -> int:
        """Answer aloud, and keep the turn once the first sound of the reply is out; return how long it sounds (ms)."""
        await emit(Answered(reply.text, reply.ending, reply.asks))
        best = heard.recognition.best
        text = best.text if best and may_be_for_me(heard.recognition) else ""
        conversation.past = Past(text, reply.text, tuple(turn.trace.steps), self.clock.now_ms())
        keeping = _Once(lambda: self._keep(turn, heard.pcm, text, reply, conversation, emit))
        try:
            return await self.say(reply.text, emit, keeping.begin)
        finally:
            await keeping.done()  # an interrupted reply is kept as well

    async def say(self, text: str, emit: Emit, begun: Callable[[], None] = lambda: None) -> int:
        """Speak; ``begun`` is called when the first sound is out. Return how long it sounds (ms).

        A voice that fails leaves the words: the device shows or signals them.
        """
        length, first = 0, True
        try:
            async for sound in self._sounds(text):
                await emit(Speech(sound.pcm, sound.rate))
                length += sound.duration_ms
                if first:
                    first = False
                    begun()
        except EngineError:
            pass
        begun()
        await emit(Speech(b"", 0, last=True))
        return length

    async def _sounds(self, text: str) -> AsyncIterator[Sound]:
        if text:
            async for sound in spoken(text, self.engines.voice, self.engines.working):
                yield sound

    async def _keep(  # noqa: PLR0913, PLR0917 - what a turn leaves
        self, turn: Turn, pcm: bytes, text: str, reply: Reply, conversation: Conversation, emit: Emit
    ) -> None:
        if reply.then is Then.FORGET or not pcm:
            await emit(Kept(None))
            return
        finished = Finished(
            turn.here, pcm, turn.started_at, text, reply.text, turn.trace.to_bytes(), reply.caused
        )  # fmt: skip
        loop = asyncio.get_running_loop()
        try:
            recording = await loop.run_in_executor(self.engines.working, self.keep, finished)
        except EarwitnessError:
            recording = None
        past = conversation.past
        if past is not None and recording is not None:
            conversation.past = Past(past.heard, past.reply, past.steps, past.at, recording)
        await emit(Kept(recording))


class _Once:
    """Work that is begun once, from wherever it is first asked for."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        if self._task is None:
            self._task = asyncio.ensure_future(_awaited(self._work))

    async def done(self) -> None:
        self.begin()
        if self._task is not None:
            await asyncio.shield(self._task)


async def _awaited(work: Callable[[], Awaitable[None]]) -> None:
    await work()


_ENDED: Final = {
    EndReason.SILENCE: "You spoke for {speech:.1f} s; I stopped listening {silence:.2f} s after.",
    EndReason.LONGEST: "You spoke longer than I can listen; I stopped after {speech:.1f} s.",
    EndReason.NOTHING: "Nobody spoke.",
}


def may_be_for_me(heard: Recognition) -> bool:
    """Whether it is worth asking: after a verified wake word a sentence is likely, however badly it was heard."""
    return heard.for_me(MAYBE)


def note_heard(trace: Trace, heard: Heard) -> None:
    """Write down how the utterance ended and what was recognised."""
    lengths = {"speech": heard.speech_ms / 1000, "silence": heard.silence_ms / 1000}
    trace.add(Step("listening", _ENDED[heard.reason].format(**lengths)))
    found = heard.recognition
    others = tuple((each.text, each.score) for each in found.hypotheses[1:4])
    if found.best is None or not may_be_for_me(found):
        trace.add(Step("recognition", "I could make no sentence of it.", found.in_grammar, None, others))
        return
    sure = "" if found.for_me() else ", but I was not sure"
    trace.add(Step("recognition", f"I heard “{found.best.text}”{sure}.", found.in_grammar, None, others))
    if found.best.words:
        trace.add(Step("words", _timed(found.best.words)))


def _timed(words: tuple[Word, ...]) -> str:
    """The words with where they stand, in milliseconds: ``turn 120-340``; what masks details needs it."""
    return ", ".join(f"{each.text} {each.start_ms}-{each.end_ms}" for each in words[:MOST_WORDS])
