"""Recognisers in processes of their own: one that dies takes its utterance with it and nothing else.

Each place of the pool has a thread that keeps a process there: starts it, waits for its end, starts the next. An
utterance borrows a free process. Sound and everything that needs no answer is sent without waiting; ``partial`` and
``finish`` wait for their answer until a deadline. A process that dies, or has no answer by then, is killed; its
utterance fails with :class:`~earwitness.kernel.errors.EngineFailed`, the others go on.

Grammars are the utterance's: ``listen(grammar)`` hands one over if the process has another (some milliseconds, not
waited for), so households with different names share the processes. ``prepare`` sets the one that is meant when none
is given.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, Self

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput, EarwitnessError, EngineBusy, EngineError, EngineFailed, EngineMissing
from earwitness.kernel.word_graph import WordGraph
from earwitness.speech.asr import wire
from earwitness.speech.asr.port import LONGEST_MS, Partial, Recognition
from earwitness.speech.asr.process import EngineSpec, WorkerProcess
from earwitness.speech.asr.wire import Kind

LARGEST_PIECE: Final = 1 << 16
STOOD_S: Final = 1.0  # a process that lived so long was no vain start


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what, in seconds."""

    answer: float = 20.0  # partial and finish; a large grammar on a busy machine takes seconds
    grammar: float = 30.0
    place: float = 2.0  # for a process that is being restarted or takes a grammar
    held: float = 120.0  # an utterance that somebody forgot to end
    again: tuple[float, ...] = (0.0, 0.5, 2.0, 10.0, 30.0)  # before the n-th start in a row that came to nothing


@dataclass(frozen=True, slots=True)
class PoolHealth:
    """Counts only: processes that are loaded, of those in use and without a network; how many were started again."""

    places: int
    loaded: int
    busy: int
    restarts: int
    offline: int


class _Place:
    """Where a process is kept. Its fields are guarded by the pool's condition."""

    __slots__ = ("digest", "failure", "outdated", "process", "since", "use")

    def __init__(self) -> None:
        self.process: WorkerProcess | None = None
        self.digest = ""  # of the grammar the process has
        self.outdated = False  # it has an engine that was changed since
        self.use = ""  # "", "utterance" or "grammar"
        self.since = 0.0
        self.failure: EngineError | None = None  # why the last start came to nothing


