"""Which recogniser: the setting ``recogniser`` → what a process of the pool loads."""

from pathlib import Path

from earwitness.kernel.errors import BadInput
from earwitness.speech.asr.engines.pocketsphinx import PocketSphinxRecogniser
from earwitness.speech.asr.port import Recogniser
from earwitness.speech.asr.process import EngineSpec

POCKETSPHINX = EngineSpec("pocketsphinx", f"{__name__}:load_pocketsphinx")
ENGINES = {each.name: each for each in (POCKETSPHINX,)}


def load_pocketsphinx(acoustics: str = "") -> Recogniser:
    """Called in the process; ``acoustics`` is the folder of a learned acoustic model, empty for the shipped one."""
    return PocketSphinxRecogniser(acoustics=Path(acoustics) if acoustics else None)


def engine(name: str) -> EngineSpec:
    """The engine of that name.

    Raises:
        BadInput: there is none.
    """
    if name not in ENGINES:
        raise BadInput("There is no such recogniser.", next_step="earwitness engines lists them.")
    return ENGINES[name]
