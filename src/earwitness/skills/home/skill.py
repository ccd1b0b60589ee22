"""The skill: hear a sentence, act on the home or ask back, say what happened.

It keeps what the last turn left open (which lamp? really unlock?), what "it" stands for, and what can
be undone. Nothing changes before every part of a sentence is understood and allowed.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from earwitness.kernel.errors import HomeUnreachable
from earwitness.skills.home import answers, replies
from earwitness.skills.home.choosing import choose
from earwitness.skills.home.danger import Danger, dangers
from earwitness.skills.home.execution import Execution, Outcome
from earwitness.skills.home.grammar import Grammar, load
from earwitness.skills.home.intents import intent_of
from earwitness.skills.home.interpret import Context, interpret
from earwitness.skills.home.model import Call, Change, Home
from earwitness.skills.home.orders import Action, Choice, Nothing, Order, Why
from earwitness.skills.home.orders import Reading as HomeReading
from earwitness.skills.home.planning import plan
from earwitness.skills.home.port import HomeControl
from earwitness.skills.home.wording import normalise, uniform

_YES = re.compile(
    r"^(?:yes|yeah|yep|yup|sure|ok|okay|do it|go ahead|of course|certainly|definitely|correct|right|please do|"
    r"confirm|confirmed|i am sure)\b"
)
_NO = re.compile(r"^(?:no|nope|nah|do not|stop|cancel|never ?mind|forget it|leave it|better not)\b")
_UNDO = re.compile(
    r"^(?:undo(?: (?:it|that|this|the last (?:one|thing|command|action)))?|take (?:it|that) back|revert(?: that| it)?|"
    r"put it back(?: how it was)?|change it back|go back to how it was|reverse that)$"
)


class Kind(StrEnum):
    """How a turn ended."""

    DONE = "done"
    TOLD = "told"
    WHICH = "which"
    CONFIRM = "confirm"
    NOTHING = "nothing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """One turn: the intents that were understood, what is said, what changed, and the token to undo it.

    ``asks``: the turn changed nothing and waits for an answer.
    """

    kind: Kind
    reply: str
    intents: tuple[dict[str, Any], ...] = ()
    changes: tuple[Change, ...] = ()
    undo: str | None = None
    reason: str = ""
    calls: tuple[Call, ...] = field(default_factory=tuple)

    @property
    def asks(self) -> bool:
        """Whether the person is asked something."""
        return self.kind in {Kind.WHICH, Kind.CONFIRM}


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What waits for an answer: a choice at a place in the orders, or a yes to all of them."""

    readings: tuple[HomeReading, ...]
    undo: str | None = None


