"""The bounds that the hub keeps to with a device; docs/formats/device-protocol.md, "Bounds on the hub"."""

from dataclasses import dataclass

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.protocol.device.bounds import HELLO_WAIT, REPLY_LEAD

SECOND_OF_SOUND = SAMPLE_RATE * SAMPLE_WIDTH


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes; a test makes them small."""

    connections: int = 1_000
    ungreeted: int = 64
    hello_wait: float = HELLO_WAIT
    messages_at_once: int = 20
    messages_a_second: float = 10
    sound_at_once: int = 30 * SECOND_OF_SOUND
    sound_a_second: float = 2 * SECOND_OF_SOUND
    turn_sound: int = 60 * SECOND_OF_SOUND
    turn_silence: float = 15
    grace: float = 15  # for sound that was on its way when its turn ended
    send_wait: float = 10
    close_wait: float = 2
    reply_lead: float = REPLY_LEAD
    reply_waiting: int = 1024 * 1024
    check_every: float = 60  # that the token is still good
    seen_every: float = 300
