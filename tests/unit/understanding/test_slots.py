from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unicode_rbnf import RbnfEngine

from earwitness.understanding import slots
from earwitness.understanding.colours import COLOURS
from earwitness.understanding.context import Context, Named
from earwitness.understanding.durations import parse_duration, spoken_duration
from earwitness.understanding.names import LEAST, bare, nearest
from earwitness.understanding.numbers import number, ordinal
from earwitness.understanding.times import next_moment, parse_date, parse_time
from earwitness.understanding.values import ClockTime, Duration, Temperature
from earwitness.understanding.wording import plain

SPELL = RbnfEngine.for_language("en")  # another project's speller is the oracle
BERLIN = ZoneInfo("Europe/Berlin")


def in_words(value: float) -> str:
    return plain(SPELL.format_number(value).text)


@given(st.integers(-2_000_000_000, 2_000_000_000))
def test_a_number_in_words_is_the_number(value: int) -> None:
    words = in_words(value).split()
    assert number(words) == (value, len(words))


@given(st.integers(0, 999_999), st.integers(0, 99))
def test_a_number_in_digits_is_the_number(whole: int, cents: int) -> None:
    assert number([f"{whole}.{cents:02}"]) == (float(f"{whole}.{cents:02}"), 1)
    assert number([str(whole)]) == (whole, 1)


@given(st.integers(1, 31))
def test_an_ordinal_in_words_or_digits(value: int) -> None:
    said = plain(SPELL.format_number(value, ruleset_names=["spellout-ordinal"]).text).split()
    assert ordinal(said) == (value, len(said))
    assert ordinal([f"{value}th"]) == (value, 1)


@given(st.integers(1, 366 * 86_400))
def test_a_duration_is_read_back_as_it_is_said(seconds: int) -> None:
    assert parse_duration(spoken_duration(Duration(seconds))) == Duration(seconds)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("an hour and a half", 5_400),
        ("half an hour", 1_800),
        ("three quarters of an hour", 2_700),
        ("two minutes thirty", 150),
        ("two and a half hours", 9_000),
        ("a minute and a half", 90),
        ("90 seconds", 90),
        ("one hour five minutes and three seconds", 3_903),
    ],
)
def test_durations_as_people_say_them(said: str, seconds: int) -> None:
    assert parse_duration(said) == Duration(seconds)


@pytest.mark.parametrize("said", ["", "five", "minutes", "two minutes three hours", "0 seconds", "a very long time"])
def test_what_is_no_duration(said: str) -> None:
    assert parse_duration(said) is None


@given(st.times(), st.booleans())
def test_a_time_of_day_is_read_back(at: time, twelve: bool) -> None:  # noqa: FBT001 - a case of the table
    at = at.replace(second=0, microsecond=0, tzinfo=None, fold=0)
    said = plain(at.strftime("%I:%M %p" if twelve else "%H:%M"))
    read = parse_time(said)
    assert read is not None
    assert read.at == at
    assert read.certain == (twelve or at.hour > 12 or at.hour == 0)


@given(st.integers(1, 12), st.integers(1, 59), st.sampled_from(["in the morning", "in the evening", "am", "pm"]))
def test_a_time_in_words_is_read_back(hour: int, minute: int, part: str) -> None:
    minutes = in_words(minute) if minute > 9 else f"oh {in_words(minute)}"
    evening = part in {"pm", "in the evening"}
    read = parse_time(f"{in_words(hour)} {minutes} {part}")
    assert read == ClockTime(time(hour % 12 + 12 * evening, minute))


