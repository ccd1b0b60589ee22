"""Listening for "stop" while the reply sounds: nothing else that is said meanwhile is acted on or kept."""

import threading
from collections.abc import Callable
from typing import Final

from earwitness.assistant.shared import Shared
from earwitness.assistant.skill import Here
from earwitness.assistant.utterance import Utterance

SURE: Final = 0.6  # the device's own voice is in the sound, so more certainty than usual is asked

Hear = Callable[[], Utterance]


class Interruption:
    """Hears one short utterance after the other. One thread at a time; close it."""

    def __init__(self, hear: Hear, means_stop: Callable[[str], bool]) -> None:
        """Begin utterances with ``hear``; ``means_stop`` says whether words ask to be quiet."""
        self._hear = hear
        self._means_stop = means_stop
        self._utterance: Utterance | None = None
        self._lock = threading.Lock()  # as an utterance's own

    def push(self, pcm: bytes) -> bool:
        """Hear more; return whether "stop" was said.

        Raises:
            EngineError: no recogniser is free, or it failed.
        """
        with self._lock:
            if self._utterance is None:
                self._utterance = self._hear()
            if not self._utterance.push(pcm):
                return False
            found = self._utterance.finish().recognition
            self._end()
        return found.best is not None and found.in_grammar >= SURE and self._means_stop(found.best.text)

    def close(self) -> None:
        """Forget what was heard and give the engines back."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._utterance is not None:
            self._utterance.close()
            self._utterance = None


async def interruption_at(here: Here, shared: Shared) -> Interruption:
    """Listen for "stop" at one device, among the sentences of its household."""
    sayable = await shared.vocabulary.of(here.household, here.zone)
    context, dialog = sayable.at(here), shared.answering.dialog
    return Interruption(lambda: shared.engines.utterance(sayable.graph), lambda text: dialog.means_stop(text, context))
