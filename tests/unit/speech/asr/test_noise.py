"""Noise: how much there is, the model that expects it, and how that is learned."""

import numpy as np
import pytest

from earwitness.kernel.errors import BadInput
from earwitness.speech.asr.acoustics.model import shipped_model
from earwitness.speech.asr.acoustics.noises import Noises, any_noise, clatter, coloured, laid_under
from earwitness.speech.asr.acoustics.noisy import Stereo
from earwitness.speech.asr.engines import noise
from earwitness.speech.asr.engines.noise import NOISY_BELOW_DB, clearance_db, noisy_gaussians
from earwitness.speech.asr.features import BANDS, CEPSTRA
from earwitness.speech.verify.training.disturbing import active_power

SECOND = 16_000


def powers(speech_db: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Two seconds, half of them so far above the rest."""
    loudness = np.repeat([0.0, speech_db, 0.0], [50, 100, 50])
    return np.repeat(1e6 * 10 ** (loudness[:, None] / 10), BANDS, axis=1).astype(np.float32)


@pytest.mark.parametrize("decibels", [6.0, 15.0, 40.0])
def test_clearance_is_the_distance_of_speech_from_what_is_behind_it(decibels: float):
    assert clearance_db(powers(decibels)) == pytest.approx(decibels, abs=0.1)


def test_nothing_heard_has_no_clearance():
    assert clearance_db(np.zeros((0, BANDS), np.float32)) < NOISY_BELOW_DB


def test_the_shipped_shift_moves_the_model_and_widens_it():
    shipped = shipped_model()
    means, variances = noisy_gaussians()
    assert means.shape == shipped.means.shape
    assert 0.1 < float(np.abs(means - shipped.means).mean()) < 20
    assert (variances >= 0).all()  # what no frame ever fell to has none; the decoder has a floor


def test_a_damaged_shift_is_told(tmp_path, monkeypatch):
    damaged = tmp_path / "noise.npz"
    damaged.write_bytes(noise.SHIFT.read_bytes()[:1_000])
    monkeypatch.setattr(noise, "SHIFT", damaged)
    with pytest.raises(BadInput):
        noisy_gaussians()


def test_what_noise_adds_is_learned_and_the_voice_is_not():
    random = np.random.default_rng(3)
    model = shipped_model()
    clean = random.normal(0, 3, (400, CEPSTRA)).astype(np.float32)
    states = np.full(400, int(np.flatnonzero(model.phone_of == model.phone_of[0])[0]), np.intp)
    same, moved = Stereo(model), Stereo(model)
    same.add_pair(clean, clean, states)
    moved.add_pair(clean, clean + np.float32(2.0), states)
    assert np.abs(same.shift()[0]).max() == 0
    phone = int(model.phone_of[0])
    heard = moved.counts[phone, 0] > 20
    assert heard.any()
    assert moved.shift()[0][phone, 0][heard] == pytest.approx(2.0, abs=0.5)
    assert np.abs(moved.shift()[0][phone, 1:]).max() == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_any_noise_has_unit_power_and_lies_where_it_is_laid(seed: int):
    random = np.random.default_rng(seed)
    recorded = Noises((random.normal(0, 40, SECOND).astype(np.float32),), (1.0,))
    drawn = any_noise(recorded, 2 * SECOND, random)
    assert float((drawn**2).mean()) == pytest.approx(1.0, rel=1e-3)
    speech = random.normal(0, 500, 2 * SECOND).astype(np.float32)
    added = laid_under(speech, drawn, 9.0) - speech
    assert 10 * np.log10(active_power(speech) / float((added**2).mean())) == pytest.approx(9.0, abs=0.1)


def test_made_noise_is_as_long_as_asked():
    random = np.random.default_rng(1)
    assert len(coloured(SECOND, random)) == len(clatter(SECOND, random)) == SECOND


def test_noise_is_made_where_none_was_recorded():
    assert len(any_noise(Noises((), ()), SECOND, np.random.default_rng(2))) == SECOND
