"""The port of the second verification: the hub asks it before anything is opened, kept or acted on."""

from dataclasses import dataclass
from typing import Protocol

BEFORE_MS = 1_300  # 500 ms of pre-roll and up to 800 ms of wake word
AFTER_MS = 200  # "alexis" and "lexus" tell themselves apart only after the word's end
WINDOW_MS = BEFORE_MS + AFTER_MS


@dataclass(frozen=True, slots=True)
class Verdict:
    """``score`` is 0 to 1, ``by`` names the verifier, e.g. ``learned:alexa`` (the trace shows it)."""

    accepted: bool
    score: float
    by: str


class Verifier(Protocol):
    """Decides whether a window holds the wake word. Thread-safe; keeps nothing of the sound."""

    def verify(self, window: bytes | bytearray, word: str) -> Verdict:
        """Judge 16 kHz mono s16le sound: the word ends ``AFTER_MS`` before the window's end.

        Raises:
            NotFound: this verifier was not made for ``word``.
            BadInput: half a sample, or a window longer than two seconds.
        """
        ...
