"""What steers the conversation: stop, never mind, repeat, help, greetings, and a yes to nothing."""

import pytest

from earwitness.skills.lists.store import BUILT_IN
from earwitness.testing.talking import Talk
from earwitness.understanding.context import Context, Named


@pytest.mark.parametrize(
    ("sentence", "answer", "then"),
    [
        ("stop", "", "quiet"),
        ("never mind", "", "quiet"),
        ("thank you", "You are welcome.", None),
        ("hello", "Good afternoon.", None),
        ("good night", "Good night.", None),
        ("yes", "I did not ask anything.", None),
        ("no", "I did not ask anything.", None),
        ("the second one", "I did not ask anything.", None),
        ("say that again", "I have said nothing yet.", None),
    ],
)
def test_it_answers(talk: Talk, sentence: str, answer: str, then: str | None) -> None:
    reply = talk.say(sentence)
    assert (reply.text, reply.then) == (answer, then)


def test_it_repeats_what_it_said(talk: Talk) -> None:
    talk.say("what time is it")
    assert talk.says("what did you say") == "It is 12:06 PM."
    assert talk.says("repeat that") == "It is 12:06 PM."


def test_help_says_only_what_works(talk: Talk) -> None:
    examples = talk.says("help").removeprefix("You can say: ").replace("And: ", "")
    sentences = [each.strip().rstrip("?.") for each in examples.replace("? ", ". ").split(". ")]
    assert len(sentences) > 5
    last = sentences.pop().replace(" or ", " ").split(", ")
    understood = [talk.dialog.matcher.understand(each, _context(talk)).best for each in [*sentences, *last]]
    assert all(understood)
    assert all(each.score > 0.7 for each in understood if each)


def _context(talk: Talk) -> Context:
    light = Named("light.kitchen", "kitchen light", domain="light")
    return Context(devices=(light,), lists=tuple(Named(e.id, e.name, e.variants) for e in BUILT_IN), clock=talk.clock)
