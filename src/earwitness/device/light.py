"""The light of a satellite: what it is doing, at every moment, for whoever stands before it."""

from collections.abc import Callable
from enum import StrEnum


class Light(StrEnum):
    """What the satellite is doing."""

    AWAY = "away"  # the hub does not answer
    WAITING = "waiting"  # for the wake word, which is heard here and nowhere else
    STREAMING = "streaming"  # all the time, to the hub
    VERIFYING = "verifying"  # the hub makes sure of the wake word
    LISTENING = "listening"  # the hub hears
    THINKING = "thinking"
    SPEAKING = "speaking"
    MUTED = "muted"  # the microphone is closed

    @property
    def in_words(self) -> str:
        """As it is shown."""
        return _WORDS[self]

    @property
    def sends(self) -> bool:
        """Whether sound leaves this machine."""
        return self in {Light.STREAMING, Light.VERIFYING, Light.LISTENING}


_WORDS = {
    Light.AWAY: "the hub is away",
    Light.WAITING: "waiting for the wake word, heard on this machine alone",
    Light.STREAMING: "streaming everything to your hub",
    Light.VERIFYING: "the hub makes sure of the wake word",
    Light.LISTENING: "listening",
    Light.THINKING: "thinking",
    Light.SPEAKING: "speaking",
    Light.MUTED: "muted: the microphone is closed",
}

ShowLight = Callable[[Light], None]
Tell = Callable[[str, str], None]
"""Shows a line: what it is (``heard``, ``answered``, ``kept``, ``note``, ``error``) and its text."""
