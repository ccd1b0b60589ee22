"""The decoder's acoustic features in numpy: 13 mel cepstra each 10 ms, as PocketSphinx computes them.

Order: pre-emphasis .97, 25.6 ms Hamming window, power spectrum, 25 triangular mel filters (130 to 6,800 Hz), noise
tracking, logarithm, DCT-II, lifter. Source: ``fe_sigproc.c`` and ``fe_noise.c`` of PocketSphinx 5; what comes out
agrees with its own to 1e-4. It is done here so that sound is analysed once for several passes and
noise is tracked over everything that was heard, not only over the part that is decoded.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH

Floats = NDArray[np.float32]
FRAME_MS: Final = 10
HOP: Final = SAMPLE_RATE // 100
WINDOW: Final = 410
FFT: Final = 512
BANDS: Final = 25
CEPSTRA: Final = 13
PRE_EMPHASIS: Final = np.float32(0.97)
LOG_FLOOR: Final = 1e-4
_LOWEST, _HIGHEST, _LIFTER = 130.0, 6_800.0, 22
_TOP = SAMPLE_RATE / 2 - 50.0  # where the last corner may stand; only the widest warp gets there


def _mel(hertz: float) -> float:
    return float(2595.0 * np.log10(1.0 + hertz / 700.0))


def _hertz(mel: float) -> float:
    return float(700.0 * (10.0 ** (mel / 2595.0) - 1.0))


def _filters(warp: float = 1.0) -> Floats:
    """(BANDS, FFT/2+1): triangles of unit area whose corners stand on FFT lines, frequencies times ``warp``."""
    width = (_mel(_HIGHEST) - _mel(_LOWEST)) / (BANDS + 1)
    line = SAMPLE_RATE / FFT
    wanted = [
        min(_hertz(_mel(_LOWEST) + at * width) * warp, _TOP - 2 * line * (BANDS + 1 - at)) for at in range(BANDS + 2)
    ]
    corners = [int(hertz / line + 0.5) * line for hertz in wanted]
    lines = np.arange(FFT // 2 + 1) * line
    rows = []
    for low, middle, high in zip(corners, corners[1:], corners[2:], strict=False):
        height = 2.0 / (high - low)
        rising, falling = (lines - low) / (middle - low), (high - lines) / (high - middle)
        rows.append(np.clip(np.minimum(rising, falling), 0.0, None) * height)
    return np.array(rows, np.float32)


def _transform() -> Floats:
    """(CEPSTRA, BANDS): DCT-II, orthonormal, with the lifter."""
    order = np.arange(CEPSTRA)[:, None]
    dct = np.cos(np.pi * order * (np.arange(BANDS)[None] + 0.5) / BANDS) * np.sqrt(2.0 / BANDS)
    dct[0] = np.sqrt(1.0 / BANDS)
    lifter = 1.0 + _LIFTER / 2 * np.sin(order * np.pi / _LIFTER)
    scaled: NDArray[np.float32] = (dct * lifter).astype(np.float32)
    return scaled


FILTERS: Final = _filters().T
TRANSFORM: Final = _transform().T
HAMMING: Final = np.hamming(WINDOW).astype(np.float32)


class NoiseTracker:
    """Follows the noise in each band and weighs it down; state runs over the whole stream."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._power: NDArray[np.float64] | None = None
        self._noise = self._floor = self._peak = np.zeros(BANDS)

    def clean(self, bands: Floats) -> Floats:
        """Return (n, BANDS) band powers with the noise weighed down."""
        out = np.empty_like(bands)
        for row, band in enumerate(bands.astype(np.float64)):
            out[row] = band * _smoothed(self._gain(band))
        return out

    def _gain(self, band: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._power is None:
            self._power, self._noise, self._floor = band, band / 20.0, band / 20.0
        self._power = 0.7 * self._power + 0.3 * band
        self._noise = _envelope(self._noise, self._power)
        signal = np.maximum(self._power - self._noise, 1.0)
        self._floor = _envelope(self._floor, signal)
        masked = self._masked(signal)
        return np.clip(np.maximum(masked, self._floor) / np.maximum(self._power, 1e-9), 0.05, 20.0)

    def _masked(self, signal: NDArray[np.float64]) -> NDArray[np.float64]:
        """Temporal masking: what follows a peak within its decay is weakened."""
        decayed = self._peak * 0.85
        masked = np.where(signal < 0.85 * decayed, decayed * 0.2, signal)
        self._peak = np.maximum(signal, decayed)
        return masked


def _envelope(floor: NDArray[np.float64], power: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lower envelope: rises slowly, falls fast."""
    return np.where(power >= floor, 0.995 * floor + 0.005 * power, 0.5 * floor + 0.5 * power)


_FROM = np.maximum(np.arange(BANDS) - 4, 0)
_TO = np.minimum(np.arange(BANDS) + 4, BANDS - 1) + 1


def _smoothed(gain: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.concatenate(([0.0], np.cumsum(gain)))
    smoothed: NDArray[np.float64] = (total[_TO] - total[_FROM]) / (_TO - _FROM)
    return smoothed


def cepstra(bands: Floats) -> Floats:
    """Return (n, CEPSTRA) of (n, BANDS) band powers."""
    logs = np.log(bands + LOG_FLOOR)
    return np.ascontiguousarray(logs @ TRANSFORM, np.float32)


# The mean before anything was heard: what the model's authors start with.
_USUAL = np.array([41.0, -5.29, -0.12, 5.09, 2.48, -4.07, -1.37, -1.78, -5.08, -2.05, -6.45, -1.42, 1.17], np.float32)
_USUAL_FRAMES = 50


def centred(frames: Floats) -> Floats:
    """Return a whole utterance less its mean over the frames that hold sound."""
    loud = frames[frames[:, 0] > 0]
    return np.ascontiguousarray(frames - (loud if len(loud) else frames).mean(0))


class RunningMean:
    """Centres an utterance while it is still spoken. Nothing of it is left for the next one."""

    def __init__(self) -> None:
        """Begin with a usual mean."""
        self._sum, self._count = _USUAL * _USUAL_FRAMES, _USUAL_FRAMES

    def centre(self, frames: Floats) -> Floats:
        """Return the next frames less the mean so far, theirs included."""
        self._sum, self._count = self._sum + frames.sum(0), self._count + len(frames)
        return np.ascontiguousarray(frames - self._sum / np.float32(self._count))


@cache
def _warped_filters(warp: float) -> Floats:
    return _filters(warp).T


class Frontend:
    """Sound in pieces of any size → cepstra, a row each 10 ms. One stream, one thread.

    The spectra of the utterance are kept in memory until :meth:`forget`, so that it can be heard again with
    the frequencies of a longer or shorter vocal tract.
    """

    def __init__(self) -> None:
        """Begin a stream."""
        self._tracker = NoiseTracker()
        self._rest = np.zeros(0, np.float32)
        self._before = np.float32(0.0)
        self._odd = b""
        self._spectra: list[Floats] = []

    def push(self, pcm: bytes) -> Floats:
        """Return (n, CEPSTRA) of the frames that became complete."""
        pcm = self._odd + pcm
        whole = len(pcm) - len(pcm) % SAMPLE_WIDTH
        self._odd = pcm[whole:]
        sound = np.frombuffer(pcm[:whole], "<i2").astype(np.float32)
        if not len(sound):
            return np.zeros((0, CEPSTRA), np.float32)
        shifted = np.concatenate(([self._before], sound[:-1])).astype(np.float32)
        self._before = sound[-1]
        self._rest = np.concatenate((self._rest, sound - PRE_EMPHASIS * shifted))
        return self._frames()

    def _frames(self) -> Floats:
        count = max(0, 1 + (len(self._rest) - WINDOW) // HOP)
        if not count:
            return np.zeros((0, CEPSTRA), np.float32)
        views = np.lib.stride_tricks.sliding_window_view(self._rest, WINDOW)[: count * HOP : HOP]
        spectrum = np.fft.rfft(views * HAMMING, FFT)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        self._rest = self._rest[count * HOP :].copy()
        self._spectra.append(power)
        return cepstra(self._tracker.clean(power @ FILTERS))

    def bands(self, warp: float = 1.0) -> Floats:
        """Return (n, BANDS) powers of all that was heard, its frequencies divided by ``warp`` (.88 to 1.12)."""
        if not self._spectra:
            return np.zeros((0, BANDS), np.float32)
        return np.concatenate([power @ _warped_filters(warp) for power in self._spectra])

    def forget(self) -> None:
        """Let go of what was heard."""
        self._spectra.clear()
