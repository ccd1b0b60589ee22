from pathlib import Path

import numpy as np
import pocketsphinx
import pytest

from earwitness.speech.asr.features import CEPSTRA, Frontend


def _sound(seconds: float = 1.5) -> bytes:
    rng = np.random.default_rng(5)
    at = np.arange(int(16_000 * seconds)) / 16_000
    tone = np.sin(2 * np.pi * 180 * at * (1 + at)) * np.clip(np.sin(7 * at), 0, 1)
    return (tone * 6_000 + rng.normal(0, 40, len(at))).astype("<i2").tobytes()


def _of_pocketsphinx(pcm: bytes, folder: Path) -> np.ndarray:
    decoder = pocketsphinx.Decoder(
        lm=None, allphone=None, mfclogdir=str(folder), remove_noise=True, dither=False, loglevel="FATAL"
    )
    decoder.add_keyphrase("k", "kitchen")
    decoder.activate_search("k")
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    (written,) = folder.iterdir()
    return np.frombuffer(written.read_bytes()[4:], ">f4").reshape(-1, CEPSTRA)


def test_features_are_those_of_pocketsphinx(tmp_path) -> None:
    pcm = _sound()
    ours, theirs = Frontend().push(pcm), _of_pocketsphinx(pcm, tmp_path)
    assert len(theirs) - len(ours) in {0, 1}  # it pads a last part of a frame
    assert np.abs(ours - theirs[: len(ours)]).max() < 1e-3


@pytest.mark.parametrize("size", [1, 333, 3_200])
def test_pieces_of_any_size_give_the_same_features(size) -> None:
    pcm = _sound(0.3)
    frontend = Frontend()
    pieces = np.concatenate([frontend.push(pcm[at : at + size]) for at in range(0, len(pcm), size)])
    assert np.allclose(pieces, Frontend().push(pcm), atol=1e-3)


def test_silence_and_clipping_stay_finite() -> None:
    for pcm in (bytes(16_000), b"\xff\x7f\x00\x80" * 8_000):
        assert np.isfinite(Frontend().push(pcm)).all()
