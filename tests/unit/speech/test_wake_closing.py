"""A stream that is closed while a thread still hears it: the native memory is not freed under the thread."""

import threading

import pytest

from earwitness.kernel.errors import EngineFailed
from earwitness.speech.wake.microwakeword import MicroWakeDetector


def test_closing_waits_for_the_thread_that_hears() -> None:
    stream = MicroWakeDetector.shipped("alexa").open()
    hearing, ended = threading.Event(), list[bool]()

    def hear() -> None:
        try:
            for _ in range(10_000):
                hearing.set()
                stream.push(bytes(3_200))
        except EngineFailed:
            ended.append(True)

    thread = threading.Thread(target=hear)
    thread.start()
    hearing.wait()
    stream.close()
    thread.join()
    assert ended == [True]
    stream.reset()
    with pytest.raises(EngineFailed):
        stream.push(bytes(3_200))
