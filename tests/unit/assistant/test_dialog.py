"""Which skill a turn belongs to, what is left open, and how it is put into words."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC

import pytest

from earwitness.assistant.dialog import NOT_UNDERSTOOD, Conversation, Dialog, Said
from earwitness.assistant.skill import NO_NAMES, Ending, Here, Names, Reply, Request
from earwitness.assistant.trace import Step, Trace
from earwitness.kernel.errors import BadInput
from earwitness.testing.clock import VirtualClock
from earwitness.testing.conversing import understanding
from earwitness.understanding.context import Context, Named
from earwitness.understanding.taught import Taught, TaughtSentence
from earwitness.understanding.values import Hypothesis

HERE = Here("kitchen", "household_test", None, None, "kitchen", None, UTC)


@dataclass
class Fixed:
    name: str
    intents: frozenset[str]
    reply: Reply = field(default_factory=lambda: Reply("Done."))
    later: Reply | None = None
    asked: list[Request] = field(default_factory=list)

    async def names(self, household: str) -> Names:  # noqa: ARG002 - the contract's
        return NO_NAMES

    async def hear(self, request: Request) -> Reply:
        self.asked.append(request)
        return self.reply

    async def answered(self, request: Request) -> Reply | None:
        self.asked.append(request)
        return self.later


CLOCK = frozenset({"HassGetCurrentTime"})
LIGHTS = frozenset({"HassTurnOn", "HassTurnOff"})
TWO = Context(devices=(Named("a", "reading lamp", domain="light"), Named("b", "reading light", domain="light")))


def talk(dialog: Dialog, *texts: str, context: Context | None = None) -> tuple[list[Reply], Trace]:
    """Say one text after the other; a slash parts what was heard one way or another."""
    trace, conversation = Trace(), Conversation()

    async def run() -> list[Reply]:
        said = [Said([Hypothesis(each, 0.6) for each in text.split(" / ")], context or Context()) for text in texts]
        return [await dialog.turn(each, HERE, conversation, trace) for each in said]

    return asyncio.run(run()), trace


def dialog(*skills: Fixed, free: tuple[Fixed, ...] = (), clock: VirtualClock | None = None) -> Dialog:
    return Dialog(skills, understanding()[1], clock or VirtualClock(), free)


def test_a_sentence_goes_to_the_skill_of_its_intent() -> None:
    clock, lights = Fixed("clock", CLOCK, Reply("Noon.")), Fixed("lights", LIGHTS)
    (reply,), trace = talk(dialog(clock, lights), "what time is it")
    assert reply.text == "Noon."
    assert lights.asked == []
    assert [each.step for each in trace.steps] == ["understanding", "skill"]
    assert "HassGetCurrentTime, word for word" in trace.steps[0].said
    assert trace.steps[0].took_ms is not None


def test_a_sentence_that_was_taught_says_so_and_what_it_stands_for() -> None:
    lights, own = Fixed("lights", LIGHTS), Taught((TaughtSentence("lumos", means="turn on the reading lamp"),))
    _, trace = talk(dialog(lights), "lumos", context=replace(TWO, taught=own))
    told = "as this household taught me: the same as “turn on the reading lamp”."
    assert trace.steps[0].said == f"I took it for HassTurnOn (name: reading lamp), {told}"


def test_a_slot_without_words_is_not_told() -> None:
    kitchen = Context(areas=(Named("kitchen", "kitchen"),), devices=(Named("a", "lamp", (), "light", "kitchen"),))
    _, trace = talk(dialog(Fixed("lights", LIGHTS)), "turn on the lights in the kitchen", context=kitchen)
    assert trace.steps[0].said == "I took it for HassTurnOn (area: kitchen), word for word."


def test_two_skills_for_one_intent_are_refused() -> None:
    with pytest.raises(BadInput, match="HassGetCurrentTime"):
        dialog(Fixed("clock", CLOCK), Fixed("other clock", CLOCK))


def test_the_answer_to_a_question_goes_to_the_skill_that_asked() -> None:
    asking = Fixed("clock", CLOCK, Reply("Where?", Ending.ASKED), later=Reply("In London, noon."))
    replies, _ = talk(dialog(asking), "what time is it", "in london")
    assert [each.text for each in replies] == ["Where?", "In London, noon."]


def test_something_else_than_an_answer_is_a_new_turn() -> None:
    asking = Fixed("clock", CLOCK, Reply("Where?", Ending.ASKED))
    replies, _ = talk(dialog(asking), "what time is it", "what time is it")
    assert [each.text for each in replies] == ["Where?", "Where?"]
    assert len(asking.asked) == 3


def test_a_question_is_closed_after_a_minute() -> None:
    clock = VirtualClock()
    asking = Fixed("clock", CLOCK, Reply("Where?", Ending.ASKED), later=Reply("In London, noon."))
    told, conversation = dialog(asking, clock=clock), Conversation()

    async def run() -> str:
        said = Said([Hypothesis("what time is it")], Context())
        await told.turn(said, HERE, conversation, Trace())
        clock.advance(61_000)
        return (await told.turn(Said([Hypothesis("glorp")], Context()), HERE, conversation, Trace())).text

    assert asyncio.run(run()) == NOT_UNDERSTOOD


def test_free_wording_is_offered_to_the_skills_that_take_it() -> None:
    home = Fixed("home", LIGHTS, later=Reply("It is brighter now."))
    deaf = Fixed("deaf", frozenset(), later=Reply("", Ending.NOTHING))
    (reply,), _ = talk(dialog(home, free=(deaf, home)), "it is rather gloomy in this room you know")
    assert reply.text == "It is brighter now."
    (nothing,), _ = talk(dialog(deaf, free=(deaf,)), "it is rather gloomy in this room you know")
    assert (nothing.text, nothing.ending) == (NOT_UNDERSTOOD, Ending.NOTHING)


def test_nothing_heard_is_not_understood() -> None:
    told, conversation = dialog(Fixed("clock", CLOCK)), Conversation()
    reply = asyncio.run(told.turn(Said([], Context()), HERE, conversation, Trace()))
    assert reply.text == NOT_UNDERSTOOD


@pytest.mark.parametrize(("answer", "place"), [("the second one", 1), ("yes", 0), ("the first", 0)])
def test_between_two_the_person_chooses(answer: str, place: int) -> None:
    lights = Fixed("lights", LIGHTS)
    (question, reply), _ = talk(
        dialog(lights), "turn on the reading lamp / turn on the reading light", answer, context=TWO
    )
    assert (question.ending, reply.text) == (Ending.ASKED, "Done.")
    first, second = (question.text.index(name) for name in ("reading lamp", "reading light"))
    in_order = ["a", "b"] if first < second else ["b", "a"]
    assert [each.meant.intent.slots["name"].value for each in lights.asked if each.meant] == [in_order[place]]


def test_what_asks_to_be_quiet() -> None:
    told = dialog(Fixed("clock", CLOCK))
    assert told.means_stop("stop", Context())
    assert told.means_stop("be quiet", Context())
    assert not told.means_stop("what time is it", Context())


def test_a_trace_is_json_without_what_is_not_there() -> None:
    trace = Trace()
    trace.add(Step("wake", "I heard it.", 0.93456, None, (("else", 0.1),)))
    trace.add(Step("reply", "I answered."))
    assert trace.to_bytes().decode() == (
        '[{"step": "wake", "said": "I heard it.", "score": 0.935, "alternatives": [{"said": "else", "score": 0.1}]}, '
        '{"step": "reply", "said": "I answered."}]'
    )


def test_what_was_heard_badly_is_asked_for_before_anything_is_done() -> None:
    clock, conversation = Fixed("clock", CLOCK, Reply("Noon.")), Conversation()
    told = dialog(clock)

    async def run(answer: str) -> tuple[Reply, Reply]:
        unsure = Said([Hypothesis("what time is it")], Context(), 0.1)
        first = await told.turn(unsure, HERE, conversation, Trace())
        return first, await told.turn(Said([Hypothesis(answer)], Context()), HERE, conversation, Trace())

    question, _ = asyncio.run(run("no"))
    assert (question.text, question.ending) == ("Did you say “what time is it”?", Ending.ASKED)
    assert clock.asked == []
    _, reply = asyncio.run(run("yes"))
    assert reply.text == "Noon."
