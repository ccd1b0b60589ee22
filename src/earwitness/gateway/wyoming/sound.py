"""The one form of sound that is taken: 16 kHz, mono, 16 bit. Resampling would change what was heard."""

from typing import Final

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStart

OURS: Final = (SAMPLE_RATE, SAMPLE_WIDTH, 1)


def must_be_ours(sound: AudioStart | AudioChunk) -> None:
    """Check the form.

    Raises:
        BadInput: another form, or half a sample.
    """
    if (sound.rate, sound.width, sound.channels) != OURS:
        raise BadInput(
            f"The sound has {sound.channels} channel(s) of {8 * sound.width} bit at {sound.rate} Hz.",
            next_step=f"Send one channel of 16 bit at {SAMPLE_RATE} Hz.",
        )
    if isinstance(sound, AudioChunk) and len(sound.audio) % SAMPLE_WIDTH:
        raise BadInput("A piece of sound ends inside a sample.", next_step="Send whole 16-bit samples.")
