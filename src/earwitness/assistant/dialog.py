"""From what was heard to what is answered: which skill a turn belongs to, and what was left open before.

In this order: the answer to what a skill asked; the choice after a "did you mean"; a sentence that is understood;
wording no template knows, for the skills that take it; and otherwise that it was not understood.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from earwitness.assistant.skill import Ending, Here, Past, Reply, Request, Skill
from earwitness.assistant.trace import Step, Trace
from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.clock import MINUTE, Clock
from earwitness.kernel.errors import BadInput, EarwitnessError
from earwitness.speech.asr.port import FOR_ME
from earwitness.understanding.context import Context
from earwitness.understanding.matcher import Matcher
from earwitness.understanding.taught import ORIGIN
from earwitness.understanding.values import Hypothesis, Interpretation, Kind, Understanding
from earwitness.understanding.wording import plain

OPEN_FOR_MS: Final = MINUTE  # a question that was not answered by then is closed
SURE: Final = FOR_ME
STOPPING: Final = frozenset({"Stop", "HassNevermind"})
REMEMBERED_MS: Final = 10 * MINUTE
NOT_UNDERSTOOD: Final = "Sorry, I did not understand that."
APOLOGY: Final = "Sorry, something went wrong. Please try again."


@dataclass(slots=True)
class Conversation:
    """What one device's conversation has left open, in memory only."""

    past: Past | None = None
    asked_by: Skill | None = None
    offered: tuple[Interpretation, ...] = ()
    asked_at: int = 0

    def settle(self) -> None:
        """Nothing is open any more."""
        self.asked_by, self.offered = None, ()


@dataclass(frozen=True, slots=True)
class Said:
    """One turn in words: the readings of what was said, the best first, with the names that hold at the device.

    ``sure`` is the probability that it was any of the sentences at all; below :data:`SURE` it is asked for.
    """

    readings: Sequence[Hypothesis]
    context: Context
    sure: float = 1.0

    @property
    def best(self) -> str:
        """The likeliest words."""
        return self.readings[0].text if self.readings else ""

    def as_heard(self, meant: Interpretation | None) -> str:
        """The reading that ``meant`` was found in, with its commas and capitals; the likeliest where it is none."""
        if meant is None:
            return self.best
        return next((each.text for each in self.readings if plain(each.text) == meant.text), meant.text)


