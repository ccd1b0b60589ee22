"""What a check is: it returns how it was tried, or raises :class:`Broken` with what happened."""

from collections.abc import Callable
from dataclasses import dataclass

from earwitness.kernel.errors import EarwitnessError, Refused
from earwitness.promises.canary import Canary


class Broken(EarwitnessError):
    """A promise does not hold on this installation."""


@dataclass(frozen=True, slots=True)
class Check:
    """How one promise is tried; ``attempt`` works on a canary household and returns what it did."""

    promise: str
    attempt: Callable[[Canary], str]


def require(held: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise Broken with ``otherwise`` unless it held."""
    if not held:
        raise Broken(otherwise)


def must_refuse(what: str, attempt: Callable[[], object], *kinds: type[EarwitnessError]) -> None:
    """Raise Broken if the attempt succeeds; a refusal of these kinds (or any policy refusal) is what we want."""
    kinds = kinds or (Refused,)
    try:
        attempt()
    except kinds:
        return
    raise Broken(f"{what} was possible.")
