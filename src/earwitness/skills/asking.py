"""What a skill has asked on a device and not yet heard the answer to; and whether a turn says yes, no, or which."""

from collections import OrderedDict
from typing import Generic, TypeVar

from earwitness.assistant.skill import Request
from earwitness.kernel.clock import MINUTE
from earwitness.understanding.wording import plain

OPEN_FOR_MS = MINUTE
MOST_OPEN = 1_000

T = TypeVar("T")
_YES = frozenset({"Confirm"})
_NO = frozenset({"Deny", "HassNevermind", "Stop"})
_NO_WORDS = frozenset({"no", "nope", "nah", "neither", "none", "cancel", "stop", "nothing"})
_YES_WORDS = frozenset({"yes", "yeah", "yep", "sure", "ok", "okay"})


class Open(Generic[T]):
    """The open question of each device; a new one takes the place of the last, and a minute closes it."""

    def __init__(self) -> None:
        """Nothing is asked."""
        self._asked: OrderedDict[str, tuple[int, T]] = OrderedDict()

    def ask(self, request: Request, what: T) -> None:
        """Remember what is asked in answer to this turn."""
        self._asked[request.here.device] = request.now, what
        while len(self._asked) > MOST_OPEN:
            self._asked.popitem(last=False)

    def take(self, request: Request) -> T | None:
        """What was asked at this device, once; None if nothing is open."""
        at, what = self._asked.pop(request.here.device, (0, None))
        return what if request.now - at <= OPEN_FOR_MS else None


def says_yes(request: Request) -> bool:
    """Whether the turn agrees."""
    return _means(request, _YES) or (request.meant is None and _first_word(request) in _YES_WORDS)


def says_no(request: Request) -> bool:
    """Whether the turn declines."""
    return _means(request, _NO) or (request.meant is None and _first_word(request) in _NO_WORDS)


def chosen(request: Request) -> int | None:
    """Which was chosen by its number, from 0; None: none was."""
    if request.meant is None or request.meant.intent.name != "Choose":
        return None
    at = request.meant.intent.slots["choice"].value
    return at - 1 if isinstance(at, int) else None


def _means(request: Request, intents: frozenset[str]) -> bool:
    return request.meant is not None and request.meant.intent.name in intents


def _first_word(request: Request) -> str:
    return next(iter(plain(request.heard).split()), "")
