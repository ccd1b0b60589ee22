"""One connected device: wake word, utterance, answer, and back to waiting.

::

    IDLE ──wake word verified──▶ LISTENING ──end of speech──▶ ANSWERING ──▶ IDLE
      │                              ▲                            │
      └──the device's own wake──▶ VERIFYING      asked something ─┘ (follow-up, no wake word)

Whatever the device sends goes into one inbox and is dealt with in order; answering runs beside it, so that "stop"
and a new wake word are heard while the reply sounds. Sound in IDLE goes through the gate's ring only.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Final

from earwitness.assistant.dialog import APOLOGY, Conversation
from earwitness.assistant.events import Answered, Idle, Listening, Muted, Refused, Silence, SpeechEnded, Woken
from earwitness.assistant.events import Heard as HeardWords
from earwitness.assistant.inbox import Inbox, Message, check_piece
from earwitness.assistant.interruption import Interruption, interruption_at
from earwitness.assistant.shared import Shared
from earwitness.assistant.skill import Ending, Here, Then
from earwitness.assistant.trace import Step
from earwitness.assistant.turn import Emit, Turn, may_be_for_me
from earwitness.assistant.utterance import Heard, Utterance
from earwitness.assistant.wakening import Awake, Verification, from_gate
from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.errors import BadInput, EarwitnessError, EngineError
from earwitness.speech.endpointing import EndReason
from earwitness.speech.verify.port import Verdict

FOLLOW_UP_MS: Final = 5_000
AFTER_PLAYING_MS: Final = 2_000  # beyond the reply's length, for a device that never says that it has played


class State(StrEnum):
    """Where a session is."""

    IDLE = "idle"
    VERIFYING = "verifying"
    LISTENING = "listening"
    ANSWERING = "answering"
    MUTED = "muted"


class Session:
    """The hub's side of one device. All methods are for the event loop."""

    def __init__(  # noqa: PLR0913 - what Assistant.open knows of the device
        self,
        shared: Shared,
        here: Here,
        emit: Emit,
        *,
        word: str,
        wakes_itself: bool,
        alone: Callable[[], bool],
        closed: Callable[["Session"], None],
    ) -> None:
        """Use :meth:`earwitness.assistant.assistant.Assistant.open`."""
        self.here = here
        self.state = State.IDLE
        self._shared = shared
        self.tell = emit
        self._alone, self._closed = alone, closed
        self._gate = None if wakes_itself else shared.engines.gate(word)
        self._conversation = Conversation()
        self._inbox = Inbox()
        self._verification: Verification | None = None
        self._utterance: Utterance | None = None
        self._interruption: Interruption | None = None
        self._turn = Turn(here, 0)
        self._claim: asyncio.Task[bool] | None = None
        self._answer: asyncio.Task[None] | None = None
        self._acting = asyncio.Lock()
        self._played = asyncio.Event()
        self._running = asyncio.create_task(self._run())

    @property
    def last_steps(self) -> tuple[Step, ...]:
        """How the last turn went."""
        return self._conversation.past.steps if self._conversation.past else ()

    async def hear(self, pcm: bytes) -> None:
        """Take 16 kHz mono s16le sound; waits while the hub is behind.

        Raises:
            BadInput: half a sample, or a piece larger than 64 KiB.
        """
        check_piece(pcm)
        if pcm:
            await self._inbox.put(partial(self._on_sound, pcm))

    async def woke(self, word: str, score: float, ends_at: int) -> None:
        """The device's own wake word fired; it ended at sample ``ends_at`` of the sound that follows.

        Raises:
            BadInput: more than 500 ms of sound before the word would come.
        """
        verification = Verification(word, score, ends_at)
        await self._inbox.put(partial(self._on_woke, verification))

    async def listen(self) -> None:
        """Somebody pressed the button: listen without a wake word."""
        await self._inbox.put(self._on_button)

    async def finish(self) -> None:
        """The device says that the utterance is over."""
        await self._inbox.put(self._on_finish)

    async def played(self) -> None:
        """The device has played the reply to its end."""
        self._played.set()

    async def cancel(self) -> None:
        """Drop the turn; nothing of it is kept if it was not answered yet."""
        await self._inbox.put(partial(self._on_end, "cancelled"))

    async def mute(self, on: bool) -> None:  # noqa: FBT001 - the message's own value
        """The microphone was closed or opened on the device."""
        await self._inbox.put(partial(self._on_mute, on))

    async def announce(self, text: str) -> bool:
        """Speak now, unless somebody is being listened to; return whether it was begun."""
        if self.state in {State.LISTENING, State.VERIFYING} or self._running.done():
            return False
        await self._inbox.put(partial(self._on_announcement, text))
        return True

    async def caught_up(self) -> None:
        """Wait until all that was sent so far has been dealt with."""
        await self._inbox.caught_up()

    async def close(self) -> None:
        """End; sound that was not kept is overwritten. Twice is fine."""
        self._closed(self)
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running
        await self._stop_answering()
        await self._forget()
        if self._gate is not None:
            self._gate.close()

    async def _run(self) -> None:
        while True:
            message = await self._inbox.next()
            try:
                await message()
            except BadInput as error:
                await self.tell(Refused("bad_input", error.what, error.next_step))
            except EarwitnessError as error:
                await self._fail(error.next_step)
            except Exception as error:  # noqa: BLE001 - a bug ends this turn, not the session; its place is said
                await self.tell(Refused("failed", f"The hub failed: {describe_bug(error)}."))
                await self._fail("")

    async def _fail(self, next_step: str) -> None:
        """A turn that broke: an apology, aloud if the voice still works, unless another device answers."""
        if self._claim is not None and not await self._claim:
            return await self._to_idle("elsewhere")
        self._shared.counts.failed += 1
        await self._forget()
        return self._begin_answer(partial(self._apologise, f"{APOLOGY} {next_step}".strip()))

    async def _apologise(self, text: str) -> None:
        await self.tell(Answered(text, Ending.FAILED))
        await self._shared.answering.say(text, self.tell)
        await self._to_idle("failed")

    async def _on_sound(self, pcm: bytes) -> None:
        match self.state:
            case State.IDLE:
                await self._wait_for_word(pcm)
            case State.VERIFYING:
                await self._verify(pcm)
            case State.LISTENING:
                await self._listen_on(pcm)
            case State.ANSWERING:
                await self._overhear(pcm)
            case State.MUTED:
                pass  # a device that sends on although it is muted is not heard

    async def _wait_for_word(self, pcm: bytes) -> None:
        if self._gate is None:
            raise BadInput("Sound came before a wake word.", next_step="Send it after the wake word only.")
        gate, counts = self._gate, self._shared.counts
        before = replace(gate.counts)
        woke = await self._shared.quickly(lambda: gate.push(pcm))
        counts.heard += gate.counts.heard - before.heard
        counts.not_verified += gate.counts.rejected - before.rejected
        if woke is not None:
            await self._awake(from_gate(woke))

    async def _on_woke(self, verification: Verification) -> None:
        if self.state is State.MUTED:
            return
        await self._stop_answering()
        await self._forget()
        self._shared.counts.heard += 1
        self._verification, self.state = verification, State.VERIFYING

    async def _verify(self, pcm: bytes) -> None:
        verification = self._verification
        if verification is None or not verification.push(pcm):
            return
        self._verification = None
        judged = await self._shared.apart(lambda: verification.judge(self._shared.engines.verifier))
        if isinstance(judged, Verdict):
            self._shared.counts.not_verified += 1
            await self._to_idle("not_verified")
        else:
            await self._awake(judged)

    async def _awake(self, awake: Awake) -> None:
        self._shared.counts.verified += 1
        await self._stop_answering()
        await self.tell(Woken(awake.word, awake.verdict.score))
        self._claim = asyncio.create_task(
            self._shared.arbiter.wins(self.here.household, self.here.device, awake.loudness, alone=self._alone())
        )
        steps = [
            Step("wake", f"I heard “{awake.word}” through {self.here.called}.", awake.first_score),
            Step("verification", f"I made sure that it was “{awake.word}”.", awake.verdict.score),
        ]
        await self._begin(steps, awake.rest)

    async def _on_button(self) -> None:
        if self.state is not State.MUTED:
            await self._stop_answering()
            await self._begin([Step("button", f"Somebody pressed the button of {self.here.called}.")])

    async def _begin(self, steps: list[Step], sound: bytes = b"", *, follow_up: bool = False) -> None:
        await self._forget(keep_claim=True)
        shared = self._shared
        self.here = await shared.apart(lambda: shared.where_is(self.here.device))
        sayable = await shared.vocabulary.now(self.here.household, self.here.zone)
        endpoints = shared.engines.endpoints
        if follow_up:
            endpoints = replace(endpoints, patience_ms=FOLLOW_UP_MS)
        self._turn = Turn(self.here, shared.clock.now_ms(), follow_up=follow_up)
        for step in steps:
            self._turn.trace.add(step)
        self._utterance = await shared.apart(lambda: shared.engines.utterance(sayable.graph, endpoints))
        self.state = State.LISTENING
        await self.tell(Listening(follow_up))
        if sound:
            await self._listen_on(sound)

    async def _listen_on(self, pcm: bytes) -> None:
        utterance = self._utterance
        if utterance is not None and await self._shared.apart(lambda: utterance.push(pcm)):
            await self._end_utterance(utterance)

    async def _on_finish(self) -> None:
        if self.state is State.LISTENING and self._utterance is not None:
            await self._end_utterance(self._utterance)

    async def _end_utterance(self, utterance: Utterance) -> None:
        await self.tell(SpeechEnded())
        with self._turn.trace.timed() as note:
            heard = await self._shared.apart(utterance.finish)
            note(Step("recogniser", "The recogniser finished."))
        await self._forget(keep_claim=True)
        if self._claim is not None and not await self._claim:
            self._shared.counts.elsewhere += 1
            await self._to_idle("elsewhere")
        elif heard.reason is EndReason.NOTHING:
            await self._to_idle("nothing_said")
        elif self._turn.follow_up and not heard.recognition.for_me():
            self._shared.counts.not_for_me += 1
            await self._to_idle("not_for_me")
        else:
            self._begin_answer(partial(self._respond, self._turn, heard))

    def _begin_answer(self, work: Message) -> None:
        self.state = State.ANSWERING
        self._played.clear()
        self._answer = asyncio.create_task(self._answering(work))

    async def _answering(self, work: Message) -> None:
        try:
            await work()
        except EarwitnessError as error:
            await self._inbox.put(partial(self._fail, error.next_step))
        except Exception as error:  # noqa: BLE001 - as in the inbox
            await self.tell(Refused("failed", f"The hub failed: {describe_bug(error)}."))
            await self._inbox.put(partial(self._on_end, "failed"))

    async def _respond(self, turn: Turn, heard: Heard) -> None:
        shared = self._shared
        shared.counts.turns += 1
        best = heard.recognition.best
        if best is not None and may_be_for_me(heard.recognition):
            await self.tell(HeardWords(best.text, heard.recognition.in_grammar))
        sayable = await shared.vocabulary.of(turn.here.household, turn.here.zone)
        async with self._acting:
            reply = await shared.answering.decide(turn, heard, sayable.at(turn.here), self._conversation)
        length = await shared.answering.deliver(turn, heard, reply, self._conversation, self.tell)
        await shared.vocabulary.refresh(turn.here.household, turn.here.zone)  # while the reply sounds
        if reply.then is Then.MUTE:
            await self._next(partial(self._on_mute, True))
            return
        await self._wait_until_played(length)
        if reply.asks:
            question = Step("follow-up", "I had asked something, so I listened without the wake word.")
            await self._next(partial(self._begin, [question], follow_up=True))
        else:
            await self._next(partial(self._on_end, "done"))

    async def _next(self, message: Message) -> None:
        """Hand over to the inbox at the end of an answer: there is nothing left to interrupt."""
        self._answer = None
        await self._inbox.put(message)

    async def _wait_until_played(self, length_ms: int) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._played.wait(), (length_ms + AFTER_PLAYING_MS) / 1000)

    async def _on_announcement(self, text: str) -> None:
        if self.state in {State.IDLE, State.MUTED, State.ANSWERING}:
            muted = self.state is State.MUTED
            await self._stop_answering()
            self._begin_answer(partial(self._announce, text, muted=muted))

    async def _announce(self, text: str, *, muted: bool) -> None:
        await self.tell(Answered(text, Ending.TOLD))
        await self._wait_until_played(await self._shared.answering.say(text, self.tell))
        await self._next(partial(self._on_mute, True) if muted else partial(self._on_end, "done"))

    async def _overhear(self, pcm: bytes) -> None:
        """While the reply sounds: a wake word begins another turn, "stop" ends it."""
        if self._gate is not None:
            await self._wait_for_word(pcm)
        if self.state is not State.ANSWERING:
            return
        if self._interruption is None:
            self._interruption = await interruption_at(self.here, self._shared)
        interruption = self._interruption
        try:
            stopped = await self._shared.apart(lambda: interruption.push(pcm))
        except EngineError:  # every recogniser is busy, or one broke: the wake word still interrupts
            await self._shared.apart(interruption.close)
            return
        if stopped:
            await self._stop()

    async def _stop(self) -> None:
        """Somebody said "stop": silence at once, and whoever rings is told."""
        await self._stop_answering()
        sayable = await self._shared.vocabulary.of(self.here.household, self.here.zone)
        await self._shared.answering.dialog.stop(self.here, sayable.at(self.here), self._conversation)
        await self._to_idle("done")

    async def _stop_answering(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            async with self._acting:  # what a skill has begun to do it does to the end
                answer.cancel()
            with suppress(asyncio.CancelledError):
                await answer
            await self.tell(Silence())

    async def _on_end(self, reason: str) -> None:
        if self.state is not State.MUTED:
            await self._stop_answering()
            await self._to_idle(reason)

    async def _on_mute(self, on: bool) -> None:  # noqa: FBT001 - the message's own value
        await self._stop_answering()
        await self._forget()
        if self._gate is not None:
            self._gate.rearm()
        self.state = State.MUTED if on else State.IDLE
        await self.tell(Muted(on))

    async def _to_idle(self, reason: str) -> None:
        await self._forget()
        if self._gate is not None:
            self._gate.rearm()
        self.state = State.IDLE
        await self.tell(Idle(reason))

    async def _forget(self, *, keep_claim: bool = False) -> None:
        """Overwrite the sound of a turn that is over and give its engines back."""
        if not keep_claim and self._claim is not None:
            self._claim.cancel()
            self._claim = None
        if self._verification is not None:
            self._verification.forget()
            self._verification = None
        for held in (self._utterance, self._interruption):
            if held is not None:
                await self._shared.apart(held.close)
        self._utterance, self._interruption = None, None
