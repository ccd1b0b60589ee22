"""Alarms and reminders: the next moment that fits, weekdays, snoozing, and what is asked back. It is Wednesday noon."""

from datetime import datetime

import pytest

from earwitness.kernel.clock import DAY, HOUR, MINUTE
from earwitness.skills.timers.model import Kind, State, Timer
from earwitness.skills.timers.when import read_when
from earwitness.testing.talking import ZONE, Ear, Talk

NOON = datetime(2026, 11, 18, 12, 6, 40, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("wake me at seven", "today at 7 PM"),  # the next seven o'clock, and said so
        ("wake me at seven am", "tomorrow at 7 AM"),
        ("wake me up tomorrow at seven", "tomorrow at 7 AM"),
        ("set an alarm for half past six in the morning", "tomorrow at 6:30 AM"),
        ("set an alarm for 7:45 pm", "today at 7:45 PM"),
        ("set an alarm for friday at six", "Friday at 6 AM"),
        ("set an alarm for nine on the third of june", "Thursday, June 3rd, 2027 at 9 AM"),
        ("set an alarm for noon", "tomorrow at noon"),
        ("wake me up every weekday at seven", "every weekday at 7 AM"),
        ("set an alarm for eight thirty every saturday and sunday", "every weekend day at 8:30 AM"),
        ("set an alarm for every monday and friday at six pm", "every Monday and Friday at 6 PM"),
        ("wake me every day at six", "every day at 6 AM"),
    ],
)
def test_an_alarm_is_set_for_the_next_moment_that_fits(talk: Talk, said: str, told: str) -> None:
    reply = talk.say(said)
    assert reply.text == f"Your alarm is set for {told}."
    assert [(each.kind, each.what) for each in reply.caused] == [("alarm", f"set an alarm for {told}")]


def test_it_asks_for_a_time_that_is_missing(talk: Talk) -> None:
    assert talk.says("set an alarm") == "For what time?"
    assert talk.says("half past six in the morning") == "Your alarm is set for tomorrow at 6:30 AM."
    assert talk.says("set an alarm for friday") == "For what time?"
    assert talk.says("at seven") == "Your alarm is set for Friday at 7 AM."
    assert talk.says("set an alarm") == "For what time?"
    assert talk.says("never mind") == "All right, I leave it."


def test_what_is_over_is_asked_about(talk: Talk) -> None:
    assert talk.says("set an alarm for today at nine am") == "That is over already. For when shall it be?"
    assert talk.says("tomorrow at nine") == "Your alarm is set for tomorrow at 9 AM."


def test_an_alarm_rings_is_snoozed_and_stopped(talk: Talk, ear: Ear) -> None:
    talk.say("wake me at seven pm")
    talk.clock.jump_to(int(datetime(2026, 11, 18, 19, 0, tzinfo=ZONE).timestamp() * 1000))
    assert ear.listen() == ["It is 7 PM. Your alarm."]
    assert talk.says("snooze") == "Again in 9 minutes."
    talk.clock.advance(8 * MINUTE)
    assert ear.listen() == []
    talk.clock.advance(MINUTE)
    assert ear.listen() == ["It is 7:09 PM. Your alarm."]
    assert talk.says("five more minutes") == "Again in 5 minutes."
    assert talk.says("snooze") == "Nothing rings right now."
    talk.clock.advance(5 * MINUTE)
    ear.listen()
    talk.say("stop")
    assert talk.says("what alarms do i have") == "There is no alarm."


def test_a_repeating_alarm_waits_for_its_next_day(talk: Talk, ear: Ear) -> None:
    talk.say("wake me up every weekday at seven")
    talk.clock.jump_to(int(datetime(2026, 11, 20, 7, 0, tzinfo=ZONE).timestamp() * 1000))  # Friday
    for _ in range(2):  # Thursday's is missed with the first look
        ear.listen()
        talk.say("stop")
    assert talk.says("what alarms do i have") == "One every weekday at 7 AM."
    due = talk.bell.timers.next_due(talk.clock.now_ms())
    assert due is not None
    assert datetime.fromtimestamp(due / 1000, ZONE).strftime("%A") == "Monday"


def repeating(days: int, hour: int) -> Timer:
    return Timer("", "s", "h", "d", Kind.ALARM, State.RUNNING, 0, 0, days=days, minute=hour * 60)


@pytest.mark.parametrize(
    ("now", "days", "hour", "due"),
    [
        (NOON, 0b0000100, 13, "2026-11-18 13:00+01:00"),  # today, later
        (NOON, 0b0000100, 12, "2026-11-25 12:00+01:00"),  # today is over
        (NOON, 0b0001000, 7, "2026-11-19 07:00+01:00"),
        (datetime(2027, 3, 27, 12, tzinfo=ZONE), 0b1000000, 7, "2027-03-28 07:00+02:00"),  # summer time begins
        (datetime(2026, 10, 24, 12, tzinfo=ZONE), 0b1111111, 7, "2026-10-25 07:00+01:00"),  # and ends
    ],
)
def test_the_next_day_of_a_repeating_alarm_is_by_the_wall_clock(now: datetime, days: int, hour: int, due: str) -> None:
    found = repeating(days, hour).next_after(int(now.timestamp() * 1000), ZONE)
    assert datetime.fromtimestamp(found / 1000, ZONE).isoformat(" ", "minutes") == due


