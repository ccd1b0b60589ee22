"""The real espeak-ng, and a cache before a counting engine."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from earwitness.kernel.errors import BadInput, EngineFailed, EngineMissing
from earwitness.speech.tts import CachedSynthesizer, Sound
from earwitness.speech.tts.engines.espeak import Espeak


def length_ms(sounds: list[Sound]) -> int:
    return sum(each.duration_ms for each in sounds)


def test_a_reply_streams_in_pieces_of_whole_samples() -> None:
    pieces = list(Espeak().speak("The kitchen light is on."))
    assert len(pieces) > 3
    assert all(len(piece.pcm) % 2 == 0 and piece.rate == 22_050 for piece in pieces)
    assert 800 < length_ms(pieces) < 4_000
    assert max(abs(int.from_bytes(pieces[len(pieces) // 2].pcm[:2], "little", signed=True)), 1) < 32_768


def test_longer_text_takes_longer_and_another_voice_sounds_otherwise() -> None:
    short, long = (
        list(Espeak().speak(text)) for text in ("Done.", "It is done, and the timer is set for ten minutes.")
    )
    other = list(Espeak("en-gb").speak("Done."))
    assert length_ms(long) > 2 * length_ms(short)
    assert b"".join(each.pcm for each in other) != b"".join(each.pcm for each in short)


def test_a_reply_that_is_stopped_leaves_no_process(capfd: pytest.CaptureFixture[str]) -> None:
    speech = Espeak().speak("word " * 300)
    next(speech)
    speech.close()  # type: ignore[attr-defined]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["", " \n", "x" * 2_001])
def test_nothing_and_too_much_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="characters"):
        Espeak().speak(text)


@pytest.mark.parametrize("voice", ["no-such-voice", "--path=/tmp", "", "+f3"])
def test_an_unknown_voice_is_refused(voice: str) -> None:
    with pytest.raises(BadInput, match="espeak-ng --voices"):
        Espeak(voice)


def test_a_variant_of_a_voice_speaks() -> None:
    assert length_ms(list(Espeak("en-us+f3").speak("Done."))) > 100


def test_an_engine_that_says_nothing_has_failed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "espeak-ng"
    broken.write_text("#!/bin/sh\necho Pty Language\necho 5 en-us\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(EngineFailed, match="said nothing"):
        list(Espeak().speak("Done."))


def test_without_the_program_the_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert shutil.which("espeak-ng")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match="apt-get install espeak-ng"):
        Espeak()


class Counting:
    voice = "counting"

    def __init__(self) -> None:
        self.said: list[str] = []

    def speak(self, text: str) -> Iterator[Sound]:
        self.said.append(text)
        yield Sound(text.encode().ljust(100, b"\0"), 16_000)
        yield Sound(bytes(100), 16_000)


def test_short_replies_are_made_once_and_long_ones_each_time() -> None:
    engine = Counting()
    cached = CachedSynthesizer(engine, most=2)
    for text in ("done", "done", "x" * 61, "x" * 61):
        assert b"".join(each.pcm for each in cached.speak(text)).startswith(text.encode())
    assert engine.said == ["done", "x" * 61, "x" * 61]


def test_the_least_recently_said_goes_first_and_forgetting_is_whole() -> None:
    engine = Counting()
    cached = CachedSynthesizer(engine, most=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        list(cached.speak(text))
    assert engine.said == ["a", "b", "c", "b"]
    cached.forget()
    list(cached.speak("a"))
    assert engine.said[-1] == "a"


def test_a_reply_that_was_stopped_is_not_remembered() -> None:
    engine = Counting()
    cached = CachedSynthesizer(engine)
    speech = cached.speak("done")
    next(speech)
    speech.close()  # type: ignore[attr-defined]
    list(cached.speak("done"))
    assert engine.said == ["done", "done"]
