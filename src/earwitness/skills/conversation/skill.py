"""Stop, never mind, repeat, help, a greeting, thanks; and a yes or a no that nothing asked for."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from earwitness.assistant.skill import NO_NAMES, Ending, Names, Reply, Request, Then
from earwitness.understanding.wording import plain

Silence = Callable[[str], Awaitable[int]]
"""Stops what rings on a device; returns how many did."""

HELP = (
    "You can say: turn on the kitchen light. Set a timer for ten minutes. Wake me at seven. Put milk on the shopping "
    "list. What time is it? And: what did you hear, why did you do that, or delete what I just said."
)
NOT_YET = "I can not speak on other devices yet."
_EVENING, _NOON, _NIGHT = 18, 12, 5


class ConversationSkill:
    """Serves what steers the conversation."""

    name = "conversation"
    intents = frozenset(
        {
            "Stop",
            "HassNevermind",
            "RepeatReply",
            "Confirm",
            "Deny",
            "Choose",
            "Help",
            "Greeting",
            "Thanks",
            "HassRespond",
            "HassBroadcast",
        }
    )

    def __init__(self, silence: Silence) -> None:
        """Let "stop" ``silence`` what rings on the device."""
        self._silence = silence

    async def names(self, household: str) -> Names:  # noqa: ARG002 - the contract's
        """Nothing of its own."""
        return NO_NAMES

    async def hear(self, request: Request) -> Reply:  # noqa: PLR0911 - one return an intent
        """Answer."""
        match request.meant.intent.name if request.meant else "":
            case "Stop":
                rang = await self._silence(request.here.device)
                return Reply("", Ending.DONE if rang else Ending.NOTHING, then=Then.QUIET)
            case "HassNevermind":
                return Reply("", Ending.NOTHING, then=Then.QUIET)
            case "RepeatReply":
                past = request.past
                return Reply(past.reply, Ending.TOLD) if past and past.reply else Reply("I have said nothing yet.")
            case "Help":
                return Reply(HELP, Ending.TOLD)
            case "Greeting" | "HassRespond":
                return Reply(_greeting(request), Ending.TOLD)
            case "Thanks":
                return Reply("You are welcome.", Ending.TOLD)
            case "HassBroadcast":
                return Reply(NOT_YET, Ending.NOTHING)
        return Reply("I did not ask anything.", Ending.NOTHING)

    async def answered(self, request: Request) -> Reply | None:  # noqa: ARG002 - the contract's
        """It never asks."""
        return None


def _greeting(request: Request) -> str:
    hour = datetime.fromtimestamp(request.now / 1000, request.here.zone).hour
    if "night" in plain(request.heard).split():
        return "Good night."
    if _NIGHT <= hour < _NOON:
        return "Good morning."
    return "Good evening." if hour >= _EVENING or hour < _NIGHT else "Good afternoon."
