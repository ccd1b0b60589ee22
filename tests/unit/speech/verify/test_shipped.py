"""The shipped verifier on real people and on published triggers: a guard; the figures are the benchmark's."""

import numpy as np
import pytest

from earwitness.kernel.audio import read_clip
from earwitness.speech.verify.learned import MODELS, LearnedVerifier
from earwitness.speech.verify.training.disturbing import active_power, from_pcm, mix_noise, to_pcm
from earwitness.speech.verify.training.renderings import Voice, render
from earwitness.speech.wake.gate import WakeGate
from earwitness.speech.wake.microwakeword import MicroWakeDetector
from earwitness.testing.recordings import recordings

SILENCE = bytes(16_000)
VOICES = ("en-us", "en-gb", "en-gb-scotland", "en-029")


@pytest.fixture(scope="module")
def verifier() -> LearnedVerifier:
    return LearnedVerifier.shipped()


def wakes(verifier: LearnedVerifier, pcm: bytes) -> bool:
    gate = WakeGate(MicroWakeDetector.shipped("alexa").open(), verifier)
    woke = gate.push(SILENCE + pcm + SILENCE)
    gate.close()
    return woke is not None


def test_people_saying_it_pass(verifier: LearnedVerifier) -> None:
    clips = [read_clip(path).pcm for path in recordings("wake_alexa", 25)]
    assert sum(wakes(verifier, pcm) for pcm in clips) >= 24


def test_other_talk_does_not(verifier: LearnedVerifier) -> None:
    for name in ("wake_computer", "speech_libri", "commands_home_real"):
        assert not any(wakes(verifier, read_clip(path).pcm) for path in recordings(name, 6))


def test_espeak_voices_saying_it_pass_and_triggers_do_not(verifier: LearnedVerifier) -> None:
    said = [wakes(verifier, to_pcm(render("Alexa, what time is it?", Voice(name)))) for name in VOICES]
    assert sum(said) >= 3
    triggers = ("election", "unacceptable", "alexis", "lexus", "a letter")
    passed = [t for t in triggers for name in VOICES if wakes(verifier, to_pcm(render(t, Voice(name))))]
    assert len(passed) <= 1


def test_its_files_are_small_plain_arrays() -> None:
    files = list(MODELS.glob("*.npz"))
    assert files
    for path in files:
        assert path.stat().st_size < 300_000
        with np.load(path, allow_pickle=False) as arrays:
            assert all(arrays[name].dtype.kind == "f" for name in arrays.files)


def test_noise_is_mixed_over_the_active_speech() -> None:
    random = np.random.default_rng(4)
    speech = np.concatenate([np.zeros(32_000), random.normal(0, 3_000, 16_000), np.zeros(32_000)]).astype(np.float32)
    noise = random.normal(0, 100, 50_000).astype(np.float32)
    mixed = mix_noise(speech, (noise,), 10.0, random)
    ratio = active_power(speech) / float(((mixed - speech) ** 2).mean())
    assert 10 * np.log10(ratio) == pytest.approx(10.0, abs=0.1)
    assert from_pcm(to_pcm(mixed)).shape == speech.shape
