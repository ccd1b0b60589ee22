"""Waiting for what other threads and programs do, where nothing tells of it; and time that passes at once."""

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
PAUSE = 0.01  # seconds between two looks
PATIENCE = 60.0  # seconds; the machine may be busy


async def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Let an event loop run until something holds.

    Raises:
        TimeoutError: it did not come to hold.
    """
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - another program or thread does it, which sets no event here
            await asyncio.sleep(PAUSE)


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Let other threads and programs run until something holds.

    Raises:
        TimeoutError: it did not come to hold.
    """
    pause = threading.Event()
    for _ in range(int(seconds / PAUSE)):
        if condition():
            return
        pause.wait(PAUSE)
    raise TimeoutError("What was waited for did not happen.")


def run_at_once(work: Coroutine[Any, Any, T]) -> T:
    """Run on an event loop whose time is virtual: it jumps to the next timer whenever nothing else is ready."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(work)


class _Jumping(selectors.SelectSelector):
    """Never waits for a timer: what it would have waited has passed."""

    passed = 0.0  # seconds

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout else timeout)
        if timeout and not ready:
            self.passed += timeout
        return ready


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.passed
