"""Runs the checks on an open house, each on a fresh canary household, and keeps what they found."""

from collections.abc import Callable

from earwitness.bootstrap import House
from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.errors import EarwitnessError
from earwitness.promises import (
    p01_wake_word,
    p02_see_everything,
    p03_delete,
    p04_retention,
    p05_consent_to_review,
    p06_unknown_reviewer,
    p07_who_listened,
    p08_staff,
    p09_listening_budget,
    p10_export,
    p14_forget,
)
from earwitness.promises.canary import Canary, canary_household
from earwitness.promises.checks import Broken
from earwitness.transparency.register import PROMISES, Promise, Result, State

CHECKS: dict[str, Callable[[Canary], str]] = {
    "P1": p01_wake_word.attempt,
    "P2": p02_see_everything.attempt,
    "P3": p03_delete.attempt,
    "P4": p04_retention.attempt,
    "P5": p05_consent_to_review.attempt,
    "P6": p06_unknown_reviewer.attempt,
    "P7": p07_who_listened.attempt,
    "P8": p08_staff.attempt,
    "P9": p09_listening_budget.attempt,
    "P10": p10_export.attempt,
    "P14": p14_forget.attempt,
}


def run_checks(house: House, progress: Callable[[str], None] = lambda _: None) -> list[Result]:
    """Try every promise; store and return the results, in the order of the register."""
    results = [try_promise(house, promise, progress) for promise in PROMISES]
    house.log.publish()
    house.results.store(results, house.clock.now_ms())
    return results


def try_promise(house: House, promise: Promise, progress: Callable[[str], None] = lambda _: None) -> Result:
    """Try one promise. Whatever goes wrong on the way, a bug too, is no promise held."""
    now = house.clock.now_ms()
    attempt = CHECKS.get(promise.id)
    if attempt is None:
        return Result(promise.id, promise.title, State.NOT_BUILT, "not built yet", now)
    progress(promise.id)
    found = ""
    try:
        with canary_household(house) as canary:
            found, tried = _broken(attempt, canary)
    except Exception as error:  # noqa: BLE001 - the household that could not be made or erased
        found = found or f"The canary household was not made and erased: {_in_words(error)}"
    if found:
        return Result(promise.id, promise.title, State.BROKEN, found, now)
    return Result(promise.id, promise.title, State.HELD, tried, now)


def _broken(attempt: Callable[[Canary], str], canary: Canary) -> tuple[str, str]:
    """Return what is broken (empty if nothing) and what was tried."""
    try:
        return "", attempt(canary)
    except Broken as broken:
        return broken.what, ""
    except Exception as error:  # noqa: BLE001 - a check that cannot be finished shows nothing
        return f"The check failed: {_in_words(error)}", ""


def _in_words(error: Exception) -> str:
    return error.what if isinstance(error, EarwitnessError) else f"{describe_bug(error)}."
