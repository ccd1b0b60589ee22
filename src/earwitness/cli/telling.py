"""What happens in a voice session, as a line for a person; empty for what needs no line."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from earwitness.assistant.events import Answered, Event, Heard, Idle, Kept, Listening, Muted, Refused, Woken

_DROPPED: Final = {
    "done": "",
    "nothing_said": "nobody spoke after the wake word",
    "not_for_me": "that was not for the assistant; dropped",
    "not_verified": "the wake word was not verified; dropped and counted",
    "elsewhere": "another device was nearer and answers",
}


def told(event: Event) -> str:
    """Say in a line what an event means."""
    line = _LINES.get(type(event))
    return line(event) if line else ""


def _answered(event: Answered) -> str:
    said = f"answered “{event.text}”" if event.text else "answered with a tone"
    return f"{said} ({event.ending})"


_LINES: Mapping[type[Any], Callable[[Any], str]] = {
    Woken: lambda event: f"woke on “{event.word}”, verified with {event.score:.2f}",
    Listening: lambda event: "listens for the answer, with no wake word" if event.follow_up else "",
    Heard: lambda event: f"heard “{event.text}”, {event.score:.2f}",
    Answered: _answered,
    Kept: lambda event: f"kept as {event.recording}" if event.recording else "nothing was kept",
    Muted: lambda event: "the microphone is closed" if event.on else "the microphone is open",
    Refused: lambda event: f"{event.message} {event.next_step}".strip(),
    Idle: lambda event: _DROPPED.get(event.reason, event.reason),
}