class HomeSkill:
    """Home control for one conversation."""

    def __init__(
        self, control: HomeControl, sentences: Grammar | None = None, token: Callable[[], str] | None = None
    ) -> None:
        """Act on this home with these sentences (the built-in ones if None)."""
        self._control = control
        self._sentences = sentences or load()
        self._execution = Execution(control, token) if token else Execution(control)
        self._before: tuple[str, ...] = ()
        self._waiting: _Waiting | None = None

    async def hear(self, sentence: str, here: str | None = None) -> Answer:
        """Do what a sentence asks for; ``here`` is the area it is spoken in.

        An unreachable home is an answer (``FAILED``), not an error.
        """
        try:
            home = await self._control.read()
            return await self._turn(sentence, home.in_area(here) if here else home)
        except HomeUnreachable:
            self._waiting = None
            return Answer(Kind.FAILED, "Sorry, your home does not answer right now.", reason="unreachable")

    async def _turn(self, sentence: str, home: Home) -> Answer:
        waiting, self._waiting = self._waiting, None
        said = uniform(sentence)
        if waiting and (answered := await self._answered(waiting, said, home)):
            return answered
        if _UNDO.match(normalise(sentence)):
            return await self._undo(self._execution.last, home)
        readings = interpret(sentence, home, self._sentences, Context(self._before))
        return await self._carry_out(tuple(readings), home, confirmed=False)

    async def _answered(self, waiting: _Waiting, said: str, home: Home) -> Answer | None:
        """Take a turn as the answer to what was asked; None if it is something new."""
        if _NO.match(said):
            return Answer(Kind.NOTHING, "All right, I leave it.", reason="declined")
        open_choice = next((each for each in waiting.readings if isinstance(each, Choice)), None)
        if open_choice:
            chosen = choose(open_choice, said)
            if isinstance(chosen, Choice):
                return None
            readings = tuple(chosen if each is open_choice else each for each in waiting.readings)
            return await self._carry_out(readings, home, confirmed=False)
        if _YES.match(said):
            if waiting.undo:
                return await self._undo(waiting.undo, home, confirmed=True)
            return await self._carry_out(waiting.readings, home, confirmed=True)
        return None

    async def _carry_out(self, readings: tuple[HomeReading, ...], home: Home, *, confirmed: bool) -> Answer:
        hindrance = next((each for each in readings if isinstance(each, Nothing)), None)
        if hindrance:
            return self._nothing(hindrance, home)
        open_choice = next((each for each in readings if isinstance(each, Choice)), None)
        if open_choice:
            self._waiting = _Waiting(readings)
            intents = (intent_of(open_choice.order, home),)
            return Answer(Kind.WHICH, replies.which(open_choice, home), intents, reason="ambiguous")
        orders = tuple(_with_areas(each, home) for each in readings if isinstance(each, Order))
        self._before = tuple(each.id for each in orders[-1].entities) or self._before
        if all(order.action in {Action.ASK, Action.READ_LIST} for order in orders):
            return _told(orders, home)
        return await self._act(orders, home, confirmed=confirmed)

    async def _act(self, orders: tuple[Order, ...], home: Home, *, confirmed: bool) -> Answer:
        intents = tuple(intent_of(order, home) for order in orders)
        plans = [plan(order) for order in orders if order.action not in {Action.ASK, Action.READ_LIST}]
        calls = [call for each in plans for call in each]
        if not all(plans):
            useless = next(order for order in orders if not plan(order))
            return self._nothing(Nothing(Why.CANNOT, order=useless), home, intents)
        risks = dangers(calls, home, everything=any(_is_everything(order) for order in orders))
        if risks and not confirmed:
            self._waiting = _Waiting(orders)
            reason = ",".join(sorted({danger.value for danger, _ in risks}))
            return Answer(Kind.CONFIRM, replies.confirm(risks, home), intents, reason=reason)
        outcome = await self._execution.run(calls)
        after = await self._control.read()
        reply = " ".join(_said(order, outcome, after) for order in orders)
        kind = Kind.FAILED if (outcome.silent or outcome.unable) and not outcome.changes else Kind.DONE
        return Answer(kind, reply, intents, outcome.changes, outcome.undo, _failure(outcome), tuple(calls))

    async def _undo(self, token: str | None, home: Home, *, confirmed: bool = False) -> Answer:
        if token is None:
            return Answer(Kind.NOTHING, "There is nothing to undo.", reason="nothing_to_undo")
        risks = dangers(self._execution.calls_to_undo(token), home, everything=False)
        if risks and not confirmed:
            self._waiting = _Waiting((), undo=token)
            return Answer(Kind.CONFIRM, replies.confirm(risks, home), reason="undo")
        outcome = await self._execution.undo(token)
        return Answer(Kind.DONE, "Undone." if outcome.changes else "That could not be undone.", changes=outcome.changes)

    async def undo(self, token: str) -> Outcome:
        """Take an action back by its token, without asking.

        Raises:
            NotFound: there is no such action, or it was undone.
        """
        return await self._execution.undo(token)

    def calls_to_undo(self, token: str) -> list[Call]:
        """Return what would take an action back, to keep it for longer than this conversation lives."""
        return self._execution.calls_to_undo(token)

    def settle(self) -> None:
        """Wait for no answer any more: the next "yes" is not to an old question."""
        self._waiting = None

    def _nothing(self, hindrance: Nothing, home: Home, intents: tuple[dict[str, Any], ...] = ()) -> Answer:
        return Answer(Kind.NOTHING, replies.nothing(hindrance, home), intents, reason=hindrance.why.value)


def _with_areas(order: Order, home: Home) -> Order:
    """A vacuum is told the rooms, not the devices in them."""
    if order.action is not Action.VACUUM or order.slots.get("command") != "clean":
        return order
    areas = order.found.scope.areas or frozenset()
    known = frozenset(
        area.id
        for area in home.areas
        if area.id in areas or (order.found.scope.floors and area.floor in order.found.scope.floors)
    )
    return replace(order, slots={**order.slots, "areas": known})


def _is_everything(order: Order) -> bool:
    """Whether "everything" was said, and no room or kind with it."""
    everywhere = order.found.house or not order.found.scope.named
    return order.found.everything and everywhere and order.action not in {Action.ASK, Action.LOCK}


def _told(orders: Sequence[Order], home: Home) -> Answer:
    said = [
        " ".join(answers.read_list(each, home) for each in order.entities)
        if order.action is Action.READ_LIST
        else answers.answer(order, home)
        for order in orders
    ]
    return Answer(Kind.TOLD, " ".join(said), tuple(intent_of(order, home) for order in orders))


def _said(order: Order, outcome: Outcome, home: Home) -> str:
    if order.action is Action.ASK:
        return answers.answer(order, home)
    ids = {each.id for each in order.entities}
    narrowed = replace(
        outcome,
        silent=tuple(each for each in outcome.silent if each in ids or len(ids) == 0),
        unable=tuple(each for each in outcome.unable if each in ids),
    )
    return replies.done(order, narrowed, home)


def _failure(outcome: Outcome) -> str:
    return "silent" if outcome.silent else "unable" if outcome.unable else ""


__all__ = ["Answer", "Danger", "HomeSkill", "Kind"]
