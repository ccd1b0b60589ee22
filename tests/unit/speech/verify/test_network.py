from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput, NotFound
from earwitness.speech.verify.features import BANDS, log_mel, window_features
from earwitness.speech.verify.learned import LearnedVerifier
from earwitness.speech.verify.network import FRAMES, NAMES, Network, forward, load_network, save_network
from earwitness.speech.verify.training.fitting import Fit, _slopes, _start, fit_network


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    return _start(Fit(), np.random.default_rng(seed))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    save_network(tmp_path / "a.npz", Network(weights(), 0.25))
    loaded = load_network(tmp_path / "a.npz")
    assert loaded.threshold == 0.25
    for name in NAMES:
        np.testing.assert_allclose(loaded.weights[name], weights()[name], atol=2e-3)


@pytest.mark.parametrize("damage", ["cut", "text", "missing", "shape", "pickle", "nan", "bomb"])
def test_damaged_models_are_refused(tmp_path: Path, damage: str) -> None:
    path, arrays = tmp_path / "a.npz", dict(weights())
    if damage == "shape":
        arrays["conv2"] = arrays["conv2"][:-1]
    if damage == "nan":
        arrays["dense"][0, 0] = np.nan
    if damage == "missing":
        del arrays["out"]
    if damage == "pickle":
        arrays["out"] = np.array([{"code": "no data"}], dtype=object)
    if damage == "bomb":
        arrays["dense"] = np.zeros(8 * 2**20, np.float32)
    np.savez_compressed(path, threshold=0.5, **arrays)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:5_000])
    if damage == "text":
        path.write_text("not a model", encoding="utf-8")
    with pytest.raises(BadInput):
        load_network(path)


def test_slopes_are_the_derivatives_of_the_loss() -> None:
    random, fit = np.random.default_rng(1), Fit(drop=0.0)
    exact = {name: value.astype(np.float64) + 0.01 for name, value in weights().items()}
    batch, labels = random.normal(size=(4, FRAMES, BANDS)), np.array([0.0, 1.0, 1.0, 0.0])
    _, slopes = _slopes(exact, batch, labels, np.ones(4), fit, random)
    for name, value in exact.items():
        at = tuple(int(random.integers(size)) for size in value.shape)
        value[at] += 1e-4
        above = _slopes(exact, batch, labels, np.ones(4), fit, random)[0]
        value[at] -= 2e-4
        below = _slopes(exact, batch, labels, np.ones(4), fit, random)[0]
        value[at] += 1e-4
        assert (above - below) / 2e-4 == pytest.approx(slopes[name][at], rel=1e-3, abs=1e-6)


def test_fitting_tells_two_sounds_apart_that_it_has_not_seen() -> None:
    random = np.random.default_rng(2)

    def windows(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = (np.arange(count) % 2).astype(np.float32)
        noise = random.normal(0, 1, (count, FRAMES, BANDS)).astype(np.float32)
        noise[labels > 0, 60:90, 5:15] += 1.5
        return noise, labels

    features, labels = windows(160)
    fitted = fit_network(features, labels, np.ones(160, np.float32), Fit(epochs=6, batch=32), lambda *_: None)
    fresh, truth = windows(40)
    answers = forward(fitted, fresh)[-1] > 0
    assert (answers == (truth > 0)).mean() > 0.9


@given(st.binary(max_size=4_000).map(lambda b: b[: len(b) // 2 * 2]))
def test_any_sound_gives_features_of_one_shape(pcm: bytes) -> None:
    features = window_features(pcm)
    assert features.shape == (FRAMES, BANDS)
    assert np.isfinite(features).all()


def test_loudness_makes_no_difference() -> None:
    sound = np.random.default_rng(3).normal(0, 800, 24_000)
    quiet, loud = (log_mel((sound * gain).astype("<i2").tobytes()) for gain in (1.0, 8.0))
    assert np.abs(quiet - loud).mean() < 0.02


def test_a_verifier_knows_its_words_and_refuses_what_no_ring_gave() -> None:
    verifier = LearnedVerifier({"alexa": Network(weights(), 0.5)})
    with pytest.raises(NotFound):
        verifier.verify(bytes(100), "hey house")
    with pytest.raises(BadInput):
        verifier.verify(bytes(3), "alexa")
    with pytest.raises(BadInput):
        verifier.verify(bytes(64_002), "alexa")
    assert 0 <= verifier.verify(b"", "alexa").score <= 1
