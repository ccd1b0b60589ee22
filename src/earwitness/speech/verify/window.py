"""What every verifier refuses."""

from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput
from earwitness.speech.ring import LONGEST_MS, samples_of


def check_window(window: bytes | bytearray) -> None:
    """Refuse what is no window.

    Raises:
        BadInput: half a sample, or longer than the ring can hold.
    """
    if len(window) % SAMPLE_WIDTH:
        msg = f"{len(window)} bytes are not whole samples."
        raise BadInput(msg, next_step="Send 16-bit samples.")
    if len(window) > samples_of(LONGEST_MS) * SAMPLE_WIDTH:
        msg = "A wake word is verified on two seconds at most."
        raise BadInput(msg)
