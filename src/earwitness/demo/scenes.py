"""What is said in the course of a day, by whom and where. What comes of it is nowhere written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from earwitness.demo.recordings import COMMANDS, TALK, WAKE, Recordings
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.speech.verify.training.renderings import spoken

KITCHEN, HALL, DESK, GUESTS = "Kitchen", "Hall", "Desk", "Guest room"
PAUSE: Final = bytes(SAMPLE_RATE * SAMPLE_WIDTH * 3 // 10)
TALK_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment: minutes after midnight, a caption, and what each device's microphone hears.

    ``sounds`` are played one after the other to the first device of ``heard_at``; the others hear each more quietly.
    """

    at: int
    caption: str
    heard_at: tuple[str, ...]
    sounds: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said: ``h:mm``, by which voice, to which devices, in which sentences."""

    time: str
    voice: str
    heard_at: tuple[str, ...]
    texts: tuple[str, ...]


ANNE, TOM, GUEST = "en-us+f5", "en-us+f3", "en-gb+f2"  # of espeak-ng's voices the recogniser hears the first best
DAY: Final = (
    Line("6:55", ANNE, (KITCHEN,), ("Alexa, what time is it?",)),
    Line("7:00", TOM, (KITCHEN,), ("The trains were late again yesterday, so I will take the bicycle today.",)),
    Line("7:02", TOM, (KITCHEN,), ("That is unacceptable. I will write them a letter after the election.",)),
    Line("7:05", ANNE, (KITCHEN, HALL), ("Alexa, turn on the kitchen light",)),
    Line("7:10", TOM, (KITCHEN,), ("Alexa, set a timer for five minutes",)),
    Line("7:30", ANNE, (KITCHEN,), ("Alexa, add milk to the shopping list",)),
    Line("8:15", ANNE, (HALL,), ("Alexa, turn off the kitchen light",)),
    Line("12:30", TOM, (DESK,), ("Alexa, what is the date?",)),
    Line("12:31", TOM, (DESK,), ("Alexa, what did you hear?",)),
    Line("15:00", GUEST, (GUESTS,), ("Alexa, what day is it?",)),
    Line("18:40", ANNE, (KITCHEN,), ("Alexa, unlock the front door", "No")),
    Line("19:00", ANNE, (KITCHEN,), ("Alexa, stop listening",)),
    Line("19:05", TOM, (KITCHEN,), ("Alexa, what time is it?",)),
    Line("22:00", TOM, (DESK,), ("Alexa, delete everything I said today", "Yes")),
)


def spoken_day() -> Iterator[Scene]:
    """The day by espeak-ng's voices.

    Raises:
        EngineMissing: espeak-ng is not installed.
    """
    for line in DAY:
        sounds = tuple(_said(text, line.voice) for text in line.texts)
        yield Scene(_minutes(line.time), " … ".join(line.texts), line.heard_at, sounds)


def recorded_day(recordings: Recordings, most: int = 24) -> Iterator[Scene]:
    """A day of recordings: each command after somebody's wake word, with talk that is for nobody between."""
    wakes, talk = recordings.of(WAKE), recordings.of(*TALK)
    commands = [row for row in recordings.of(*COMMANDS) if row.get("transcript")][:most]
    for number, row in enumerate(commands):
        at = 7 * 60 + number * 14 * 60 // max(1, len(commands))
        if talk and number % 4 == 1:
            yield Scene(at - 2, "talk that is for nobody", (KITCHEN,), (_talk(recordings, number),))
        wake = recordings.sound(wakes[number % len(wakes)]) if wakes else b""
        heard_at = (KITCHEN, HALL) if number % 5 == 0 else ((DESK,) if number % 5 == 3 else (KITCHEN,))  # noqa: PLR2004 - of five
        yield Scene(at, f"alexa, {row['transcript']}", heard_at, (wake + PAUSE + recordings.sound(row),))


def _talk(recordings: Recordings, number: int) -> bytes:
    found = recordings.of(*TALK)
    sound = b"".join(recordings.sound(found[(number + more) % len(found)]) for more in range(4))
    return sound[: TALK_SECONDS * SAMPLE_RATE * SAMPLE_WIDTH]


def _said(text: str, voice: str) -> bytes:
    """Word and order apart, as people say them; an answer as it is."""
    word, comma, order = text.partition(", ")
    return spoken(word, voice) + PAUSE + spoken(order, voice) if comma and word == "Alexa" else spoken(text, voice)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
