"""Timers as people set them: several, named, changed, asked about, and whose they are."""

import pytest

from earwitness.kernel.clock import DAY, HOUR, MINUTE, SECOND
from earwitness.skills.timers.store import MOST, Timers
from earwitness.testing.house import Family
from earwitness.testing.talking import Ear, Talk


def test_a_timer_is_set_asked_about_and_ends(talk: Talk) -> None:
    reply = talk.say("set a timer for ten minutes")
    assert reply.text == "10 minutes, starting now."
    assert [(each.kind, each.what) for each in reply.caused] == [("timer", "set a 10 minute timer")]
    talk.clock.advance(55 * SECOND)
    assert talk.says("how much time is left") == "9 minutes and 5 seconds left on the 10 minute timer."
    assert talk.says("cancel the timer") == "The 10 minute timer is cancelled."
    assert talk.says("how much time is left") == "There is no timer."


def test_several_timers_have_names(talk: Talk) -> None:
    assert talk.says("set a pasta timer for 8 minutes") == "Pasta timer: 8 minutes, starting now."
    talk.say("set a five minute timer for the potatoes")
    assert talk.says("how long is left on the pasta timer") == "8 minutes left on the pasta timer."
    assert talk.says("how long is left on the potatoes timer") == "5 minutes left on the potatoes timer."
    assert talk.says("list my timers") == (
        "You have 2 timers: 5 minutes left on the potatoes timer and 8 minutes left on the pasta timer."
    )


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        ("the pasta one", ["10 minute"]),
        ("the first one", ["10 minute"]),
        ("the second one", ["pasta"]),
        ("ten minutes", ["pasta"]),
        ("both", []),
        ("never mind", ["pasta", "10 minute"]),
    ],
)
def test_it_asks_which_and_takes_the_answer(talk: Talk, answer: str, left: list[str]) -> None:
    talk.say("set a pasta timer for 8 minutes")
    talk.say("set a timer for ten minutes")
    asked = talk.say("cancel the timer")
    assert asked.asks
    assert asked.text == "Which one, the pasta timer or the 10 minute timer?"
    talk.say(answer)
    told = talk.says("list my timers")
    assert [name for name in ("pasta", "10 minute") if f"on the {name} timer" in told] == left


def test_a_question_that_was_left_is_closed(talk: Talk) -> None:
    talk.say("set a pasta timer for 8 minutes")
    talk.say("set a timer for ten minutes")
    talk.say("cancel the timer")
    assert talk.says("what time is it").startswith("It is ")
    assert "cancelled" not in talk.says("the first one")


def test_it_is_paused_and_goes_on_with_what_was_left(talk: Talk, ear: Ear) -> None:
    talk.say("set a timer for ten minutes")
    talk.clock.advance(4 * MINUTE)
    assert talk.says("pause the timer") == "Paused, with 6 minutes left."
    talk.clock.advance(HOUR)
    assert ear.listen() == []
    assert talk.says("pause the timer") == "The 10 minute timer is not running."
    assert talk.says("how long is left") == "6 minutes left on the 10 minute timer, which is paused."
    assert talk.says("resume the timer") == "Going on, with 6 minutes left."
    assert talk.says("resume the timer") == "The 10 minute timer is not paused."
    talk.clock.advance(6 * MINUTE)
    assert ear.listen() == ["Your 10 minute timer is done."]


def test_time_is_added_and_taken(talk: Talk) -> None:
    talk.say("set a timer for ten minutes")
    assert talk.says("add five minutes to the timer") == "The 10 minute timer has 15 minutes left."
    assert talk.says("take ten minutes off the timer") == "The 10 minute timer has 5 minutes left."
    assert talk.says("take ten minutes off the timer") == "It has only 5 minutes left. Cancel it instead."
    talk.say("pause the timer")
    assert talk.says("add one minute to the timer") == "The 10 minute timer has 6 minutes left."


def test_one_is_named_by_its_length(talk: Talk) -> None:
    talk.say("set a timer for ten minutes")
    talk.say("set a timer for an hour and a half")
    assert talk.says("cancel the ten minute timer") == "The 10 minute timer is cancelled."
    assert talk.says("cancel all timers") == "The timer is cancelled."
    assert talk.says("cancel all timers") == "There is no timer."


def test_a_name_that_is_not_there_changes_nothing(talk: Talk) -> None:
    talk.say("set a timer for ten minutes")
    assert talk.says("cancel the pasta timer") == "There is no such timer. There is the 10 minute timer."


def test_a_timer_has_an_end(talk: Talk) -> None:
    assert "a day at most" in talk.says("set a timer for 30 hours")
    talk.say("set a timer for 20 hours")
    assert "a day at most" in talk.says("add ten hours to the timer")


def test_there_is_an_end_to_how_many(talk: Talk, small_family: Family) -> None:
    house = small_family.house
    timers = Timers(house.database, house.keyring)
    talk.say("set a timer for ten minutes")
    one = timers.due(talk.clock.now_ms() + DAY)[0]
    for _ in range(MOST - 1):
        timers.add(one)
    assert "100 timers" in talk.says("set a timer for one minute")


def test_a_timer_of_one_room_is_spoken_of_in_another(talk: Talk) -> None:
    talk.say("set a timer for ten minutes")
    bedroom = talk.at("device_bedroom")
    assert talk.says("how long is left", bedroom) == "10 minutes left on the 10 minute timer."
    talk.say("set a timer for two minutes", bedroom)
    # each room means its own first
    assert talk.says("cancel the timer", bedroom) == "The 2 minute timer is cancelled."
    assert talk.says("cancel the timer", bedroom) == "The 10 minute timer is cancelled."


def test_what_is_set_on_a_personal_device_is_not_told_to_the_household(talk: Talk, small_family: Family) -> None:
    ada = small_family.ada
    hers = talk.at(ada.device, subject=ada.id, person=ada.id)
    talk.say("set a timer for ten minutes", hers)
    assert talk.says("how long is left") == "There is no timer."
    assert talk.says("how long is left", hers) == "10 minutes left on the 10 minute timer."


def test_a_guest_hears_of_their_own_alone(talk: Talk) -> None:
    talk.say("set a timer for ten minutes")
    guest = talk.at("device_guest", subject=None)
    assert talk.says("how long is left", guest) == "There is no timer."
    talk.say("set a timer for one minute", guest)
    assert talk.says("how long is left", guest) == "1 minute left on the 1 minute timer."


def test_names_of_timers_may_be_said_again(talk: Talk) -> None:
    talk.say("set a ten minute timer called grandma")
    assert talk.says("pause the grandma timer") == "Paused, with 10 minutes left."
    talk.say("set a pasta timer for 8 minutes")
    assert talk.says("cancel the pasta timer") == "The pasta timer is cancelled."


def test_what_a_timer_is_called_can_not_be_read_in_the_database(talk: Talk, small_family: Family) -> None:
    talk.say("set a ten minute timer called grandma")
    files = sorted(small_family.house.data.glob("data.db*"))
    assert files
    assert not [path.name for path in files if b"grandma" in path.read_bytes()]
