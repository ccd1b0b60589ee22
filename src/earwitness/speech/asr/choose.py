"""Which recogniser: the setting ``recogniser`` to what a process of the pool loads."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from earwitness.kernel.errors import BadInput, EngineMissing
from earwitness.speech.asr.engines.pocketsphinx import PocketSphinxRecogniser
from earwitness.speech.asr.pool import RecogniserPool
from earwitness.speech.asr.process import EngineSpec
from earwitness.speech.engines.catalogue import Kind, MoonshineFiles, Offer, find
from earwitness.speech.engines.folder import EngineFolder, Installed
from earwitness.speech.engines.wyoming import SCHEME, Server

ENGINES: Final = "earwitness.speech.asr.engines"
POCKETSPHINX: Final = EngineSpec("pocketsphinx", f"{__name__}:load_pocketsphinx")
THREADS: Final = 2  # of one process of a large model; PocketSphinx uses one
WYOMING: Final = f"{SCHEME}://"


def load_pocketsphinx(acoustics: str = "") -> PocketSphinxRecogniser:
    """Called in the process; ``acoustics`` is the folder of a learned acoustic model, empty for the shipped one."""
    return PocketSphinxRecogniser(acoustics=Path(acoustics) if acoustics else None)


def recogniser_spec(name: str, data: Path, *, acoustics: Path | None = None) -> EngineSpec:
    """What to load for the recogniser of that name; its weights are below the ``data`` folder.

    ``acoustics`` is the folder of an acoustic model that PocketSphinx learned here; other engines have none.

    Raises:
        NotFound, BadInput: there is no such recogniser.
        EngineMissing: its weights are not installed, or damaged.
    """
    if name.startswith(WYOMING):
        server = Server.at(name)
        options = {"host": server.host, "port": server.port}
        return EngineSpec("wyoming", f"{ENGINES}.wyoming:load", options, network=True)
    offer = find(name)
    if offer.kind is not Kind.RECOGNISER:
        raise BadInput(f"{offer.name} is no recogniser.", next_step="earwitness engines list shows which are.")
    if offer.files is None:
        return replace(POCKETSPHINX, options={"acoustics": str(acoustics.resolve())}) if acoustics else POCKETSPHINX
    found = EngineFolder(data).installed(offer)
    if found is None:
        raise EngineMissing(f"{offer.name} is not installed.", next_step=f"earwitness engines install {offer.name}")
    return EngineSpec(offer.name, f"{ENGINES}.{offer.engine}:load", _options(offer, found), THREADS)


def _options(offer: Offer, found: Installed) -> dict[str, object]:
    folder = str(found.folder.resolve())
    if isinstance(offer.files, MoonshineFiles):
        timed = any("with_attention" in each.name for each in found.files)
        return {"folder": folder, "arch": offer.files.arch, "word_times": timed}
    return {"folder": folder, "threads": THREADS}


def open_pool(name: str, data: Path, *, workers: int = 2, acoustics: Path | None = None) -> RecogniserPool:
    """A pool of ``workers`` processes with that recogniser, not started yet. See :func:`recogniser_spec`."""
    return RecogniserPool(recogniser_spec(name, data, acoustics=acoustics), workers=workers)
