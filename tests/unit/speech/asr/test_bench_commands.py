from pathlib import Path

import numpy as np
import pytest

from earwitness.bench.commands import SNRS, mixed, run_commands, speech_power, spoken
from earwitness.kernel.errors import BadInput

ROOT = Path(__file__).parents[4]
DATA = ROOT.parent / "shared" / "eval"


def test_noise_is_as_far_below_the_speech_as_asked():
    rng = np.random.default_rng(4)
    speech = np.concatenate((np.zeros(8_000), rng.normal(0, 900, 16_000), np.zeros(8_000))).astype(np.float32)
    noise = rng.normal(0, 37, 50_000).astype(np.float32)
    both = mixed(speech, noise, 12, "a file")
    added = float(np.mean((both - speech) ** 2))
    assert 10 * np.log10(speech_power(speech) / added) == pytest.approx(12, abs=0.1)
    assert np.array_equal(both, mixed(speech, noise, 12, "a file"))


def test_numbers_of_transcripts_are_spoken():
    assert "set a timer for three hours and ten minutes" in set(spoken("set a timer for 3 hours and 10 minutes"))


def test_a_folder_without_labels_is_refused(tmp_path):
    with pytest.raises(BadInput):
        run_commands(tmp_path, examples=ROOT / "examples" / "barista")


@pytest.mark.skipif(not DATA.is_dir(), reason="the evaluation recordings are not beside the project")
def test_orders_of_real_people_are_understood():
    figures = run_commands(DATA, examples=ROOT / "examples" / "barista", most=5, levels=(15,), home=False)
    assert figures["files"] == 5
    assert figures["accept_clean"] >= 0.8
    assert figures["accept_clean"] >= figures["peer"]["accept_clean"]
    assert set(figures["by_snr"]) == {"15"} <= set(map(str, SNRS))
