"""A running hub takes what was learned into what may be said, and out of it, though nobody speaks."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC

from earwitness.assistant.vocabulary import Vocabulary
from earwitness.bootstrap.following import follow_wording
from earwitness.kernel.errors import NotFound
from earwitness.testing.clock import VirtualClock
from earwitness.testing.waiting import until
from earwitness.understanding.sentences import load
from earwitness.understanding.taught import NOTHING, Taught, TaughtSentence

HOME = "hh_home"
LEARNED = Taught((TaughtSentence("let there be light", means="turn on the lamp"),))


def test_what_is_learned_is_sayable_in_the_next_turn() -> None:
    standing = [NOTHING]

    async def turns() -> list[bool]:
        with ThreadPoolExecutor(1) as threads:
            vocabulary = Vocabulary(load([], home=False), (), VirtualClock(), threads, taught=lambda _: standing[-1])
            found = []
            for taught in (NOTHING, LEARNED, LEARNED, NOTHING):
                standing.append(taught)
                sayable = await vocabulary.now(HOME, UTC)
                assert await vocabulary.of(HOME, UTC) is await vocabulary.now(HOME, UTC) is sayable
                found.append(sayable.graph.accepts(["let", "there", "be", "light"]))
            return found

    assert asyncio.run(turns()) == [False, True, True, False]


def test_what_is_learned_is_sayable_and_what_is_forgotten_is_not() -> None:
    standing: dict[str, Taught] = {}
    asked: list[str] = []

    def layers(household: str) -> tuple[str, ...]:
        asked.append(household)
        if len(asked) == 1:
            raise NotFound("There is no such release.")
        return tuple(standing)

    async def follow() -> list[bool]:
        with ThreadPoolExecutor(1) as threads:
            taught = lambda _household: standing.get("release", NOTHING)  # noqa: E731 - one line is enough
            vocabulary = Vocabulary(load([], home=False), (), VirtualClock(), threads, taught=taught)
            await vocabulary.of(HOME, UTC)
            following = asyncio.create_task(follow_wording(layers, vocabulary, every_s=0))
            found = []
            for now in ({"release": LEARNED}, {}):
                standing.clear()
                standing.update(now)
                before = vocabulary.known()[HOME]
                await until(lambda before=before: vocabulary.known()[HOME] is not before)
                found.append(vocabulary.known()[HOME].graph.accepts(["let", "there", "be", "light"]))
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            return found

    assert asyncio.run(asyncio.wait_for(follow(), 30)) == [True, False]
    assert set(asked) == {HOME}