class RecogniserPool:
    """The port :class:`~earwitness.speech.asr.port.Recogniser`, as many utterances at once as it has processes.

    Any thread. :meth:`start` before the first use, :meth:`close` after the last.
    """

    def __init__(
        self,
        engine: EngineSpec,
        *,
        workers: int = 2,
        patience: Patience | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep ``workers`` processes with ``engine``; nothing is started yet."""
        self._engine = engine
        self._patience = patience or Patience()
        self._monotonic = monotonic
        self._places = [_Place() for _ in range(workers)]
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._grammar: tuple[str, bytes] | None = None
        self._packed: tuple[WordGraph, tuple[str, bytes]] | None = None
        self._restarts = 0
        self._keepers = [threading.Thread(target=self._keep, args=(each,), daemon=True) for each in self._places]

    def start(self, *, wait: bool = True) -> None:
        """Start the processes and wait until each is loaded or was tried (not at all without ``wait``).

        Raises:
            EngineMissing: the engine or its data is not installed.
            EngineFailed: no process could be started.
        """
        for each in self._keepers:
            each.start()
        if not wait:
            return
        with self._changed:
            self._changed.wait_for(lambda: all(each.process or each.failure for each in self._places))
            failures = [each.failure for each in self._places if each.failure]
            loaded = any(each.process for each in self._places)
        if failures and not loaded:
            self.close()
            raise failures[0]

    def prepare(self, grammar: WordGraph) -> None:
        """See the port. Free processes take it now, one after the other; the rest before their next use."""
        packed = self._pack(grammar)
        if packed == self._grammar:
            return
        for place in self._places:
            with self._borrowed_for_grammar(place) as process:
                if process is not None and place.digest != packed[0]:
                    self._hand_over(process, place, packed)
        self._grammar = packed

    def listen(self, grammar: WordGraph | None = None) -> "PooledListening":
        """Begin an utterance of ``grammar``, or of the one that was prepared.

        Raises:
            BadInput: there is neither.
            EngineBusy: every process is in use.
            EngineFailed, EngineMissing: no process could be started.
        """
        wanted = self._grammar if grammar is None else self._pack(grammar)
        if wanted is None:
            raise BadInput("The recogniser has no sentences yet.", next_step="Call prepare with a grammar first.")
        while True:
            place, process = self._borrow(wanted[0])
            try:
                if place.digest != wanted[0]:
                    place.digest = wanted[0]
                    process.command(Kind.GRAMMAR, wanted[1], deadline_s=self._patience.grammar)
                process.command(Kind.LISTEN, deadline_s=self._patience.answer)
            except EngineFailed:
                self._release(place, process)  # it died while it was idle; nothing was heard yet, so another will do
            else:
                return PooledListening(process, partial(self._release, place, process), self._patience)

    def change(self, engine: EngineSpec) -> None:
        """Load another engine from now on: free processes are replaced now, the others when their utterance ends."""
        with self._changed:
            self._engine = engine
            for each in self._places:
                each.outdated = each.process is not None
                if each.process and not each.use:
                    each.process.kill()
                    each.process = None
            self._changed.notify_all()

    def health(self) -> PoolHealth:
        """How it is."""
        with self._changed:
            loaded = [each for each in self._places if each.process]
            busy = sum(each.use == "utterance" for each in loaded)
            offline = sum(each.process is not None and each.process.offline for each in loaded)
            return PoolHealth(len(self._places), len(loaded), busy, self._restarts, offline)

    def processes(self) -> tuple[int, ...]:
        """The ids of the loaded processes, for measuring."""
        with self._changed:
            return tuple(each.process.pid for each in self._places if each.process)

    def close(self) -> None:
        """End every process; utterances under way fail."""
        with self._changed:
            self._closing.set()
            for each in self._places:
                if each.process:
                    each.process.kill()
            self._changed.notify_all()
        for keeper in self._keepers:
            if keeper.ident is not None:
                keeper.join()

    def __enter__(self) -> Self:
        """Start in a ``with`` statement."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    # --- keeping processes ------------------------------------------------------------------------

    def _keep(self, place: _Place) -> None:
        """Keep a process in its place. The kernel ends a process with the thread that started it: this one."""
        vain = 0
        while not self._closing.wait(self._patience.again[min(vain, len(self._patience.again) - 1)]):
            begun, engine = self._monotonic(), self._engine
            try:
                process = WorkerProcess(engine)
            except EngineError as error:
                self._settle(place, None, error)
                vain += 1
                continue
            self._settle(place, process, None, self._with_grammar(process))
            if engine is not self._engine:  # changed while it was loaded
                process.kill()
            process.wait()
            lived = self._monotonic() - begun
            vain = 0 if lived > STOOD_S else vain + 1
            self._settle(place, None, None)

    def _with_grammar(self, process: WorkerProcess) -> str:
        """Give a new process the sentences that were prepared; return their digest, or none if it did not take them."""
        packed = self._grammar
        try:
            if packed is not None:
                process.command(Kind.GRAMMAR, packed[1], deadline_s=self._patience.grammar)
                process.ask(Kind.STATE, deadline_s=self._patience.grammar)
                return packed[0]
        except EngineError:
            pass  # it died, or the utterance that needs these sentences will say what is wrong
        return ""

    def _settle(
        self, place: _Place, process: WorkerProcess | None, failure: EngineError | None, digest: str = ""
    ) -> None:
        with self._changed:
            if process is None and failure is None and not self._closing.is_set():
                self._restarts += 1
            place.process, place.failure, place.digest, place.use = process, failure, digest, ""
            place.outdated = False
            if process is not None and self._closing.is_set():
                process.kill()
            self._changed.notify_all()

    # --- lending them -----------------------------------------------------------------------------

    def _borrow(self, digest: str) -> tuple[_Place, WorkerProcess]:
        """A free process, best one that has the grammar; waits a little for one that is being started."""
        with self._changed:
            self._changed.wait_for(lambda: self._free(digest) or not self._soon(), self._patience.place)
            place = self._free(digest)
            if place is None or place.process is None:
                raise self._why_none()
            place.use, place.since = "utterance", self._monotonic()
            return place, place.process

    def _free(self, digest: str) -> _Place | None:
        free = [each for each in self._places if each.process and not each.use]
        return min(free, key=lambda each: (each.digest != digest, each.since), default=None)

    def _soon(self) -> bool:
        """Whether a process will be free in a moment; an utterance that nobody ended is ended here."""
        if self._closing.is_set():
            return False
        now = self._monotonic()
        forgotten = [
            each for each in self._places if each.use == "utterance" and now - each.since > self._patience.held
        ]
        for each in forgotten:
            if each.process:
                each.process.kill()
        return bool(forgotten) or any(
            (each.process is None and each.failure is None) or each.use == "grammar" for each in self._places
        )

    def _why_none(self) -> EngineError:
        if self._closing.is_set():
            return EngineFailed("The recogniser is closed.")
        missing = [each.failure for each in self._places if isinstance(each.failure, EngineMissing)]
        if missing:
            return missing[0]
        if any(each.use for each in self._places):
            return EngineBusy(next_step="Say it again in a moment, or let more recognisers run.")
        return EngineFailed("The recogniser's process does not start.", next_step="It is tried again.")

    def _release(self, place: _Place, process: WorkerProcess) -> None:
        with self._changed:
            if place.process is process:
                place.use, place.since = "", self._monotonic()
                if place.outdated:
                    process.kill()
                place.process = None if process.doomed else process  # its keeper is about to notice
            self._changed.notify_all()

    @contextmanager
    def _borrowed_for_grammar(self, place: _Place) -> Iterator[WorkerProcess | None]:
        with self._changed:
            process = None if place.use else place.process
            if process is not None:
                place.use = "grammar"
        try:
            yield process
        finally:
            if process is not None:
                self._release(place, process)

    def _hand_over(self, process: WorkerProcess, place: _Place, packed: tuple[str, bytes]) -> None:
        """Give a free process a grammar and hear whether it took it."""
        place.digest = ""
        try:
            process.command(Kind.GRAMMAR, packed[1], deadline_s=self._patience.grammar)
            process.ask(Kind.STATE, deadline_s=self._patience.grammar)
        except EngineFailed:
            return  # it died, or this process has a fault: the utterance that needs it will say so
        place.digest = packed[0]

    def _pack(self, grammar: WordGraph) -> tuple[str, bytes]:
        known = self._packed
        if known is None or known[0] is not grammar:
            known = self._packed = (grammar, wire.pack_grammar(grammar))
        return known[1]


class PooledListening:
    """The port :class:`~earwitness.speech.asr.port.Listening` in a borrowed process."""

    def __init__(self, process: WorkerProcess, release: Callable[[], None], patience: Patience) -> None:
        """Hear in ``process``, which ``release`` gives back."""
        self._process, self._release, self._patience = process, release, patience
        self._heard = 0
        self._open = True

    def feed(self, pcm: bytes) -> None:
        """See the port. Waits only if the process lies seconds of sound behind."""
        self._must_be_open()
        self._heard += len(pcm)
        if self._heard > LONGEST_MS * SAMPLE_RATE * SAMPLE_WIDTH // 1000:
            self.cancel()
            raise BadInput("The utterance is longer than 30 seconds.", next_step="End it at a pause.")
        for at in range(0, len(pcm), LARGEST_PIECE):
            self._command(Kind.FEED, pcm[at : at + LARGEST_PIECE])

    def partial(self) -> Partial:
        """See the port."""
        return wire.unpack_partial(self._ask(Kind.PARTIAL))

    def settle(self) -> None:
        """See the port; not waited for."""
        self._must_be_open()
        self._command(Kind.SETTLE)

    def finish(self, *, speech_end_ms: int | None = None) -> Recognition:
        """See the port."""
        answer = self._ask(Kind.FINISH, wire.to_json(speech_end_ms))
        self._end()
        return wire.unpack_recognition(answer)

    def cancel(self) -> None:
        """See the port."""
        if self._open:
            try:
                self._process.command(Kind.CANCEL, deadline_s=self._patience.answer)
            except EngineFailed:
                pass  # it is gone, and the sound with it
            finally:
                self._end()

    def _command(self, kind: Kind, body: bytes = b"") -> None:
        try:
            self._process.command(kind, body, deadline_s=self._patience.answer)
        except EngineFailed:
            self._end()
            raise

    def _ask(self, kind: Kind, body: bytes = b"") -> bytes:
        self._must_be_open()
        try:
            return self._process.ask(kind, body, deadline_s=self._patience.answer)
        except EarwitnessError:
            self._end()
            raise

    def _end(self) -> None:
        if self._open:
            self._open = False
            self._release()

    def _must_be_open(self) -> None:
        if not self._open:
            raise BadInput("This utterance has ended.", next_step="Begin another one.")

    def __del__(self) -> None:
        """An utterance that was dropped gives its process back."""
        if getattr(self, "_open", False):
            self.cancel()
