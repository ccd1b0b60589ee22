"""The file of an acoustic model that was learned: written, read into a folder, refused when it is something else."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earwitness.kernel.errors import BadInput
from earwitness.learning.adapt.acoustics import SHAPE, install_means, to_bytes
from earwitness.speech.asr.acoustics.model import gaussians_of, shipped_model
from earwitness.speech.asr.engines.noise import noisy_gaussians


def test_what_is_written_is_what_the_recogniser_loads(tmp_path: Path) -> None:
    means = shipped_model().means + np.float32(0.5)
    noisy, variances = noisy_gaussians()
    folder = install_means(to_bytes(means, (noisy, np.maximum(variances, 1e-4))), tmp_path / "model")
    assert np.allclose(gaussians_of(folder / "means"), means, rtol=1e-3, atol=1e-3)
    found = noisy_gaussians(folder)
    assert np.allclose(found[0], noisy, rtol=1e-3, atol=1e-3)
    assert np.allclose(found[1], np.maximum(variances, 1e-4), rtol=1e-2, atol=0)


def test_noise_that_was_not_learned_is_not_in_it(tmp_path: Path) -> None:
    folder = install_means(to_bytes(shipped_model().means), tmp_path / "model")
    assert sorted(path.name for path in folder.glob("*.noise")) == []


def archive(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 cut off",
        archive(other=np.zeros(3)),
        archive(means=np.zeros((2, 2))),
        archive(means=np.full(SHAPE, np.nan)),
        archive(means=np.zeros(SHAPE), noisy=np.zeros(SHAPE)),
        archive(means=np.array([{"a": 1}], dtype=object)),
    ],
    ids=["empty", "cut off", "another", "small", "not numbers", "half", "objects"],
)
def test_what_is_no_model_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        install_means(data, tmp_path / "model")
