"""What may be said right now: the sentences, with the names of a household's skills, for matcher and recogniser.

A household's names are asked of the skills when the first of its devices connects and after each of its turns, what
it taught before each turn; the graph is compiled again only when they changed.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import tzinfo

from earwitness.assistant.skill import Here, Skill
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import EarwitnessError
from earwitness.kernel.word_graph import WordGraph
from earwitness.understanding.context import Context
from earwitness.understanding.grammar import compile_grammar
from earwitness.understanding.sentences import Sentences
from earwitness.understanding.taught import NOTHING, Taught

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Sayable:
    """What a household may say: its names, and the graph of its sentences."""

    context: Context
    graph: WordGraph

    def at(self, here: Here) -> Context:
        """The names as they mean at one device: "the light" is the one of its room."""
        area = next((each.id for each in self.context.areas if here.area in {each.id, each.name}), None)
        return replace(self.context, area=area, zone=here.zone)


class Vocabulary:
    """The sayable of each household. Lives on the event loop; compiling runs in ``threads``."""

    def __init__(  # noqa: PLR0913, PLR0917 - what is sayable comes from this many places
        self,
        sentences: Sentences,
        skills: Sequence[Skill],
        clock: Clock,
        threads: Executor,
        prepare: Callable[[WordGraph], None] = lambda _graph: None,
        taught: Callable[[str], Taught] = lambda _household: NOTHING,
    ) -> None:
        """Compile these sentences with the names of these skills; ``prepare`` loads a new graph ahead of its use.

        ``taught`` says what a household taught beyond them (blocking, quick).
        """
        self._taught = taught
        self._prepare = prepare
        self._sentences = sentences
        self._skills = skills
        self._clock = clock
        self._threads = threads
        self._known: dict[str, tuple[_Key, Sayable]] = {}
        self._graphs: dict[_Key, WordGraph] = {}

    async def of(self, household: str, zone: tzinfo) -> Sayable:
        """What this household may say; compiled at the first time."""
        known = self._known.get(household)
        return known[1] if known else await self.refresh(household, zone)

    async def now(self, household: str, zone: tzinfo) -> Sayable:
        """What this household may say, with what it taught until now; its skills are not asked for their names."""
        known = self._known.get(household)
        if known is not None:
            taught = await asyncio.get_running_loop().run_in_executor(self._threads, self._taught, household)
            if taught == known[1].context.taught:
                return known[1]
        return await self.refresh(household, zone)

    def known(self) -> Mapping[str, Sayable]:
        """Every household whose sayable is compiled, with it."""
        return {household: sayable for household, (_, sayable) in self._known.items()}

    async def refresh(self, household: str, zone: tzinfo) -> Sayable:
        """Ask the skills for their names again, and compile if they changed."""
        context = Context(zone=zone, clock=self._clock)
        for skill in self._skills:
            try:
                context = (await skill.names(household)).added_to(context)
            except EarwitnessError:
                continue  # a home that does not answer has no names now; the rest is as it was
        loop = asyncio.get_running_loop()
        taught = await loop.run_in_executor(self._threads, self._taught, household)
        context = replace(context, taught=taught)
        key = (_key(context), taught.digest)
        known = self._known.get(household)
        if known is not None and known[0] == key:
            return known[1]
        if key not in self._graphs:
            # The recogniser takes the first source only: Home Assistant's say the same in three times the states.
            sources = self._sentences.sources[:1]
            graph = await loop.run_in_executor(self._threads, compile_grammar, sources, context)
            graph = await loop.run_in_executor(self._threads, taught.shape, graph)
            await loop.run_in_executor(self._threads, self._prepare, graph)
            self._graphs[key] = graph
        sayable = Sayable(context, self._graphs[key])
        self._known[household] = key, sayable
        in_use = {each for each, _ in self._known.values()}
        self._graphs = {each: graph for each, graph in self._graphs.items() if each in in_use}
        return sayable


def _key(context: Context) -> _Key:
    return tuple((kind, tuple(named)) for kind, named in context.kinds())
