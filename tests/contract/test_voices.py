"""The contract of a voice: espeak-ng, Piper (its protocol, and itself where it is), wrappers and Wyoming."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from earwitness.gateway.wyoming import Kind
from earwitness.kernel.errors import BadInput
from earwitness.speech.engines.wyoming import Server
from earwitness.speech.tts import CachedSynthesizer, Synthesizer
from earwitness.speech.tts.engines.espeak import Espeak
from earwitness.speech.tts.engines.piper import Piper
from earwitness.speech.tts.engines.wyoming import WyomingSynthesizer
from earwitness.speech.tts.sure import SureSynthesizer
from earwitness.testing.aloud import real_engines
from earwitness.testing.voices import write_stand_in, write_voice
from earwitness.testing.wyoming_servers import LOOPBACK, our_server


def _piper(folder: Path) -> Piper:
    program = shutil.which("piper")
    if program is None:
        pytest.skip("piper is not installed (earwitness engines install piper)")
    return Piper(write_voice(folder), program=Path(program))


KINDS: dict[str, Callable[[Path], Synthesizer]] = {
    "espeak-ng": lambda _: Espeak(),
    "espeak-ng, cached": lambda _: CachedSynthesizer(Espeak()),
    "espeak-ng, made sure": lambda _: SureSynthesizer(Espeak()),
    "piper's protocol": lambda folder: Piper(write_voice(folder), program=write_stand_in(folder)),
    "piper": _piper,
}


WYOMING = "a Wyoming server"


@pytest.fixture(scope="module", params=[*KINDS, WYOMING])
def voice(request, tmp_path_factory) -> Iterator[Synthesizer]:
    if request.param == WYOMING:
        with real_engines() as engines, our_server(engines, kinds=(Kind.TTS,)) as port:
            yield WyomingSynthesizer(Server(LOOPBACK, port))
        return
    made = KINDS[request.param](tmp_path_factory.mktemp("voice"))
    yield made
    if isinstance(made, Piper):
        made.close()


def test_it_speaks_in_pieces_of_whole_samples_of_one_rate(voice):
    pieces = list(voice.speak("The kitchen light is on."))
    assert len(pieces) > 1
    assert all(piece.pcm and len(piece.pcm) % 2 == 0 for piece in pieces)
    assert len({piece.rate for piece in pieces}) == 1
    assert 200 < sum(piece.duration_ms for piece in pieces) < 10_000


def test_more_text_is_more_sound(voice):
    short, long = (
        sum(len(piece.pcm) for piece in voice.speak(text)) for text in ("Done.", "It is done and dusted now.")
    )
    assert long > short


def test_a_line_break_is_no_end(voice):
    one, two = (sum(len(piece.pcm) for piece in voice.speak(text)) for text in ("Done now", "Done\nnow\n"))
    assert one == two


@pytest.mark.parametrize("text", ["", " \n", "x" * 2_001])
def test_nothing_and_too_much_are_refused(voice, text):
    with pytest.raises(BadInput):
        list(voice.speak(text))


def test_a_reply_that_is_stopped_does_not_disturb_the_next(voice):
    first = voice.speak("word " * 300)
    next(first)
    first.close()  # type: ignore[attr-defined]
    assert list(voice.speak("Done."))


def test_replies_at_the_same_time_do_not_mix(voice):
    alone = [sum(len(piece.pcm) for piece in voice.speak(text)) for text in ("Done.", "Two timers are left.")]
    both = [voice.speak(text) for text in ("Done.", "Two timers are left.")]
    sizes = [len(next(each).pcm) for each in both]
    assert [size + sum(len(piece.pcm) for piece in each) for size, each in zip(sizes, both, strict=True)] == alone


def test_it_has_a_name(voice):
    engine, _, name = voice.voice.partition("/")
    assert engine
    assert name
