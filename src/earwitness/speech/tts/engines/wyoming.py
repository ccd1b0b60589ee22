"""Any Wyoming text-to-speech server behind the port; one connection a reply, passed on as it is made."""

from collections.abc import Iterator
from typing import Final

from earwitness.kernel.errors import BadInput, EngineFailed
from earwitness.protocol.wyoming.audio import AudioChunk, AudioStart, AudioStop
from earwitness.protocol.wyoming.speaking import Synthesize, Voice
from earwitness.speech.engines.wyoming import Server, linked, read
from earwitness.speech.tts.port import Sound

LONGEST_TEXT: Final = 2_000
LONGEST_S: Final = 600
SAMPLE_WIDTH: Final = 2
RATES: Final = range(8_000, 96_001)
MOST_OTHERS: Final = 1_000  # events that are no sound


class WyomingSynthesizer:
    """The port :class:`earwitness.speech.tts.Synthesizer`. Each reply has a connection of its own."""

    def __init__(self, server: Server, *, name: str = "", language: str = "en") -> None:
        """Speak with the server's voice of that ``name``, or one it chooses for the ``language``."""
        self._server = server
        self._wish = Voice(name=name or None, language=None if name else language)

    @property
    def voice(self) -> str:
        """See the port."""
        return f"wyoming/{self._server.host}:{self._server.port}/{self._wish.name or self._wish.language}"

    def speak(self, text: str) -> Iterator[Sound]:
        """Yield the speech; see the port.

        Raises:
            BadInput: nothing to say, or too much at once.
        """
        if not text.strip() or len(text) > LONGEST_TEXT:
            raise BadInput(f"A reply has 1 to {LONGEST_TEXT} characters.")
        return self._speak(text)

    def _speak(self, text: str) -> Iterator[Sound]:
        with linked(self._server) as link:
            link.send(Synthesize(" ".join(text.split()), self._wish))  # a line break is no end
            seconds, others = 0.0, 0
            while (event := link.receive()).type != AudioStop.type:
                if event.type == AudioStart.type:
                    _must_fit(read(AudioStart, event))
                elif event.type == AudioChunk.type:
                    sound = _sound(read(AudioChunk, event))
                    seconds += len(sound.pcm) / SAMPLE_WIDTH / sound.rate
                    if sound.pcm:
                        yield sound
                else:
                    others += 1
                if seconds > LONGEST_S or others > MOST_OTHERS:
                    raise EngineFailed("The Wyoming server does not come to an end.")
            if not seconds:
                raise EngineFailed("The Wyoming server said nothing.", next_step="Has it the voice? Its log says why.")


def _sound(chunk: AudioChunk) -> Sound:
    _must_fit(chunk)
    if len(chunk.audio) % SAMPLE_WIDTH:
        raise EngineFailed("The Wyoming server sent half a sample.")
    return Sound(chunk.audio, chunk.rate)


def _must_fit(form: AudioStart | AudioChunk) -> None:
    if form.width != SAMPLE_WIDTH or form.channels != 1 or form.rate not in RATES:
        raise EngineFailed("The Wyoming server gave sound of another form than 16-bit mono.")