@pytest.mark.parametrize(
    ("said", "at", "certain"),
    [
        ("half past six", time(6, 30), False),
        ("quarter to eight in the evening", time(19, 45), True),
        ("ten to five", time(4, 50), False),
        ("noon", time(12), True),
        ("seven o'clock", time(7), False),
        ("at 6 tonight", time(18), True),
        ("twelve am", time(0), True),
        ("19 15", time(19, 15), True),
    ],
)
def test_times_as_people_say_them(said: str, at: time, certain: bool) -> None:  # noqa: FBT001 - a case of the table
    assert parse_time(said) == ClockTime(at, certain)


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)), st.integers(0, 364))
def test_a_calendar_date_is_the_next_such_day(today: date, ahead: int) -> None:
    wanted = today + timedelta(days=ahead)
    said = plain(f"the {in_words(wanted.day)} of {wanted:%B}")
    assert parse_date(said, today) == wanted or (wanted.month, wanted.day) == (2, 29)


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)), st.integers(0, 6))
def test_a_weekday_is_within_a_week(today: date, weekday: int) -> None:
    name = f"{date(2024, 1, 1 + weekday):%A}".lower()
    coming, following = parse_date(name, today), parse_date(f"next {name}", today)
    assert coming is not None
    assert following is not None
    assert coming.weekday() == following.weekday() == weekday
    assert 0 <= (coming - today).days < 7
    assert 0 < (following - today).days <= 7


@given(st.text(max_size=60), st.dates())
def test_no_parser_raises_whatever_is_said(text: str, today: date) -> None:
    context = Context(areas=(Named("a", "Kitchen"),))
    said = plain(text)
    assert plain(said) == said
    parse_date(said, today)
    for kind in (*slots.PARSERS, "area", "item"):
        slots.parse(kind, text, context)


WORDS = st.sampled_from(
    [
        "at",
        "in",
        "on",
        "the",
        "a",
        "an",
        "and",
        "half",
        "quarter",
        "past",
        "to",
        "of",
        "two",
        "twenty",
        "five",
        "thirty",
        "hundred",
        "thousand",
        "point",
        "minus",
        "noon",
        "tomorrow",
        "next",
        "friday",
        "june",
        "first",
        "3",
        "30",
        "2026",
        "7.5",
        "seconds",
        "minutes",
        "hours",
        "days",
        "weeks",
        "am",
        "pm",
        "tonight",
        "percent",
        "degrees",
        "oh",
    ]
)


@given(st.lists(WORDS, max_size=9), st.dates())
def test_no_parser_raises_on_its_own_words(words: list[str], today: date) -> None:
    said = " ".join(words)
    for kind in slots.PARSERS:
        value = slots.parse(kind, said, Context())
        assert value is None or (value.kind, value.text, value.score) == (kind, plain(said), 1.0)
    assert isinstance(parse_date(said, today), date | None)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.times(), st.booleans())  # noqa: DTZ001 - local time is meant
def test_the_next_moment_is_ahead_and_has_the_time(now: datetime, at: time, certain: bool) -> None:  # noqa: FBT001 - a case of the table
    now = now.replace(tzinfo=BERLIN).astimezone(UTC).astimezone(BERLIN)
    at = at.replace(second=0, microsecond=0, tzinfo=None, fold=0)
    moment = next_moment(ClockTime(at, certain), now)
    assert now < moment <= now + timedelta(hours=25)
    assert moment.minute == at.minute


def test_a_time_that_summer_time_skips_comes_after_the_gap() -> None:
    night = datetime(2026, 3, 29, 0, 30, tzinfo=BERLIN)
    assert next_moment(ClockTime(time(2, 30)), night).hour == 3


@given(st.integers(0, 100))
def test_percent_and_degrees(value: int) -> None:
    for said in (f"{value}%", f"{in_words(value)} percent", str(value)):
        read = slots.parse("percent", said, Context())
        assert read is not None
        assert read.value == value
    read = slots.parse("temperature", f"{value}°C", Context())
    assert read is not None
    assert read.value == Temperature(float(value), "C")


@pytest.mark.parametrize("name", COLOURS)
def test_every_colour_is_read(name: str) -> None:
    read = slots.parse("color", name.title(), Context())
    assert read is not None
    assert read.text == name


@given(st.sampled_from(["kitchen light", "living room blinds", "coffee machine"]), st.data())
def test_a_name_with_a_letter_wrong_is_still_the_name(name: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(name) - 2))
    names = [Named(each, each) for each in ("kitchen light", "living room blinds", "coffee machine", "front door")]
    near = nearest(name[:at] + name[at + 1 :], names)
    assert near[0][0].id == name
    assert LEAST <= near[0][1] <= 1


def test_an_unknown_name_is_nobody() -> None:
    assert nearest("spaceship", [Named("k", "kitchen light")]) == []
    assert bare("the Kitchen light, please") == "kitchen light"
