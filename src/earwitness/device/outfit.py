"""The satellite's own bootstrap: what a person asked for in words becomes a microphone, a speaker, a wake word."""

import random
from pathlib import Path

from earwitness.device import programs
from earwitness.device.backoff import Backoff
from earwitness.device.light import ShowLight, Tell
from earwitness.device.link import Link, dial
from earwitness.device.microphone import FileMicrophone, Microphone, ProgramMicrophone
from earwitness.device.satellite import Outfit, Satellite
from earwitness.device.speaker import FileSpeaker, ProgramSpeaker, SilentSpeaker, Speaker
from earwitness.device.waking import Ear
from earwitness.kernel.errors import BadInput
from earwitness.protocol.device.messages import Hello, Listens, Radio
from earwitness.speech.wake.microwakeword import MicroWakeDetector
from earwitness.speech.wake.models import SHIPPED, WakeModel, read_model, shipped_model

DEFAULT = "default"
NONE = "none"
SOUND_FILES = (".wav", ".flac", ".ogg", ".mp3")
LONGEST_TOKEN = 200
WIRELESS = Path("/sys/class/bluetooth")
NETWORK = Path("/sys/class/net")


def microphone(wish: str) -> Microphone:
    """Return the microphone for ``default``, an audio file or a command.

    Raises:
        BadInput: none of these.
        MicrophoneFailed: no program here records.
    """
    if wish == DEFAULT:
        return ProgramMicrophone(programs.recorder())
    if wish.lower().endswith(SOUND_FILES):
        return FileMicrophone(Path(wish))
    return ProgramMicrophone(programs.given(wish))


def speaker(wish: str) -> Speaker:
    """Return the speaker for ``default``, ``none``, a WAV file to write or a command.

    Raises:
        BadInput: none of these.
        SpeakerFailed: no program here plays.
    """
    if wish == NONE:
        return SilentSpeaker()
    if wish == DEFAULT:
        return ProgramSpeaker(programs.player())
    if wish.lower().endswith(".wav"):
        return FileSpeaker(Path(wish))
    return ProgramSpeaker(programs.given(wish))


def wake_models(wish: str) -> tuple[WakeModel, ...]:
    """Return the models of the wake words that may be used: the shipped ones, or one from a file.

    Raises:
        NotFound, BadInput: there is no such word, or the file is no model.
        EngineMissing: the engine is not installed.
    """
    if wish.lower().endswith(".json"):
        return (read_model(Path(wish)),)
    if wish:
        shipped_model(wish)  # a name that is no wake word is refused before anything is opened
    return tuple(shipped_model(word) for word in SHIPPED)


def outfit(  # noqa: PLR0913 - what a person may wish for, each by its name
    listens: Listens,
    *,
    microphone_wish: str = DEFAULT,
    speaker_wish: str = DEFAULT,
    wake_word: str = "",
    tones: bool = True,
    wake_tone: bool = False,
) -> Outfit:
    """Put a satellite's parts together.

    Raises:
        BadInput, NotFound: a wish that cannot be met.
        EngineMissing, MicrophoneFailed, SpeakerFailed: something is not on this machine.
    """
    models = wake_models(wake_word) if listens is Listens.WAKES else ()
    words = tuple(model.word for model in models)
    chosen = words[0] if len(words) == 1 else wake_word.strip().lower() or None

    def make_ear(word: str) -> Ear:
        wanted = tuple(model for model in models if model.word == word)
        return Ear(MicroWakeDetector(wanted), word)

    return Outfit(
        microphone=microphone(microphone_wish),
        speaker=speaker(speaker_wish),
        listens=listens,
        make_ear=make_ear if models else None,
        wake_words=words,
        wake_word=chosen if models else None,
        radios=radios(),
        tones=tones,
        wake_tone=wake_tone,
    )


def satellite(parts: Outfit, address: str, show: ShowLight, tell: Tell) -> Satellite:
    """Return a satellite that is ready to run on this event loop."""

    async def call(hello: Hello) -> Link:
        return await dial(address, hello)

    return Satellite(parts, call, Backoff(random.random), show, tell)


def radios(network: Path = NETWORK, bluetooth: Path = WIRELESS) -> tuple[str, ...]:
    """Return the radios that this machine has, as far as Linux tells."""
    cards = list(network.iterdir()) if network.is_dir() else []
    wired = any((card / "device").exists() and not (card / "wireless").exists() for card in cards)
    found = {
        Radio.WIFI: any((card / "wireless").exists() for card in cards),
        Radio.ETHERNET: wired,
        Radio.BLUETOOTH: bluetooth.is_dir() and any(bluetooth.iterdir()),
    }
    return tuple(str(radio) for radio, here in found.items() if here)


def read_token(path: Path) -> str:
    """Read a pairing token from a file.

    Raises:
        BadInput: the file cannot be read, or is no token.
    """
    try:
        with path.open(encoding="ascii") as file:
            text = file.read(LONGEST_TOKEN + 1).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadInput(f"{path} cannot be read: {why}.", next_step="earwitness device pair LABEL --out FILE") from error
    if not text or len(text) > LONGEST_TOKEN or " " in text or "\n" in text:
        raise BadInput(f"{path} holds no pairing token.", next_step="earwitness device pair LABEL --out FILE")
    return text
