"""How much noise an utterance stands in, and the acoustic model that expects it.

The model that ships with PocketSphinx knows clean speech. A second one has its Gaussians moved and widened by what
noise does to speech (``speech.asr.acoustics.noisy`` learns that; docs/speech/recognition.md has the figures).
The shift is stored, not the model, so that it holds for a model that was learned in a household as well. It hears
sound as it is: weighing noise down first, as for the clean model, costs accuracy here.
"""

import fcntl
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from earwitness.kernel.errors import BadInput
from earwitness.speech.asr.acoustics.model import (
    NOISY_MEANS,
    NOISY_VARIANCES,
    Floats,
    file_of,
    gaussians_of,
    shipped_folder,
)
from earwitness.speech.asr.engines.passes import Passes

SHIFT: Final = Path(__file__).parents[1] / "models" / "noise.npz"
NOISY_BELOW_DB: Final = 21.0
_SOFT, _LOUD = 8, 90  # percentiles of loudness: what is behind the speech, and the speech
_DECIBELS: Final = 10.0 / float(np.log(10.0))
_LEAST: Final = np.float32(10.0)


def clearance_db(bands: Floats) -> float:
    """How far speech stands above what is behind it; ``bands`` are the (n, BANDS) powers of an utterance.

    About the signal-to-noise ratio, a few dB more where that is low.
    """
    loudness = np.log(bands + _LEAST).mean(axis=1)
    if len(loudness) > 3:  # noqa: PLR2004 - smoothed over three frames
        loudness = np.convolve(loudness, np.ones(3) / 3, "valid")
    soft, loud = np.percentile(loudness, (_SOFT, _LOUD)) if len(loudness) else (0.0, 0.0)
    return float(loud - soft) * _DECIBELS


def noisy_gaussians(acoustics: Path | None = None) -> tuple[Floats, Floats]:
    """Means and variances for speech in noise, from the model in the folder ``acoustics`` or the one that ships.

    Where those for noise were learned beside that model they stand for themselves; otherwise all are shifted.

    Raises:
        EngineMissing: pocketsphinx cannot be loaded here, or is another version.
        BadInput: the shift cannot be read.
    """
    means, log_variances = _read_shift(SHIFT)
    base = acoustics or shipped_folder()
    if (base / NOISY_MEANS).exists() and (base / NOISY_VARIANCES).exists():
        return gaussians_of(base / NOISY_MEANS), gaussians_of(base / NOISY_VARIANCES)
    return gaussians_of(base / "means") + means, gaussians_of(base / "variances") * np.exp(log_variances)


def load_noisy(acoustics: Path | None = None) -> Passes:
    """The model for speech in noise, made from the one in the folder ``acoustics`` or the one that ships.

    Raises:
        EngineMissing: pocketsphinx cannot be loaded here, or is another version.
        BadInput: the shift cannot be read.
    """
    base = acoustics or shipped_folder()
    moved, widened = noisy_gaussians(acoustics)
    with _readable(file_of(moved, base / "means")) as mean, _readable(file_of(widened, base / "variances")) as var:
        return Passes(acoustics, with_open=False, mean=mean, var=var)


@contextmanager
def _readable(data: bytes) -> Iterator[str]:
    """A path from which ``data`` can be read once: a pipe, as a recogniser's process may write no file."""
    reading, writing = os.pipe()
    try:
        try:
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, len(data))
            os.write(writing, data)
        finally:
            os.close(writing)
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)


def _read_shift(path: Path) -> tuple[Floats, Floats]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return arrays["means"].astype(np.float32), arrays["log_variances"].astype(np.float32)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        msg = "The shift of the acoustic model for noise cannot be read."
        raise BadInput(msg, next_step="Install earwitness again.") from error
