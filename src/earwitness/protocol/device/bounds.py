"""Every number of docs/formats/device-protocol.md that both sides keep to. Lengths in bytes, times in seconds."""

from enum import IntEnum
from typing import Final

PATH: Final = "/device"
VERSIONS: Final = (1,)  # that this release speaks, newest last
PROGRAM: Final = "earwitness"  # what our own satellite calls itself

LARGEST_FROM_DEVICE: Final = 4_096  # of text
LARGEST_FROM_HUB: Final = 16_384
LARGEST_SOUND: Final = 8_192
MOST_FRAGMENTS: Final = 64

PRE_ROLL_MS: Final = 500  # before the wake word
LONGEST_WORD_MS: Final = 800
LEAD_MS: Final = PRE_ROLL_MS + LONGEST_WORD_MS  # a device's sound begins at most so long before its word's end

REPLY_LEAD: Final = 4.0  # the hub sends a reply at most this far ahead of its being played
PING_EVERY: Final = 20.0
PING_WAIT: Final = 20.0
HELLO_WAIT: Final = 10.0


class CloseCode(IntEnum):
    """Why a connection was closed (RFC 6455, 7.4; those from 4400 on are ours)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    NOT_UTF8 = 1007
    TOO_MANY = 1008
    TOO_LARGE = 1009
    RESTART = 1012
    UNREADABLE = 4400
    TOKEN = 4401
    VERSION = 4406
    LATE = 4408
    TAKEN_OVER = 4409
    TOO_FAST = 4429
    UNASKED = 4430
    FAILED = 4500
    FULL = 4503


FINAL: Final = frozenset(
    {
        CloseCode.NOT_UTF8,
        CloseCode.TOO_MANY,
        CloseCode.TOO_LARGE,
        CloseCode.UNREADABLE,
        CloseCode.TOKEN,
        CloseCode.VERSION,
        CloseCode.TAKEN_OVER,
        CloseCode.UNASKED,
    }
)
"""After these a device does not try again: it would be refused again."""
