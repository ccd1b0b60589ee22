"""One device's session: what it is told, in which order, what is kept, and what is dropped."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import pytest

from earwitness.assistant.events import (
    Answered,
    Heard,
    Idle,
    Kept,
    Listening,
    Muted,
    Refused,
    Silence,
    Speech,
    SpeechEnded,
    Woken,
)
from earwitness.assistant.session import State
from earwitness.assistant.skill import NO_NAMES, Caused, Ending, Names, Reply, Request, Then
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput, HomeUnreachable, NotFound
from earwitness.speech.asr.pool import RecogniserPool
from earwitness.testing.conversing import FALSE, SILENCE, Conversing, Device, said, spelled_pool, wake

TIME = "what time is it"


@dataclass
class Scripted:
    """A skill that answers with what the test gives it."""

    replies: list[Reply | Exception] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    name: str = "scripted"
    intents: frozenset[str] = frozenset({"HassGetCurrentTime", "Stop", "Confirm"})

    async def names(self, household: str) -> Names:  # noqa: ARG002 - the contract's
        return NO_NAMES

    async def hear(self, request: Request) -> Reply:
        self.asked.append(request)
        reply = self.replies.pop(0) if self.replies else Reply("It is noon.", Ending.TOLD)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def answered(self, request: Request) -> Reply | None:
        self.asked.append(request)
        return Reply("Thank you.") if request.heard == "yes" else None


@pytest.fixture(scope="module")
def pool() -> Iterator[RecogniserPool]:
    with spelled_pool() as pool:
        yield pool


Scene = Callable[[Conversing, Scripted], Awaitable[None]]


@pytest.fixture
def play(pool: RecogniserPool) -> Callable[[Scene], Conversing]:
    """Play a scene with an assistant of one skill."""

    def played(scene: Scene) -> Conversing:
        async def run() -> Conversing:
            skill = Scripted()
            conversing = Conversing([skill], pool)
            try:
                await scene(conversing, skill)
            finally:
                await conversing.close()
            return conversing

        return asyncio.run(run())

    return played


async def ask(device: Device, text: str = TIME, *, woken: bool = True) -> Idle:
    await device.send((wake() if woken else b"") + said(text))
    return await device.until_idle()


def kinds(device: Device) -> list[str]:
    return [type(each).__name__ for each in device.events]


def test_a_turn_is_told_in_order_and_kept_after_the_first_sound(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        device = await conversing.connect()
        assert (await ask(device)).reason == "done"
        order = kinds(device)
        assert order[:5] == ["Woken", "Listening", "SpeechEnded", "Heard", "Answered"]
        assert order.index("Kept") > order.index("Speech")
        assert order[-1] == "Idle"
        assert device.told(Heard) == [Heard(TIME, 1.0)]
        assert device.told(Answered) == [Answered("It is noon.", Ending.TOLD)]
        assert b"".join(each.pcm for each in device.told(Speech) if isinstance(each, Speech)) == "It is noon.".encode(
            "utf-16-le"
        )
        assert device.told(Kept) == [Kept("rec_1")]
        assert skill.asked[0].heard == TIME

    (kept,) = play(scene).kept
    assert (kept.transcript, kept.reply) == (TIME, "It is noon.")
    spoken_ms = 50 * len(TIME)
    kept_ms = len(kept.pcm) * 1000 // SAMPLE_RATE // SAMPLE_WIDTH
    assert spoken_ms <= kept_ms <= spoken_ms + 2 * 200 + 2 * 64
    assert b"I heard" in kept.trace
    assert b'"alternatives"' not in kept.trace


def test_what_was_kept_begins_after_the_wake_word(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        device = await conversing.connect()
        await device.send(SILENCE + wake())
        await device.send(said(TIME))
        await device.until_idle()

    (kept,) = play(scene).kept
    assert wake()[SAMPLE_RATE // 4 * 2 :][:2] not in [kept.pcm[at : at + 2] for at in range(0, len(kept.pcm), 2)]


def test_what_only_sounds_like_the_wake_word_is_dropped_and_counted(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        device = await conversing.connect()
        await device.send(wake(FALSE) + said(TIME))
        assert device.events == []
        assert skill.asked == []
        assert (conversing.assistant.counts.heard, conversing.assistant.counts.not_verified) == (1, 1)

    assert play(scene).kept == []


def test_a_device_that_woke_itself_is_verified_again(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        device = await conversing.connect(wakes_itself=True)
        await device.session.woke("alexa", 0.9, SAMPLE_RATE // 4 + 1)
        await device.send(wake(FALSE) + said(TIME))
        assert await device.until_idle() == Idle("not_verified")
        assert conversing.assistant.counts.not_verified == 1
        await device.session.woke("alexa", 0.9, SAMPLE_RATE // 4 + 1)
        await ask(device)
        assert Woken("alexa", 0.95) in device.events

    assert len(play(scene).kept) == 1


def test_sound_without_a_wake_word_from_a_device_that_wakes_itself_is_refused(
    play: Callable[[Scene], Conversing],
) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        device = await conversing.connect(wakes_itself=True)
        await device.send(said(TIME)[:3_200])
        assert [each.code for each in device.told(Refused) if isinstance(each, Refused)] == ["bad_input"]
        assert device.session.state is State.IDLE

    assert play(scene).kept == []


def test_more_than_half_a_second_before_the_word_is_refused(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        device = await conversing.connect(wakes_itself=True)
        for ends_at in (0, 2 * SAMPLE_RATE):
            with pytest.raises(BadInput, match="500 ms"):
                await device.session.woke("alexa", 0.9, ends_at)

    play(scene)


@pytest.mark.parametrize("piece", [b"x", bytes(65 * 1024 + 1)])
def test_half_samples_and_huge_pieces_are_refused(play: Callable[[Scene], Conversing], piece: bytes) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        device = await conversing.connect()
        with pytest.raises(BadInput, match="is not taken"):
            await device.session.hear(piece)

    play(scene)


def test_the_button_needs_no_wake_word(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        device = await conversing.connect(wakes_itself=True)
        await device.session.listen()
        await ask(device, woken=False)
        assert kinds(device)[0] == "Listening"

    (kept,) = play(scene).kept
    assert b"pressed the button" in kept.trace


def test_nothing_is_kept_where_nobody_spoke(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        device = await conversing.connect()
        await device.send(wake() + 6 * SILENCE)
        assert (await device.until_idle()).reason == "nothing_said"
        assert skill.asked == []

    assert play(scene).kept == []


def test_what_is_no_sentence_is_said_so_and_kept_for_its_person(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        device = await conversing.connect()
        await ask(device, "glorp blarg")
        assert device.told(Heard) == []
        assert device.told(Answered)[0] == Answered("Sorry, I did not understand that.", Ending.NOTHING)

    (kept,) = play(scene).kept
    assert kept.transcript == ""


def test_a_question_is_answered_without_the_wake_word(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        skill.replies.append(Reply("Really?", Ending.ASKED))
        device = await conversing.connect()
        await device.send(wake() + said(TIME))
        await device.until(Listening(follow_up=True))
        await ask(device, "yes", woken=False)
        assert [each.text for each in device.told(Answered) if isinstance(each, Answered)] == ["Really?", "Thank you."]

    assert len(play(scene).kept) == 2


def test_talk_that_is_no_answer_is_dropped_in_a_follow_up(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        skill.replies.append(Reply("Really?", Ending.ASKED))
        device = await conversing.connect()
        await device.send(wake() + said(TIME))
        await device.until(Listening(follow_up=True))
        assert (await ask(device, "glorp blarg", woken=False)).reason == "not_for_me"

    assert len(play(scene).kept) == 1


def test_stop_said_into_a_reply_ends_it(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        device = await conversing.connect()
        device.plays = False
        await device.send(wake() + said(TIME))
        await device.until(Kept)
        await device.send(said("stop"))
        assert (await device.until_idle()).reason == "done"
        assert device.told(Silence) == [Silence()]
        assert [each.heard for each in skill.asked] == [TIME, "stop"]

    assert len(play(scene).kept) == 1  # "stop" is acted on, not kept


def test_a_wake_word_said_into_a_reply_begins_another_turn(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        device = await conversing.connect()
        device.plays = False
        await device.send(wake() + said(TIME))
        await device.until(Kept)
        device.plays = True
        await ask(device)
        assert [each.heard for each in skill.asked] == [TIME, TIME]
        assert device.told(Silence) == [Silence()]

    assert len(play(scene).kept) == 2


def test_a_muted_session_hears_nothing(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        skill.replies.append(Reply("I stop listening.", then=Then.MUTE))
        device = await conversing.connect()
        await device.send(wake() + said(TIME))
        await device.until(Muted(on=True))
        before = len(device.events)
        await device.send(wake() + said(TIME))
        assert len(device.events) == before
        await device.session.mute(on=False)
        await ask(device)
        assert len(skill.asked) == 2

    play(scene)


def test_one_of_several_devices_answers_the_one_that_heard_it_loudest(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        far, near = await conversing.connect("hall"), await conversing.connect("kitchen")
        await far.session.hear(wake() + bytes(6_400))
        await near.session.hear(wake(loud=5_000) + bytes(6_400))
        await asyncio.gather(far.send(said(TIME)), near.send(said(TIME)))
        assert (await far.until_idle()).reason == "elsewhere"
        assert (await near.until_idle()).reason == "done"
        assert [each.here.device for each in skill.asked] == ["kitchen"]

    assert [each.here.device for each in play(scene).kept] == ["kitchen"]


@pytest.mark.parametrize("trouble", ["dies", "breaks"])
def test_a_recogniser_that_dies_is_an_apology_and_others_go_on(
    play: Callable[[Scene], Conversing], trouble: str
) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        unlucky, other = await conversing.connect("kitchen"), await conversing.connect("hall")
        await unlucky.send(wake())
        await other.session.listen()
        await unlucky.send(said(trouble))
        assert (await unlucky.until_idle()).reason == "failed"
        apology = unlucky.told(Answered)[-1]
        assert isinstance(apology, Answered)
        assert apology.text.startswith("Sorry")
        assert unlucky.told(Speech)
        await ask(other, woken=False)
        assert other.told(Heard) == [Heard(TIME, 1.0)]
        await ask(unlucky)
        assert unlucky.told(Heard) == [Heard(TIME, 1.0)]

    assert len(play(scene).kept) == 2


@pytest.mark.parametrize("error", [HomeUnreachable("No answer.", next_step="Look after it."), KeyError("x")])
def test_a_skill_that_fails_is_an_apology(play: Callable[[Scene], Conversing], error: Exception) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        skill.replies.append(error)
        device = await conversing.connect()
        await ask(device)
        (answered,) = device.told(Answered)
        assert isinstance(answered, Answered)
        assert answered.ending == Ending.FAILED
        assert "x" not in answered.text.replace("else", "")

    (kept,) = play(scene).kept
    assert b"That failed" in kept.trace


def test_a_voice_that_fails_leaves_the_words(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        conversing.voice.broken = True
        device = await conversing.connect()
        assert (await ask(device)).reason == "done"
        assert device.told(Answered) == [Answered("It is noon.", Ending.TOLD)]
        assert device.told(Speech) == [Speech(b"", 0, last=True)]

    assert len(play(scene).kept) == 1


def test_of_a_guest_device_and_where_a_skill_says_so_nothing_is_kept(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        guest = await conversing.connect("guest room")
        await ask(guest)
        assert guest.told(Kept) == [Kept(None)]
        skill.replies.append(Reply("Forgotten.", then=Then.FORGET))
        device = await conversing.connect()
        await ask(device)
        assert device.told(Kept) == [Kept(None)]

    assert play(scene).kept == []


def test_what_a_turn_caused_is_handed_to_the_vault(play: Callable[[Scene], Conversing]) -> None:
    caused = Caused("list", "milk on the shopping list", {"item": "1"})

    async def scene(conversing: Conversing, skill: Scripted) -> None:
        skill.replies.append(Reply("Added.", caused=(caused,)))
        await ask(await conversing.connect())

    (kept,) = play(scene).kept
    assert kept.caused == (caused,)


def test_the_turn_before_is_remembered_with_its_recording_for_ten_minutes(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, skill: Scripted) -> None:
        device = await conversing.connect()
        for _ in range(2):
            await ask(device)
        conversing.clock.advance(11 * 60_000)
        await ask(device)
        past = [each.past for each in skill.asked]
        assert past[0] is None
        assert past[2] is None
        assert past[1] is not None
        assert (past[1].heard, past[1].reply, past[1].recording) == (TIME, "It is noon.", "rec_1")

    play(scene)


def test_an_announcement_waits_for_nobody_but_one_who_speaks(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        assert not await conversing.assistant.announce("kitchen", "Ding.")
        device = await conversing.connect()
        assert await conversing.assistant.announce("kitchen", "Ding.")
        await device.until(Speech)
        await device.until_idle()
        await device.send(wake() + said(TIME)[:3_200])
        assert not await conversing.assistant.announce("kitchen", "Ding.")

    assert play(scene).kept == []


def test_a_device_that_connects_again_ends_its_earlier_session(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        before = await conversing.connect()
        after = await conversing.connect()
        assert [each.code for each in before.told(Refused) if isinstance(each, Refused)] == ["replaced"]
        await before.session.close()  # its gateway notices later, and must not end the new one
        assert conversing.assistant.connected == {"kitchen"}
        await ask(after)
        with pytest.raises(NotFound):
            await conversing.connect("stolen")

    assert len(play(scene).kept) == 1


def test_the_end_of_an_utterance_can_be_said_by_the_device_and_a_turn_be_dropped(
    play: Callable[[Scene], Conversing],
) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        device = await conversing.connect()
        await device.session.listen()
        await device.send(said(TIME)[: -len(SILENCE)])
        assert SpeechEnded() not in device.events
        await device.session.finish()
        await device.session.caught_up()
        await device.until_idle()
        await device.session.listen()
        await device.send(said(TIME)[:3_200])
        await device.session.cancel()
        assert (await device.until_idle()).reason == "cancelled"

    assert len(play(scene).kept) == 1


def test_a_typed_sentence_is_answered_and_nothing_is_kept(play: Callable[[Scene], Conversing]) -> None:
    async def scene(conversing: Conversing, _skill: Scripted) -> None:
        assert (await conversing.assistant.ask("kitchen", TIME)).text == "It is noon."
        assert (await conversing.assistant.ask("kitchen", "glorp")).ending is Ending.NOTHING

    assert play(scene).kept == []
