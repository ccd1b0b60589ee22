"""Why the hub ends a connection: the close code, and what the device is told before."""

from dataclasses import dataclass
from typing import Final

from earwitness.kernel.errors import MessageInvalid
from earwitness.protocol.device.bounds import CloseCode
from earwitness.protocol.device.messages import Refused


@dataclass(frozen=True, slots=True)
class Ending:
    """An end. Without a ``slug`` there is nobody to tell, or nothing to say."""

    code: CloseCode
    slug: str = ""
    message: str = ""
    next_step: str = ""

    @property
    def farewell(self) -> Refused | None:
        """The last message, if there is one."""
        return Refused(self.slug, self.message, self.next_step, fatal=True) if self.slug else None


GONE: Final = Ending(CloseCode.NORMAL)
STOPPING: Final = Ending(CloseCode.GOING_AWAY)
SLOW: Final = Ending(CloseCode.LATE)  # it does not read: nothing more is sent to it
NO_HELLO: Final = Ending(CloseCode.LATE, "late", "No hello came.", "Send hello first, at once.")
CROWDED_OUT: Final = Ending(CloseCode.LATE, "late", "Too many connections have not said hello.", "Try again.")
NOT_ADMITTED: Final = Ending(
    CloseCode.TOKEN, "token", "The pairing token is not known here, or not any more.", "Pair the device anew."
)
NO_VERSION: Final = Ending(
    CloseCode.VERSION, "version", "This hub speaks version 1 of the device protocol.", "Update the older of the two."
)
TAKEN_OVER: Final = Ending(
    CloseCode.TAKEN_OVER, "taken_over", "The device has connected again.", "Let only one program use a token."
)
TOO_FAST: Final = Ending(
    CloseCode.TOO_FAST, "too_fast", "That is more than a device may send.", "Send sound as fast as it is spoken."
)
UNASKED: Final = Ending(
    CloseCode.UNASKED, "unasked_sound", "Sound came that nobody asked for.", "Send none outside a turn."
)
FAILED: Final = Ending(CloseCode.FAILED, "failed", "The hub failed.", "Try again.")


def out_of_order(what: str) -> Ending:
    """A message that may not come now."""
    return Ending(CloseCode.UNREADABLE, "order", what, "See the device protocol.")


def unreadable(error: MessageInvalid) -> Ending:
    """A message that cannot be read."""
    return Ending(CloseCode.UNREADABLE, error.reason, error.what, error.next_step)
