"""Times and dates as they are said. It is Wednesday, November 18th, 2026, 12:06 in Warsaw."""

from datetime import UTC, date, datetime, time

import pytest

from earwitness.skills.clock.saying import say_date, say_moment, say_time
from earwitness.testing.talking import Talk


def at(month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("what time is it", "It is 12:06 PM."),
        ("what's the date today", "It is Wednesday, November 18th, 2026."),
        ("what day is it", "It is Wednesday, November 18th, 2026."),
        ("what day is the third of june", "That is Thursday, June 3rd, 2027."),
        ("what day was yesterday", "That was Tuesday, November 17th."),
        ("how many days until friday", "2 days until Friday, November 20th."),
        ("how many days until tomorrow", "1 day until Thursday, November 19th."),
        ("how many days until today", "That is today."),
        ("how long is it until december first", "13 days until Tuesday, December 1st."),
    ],
)
def test_it_tells_time_and_date_in_the_household_s_zone(talk: Talk, sentence: str, answer: str) -> None:
    assert talk.says(sentence) == answer


@pytest.mark.parametrize(
    ("clock", "said"),
    [
        (time(0), "midnight"),
        (time(0, 5), "12:05 AM"),
        (time(7), "7 AM"),
        (time(12), "noon"),
        (time(12, 30), "12:30 PM"),
        (time(19, 5), "7:05 PM"),
        (time(23, 59), "11:59 PM"),
    ],
)
def test_a_time_is_said_as_a_clock_reads(clock: time, said: str) -> None:
    assert say_time(clock) == said


def test_days_of_the_month_have_their_endings() -> None:
    ends = [say_date(date(2026, 12, day)).rpartition(" ")[2] for day in range(1, 32)]
    assert ends == [
        "1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th", "11th", "12th", "13th", "14th", "15th",
        "16th", "17th", "18th", "19th", "20th", "21st", "22nd", "23rd", "24th", "25th", "26th", "27th", "28th", "29th",
        "30th", "31st",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (at(11, 18, 19), "today at 7 PM"),
        (at(11, 19, 7), "tomorrow at 7 AM"),
        (at(11, 24, 7), "on Tuesday at 7 AM"),
        (at(11, 25, 7), "on Wednesday, November 25th at 7 AM"),
        (at(1, 2, 12, year=2027), "on Saturday, January 2nd, 2027 at noon"),
    ],
)
def test_a_moment_is_said_by_how_near_it_is(moment: datetime, said: str) -> None:
    assert say_moment(moment, at(11, 18, 12, 6)) == said


def test_late_in_the_day_tomorrow_is_tomorrow_morning() -> None:
    assert say_moment(at(11, 19, 5), at(11, 18, 22)) == "tomorrow morning at 5 AM"


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("is today wednesday", "Yes, today is Wednesday, November 18th."),
        ("is today thursday", "No, today is Wednesday, November 18th."),
        ("is tomorrow thursday", "Yes, tomorrow is Thursday, November 19th."),
        ("is it friday yet", "No, today is Wednesday, November 18th."),
        ("how many days until christmas", "37 days until Friday, December 25th."),
        ("which day is it today", "Today is Wednesday, November 18th."),
    ],
)
def test_it_answers_yes_and_no_and_knows_feasts(talk: Talk, sentence: str, answer: str) -> None:
    assert talk.says(sentence) == answer
