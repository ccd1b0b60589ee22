"""A running hub follows what is learned: a new release is used, and a destroyed one is let go, without a restart.

It is looked at every few seconds: sentences of people's own go into what may be said, or out of it, the recogniser's
processes are given the new acoustic model, the matcher the new learned one, the verifier its new network. What
is being heard ends with what it began with.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from earwitness.assistant.assistant import Assistant
from earwitness.assistant.vocabulary import Vocabulary
from earwitness.bootstrap.house import House
from earwitness.bootstrap.voice import WORD, in_use, learned_verifier
from earwitness.kernel.errors import EarwitnessError
from earwitness.learning.learner import InUse
from earwitness.learning.snapshot import SHARED
from earwitness.speech.asr.choose import recogniser_spec
from earwitness.speech.asr.pool import RecogniserPool
from earwitness.speech.verify.choice import FirstThatKnows
from earwitness.understanding.loading import learned_matcher

LOOK_AGAIN_S: Final = 2.0

Look = Callable[[], InUse]
Take = Callable[[InUse], None]

logger = logging.getLogger(__name__)


async def follow_releases(house: House, assistant: Assistant) -> None:
    """Let a running assistant follow what is learned, until it is cancelled."""
    await asyncio.gather(
        follow(lambda: in_use(house), taking(house, assistant)),
        follow_wording(lambda household: layers(house, household), assistant.shared.vocabulary),
    )


def layers(house: House, household: str) -> tuple[str, ...]:
    """The releases that stand for a household: its own, and the one that all share."""
    found = map(house.learning.releases.current, (household, SHARED))
    return tuple(each.id for each in found if each is not None)


async def follow_wording(
    layers: Callable[[str], tuple[str, ...]], vocabulary: Vocabulary, *, every_s: float = LOOK_AGAIN_S
) -> None:
    """Ask anew what a household may say whenever other releases stand for it; runs until it is cancelled."""
    seen: dict[str, tuple[str, ...]] = {}
    while True:
        for household, sayable in vocabulary.known().items():
            try:
                now = await asyncio.to_thread(layers, household)
                if seen.get(household) != now:
                    await vocabulary.refresh(household, sayable.context.zone)
                seen[household] = now
            except EarwitnessError as error:  # as below
                logger.warning("what a household may say could not be asked anew: %s", type(error).__name__)
        await asyncio.sleep(every_s)


def taking(house: House, assistant: Assistant) -> Take:
    """Say how an assistant takes what is in use."""
    engines, matcher = assistant.shared.engines, assistant.shared.answering.dialog.matcher
    given = in_use(house)

    def take(found: InUse) -> None:
        nonlocal given
        if found.acoustics != given.acoustics and isinstance(engines.recogniser, RecogniserPool):
            engines.recogniser.change(recogniser_spec(house.settings.recogniser, house.data, acoustics=found.acoustics))
        if found.understanding != given.understanding:
            matcher.learned = learned_matcher(matcher.templates.sentences, found.understanding)
        if found.verifier != given.verifier and isinstance(engines.verifier, FirstThatKnows):
            engines.verifier.replace(WORD, learned_verifier(found))
        given = found

    return take


async def follow(look: Look, take: Take, *, every_s: float = LOOK_AGAIN_S) -> None:
    """Call ``take`` with what is in use whenever it changed; runs until it is cancelled. Both run in threads."""
    known = await asyncio.to_thread(look)
    while True:
        await asyncio.sleep(every_s)
        try:
            found = await asyncio.to_thread(look)
            if found != known:
                await asyncio.to_thread(take, found)
                known = found
        except EarwitnessError as error:  # the old goes on; it is tried again
            logger.warning("what was learned could not be taken into use: %s", type(error).__name__)
