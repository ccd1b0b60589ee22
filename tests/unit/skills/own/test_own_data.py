"""Own data by voice: what was heard, why, and erasing, on personal, shared and other devices."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from earwitness.assistant.skill import Here
from earwitness.bootstrap.own_data import VaultOwnData
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import DAY, HOUR, MINUTE
from earwitness.kernel.errors import AccessDenied, NotFound
from earwitness.policy.access import Action, Program
from earwitness.policy.purposes import Purpose
from earwitness.skills.own.skill import OwnDataSkill
from earwitness.storage.schema import receipt
from earwitness.testing.house import Family
from earwitness.testing.talking import Talk
from earwitness.vault.effects import Effect


@pytest.fixture
def hers(talk: Talk, small_family: Family) -> Here:
    """Ada's own device."""
    return talk.at(small_family.ada.device, subject=small_family.ada.id, person=small_family.ada.id)


def kept(family: Family, talk: Talk, sentence: str, here: Here) -> str:
    """Say something and keep it with what it caused, as the assistant does; return the recording."""
    reply = talk.say(sentence, here)
    adult = family.ada
    made = family.keep(adult, device=here.device)
    with family.house.database.write() as tx:
        for each in reply.caused:
            effect = Effect("", made.recording, made.subject, each.kind, talk.clock.now_ms(), each.what, each.undo)
            family.house.effects.record(tx, effect)
    past = talk.conversations[here.device].past
    assert past is not None
    talk.conversations[here.device].past = replace(past, recording=made.recording)
    return made.recording


def standing(family: Family) -> set[str]:
    with family.house.database.read() as tx:
        rows = tx.exec_driver_sql("SELECT id FROM recording WHERE state <> 'erased'").all()
    return {row.id for row in rows}


def receipts(family: Family) -> list[str]:
    with family.house.database.read() as tx:
        return [row.kind for row in tx.execute(select(receipt.c.kind))]


# --- what and why ---------------------------------------------------------------------------------


def test_it_says_what_it_heard_and_whether_it_is_kept(talk: Talk, small_family: Family, hers: Here) -> None:
    assert "last ten minutes" in talk.says("what did you hear", hers)
    talk.say("what time is it", hers)
    assert talk.says("what did you hear", hers) == (
        "I heard: “what time is it”. I said: “It is 12:06 PM.”. It is not kept."
    )
    kept(small_family, talk, "what time is it", hers)
    talk.clock.advance(3 * MINUTE)
    assert talk.says("what did you hear", hers).startswith("3 minutes ago I heard: “what time is it”.")
    assert talk.says("what did you hear", hers).endswith("It is kept in your history.")


def test_it_says_why_in_words(talk: Talk) -> None:
    assert "that I remember" in talk.says("why did you do that")
    talk.say("set a pasta timer for 8 minutes")
    said = talk.says("why did you do that")
    assert said.startswith("I took it for start timer (name: pasta, duration: 8 minutes), word for word. I was sure")
    assert "Hass" not in said
    # the question itself is not what is asked about
    talk.say("what did you hear")
    assert "start timer" in talk.says("why did you do that")
    talk.say("what time is it")
    assert "get current time" in talk.says("why did you do that")


def test_it_says_how_much_it_kept_today(talk: Talk, small_family: Family, hers: Here) -> None:
    assert talk.says("what have you heard today", hers) == (
        "Today I kept no recording of you. Your history has them all."
    )
    kept(small_family, talk, "what time is it", hers)
    assert "1 recording of you." in talk.says("what have you heard today", hers)


# --- erasing the last -------------------------------------------------------------------------------


def test_the_last_thing_is_erased_with_a_receipt(talk: Talk, small_family: Family, hers: Here) -> None:
    first = kept(small_family, talk, "what day is it", hers)
    kept(small_family, talk, "what time is it", hers)
    reply = talk.say("delete what i just said", hers)
    assert reply.text == "That recording is deleted. The receipt is in your history."
    assert reply.then == "forget"
    assert standing(small_family) == {first}
    assert receipts(small_family) == ["erasure-accepted"]
    assert talk.says("delete what i just said", hers) == "There is nothing kept of that."


def test_the_questions_about_it_are_erased_too(talk: Talk, small_family: Family, hers: Here) -> None:
    kept(small_family, talk, "what time is it", hers)
    kept(small_family, talk, "what did you hear", hers)
    assert talk.says("delete that recording", hers) == "2 recordings are deleted. The receipt is in your history."
    assert standing(small_family) == set()


def test_what_it_caused_is_offered_to_be_taken_back(talk: Talk, small_family: Family, hers: Here) -> None:
    kept(small_family, talk, "add milk and eggs to the shopping list", hers)
    asked = talk.say("delete what i just said", hers)
    assert asked.asks
    assert asked.text.endswith(
        "It had done this: put milk on the shopping list and put eggs on the shopping list. "
        "Shall I take that back as well?"
    )
    assert talk.says("yes", hers) == "Done."
    assert talk.says("what's on the shopping list", hers) == "The shopping list is empty."
    kept(small_family, talk, "set a timer for ten minutes", hers)
    talk.say("delete what i just said", hers)
    assert talk.says("no", hers) == "All right, they stay."
    assert talk.says("how long is left", hers) == "10 minutes left on the 10 minute timer."