def test_alarms_are_listed_and_cancelled(talk: Talk) -> None:
    assert talk.says("cancel the alarm") == "There is no alarm."
    talk.say("wake me at seven am")
    talk.say("wake me at eight am")
    talk.say("set an alarm for friday at six am")
    assert talk.says("what alarms do i have on friday") == "One on Friday at 6 AM."
    assert talk.says("cancel the eight am alarm") == "Cancelled: tomorrow at 8 AM."
    assert talk.says("cancel the alarm") == "Which one: tomorrow at 7 AM or on Friday at 6 AM?"
    assert talk.says("the seven o'clock one please") == "Sorry, I did not understand that."
    assert talk.says("cancel the alarm").startswith("Which one")
    assert talk.says("at seven") == "Cancelled: tomorrow at 7 AM."
    assert talk.says("cancel the alarm for ten pm") == "There is no alarm then."
    assert talk.says("cancel all alarms") == "Cancelled: on Friday at 6 AM."
    assert talk.says("cancel all alarms") == "There is no alarm."


def test_a_ringing_alarm_of_every_day_is_cancelled_for_once(talk: Talk, ear: Ear) -> None:
    talk.say("wake me every day at seven")
    talk.clock.jump_to(int(datetime(2026, 11, 19, 7, 0, tzinfo=ZONE).timestamp() * 1000))
    ear.listen()
    assert talk.says("turn off the alarm") == ""
    assert talk.says("what alarms do i have") == "One every day at 7 AM."
    assert talk.says("cancel the alarm") == "Cancelled: every day at 7 AM."


def test_a_reminder_is_said_twice(talk: Talk, ear: Ear) -> None:
    assert talk.says("remind me to call my mother at six pm") == "I will remind you today at 6 PM."
    talk.clock.jump_to(int(datetime(2026, 11, 18, 18, 0, tzinfo=ZONE).timestamp() * 1000))
    assert ear.listen() == ["Here is your reminder: call your mother."]
    talk.clock.advance(MINUTE)
    assert ear.listen() == ["Here is your reminder: call your mother."]
    talk.clock.advance(MINUTE)
    assert ear.listen() == []
    assert talk.says("what reminders do i have") == "There is no reminder."


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("remind me in ten minutes to check the oven", "today at 12:16 PM"),
        ("remind me tomorrow to water the plants", "tomorrow at 9 AM"),
        ("remind me to water the plants tomorrow at eight", "tomorrow at 8 AM"),
        ("remind me tonight to lock the shed", "today at 7 PM"),
        ("set a reminder to call the dentist tomorrow at ten", "tomorrow at 10 AM"),
        ("remind me every day at nine to take my pills", "every day at 9 AM"),
        ("remind me about the meeting at three", "today at 3 PM"),
    ],
)
def test_a_reminder_knows_when(talk: Talk, said: str, told: str) -> None:
    assert talk.says(said) == f"I will remind you {told}."


def test_a_reminder_without_a_time_asks_for_one(talk: Talk) -> None:
    assert talk.says("remind me to water the plants") == "When shall I remind you?"
    assert talk.says("tomorrow evening at seven pm please") == "Sorry, I did not understand that."
    assert talk.says("remind me to water the plants") == "When shall I remind you?"
    assert talk.says("in half an hour") == "I will remind you today at 12:36 PM."
    assert talk.says("what reminders do i have") == "One today at 12:36 PM, water the plants."
    assert talk.says("cancel the reminder") == "Cancelled: today at 12:36 PM, water the plants."


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("in ten minutes", "2026-11-18 12:16+01:00"),
        ("at seven", "2026-11-18 19:00+01:00"),
        ("tomorrow", "2026-11-19 09:00+01:00"),
        ("tomorrow at nine", "2026-11-19 09:00+01:00"),
        ("at nine on friday", "2026-11-20 09:00+01:00"),
        ("on the first of december", "2026-12-01 09:00+01:00"),
        ("tonight at eight", "2026-11-18 20:00+01:00"),
        ("make it half past three", "2026-11-18 15:30+01:00"),
    ],
)
def test_a_moment_is_read_from_an_answer(said: str, due: str) -> None:
    found = read_when(said, NOON)
    assert found is not None
    assert found.isoformat(" ", "minutes") == due


@pytest.mark.parametrize("said", ["", "purple", "at", "yes", "seven seven seven", "turn on the light"])
def test_what_is_no_moment_is_none(said: str) -> None:
    assert read_when(said, NOON) is None


def test_a_late_alarm_says_so(talk: Talk, ear: Ear) -> None:
    talk.say("wake me at seven am")
    talk.say("remind me to water the plants at eight am tomorrow")
    talk.clock.advance(21 * HOUR)
    assert ear.listen() == [
        "Your alarm for 7 AM was 2 hours and 7 minutes ago. I could not tell you then.",
        "A reminder from 8 AM: water the plants.",
    ]
    talk.clock.advance(2 * DAY)
    ear.listen()
    assert talk.says("what alarms do i have") == "There is no alarm."


def test_a_reminder_of_every_day_asks_when_and_comes_again(talk: Talk, ear: Ear) -> None:
    assert talk.says("remind me every day to take my pills") == "At what time?"
    assert talk.says("at nine") == "I will remind you every day at 9 AM."
    for day in (19, 20):
        talk.clock.jump_to(int(datetime(2026, 11, day, 9, 0, tzinfo=ZONE).timestamp() * 1000))
        assert ear.listen() == ["Here is your reminder: take your pills."]
        talk.say("stop")
    assert talk.says("delete my reminders") == "Cancelled: every day at 9 AM, take your pills."
