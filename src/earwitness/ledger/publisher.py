"""A thread that publishes the log while the hub runs, so that tiles follow commits within a second."""

import logging
import threading

from earwitness.kernel.errors import EarwitnessError
from earwitness.ledger.log import Log

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5


class Publisher:
    """Calls ``log.publish()`` twice a second, which costs one small query when nothing is new."""

    def __init__(self, log: Log) -> None:
        """Prepare; nothing runs before :meth:`start`."""
        self._log = log
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure = ""

    def start(self) -> None:
        """Begin."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._loop, name="publisher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Publish what is left and end."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _loop(self) -> None:
        while not self._stopping.wait(PAUSE_SECONDS):
            self._publish()
        self._publish()

    def _publish(self) -> None:
        """Publish, or say once what is in the way; the rows are safe and the next try may succeed."""
        try:
            self._log.publish()
        except EarwitnessError as error:
            if type(error).__name__ != self._failure:
                self._failure = type(error).__name__
                logger.error("the log cannot be published: %s", error.what)  # noqa: TRY400 - a trace says no more
        else:
            self._failure = ""
