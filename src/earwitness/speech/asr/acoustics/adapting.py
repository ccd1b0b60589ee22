"""Moving the acoustic model's Gaussians towards how people here sound, by maximum a posteriori adaptation.

Gauvain and Lee, "Maximum a posteriori estimation for multivariate Gaussian mixture observations" (1994): each mean and
variance becomes that of what its Gaussian accounted for, with the old one counting as :data:`TRUST` more frames. Where
little was heard, little moves. Learned from clips as they were and with the same rooms' noise laid under
them, the model knows the words in that noise; nothing of a clip can be read from what thousands of frames shared.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earwitness.speech.asr.acoustics.aligning import SILENT
from earwitness.speech.asr.acoustics.model import CEPSTRA, DENSITIES, STREAMS, AcousticModel, Floats, Ints

TRUST: Final = 10.0  # frames that the old mean and variance count for
NARROWEST: Final = 0.2  # of the old variance: a Gaussian that heard little of much the same must not become a spike
_UNLIKELY: Final = 1e-10


def with_differences(cepstra: Floats) -> Floats:
    """(n, 39): cepstra, their differences over four frames, and the differences of those (feature type 1s_c_d_dd)."""
    at = np.arange(len(cepstra))

    def moved(by: int) -> Floats:
        return cepstra[np.clip(at + by, 0, len(cepstra) - 1)]

    second = (moved(3) - moved(-1)) - (moved(1) - moved(-3))
    return np.concatenate([cepstra, moved(2) - moved(-2), second], axis=1)


@dataclass(slots=True)
class Statistics:
    """What was heard of each Gaussian: how many frames, their sum, and the sum of their squares."""

    model: AcousticModel
    counts: NDArray[np.float64] = field(init=False)
    sums: NDArray[np.float64] = field(init=False)
    squares: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing heard."""
        self.counts = np.zeros((self.model.phones, STREAMS, DENSITIES))
        self.sums = np.zeros((self.model.phones, STREAMS, DENSITIES, CEPSTRA))
        self.squares = np.zeros_like(self.sums)

    def add(self, cepstra: Floats, states: Ints) -> None:
        """Take a clip: its centred features and the state of each frame."""
        count = min(len(cepstra), len(states))
        heard = states[:count] != SILENT
        values, senones = with_differences(cepstra)[:count][heard], states[:count][heard]
        phones = self.model.phone_of[senones]
        for phone in np.unique(phones):
            rows = phones == phone
            self._add(int(phone), values[rows], senones[rows])

    def take(self, other: "Statistics") -> None:
        """Take what was heard elsewhere with the same model."""
        self.counts += other.counts
        self.sums += other.sums
        self.squares += other.squares

    def _add(self, phone: int, values: Floats, senones: Ints) -> None:
        for stream in range(STREAMS):
            part = values[:, CEPSTRA * stream : CEPSTRA * (stream + 1)]
            shares = self._shares(phone, stream, part, senones)
            self.counts[phone, stream] += shares.sum(axis=0)
            self.sums[phone, stream] += shares.T @ part
            self.squares[phone, stream] += shares.T @ part.astype(np.float64) ** 2

    def _shares(self, phone: int, stream: int, part: Floats, senones: Ints) -> NDArray[np.float64]:
        """How much each Gaussian accounts for each frame: (frames, densities), rows add up to one."""
        means, variances = self.model.means[phone, stream], self.model.variances[phone, stream]
        inverse = 1.0 / variances.astype(np.float64)
        distance = (part.astype(np.float64) ** 2) @ inverse.T - 2.0 * part @ (means * inverse).T
        constant = (means.astype(np.float64) ** 2 * inverse).sum(axis=1) + np.log(variances).sum(axis=1)
        likely = np.log(self.model.weights[stream][:, senones].T + _UNLIKELY) - 0.5 * (distance + constant)
        shares = np.exp(likely - likely.max(axis=1, keepdims=True))
        whole: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
        return whole

    def means(self, trust: float = TRUST) -> Floats:
        """The new means."""
        before = self.model.means.astype(np.float64)
        return ((self.sums + trust * before) / (self.counts + trust)[..., None]).astype(np.float32)

    def variances(self, trust: float = TRUST) -> Floats:
        """The new variances, about the new means."""
        means, counts = self.means(trust).astype(np.float64), self.counts[..., None]
        before = self.model.variances.astype(np.float64)
        spread = self.squares - 2.0 * means * self.sums + counts * means**2
        return np.maximum((spread + trust * before) / (counts + trust), NARROWEST * before).astype(np.float32)