def test_what_nobody_remembers_is_not_guessed(talk: Talk, hers: Here) -> None:
    assert "I do not remember" in talk.says("delete what i just said", hers)


# --- erasing a day -----------------------------------------------------------------------------------


def test_a_day_is_asked_about_and_erased(talk: Talk, small_family: Family, hers: Here) -> None:
    yesterday = kept(small_family, talk, "what time is it", hers)
    talk.clock.advance(DAY)
    kept(small_family, talk, "what time is it", hers)
    talk.clock.advance(HOUR)
    kept(small_family, talk, "what day is it", hers)
    asked = talk.say("delete everything i said today", hers)
    assert asked.asks
    assert asked.text == "Shall I delete 2 recordings of yours today?"
    assert talk.says("no", hers) == "All right, nothing is deleted."
    assert len(standing(small_family)) == 3
    talk.say("delete everything i said today", hers)
    assert talk.says("yes", hers) == "2 recordings are deleted. The receipt is in your history."
    assert standing(small_family) == {yesterday}
    assert talk.says("delete everything i said today", hers) == "There is nothing kept of today."


def test_a_shared_device_erases_what_it_kept_itself(talk: Talk, small_family: Family, hers: Here) -> None:
    elsewhere = small_family.shared_device()
    others = kept(small_family, talk, "what time is it", talk.at(elsewhere))
    own = kept(small_family, talk, "what time is it", hers)
    kept(small_family, talk, "what time is it", talk.here)
    asked = talk.says("delete everything i said today")
    assert asked == "Shall I delete 1 recording that this device kept today?"
    assert talk.says("yes") == "That recording is deleted. The receipt is in your history."
    assert standing(small_family) == {others, own}


def test_the_log_does_not_say_that_a_person_did_it_at_a_shared_device(talk: Talk, small_family: Family) -> None:
    kept(small_family, talk, "what time is it", talk.here)
    talk.say("delete what i just said")
    entries = small_family.house.audit.entries(small_family.household)
    erased = [each.body["actor"] for each in entries if each.body["action"] == "recording:erased"]
    assert [(each["id"], each["role"]) for each in erased] == [("voice", "program")]


# --- where nothing is kept, and what a voice may not --------------------------------------------------


def test_where_nothing_is_kept_it_says_so(talk: Talk) -> None:
    guest = talk.at("device_guest", subject=None)
    for question in ("delete what i just said", "delete everything i said today", "what have you heard today"):
        assert talk.says(question, guest) == "Nothing of what is said to this device is kept."


def test_a_voice_erases_nothing_of_another(talk: Talk, small_family: Family, hers: Here) -> None:
    house = small_family.house
    data = VaultOwnData(house)
    ben = small_family.keep(small_family.ben).recording
    with pytest.raises((NotFound, AccessDenied)):
        data.erase(hers, [ben])
    with pytest.raises((NotFound, AccessDenied)):
        data.erase(talk.here, [ben])
    with pytest.raises(NotFound):
        data.erase(talk.at("device_guest", subject=None), [ben])
    assert standing(small_family) == {ben}


def test_the_voice_may_erase_and_nothing_else(talk: Talk, small_family: Family) -> None:
    recording = kept(small_family, talk, "what time is it", talk.here)
    voice = Actor(Program.VOICE, Role.PROGRAM)
    resource = small_family.resource(small_family.household)
    with pytest.raises(AccessDenied):
        small_family.house.access.open(voice, Action.RECORDING_PLAY, [replace(resource, id=recording)], Purpose.HISTORY)


def test_only_effects_of_its_own_are_taken_back(talk: Talk, small_family: Family, hers: Here) -> None:
    kept(small_family, talk, "set a timer for ten minutes", hers)
    mine = small_family.house.effects.of_subject(small_family.ada.id)
    data = VaultOwnData(small_family.house)
    assert data.take_back(talk.here, [mine[0].id]) == 0
    assert data.take_back(hers, [mine[0].id, "eff_unknown"]) == 1
    assert data.take_back(hers, [mine[0].id]) == 0


# --- not listening -------------------------------------------------------------------------------------


def test_it_stops_listening(talk: Talk) -> None:
    reply = talk.say("stop listening")
    assert reply.then == "mute"
    assert reply.text


def test_guest_mode_is_not_a_voice_s_to_switch_unless_it_was_handed_down(talk: Talk) -> None:
    assert talk.says("guest mode on") == "Guest mode is switched in the app, under devices."
    switched: list[bool] = []

    def switch(here: Here, on: bool) -> bool:  # noqa: FBT001 - the port's
        assert here.device == talk.here.device
        switched.append(on)
        return on

    own = next(each for each in talk.skills if isinstance(each, OwnDataSkill))
    own._guest_mode = switch
    assert talk.say("turn on guest mode").then == "forget"
    assert talk.says("turn off guest mode") == "Guest mode is switched in the app, under devices."
    assert switched == [True, False]
