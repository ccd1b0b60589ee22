"""The acoustic model as arrays: read as the decoder reads it, aligned with words, moved and loaded again."""

from pathlib import Path

import numpy as np
import pytest

from earwitness.kernel.audio import read_clip
from earwitness.speech.asr.acoustics.adapting import Statistics, with_differences
from earwitness.speech.asr.acoustics.aligning import SILENT, Aligned, Aligner, frames_of
from earwitness.speech.asr.acoustics.model import AcousticModel, install, shipped_model
from earwitness.speech.asr.engines.noise import noisy_gaussians
from earwitness.speech.asr.engines.searches import load_decoder
from earwitness.speech.asr.features import Floats, centred

EVAL = Path(__file__).parents[5] / "shared" / "eval"
CLIP = EVAL / "speech_misc" / "cards_001.flac"
SAID = "ten of clubs"


@pytest.fixture(scope="module")
def model() -> AcousticModel:
    return shipped_model()


@pytest.fixture(scope="module")
def frames() -> Floats:
    if not CLIP.exists():
        pytest.skip("the evaluation recordings are not beside the project")
    return frames_of(read_clip(CLIP).pcm)


@pytest.fixture(scope="module")
def aligned(frames: Floats) -> Aligned:
    found = Aligner().align(frames, SAID)
    assert found is not None
    return found


def test_the_model_is_what_the_decoder_has(model: AcousticModel) -> None:
    assert model.means.shape == model.variances.shape == (42, 3, 128, 13)
    assert model.weights.shape == (3, 128, len(model.phone_of))
    assert model.weights.sum(axis=1) == pytest.approx(0.95, abs=0.05)  # bytes: rounded, and small ones lost
    assert set(model.phone_of) == set(range(42))
    assert list(model.phone_of[:6]) == [0, 0, 0, 1, 1, 1]


def test_words_are_found_where_they_are(frames: Floats, aligned: Aligned) -> None:
    spoken = np.flatnonzero(~aligned.quiet)
    assert len(aligned.states) == len(frames)
    assert 0.4 < len(spoken) / len(frames) < 0.98
    loud = frames[:, 0]
    assert loud[~aligned.quiet].mean() > loud[aligned.quiet].mean()
    assert (aligned.states[spoken] != SILENT).all()


def test_words_that_were_not_said_do_not_fit(frames: Floats) -> None:
    aligner = Aligner()
    assert aligner.align(frames[:30], "the quick brown fox jumps over the lazy dog again and again") is None
    assert aligner.align(frames, "") is None
    assert aligner.align(frames[:5], "ten") is None


def test_a_model_that_was_moved_nowhere_hears_the_same(model: AcousticModel, tmp_path: Path, frames: Floats) -> None:
    shipped, copied = load_decoder(), load_decoder(install(model.means, tmp_path / "copy"))
    scores = []
    for decoder in (shipped, copied):
        decoder.set_align_text(SAID)
        decoder.start_utt()
        decoder.process_cep(centred(frames).tobytes(), full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        assert found is not None
        scores.append((found.hypstr, found.score))
    assert scores[0] == scores[1]


def test_what_was_heard_fits_better_afterwards(model: AcousticModel, aligned: Aligned, frames: Floats) -> None:
    """The frames that moved the means are nearer to them; where nothing was heard nothing moved."""
    statistics = Statistics(model)
    statistics.add(centred(frames), aligned.states)
    moved = statistics.means()
    heard = statistics.counts > 1e-6
    assert moved[~heard] == pytest.approx(model.means[~heard], abs=1e-3)
    far = np.abs(moved - model.means).max(axis=-1)
    assert far[heard].max() > 0.1
    assert _distance(moved, statistics) < _distance(model.means, statistics)


def _distance(means: Floats, statistics: Statistics) -> float:
    """The squared distance of what was heard from the means, but for a constant."""
    inverse = 1.0 / statistics.model.variances
    weighed = statistics.counts[..., None] * means**2 - 2.0 * statistics.sums * means
    return float((weighed * inverse).sum())


def test_every_frame_counts_once_a_stream(model: AcousticModel, aligned: Aligned, frames: Floats) -> None:
    statistics = Statistics(model)
    statistics.add(centred(frames), aligned.states)
    known = int((aligned.states != SILENT).sum())
    assert statistics.counts.sum(axis=(0, 2)) == pytest.approx(known, rel=1e-6)


def test_differences_are_those_of_the_decoder() -> None:
    """1s_c_d_dd: the first over two frames to each side, the second of those."""
    line = np.arange(12, dtype=np.float32)[:, None].repeat(13, axis=1)
    made = with_differences(line)
    assert made.shape == (12, 39)
    assert (made[3:-3, 13:26] == 4.0).all()
    assert (made[3:-3, 26:] == 0.0).all()


def test_variances_are_those_of_what_was_heard_and_never_spikes(model: AcousticModel) -> None:
    """A Gaussian that heard 5,000 frames takes their spread; one that heard one frame over and over is kept wide."""
    heard = Statistics(model)
    draw = np.random.default_rng(1)
    frames = draw.normal(2.0, 3.0, (5_000, 13))
    heard.counts[5, 0, 7], heard.counts[6, 0, 7] = 5_000, 5_000
    heard.sums[5, 0, 7], heard.sums[6, 0, 7] = frames.sum(axis=0), 5_000 * 2.0
    heard.squares[5, 0, 7], heard.squares[6, 0, 7] = (frames**2).sum(axis=0), 5_000 * 4.0
    assert heard.means()[5, 0, 7] == pytest.approx(2.0, abs=0.3)
    widest = 0.2 * model.variances[:, 0, 7]
    assert heard.variances()[5, 0, 7] == pytest.approx(np.maximum(9.0, widest[5]), rel=0.2)
    assert heard.variances()[6, 0, 7] == pytest.approx(widest[6])
    assert heard.variances()[8] == pytest.approx(model.variances[8], rel=1e-4)


def test_what_was_learned_for_noise_stands_for_itself(model: AcousticModel, tmp_path: Path) -> None:
    means, variances = noisy_gaussians()
    plain = noisy_gaussians(install(model.means, tmp_path / "plain"))
    assert all(np.array_equal(a, b) for a, b in zip(plain, (means, variances), strict=True))
    learned = noisy_gaussians(install(model.means, tmp_path / "learned", (means + 1.0, variances * 2.0)))
    assert np.array_equal(learned[0], means + 1.0)
    assert np.array_equal(learned[1], variances * 2.0)
