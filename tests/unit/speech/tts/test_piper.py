"""Piper's protocol with a program that keeps it, and with Piper itself where it is installed."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from earwitness.kernel.errors import BadInput, EngineFailed, EngineMissing, NotFound
from earwitness.speech.engines.catalogue import find
from earwitness.speech.engines.folder import EngineFolder
from earwitness.speech.tts.choose import engine, open_voice
from earwitness.speech.tts.engines.piper import Piper
from earwitness.testing.voices import RATE, write_stand_in, write_voice


@pytest.fixture
def piper(tmp_path) -> Iterator[Piper]:
    made = Piper(write_voice(tmp_path), program=write_stand_in(tmp_path))
    yield made
    made.close()


def samples(piper: Piper, text: str) -> int:
    return sum(len(piece.pcm) for piece in piper.speak(text)) // 2


def test_it_speaks_at_the_rate_of_the_voice(piper):
    pieces = list(piper.speak("Done."))
    assert {piece.rate for piece in pieces} == {RATE}
    assert piper.voice == "piper/en_XX-sine-low"


def test_the_next_process_waits_and_one_that_died_waiting_is_replaced(piper):
    samples(piper, "Done.")
    waiting = piper._waiting
    assert waiting is not None
    assert samples(piper, "Done.") > 0
    assert waiting.returncode is not None  # it spoke, and is gone
    following = piper._waiting
    assert following is not None
    os.kill(following.pid, signal.SIGKILL)
    following.wait()
    assert samples(piper, "Done.") > 0


def test_a_program_that_dies_has_failed_and_the_next_reply_is_spoken(piper):
    with pytest.raises(EngineFailed):
        samples(piper, "now die")
    assert samples(piper, "Done.") > 0


def test_closing_leaves_no_process(piper):
    piper.warm()
    waiting = piper._waiting
    assert waiting is not None
    piper.close()
    assert waiting.returncode == -signal.SIGKILL
    piper.close()


@pytest.mark.parametrize("config", ["", "[]", "{}", '{"audio": {"sample_rate": 1}}', '{"audio": {"sample_rate": "x"}}'])
def test_a_voice_whose_json_says_nothing_is_refused(tmp_path, config):
    model = write_voice(tmp_path)
    model.with_name(model.name + ".json").write_text(config)
    with pytest.raises(EngineFailed):
        Piper(model, program=write_stand_in(tmp_path))


def test_what_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match="program piper"):
        Piper(write_voice(tmp_path))
    with pytest.raises(EngineMissing, match="voice of Piper"):
        Piper(Path("nothing.onnx"), program=write_stand_in(tmp_path))
    with pytest.raises(EngineMissing, match="not installed"):
        engine("piper", tmp_path)
    with pytest.raises(BadInput, match="no voice"):
        engine("whisper", tmp_path)
    with pytest.raises(NotFound):
        engine("piper/nobody", tmp_path)


def test_an_installed_voice_is_chosen_by_name_with_espeak_behind_it(tmp_path):
    source = tmp_path / "stick"
    source.mkdir()
    offer = find("piper/en_GB-alba-medium")
    write_voice(source, offer.model)
    folder = EngineFolder(tmp_path)
    folder.take(offer, source, None, lambda name: name.startswith(offer.model))
    programs = folder.root / "piper" / "program" / "bin"
    programs.mkdir(parents=True)
    program = write_stand_in(programs)
    voice = open_voice(offer.name, tmp_path, apologies=["Sorry."])
    assert voice.voice == offer.name
    spoken = b"".join(piece.pcm for piece in voice.speak("Done."))
    assert spoken == bytes([5, 0]) * (RATE // 20) * 5
    program.write_text("#!/bin/sh\nexit 1\n")
    instead = list(voice.speak("It is dead now."))  # the waiting process still speaks once
    instead = list(voice.speak("It is dead for good."))
    assert sum(piece.duration_ms for piece in instead) > 500
    assert json.loads((folder.place(offer) / "engine.json").read_text())["checked"] == "recorded only"
    voice.close()
