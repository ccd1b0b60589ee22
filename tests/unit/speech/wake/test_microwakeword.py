import numpy as np
import pytest

from earwitness.kernel.audio import read_clip
from earwitness.kernel.errors import BadInput, EngineFailed
from earwitness.speech.wake.microwakeword import MicroWakeDetector, MicroWakeStream
from earwitness.testing.recordings import recordings

SILENCE = bytes(16_000)


def fired(stream: MicroWakeStream, pcm: bytes) -> list[int]:
    stream.reset()
    return [heard.at for heard in stream.push(SILENCE + pcm + SILENCE)]


def test_people_saying_it_are_heard_and_other_words_are_not() -> None:
    stream = MicroWakeDetector.shipped("alexa").open()
    said = [fired(stream, read_clip(path).pcm) for path in recordings("wake_alexa", 20)]
    assert sum(bool(at) for at in said) >= 19
    other = [fired(stream, read_clip(path).pcm) for path in recordings("words_speechcommands", 10)]
    assert sum(bool(at) for at in other) <= 1
    stream.close()


def test_how_the_sound_is_cut_up_makes_no_difference() -> None:
    (path,) = recordings("wake_alexa", 1)
    pcm, stream = read_clip(path).pcm, MicroWakeDetector.shipped("alexa").open()
    whole = fired(stream, pcm)
    assert whole
    stream.reset()
    sound, sizes = SILENCE + pcm + SILENCE, np.random.default_rng(5).integers(1, 900, 2_000) * 2
    ends = np.minimum(np.cumsum(sizes), len(sound))
    heard = [h.at for start, end in zip([0, *ends], ends, strict=False) for h in stream.push(sound[start:end])]
    assert heard == whole


def test_streams_do_not_hear_each_other() -> None:
    (path,) = recordings("wake_alexa", 1)
    detector = MicroWakeDetector.shipped("alexa", "hey jarvis")
    loud, quiet = detector.open(("alexa",)), detector.open()
    sound = SILENCE + read_clip(path).pcm + SILENCE
    assert loud.push(sound)
    assert [h for _ in range(3) for h in quiet.push(SILENCE)] == []


def test_a_stream_refuses_half_samples_and_is_shut_after_closing() -> None:
    stream = MicroWakeDetector.shipped("alexa").open()
    with pytest.raises(BadInput):
        stream.push(b"abc")
    stream.close()
    stream.close()
    with pytest.raises(EngineFailed):
        stream.push(SILENCE)