@dataclass(frozen=True, slots=True)
class Dialog:
    """Answers turns with the skills of the hub. Lives on the event loop."""

    skills: Sequence[Skill]
    matcher: Matcher
    clock: Clock
    free: Sequence[Skill] = ()  # asked about wording of no template
    _by_intent: dict[str, Skill] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find out who serves which intent.

        Raises:
            BadInput: two skills serve the same.
        """
        for skill in self.skills:
            for intent in skill.intents:
                if self._by_intent.setdefault(intent, skill) is not skill:
                    raise BadInput(f"Two skills serve the intent '{intent}'.", next_step="Take it from one of them.")

    async def turn(self, said: Said, here: Here, conversation: Conversation, trace: Trace) -> Reply:
        """Answer one turn; whatever fails inside a skill is an apology."""
        now = self.clock.now_ms()
        if conversation.past and now - conversation.past.at > REMEMBERED_MS:
            conversation.past = None
        if now - conversation.asked_at > OPEN_FOR_MS:
            conversation.settle()
        try:
            reply = await self._answer(said, here, conversation, trace)
        except EarwitnessError as error:
            conversation.settle()
            trace.add(Step("skill", f"That failed: {error.what}"))
            reply = Reply(f"Sorry, that did not work. {error.next_step}".strip(), Ending.FAILED)
        except Exception as error:  # noqa: BLE001 - a bug in one skill must not end the session; its place is logged
            conversation.settle()
            trace.add(Step("skill", f"That failed inside the skill ({describe_bug(error)})."))
            reply = Reply(APOLOGY, Ending.FAILED)
        if reply.asks:
            conversation.asked_at = now
        return reply

    def means_stop(self, text: str, context: Context) -> bool:
        """Whether words said into a reply ask to be quiet."""
        best = self.matcher.understand(text, context).best
        return best is not None and best.intent.name in STOPPING

    async def stop(self, here: Here, context: Context, conversation: Conversation) -> None:
        """Tell the skill that serves "stop" that it was said into a reply."""
        await self.turn(Said([Hypothesis("stop")], context), here, conversation, Trace())

    async def _answer(self, said: Said, here: Here, conversation: Conversation, trace: Trace) -> Reply:
        with trace.timed() as note:
            chosen = self._chosen(said, conversation)
            understood = chosen or self.matcher.understand(said.readings, said.context)
            note(_told(understood))
        if chosen is None and said.sure < SURE and understood.best is not None:
            return _unsure(understood.best, conversation)
        request = Request(
            said.as_heard(understood.best),
            understood.best if understood.kind is Kind.UNDERSTOOD else None,
            here,
            self.clock.now_ms(),
            conversation.past,
        )
        asked_by = conversation.asked_by
        conversation.settle()
        if asked_by is not None:
            answered = await asked_by.answered(replace(request, heard=said.best or request.heard))
            if answered is not None:
                return self._noted(asked_by, answered, conversation, trace)
        return await self._act(understood, request, conversation, trace)

    async def _act(
        self, understood: Understanding, request: Request, conversation: Conversation, trace: Trace
    ) -> Reply:
        if request.meant is not None:
            skill = self._by_intent.get(request.meant.intent.name)
            if skill is not None:
                return self._noted(skill, await skill.hear(request), conversation, trace)
        if understood.kind is Kind.AMBIGUOUS and understood.best is not None:
            conversation.offered = (understood.best, *understood.alternatives)
            return Reply(understood.question, Ending.ASKED)
        for skill in self.free:
            answered = await skill.answered(request)
            if answered is not None and answered.ending is not Ending.NOTHING:
                return self._noted(skill, answered, conversation, trace)
        return Reply(NOT_UNDERSTOOD, Ending.NOTHING)

    def _noted(self, skill: Skill, reply: Reply, conversation: Conversation, trace: Trace) -> Reply:
        for step in reply.steps or (Step("skill", f"The skill “{skill.name}” answered."),):
            trace.add(step)
        if reply.asks:
            conversation.asked_by = skill
        return reply

    def _chosen(self, said: Said, conversation: Conversation) -> Understanding | None:
        """What was offered and is now chosen, by its number or its words."""
        offered = conversation.offered
        if not offered:
            return None
        answer = self.matcher.understand(said.readings, said.context)
        intent = answer.best.intent if answer.best else None
        chosen: Interpretation | None = None
        if intent and intent.name == "Choose":
            at = intent.slots["choice"].value
            chosen = offered[int(at) - 1] if isinstance(at, int) and at <= len(offered) else None
        elif intent and intent.name == "Confirm":
            chosen = offered[0]
        elif answer.best is not None:
            chosen = next((each for each in offered if each.intent.same_as(answer.best.intent)), None)
        return Understanding(Kind.UNDERSTOOD, replace(chosen, score=1.0)) if chosen else None


def _unsure(best: Interpretation, conversation: Conversation) -> Reply:
    """Nothing is done on words that may not have been said; what was asked before stays open no longer."""
    conversation.settle()
    conversation.offered = (best,)
    return Reply(f"Did you say “{best.text}”?", Ending.ASKED)


_HOW: Final[Mapping[str, str]] = {
    "template": "word for word",
    "fuzzy": "nearly word for word",
    "learned": "from similar sentences",
}


def _told(understood: Understanding) -> Step:
    best = understood.best
    others = tuple((each.said or each.text, each.score) for each in understood.alternatives)
    if best is None or understood.kind is Kind.OUT_OF_SCOPE:
        return Step("understanding", "That fits none of the sentences I know.", alternatives=others)
    slots = ", ".join(f"{name}: {slot.text}" for name, slot in best.intent.slots.items() if slot.text)
    what = f"{best.intent.name} ({slots})" if slots else best.intent.name
    if understood.kind is Kind.AMBIGUOUS:
        return Step(
            "understanding", f"That could mean {what}, or something else, so I asked.", best.score, None, others
        )
    return Step("understanding", f"I took it for {what}, {_how(best)}.", best.score, None, others)


def _how(best: Interpretation) -> str:
    if best.origin != ORIGIN:
        return _HOW[best.source]
    same = f": the same as “{best.said}”" if best.said and plain(best.said) != plain(best.text) else ""
    return f"as this household taught me{same}"
