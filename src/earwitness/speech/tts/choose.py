"""Which voice: the setting ``voice`` to an engine with a cache before it and something to fall back on behind it.

``espeak-ng/en-us`` (any voice espeak-ng has), ``piper/en_GB-alba-medium`` (any voice that is installed),
``wyoming://host:port`` (the voice that a Wyoming server chooses).
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from earwitness.kernel.errors import BadInput, EngineMissing
from earwitness.speech.engines.catalogue import Kind, find
from earwitness.speech.engines.folder import EngineFolder
from earwitness.speech.engines.wyoming import SCHEME, Server
from earwitness.speech.tts.cache import CachedSynthesizer
from earwitness.speech.tts.engines.espeak import PROGRAM, Espeak
from earwitness.speech.tts.engines.piper import Piper
from earwitness.speech.tts.engines.wyoming import WyomingSynthesizer
from earwitness.speech.tts.port import Synthesizer
from earwitness.speech.tts.sure import SureSynthesizer


def engine(name: str, data: Path) -> Synthesizer:
    """The engine of the voice of that name; what is installed is below the ``data`` folder.

    Raises:
        NotFound, BadInput: there is no such voice.
        EngineMissing: it is not installed, or damaged.
        EngineFailed: its files cannot be read.
    """
    program, _, voice = name.partition("/")
    if program == PROGRAM:
        return Espeak(voice) if voice else Espeak()
    if program == f"{SCHEME}:":
        return WyomingSynthesizer(Server.at(name))
    offer = find(name)
    if offer.kind is not Kind.VOICE:
        raise BadInput(f"{offer.name} is no voice.", next_step="earwitness engines list shows which are.")
    folder = EngineFolder(data)
    found = folder.installed(offer)
    if found is None:
        raise EngineMissing(f"{offer.name} is not installed.", next_step=f"earwitness engines install {offer.name}")
    program_path = folder.root / offer.engine / "program" / "bin" / offer.engine
    piper = Piper(found.folder.resolve() / f"{offer.model}.onnx", program=program_path.absolute())
    piper.warm()
    return piper


def open_voice(name: str, data: Path, *, apologies: Sequence[str] = ()) -> SureSynthesizer:
    """The voice of that name, which always answers; ``apologies`` are made ahead. Errors: :func:`engine`."""
    chosen = engine(name, data)
    spare: Synthesizer | None = None
    if not chosen.voice.startswith(PROGRAM):
        with suppress(EngineMissing):
            spare = Espeak()
    cached = CachedSynthesizer(chosen)
    closing = (cached.forget, chosen.close) if isinstance(chosen, Piper) else (cached.forget,)
    sure = SureSynthesizer(cached, spare, closing=closing)
    sure.prepare(apologies)
    return sure
