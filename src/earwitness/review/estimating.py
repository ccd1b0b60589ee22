"""A rate and its interval, estimated from clips that were drawn with unequal chances and answered in part.

The Hájek ratio of two sums weighted by 1/pi; its variance by linearisation under Poisson sampling, in which response
is a second phase with the same chance for all (Särndal, Swensson and Wretman, "Model Assisted Survey Sampling", 5.7
and 9.8); the interval with Student's t. Where nothing wrong was seen, the exact bound. Too little evidence is said.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from earwitness.review.figures import Estimate

Floats = NDArray[np.float64]
LEVEL: Final = 0.95
FEWEST: Final = 30


def ratio(errors: Floats, sizes: Floats, chances: Floats, response: float = 1.0) -> Estimate:
    """Estimate the sum of ``errors`` by the sum of ``sizes`` in the frame that the sample was drawn from.

    Args:
        errors: of each answered clip, shape (n,).
        sizes: likewise; what the errors are a share of.
        chances: the inclusion probability of each, above 0 and up to 1.
        response: the share of drawn clips that were answered, 0 to 1.
    """
    count = len(errors)
    chances = chances * response
    total = float(np.sum(sizes / chances)) if count else 0.0
    if total <= 0.0 or count < 2:  # noqa: PLR2004 - one clip has no spread
        return Estimate(0.0, 0.0, 1.0, count, enough=False)
    if not np.any(errors):
        return Estimate(0.0, 0.0, _none_seen(sizes / chances), count, enough=False)
    rate = float(np.sum(errors / chances)) / total
    residuals = errors - rate * sizes
    variance = float(np.sum((1.0 - chances) / chances**2 * residuals**2)) / total**2
    half = float(student.ppf(0.5 + LEVEL / 2, count - 1)) * float(np.sqrt(variance))
    enough = count >= FEWEST and half <= max(rate, 1.0 / count)
    return Estimate(rate, max(0.0, rate - half), rate + half, count, enough)


def _none_seen(weights: Floats) -> float:
    """The bound of a rate of which nothing was seen: exact for equal weights, with the effective number otherwise."""
    effective = float(np.sum(weights)) ** 2 / float(np.sum(weights**2))
    return 1.0 - float((1.0 - LEVEL) ** (1.0 / effective))
