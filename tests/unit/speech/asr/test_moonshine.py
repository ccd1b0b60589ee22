"""moonshine-voice itself as far as it goes without its weights, and what is made of its answers."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from earwitness.kernel.errors import EngineFailed, EngineMissing
from earwitness.speech.asr.choose import recogniser_spec
from earwitness.speech.asr.engines.moonshine import UNTOLD, Moonshine, load
from earwitness.speech.engines.catalogue import OFFERS, MoonshineFiles, find
from earwitness.speech.engines.folder import EngineFolder, fits
from earwitness.speech.engines.plans import Plan, Remote, plan_of

SKIPPED = "moonshine-voice is not installed (the extra 'moonshine')"


def test_its_own_list_of_files_is_the_plan_and_needs_no_network():
    pytest.importorskip("moonshine_voice", reason=SKIPPED)
    for offer in OFFERS:
        if isinstance(offer.files, MoonshineFiles):
            plan = plan_of(offer, client=None)  # type: ignore[arg-type]  # so it cannot ask
            assert plan.size == pytest.approx(offer.about_mb * 1_000_000, rel=0.05)
            assert {each.algorithm for each in plan.files} == {"crc32c"}
            assert all(each.url.startswith(f"{offer.source}/") for each in plan.files)


def test_the_file_that_the_package_has_itself_is_the_one_it_lists():
    package = pytest.importorskip("moonshine_voice", reason=SKIPPED)
    tokenizer = next(Path(package.__file__).parent.rglob("tokenizer.bin"))
    plan = plan_of(find("moonshine"), client=None)  # type: ignore[arg-type]  # so it cannot ask
    listed = next(each for each in plan.files if each.name == "tokenizer.bin")
    assert fits(listed, tokenizer)


def test_weights_that_are_not_whole_are_told_of(tmp_path, capfd):
    package = pytest.importorskip("moonshine_voice", reason=SKIPPED)
    tokenizer = next(Path(package.__file__).parent.rglob("tokenizer.bin"))
    (tmp_path / "tokenizer.bin").write_bytes(tokenizer.read_bytes())
    for arch in (0, 2):
        with pytest.raises(EngineFailed, match="cannot be read"):
            load(str(tmp_path), arch=arch)
    capfd.readouterr()  # the library says more on standard error, which its process does not have


def test_without_weights_or_package_both_are_named(tmp_path, monkeypatch):
    with pytest.raises(EngineMissing, match="weights"):
        load(str(tmp_path), arch=2)
    (tmp_path / "tokenizer.bin").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "moonshine_voice.moonshine_api", None)
    with pytest.raises(EngineMissing, match="package moonshine-voice"):
        load(str(tmp_path), arch=2)


def test_word_times_are_asked_for_where_their_weights_are_installed(tmp_path):
    source = tmp_path / "stick"
    source.mkdir()
    offer = find("moonshine")
    for names in (["tokenizer.bin"], ["tokenizer.bin", "decoder_kv_with_attention.ort"]):
        for name in names:
            (source / name).write_bytes(b"x")
        plan = Plan(tuple(Remote(name, "", 1, "sha256", SHA_X) for name in names), "1")
        EngineFolder(tmp_path).take(offer, source, plan, lambda _: True)
        options = recogniser_spec("moonshine", tmp_path).options
        assert (options["arch"], options["word_times"]) == (2, len(names) == 2)


SHA_X = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"


@dataclass
class Timing:
    word: str
    start: float
    end: float
    confidence: float


@dataclass
class Line:
    text: str
    words: list[Timing] | None = None


@dataclass
class Lines:
    lines: list[Line]


class Written:
    """The library's transcriber as it answers."""

    def __init__(self, *lines: Line) -> None:
        self.lines = list(lines)

    def transcribe_without_streaming(self, audio_data: list[float], sample_rate: int) -> Lines:
        assert isinstance(audio_data[0], float)
        assert sample_rate == 16_000
        return Lines(self.lines)


def transcribe(*lines: Line):
    engine = object.__new__(Moonshine)
    engine._model = Written(*lines)
    return engine(np.zeros(1_600, np.float32))


def test_its_lines_become_one_transcript():
    words = [Timing("Turn", 0.1, 0.3, 0.9), Timing("on.", 0.3, 0.5, 0.7)]
    heard = transcribe(Line(" Turn on.", words), Line("Please."))
    assert heard.text == "Turn on. Please."
    assert [(each.text, each.start_ms, each.end_ms) for each in heard.words] == [("Turn", 100, 300), ("on.", 300, 500)]
    assert heard.confidence == pytest.approx(0.8)
    assert transcribe(Line("Turn on.")).confidence == UNTOLD
    assert transcribe().text == ""
