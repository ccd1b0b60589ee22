"""A conversation with a home: questions back and their answers, dangers, undoing, and what never changes anything."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput, HomeUnreachable
from earwitness.skills.home.grammar import Grammar, load
from earwitness.skills.home.model import Call, Home
from earwitness.skills.home.skill import Answer, HomeSkill, Kind
from earwitness.skills.home.virtual.file import load_home, parse_home
from earwitness.skills.home.virtual.home import VirtualHome

EXAMPLE = load_home(Path(__file__).parents[4] / "examples" / "home.yaml")


def converse(*sentences: str, home: Home = EXAMPLE, here: str | None = None) -> list[Answer]:
    async def run() -> list[Answer]:
        skill = HomeSkill(VirtualHome(home))
        return [await skill.hear(each, here) for each in sentences]

    return asyncio.run(run())


@pytest.mark.parametrize("answer", ["the left one", "left", "the first one", "the left bedside lamp please"])
def test_a_choice_is_made_by_name_or_by_order(answer: str) -> None:
    asked, done = converse("turn on the bedside lamp", answer)
    assert asked.kind is Kind.WHICH
    assert asked.reply == "Do you mean the left bedside lamp or the right bedside lamp?"
    assert [(each.entity, each.after) for each in done.changes] == [("light.bedside_left", "on")]


def test_both_is_an_answer_too() -> None:
    done = converse("turn on the bedside lamp", "both of them")[1]
    assert {each.entity for each in done.changes} == {"light.bedside_left", "light.bedside_right"}


def test_another_sentence_instead_of_an_answer_is_heard_as_itself() -> None:
    answers = converse("turn on the bedside lamp", "turn off the hall light", "yes")
    assert [(each.entity, each.after) for each in answers[1].changes] == [("light.hall", "off")]
    assert not answers[2].changes


DANGEROUS = [
    "unlock the front door",
    "open the garage door",
    "set the garage door to 50 percent",
    "open the main water valve",
    "turn off the freezer",
    "disarm the alarm",
    "turn off everything",
    "toggle the garage door",
]


@pytest.mark.parametrize("sentence", DANGEROUS)
def test_what_is_dangerous_waits_for_a_yes(sentence: str) -> None:
    before = next(iter(converse(sentence)))
    assert before.kind is Kind.CONFIRM
    assert not before.changes
    no = converse(sentence, "no", "yes")
    assert not any(each.changes for each in no)


@pytest.mark.parametrize("sentence", ["unlock the front door", "open the garage door", "turn off the freezer"])
def test_after_a_yes_it_is_done(sentence: str) -> None:
    assert converse(sentence, "yes please")[1].changes


def test_one_dangerous_part_holds_all_of_a_sentence_back() -> None:
    asked, done = converse("turn on the floor lamp and unlock the front door", "yes")
    assert (asked.kind, asked.changes) == (Kind.CONFIRM, ())
    assert {each.entity for each in done.changes} == {"light.floor_lamp", "lock.front_door"}


def test_a_scene_that_unlocks_is_as_dangerous_as_unlocking() -> None:
    home = parse_home(
        "entities: [{id: lock.door, name: Front door, state: locked},"
        "{id: scene.party, name: Party, attributes: {entities: {lock.door: {state: unlocked}}}},"
        "{id: script.guests, name: Guests, attributes: {sequence: "
        "[{action: lock.unlock, target: {entity_id: lock.door}}]}}]"
    )
    for sentence in ("activate the party scene", "run the guests script"):
        assert converse(sentence, home=home)[0].kind is Kind.CONFIRM


UNDONE = [
    "turn off the kitchen light",
    "set the ceiling light to 10 percent",
    "make the floor lamp red",
    "close the office blind",
    "set the living room thermostat to 25",
    "turn off the bedroom radiator",
    "set the bedroom fan to 50 percent",
    "turn the tv volume up",
    "pause the music",
    "next song",
    "start the vacuum",
    "add eggs to the shopping list",
    "remove milk from the shopping list",
    "check water the plants off my chores",
    "open the garden sprinkler",
    "turn off the lights downstairs",
    "dim the ceiling light to 5 percent and close the blinds",
]


@pytest.mark.parametrize("sentence", UNDONE)
def test_an_action_is_undone_as_a_whole(sentence: str) -> None:
    async def run() -> None:
        home = VirtualHome(EXAMPLE)
        skill = HomeSkill(home)
        done = await skill.hear(sentence)
        assert done.undo
        await skill.undo(done.undo)
        after = {each.id: each for each in (await home.read()).entities}
        for change in done.changes:
            if change.what in {"color_mode", "items"}:
                continue
            now = after[change.entity].state if change.what == "state" else after[change.entity].attributes[change.what]
            returning = change.entity.startswith("vacuum.")  # it is on its way
            assert now == change.before or returning or change.before is None
        assert (await skill.hear("undo that")).reply == "There is nothing to undo."

    asyncio.run(run())


def test_undoing_a_lock_asks_before_it_unlocks() -> None:
    answers = converse("lock the back door", "undo that", "yes")
    assert [each.kind for each in answers] == [Kind.DONE, Kind.CONFIRM, Kind.DONE]
    assert [(each.entity, each.after) for each in answers[2].changes] == [("lock.back_door", "unlocked")]


def test_it_is_what_was_spoken_of() -> None:
    answers = converse("turn on the desk lamp", "make it brighter", "now dim it to 10 percent", "turn it off")
    assert [each.changes[0].entity for each in answers if each.changes] == ["light.office_desk"] * 3
    assert converse("turn it off")[0].kind is Kind.NOTHING


def test_here_is_where_the_speaker_is() -> None:
    assert {each.entity for each in converse("turn on the light in here", here="office")[0].changes} == {
        "light.office_desk"
    }
    assert converse("it's too dark in here", here="bathroom")[0].changes[0].entity == "light.bathroom_mirror"


def test_a_device_that_is_not_there_is_told_and_the_others_are_switched() -> None:
    home = parse_home(
        "areas: [{name: Hall}]\nentities: [{id: light.a, name: Ceiling light, area: hall, state: 'off'},"
        "{id: light.b, name: Wall light, area: hall, state: unavailable}]"
    )
    answer = converse("turn on the hall lights", home=home)[0]
    assert [each.entity for each in answer.changes] == ["light.a"]
    assert answer.reply == "Turned on the ceiling light. The wall light does not answer."


class GoneHome:
    """A home whose server is off."""

    async def read(self) -> Home:
        raise HomeUnreachable

    async def call(self, call: Call) -> None:
        raise HomeUnreachable(call.service)

    async def close(self) -> None:
        """Nothing is held."""


def test_a_home_that_is_not_there_is_an_answer() -> None:
    answer = asyncio.run(HomeSkill(GoneHome()).hear("turn on the light"))
    assert (answer.kind, answer.reply) == (Kind.FAILED, "Sorry, your home does not answer right now.")


def test_a_households_own_sentences_come_on_top(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text('language: en\nintents:\n  "On":\n    data: [{sentences: ["let {target} shine"]}]\n')
    home = VirtualHome(EXAMPLE)
    answer = asyncio.run(HomeSkill(home, load(own)).hear("let the porch light shine"))
    assert [each.entity for each in answer.changes] == ["light.porch"]


@pytest.mark.parametrize("text", ["intents: 5", "intents: {On: {data: [{sentences: ['a [b']}]}}", "- 1", "a: ["])
def test_a_sentence_file_that_cannot_be_read_says_so(text: str) -> None:
    with pytest.raises(BadInput):
        Grammar([text])


WORDS = st.sampled_from(
    [
        "turn",
        "on",
        "off",
        "the",
        "light",
        "lights",
        "kitchen",
        "bedroom",
        "and",
        "not",
        "do",
        "dim",
        "to",
        "50",
        "percent",
        "up",
        "down",
        "it",
        "all",
        "everything",
        "except",
        "in",
        "is",
        "what",
        "open",
        "close",
        "lock",
        "unlock",
        "door",
        "front",
        "blinds",
        "at",
        "7",
        "pm",
        "play",
        "next",
        "red",
        "warm",
        "add",
        "milk",
        "shopping",
        "list",
        ",",
        ".",
        "?",
        "'",
        "%",
        "half",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS, max_size=9).map(" ".join) | st.text(max_size=60))
def test_no_words_break_it_and_no_lock_opens_by_chance(words: str) -> None:
    answer = converse(words)[0]
    assert answer.reply
    opened = {
        "lock.front_door": "unlocked",
        "cover.garage_door": "open",
        "switch.freezer": "off",
        "valve.main_water": "open",
    }
    assert not any(opened.get(each.entity) == each.after for each in answer.changes)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["don't", "do not", "please don't", "never", "no, do not"]), st.sampled_from(UNDONE))
def test_what_is_negated_changes_nothing(negation: str, sentence: str) -> None:
    assert not converse(f"{negation} {sentence}")[0].changes


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(UNDONE), st.sampled_from(["in ten minutes", "at 7 pm", "tomorrow", "when I leave", "if it rains"])
)
def test_what_is_for_later_changes_nothing_now(sentence: str, moment: str) -> None:
    assert not converse(f"{sentence} {moment}")[0].changes
