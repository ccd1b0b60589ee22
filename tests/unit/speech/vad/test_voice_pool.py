import threading

import pytest

from earwitness.kernel.errors import BadInput, EngineError, EngineMissing
from earwitness.speech.vad import FRAME_BYTES, SileroVoice, VoiceDetector, VoicePool
from earwitness.testing.hearing import ScriptedVoice


def test_detectors_are_reused_and_reset() -> None:
    made: list[ScriptedVoice] = []

    def make() -> VoiceDetector:
        made.append(ScriptedVoice())
        return made[-1]

    pool = VoicePool(2, make)
    assert made == []
    with pool.lent() as first, pool.lent() as second:
        assert first is not second
        with pytest.raises(EngineError):
            pool.borrow()
    with pool.lent():
        pass
    assert len(made) == 2
    assert sum(detector.resets for detector in made) == 3


def test_a_detector_that_cannot_be_made_takes_no_place() -> None:
    def make() -> VoiceDetector:
        raise EngineMissing

    pool = VoicePool(1, make)
    for _ in range(3):
        with pytest.raises(EngineMissing):
            pool.borrow()


def test_many_threads_never_get_more_than_there_are() -> None:
    pool = VoicePool(3, ScriptedVoice)
    out: set[int] = set()
    too_many: list[int] = []

    def use() -> None:
        for _ in range(200):
            try:
                detector = pool.borrow()
            except EngineError:
                continue
            out.add(id(detector))
            too_many.extend([len(out)] * (len(out) > 3))
            pool.give_back(detector)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert too_many == []


def test_silero_hears_no_speech_in_silence_and_forgets_when_reset() -> None:
    voice = SileroVoice()
    first = [voice.probability(bytes(FRAME_BYTES)) for _ in range(20)]
    assert max(first) < 0.3
    voice.reset()
    assert [voice.probability(bytes(FRAME_BYTES)) for _ in range(20)] == first
    with pytest.raises(BadInput):
        voice.probability(bytes(10))


def test_an_empty_pool_is_refused() -> None:
    with pytest.raises(BadInput):
        VoicePool(0)
