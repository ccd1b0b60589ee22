"""What a session tells its device, as messages of the protocol; texts are cut to their bounds."""

import unicodedata

from earwitness.assistant import events
from earwitness.protocol.device import messages
from earwitness.protocol.device.members import FORBIDDEN

LONGEST_SAID = 2_000
LONGEST_SENTENCE = 300
LONGEST_SLUG = 32
LONGEST_WORD = 60


def translated(event: events.Event) -> messages.FromHub | None:  # noqa: C901, PLR0911 - a case an event
    """Return the message for an event; None for those that have no message of their own (the reply's sound)."""
    match event:
        case events.Woken(word, score):
            return messages.Woken(clipped(word, LONGEST_WORD), _share(score))
        case events.Listening(follow_up):
            return messages.Listening(follow_up)
        case events.SpeechEnded():
            return messages.SpeechEnded()
        case events.Heard(text, score):
            return messages.Heard(clipped(text, LONGEST_SAID), _share(score))
        case events.Answered(text, ending, asks):
            return messages.Answered(clipped(text, LONGEST_SAID), clipped(str(ending), LONGEST_SLUG), asks)
        case events.Idle(reason):
            return messages.Idle(clipped(reason, LONGEST_SLUG))
        case events.Muted(on):
            return messages.Muted(on)
        case events.Kept(recording):
            return messages.Kept(recording)
        case events.Refused(code, message, next_step, fatal):
            said = clipped(message, LONGEST_SENTENCE), clipped(next_step, LONGEST_SENTENCE)
            return messages.Refused(clipped(code, LONGEST_SLUG), *said, fatal)
        case events.Speech() | events.Silence():
            return None


def clipped(text: str, most: int) -> str:
    """Return a text without control characters, cut to ``most`` code points with an ellipsis at its end."""
    plain = "".join(" " if unicodedata.category(letter) in FORBIDDEN else letter for letter in text)
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _share(score: float) -> float:
    return min(1.0, max(0.0, score)) if score == score else 0.0  # noqa: PLR0124 - not a number is not itself
