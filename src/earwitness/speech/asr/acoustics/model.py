"""PocketSphinx's acoustic model read as arrays, and written again with other ones.

The English model that ships with it is phonetically tied: a codebook of 128 Gaussians for each of 42 phones and
each of three streams (cepstra, their differences, and the differences of those), and 5,126 states (*senones*) that
weigh the codebook of their phone. Files, as in ``ms_gauden.c``, ``ptm_mgau.c`` and ``bin_mdef.c`` of PocketSphinx 5:
``means`` and ``variances`` (format s3), ``sendump`` (weights as bytes, ``-log`` to base 1.0001 shifted by ten) and
``mdef`` (binary; which phone a state belongs to). Weights and states are never changed here.
"""

import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from earwitness.kernel.errors import EngineMissing
from earwitness.speech.asr.engines.searches import FEATURES

STREAMS: Final = 3
DENSITIES: Final = 128
CEPSTRA: Final = 13
LEAST_VARIANCE: Final = 1e-4  # as the decoder's own floor
NOISY_MEANS: Final = "means.noise"
NOISY_VARIANCES: Final = "variances.noise"
UNCHANGED: Final = ("mdef", "sendump", "transition_matrices", "noisedict", "variances")
_MAGIC: Final = b"BMDF"
_END: Final = b"endhdr\n"
_LOG_UNIT: Final = 1024 * float(np.log(1.0001))
_CHECKSUM: Final = b"chksum0 yes\n"

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class AcousticModel:
    """``means`` and ``variances``: (phones, streams, densities, 13); ``weights``: (streams, densities, senones).

    ``phone_of[senone]`` is the phone whose codebook a state weighs.
    """

    means: Floats
    variances: Floats
    weights: Floats
    phone_of: Ints

    @property
    def phones(self) -> int:
        """How many phones have a codebook."""
        return len(self.means)


def shipped_folder() -> Path:
    """Where the model that comes with PocketSphinx lies.

    Raises:
        EngineMissing: pocketsphinx is not installed.
    """
    try:
        import pocketsphinx  # noqa: PLC0415 - loads a native library
    except (ImportError, OSError) as error:
        msg = "PocketSphinx is not installed."
        raise EngineMissing(msg, next_step="Install the package pocketsphinx.") from error
    return Path(pocketsphinx.get_model_path("en-us/en-us"))


def shipped_model() -> AcousticModel:
    """The model that comes with PocketSphinx.

    Raises:
        EngineMissing: it is not installed, or is another one.
    """
    folder = shipped_folder()
    try:
        means = _gaussians((folder / "means").read_bytes())
        variances = np.maximum(_gaussians((folder / "variances").read_bytes()), np.float32(LEAST_VARIANCE))
        phone_of = _phones((folder / "mdef").read_bytes())
        weights = _weights((folder / "sendump").read_bytes(), len(phone_of))
    except (OSError, ValueError, IndexError, struct.error) as error:
        msg = "PocketSphinx's acoustic model is not the one this version knows."
        raise EngineMissing(msg, next_step="Install the pinned version of pocketsphinx.") from error
    return AcousticModel(means, variances, weights, phone_of)


def install(means: Floats, folder: Path, noisy: tuple[Floats, Floats] | None = None) -> Path:
    """Make ``folder`` a model with these means; all else is linked to the one that ships. Returns the folder.

    ``noisy`` are means and variances for speech in noise that were learned as well (engines/noise.py reads them).
    """
    shipped = shipped_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name in UNCHANGED:
        if not (folder / name).exists():
            (folder / name).symlink_to(shipped / name)
    shutil.copyfile(FEATURES, folder / "feat.params")
    (folder / "means").write_bytes(file_of(means, shipped / "means"))
    for name, values in zip((NOISY_MEANS, NOISY_VARIANCES), noisy or (), strict=False):
        (folder / name).write_bytes(file_of(values, shipped / "means"))
    return folder


def gaussians_of(path: Path) -> Floats:
    """The means or variances in a model's file of them: (phones, streams, densities, 13).

    Raises:
        EngineMissing: it is none this version knows.
    """
    try:
        return _gaussians(path.read_bytes())
    except (OSError, ValueError, struct.error) as error:
        msg = "The acoustic model is not the one this version knows."
        raise EngineMissing(msg, next_step="Install the pinned version of pocketsphinx.") from error


def file_of(values: Floats, like: Path) -> bytes:
    """The bytes of a file of means or variances with these values and the sizes of the file ``like``."""
    original = like.read_bytes()
    end = original.index(_END)
    sizes = original[end + len(_END) : end + len(_END) + 4 + 7 * 4]
    header = original[:end].replace(_CHECKSUM, b"")  # without a checksum: these are made anew at each start
    return header + _END + sizes + values.astype("<f4").tobytes()


def _gaussians(data: bytes) -> Floats:
    begin = data.index(_END) + len(_END) + 4  # behind the mark of the byte order
    phones, streams, densities, *lengths, count = struct.unpack_from("<7i", data, begin)
    if (streams, densities, *lengths) != (STREAMS, DENSITIES, CEPSTRA, CEPSTRA, CEPSTRA):
        msg = "other codebooks"
        raise ValueError(msg)
    values = np.frombuffer(data, "<f4", count, begin + 28)
    return values.reshape(phones, streams, densities, CEPSTRA).astype(np.float32)


def _weights(data: bytes, senones: int) -> Floats:
    size = STREAMS * DENSITIES * senones
    logs = np.frombuffer(data, "u1", size, len(data) - size).reshape(STREAMS, DENSITIES, senones)
    weights: Floats = np.exp(-logs.astype(np.float32) * np.float32(_LOG_UNIT))
    return weights


def _phones(data: bytes) -> Ints:
    """The phone of each senone."""
    if data[:4] != _MAGIC:
        msg = "not a binary mdef"
        raise ValueError(msg)
    (described,) = struct.unpack_from("<i", data, 8)
    begin = at = 12 + described
    numbers = struct.unpack_from("<10i", data, at)
    plain, phones, states, senones, nodes = (numbers[index] for index in (0, 1, 2, 4, 8))
    at += 40
    for _ in range(plain):
        at = data.index(b"\0", at) + 1
    at += -(at - begin) % 4 + 8 * nodes
    record: Any = np.dtype([("sequence", "<i4"), ("transitions", "<i4"), ("about", "u1", 4)])
    table = np.frombuffer(data, record, phones, at)
    at += 12 * phones
    (size,) = struct.unpack_from("<i", data, at)
    sequences = np.frombuffer(data, "<u2", size, at + 4).reshape(-1, states)
    phone_of = np.zeros(senones, np.intp)
    owners = np.where(np.arange(phones) < plain, np.arange(phones), table["about"][:, 1])
    for state in range(states):
        phone_of[sequences[table["sequence"], state]] = owners
    return phone_of
