import pytest

from earwitness.kernel.audio import read_clip
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.speech.verify.choice import FirstThatKnows
from earwitness.speech.verify.learned import LearnedVerifier
from earwitness.speech.verify.phones import PhoneVerifier
from earwitness.speech.verify.training.disturbing import from_pcm, to_pcm, trimmed
from earwitness.testing.recordings import recordings

WORDS = {
    "computer": [["K", "AH", "M", "P", "Y", "UW", "T", "ER"]],
    "smart mirror": [["S", "M", "AA", "R", "T", "M", "IH", "R", "ER"]],
}


def window(name: str, number: int) -> bytes:
    (path,) = recordings(name, 1, skip=number)
    return to_pcm(trimmed(from_pcm(read_clip(path).pcm)))[-48_000:]


def test_a_word_is_known_by_its_pronunciation_alone() -> None:
    verifier = PhoneVerifier(WORDS)
    said = [verifier.verify(window("wake_computer", n), "computer").accepted for n in range(8)]
    mirrors = [verifier.verify(window("wake_smart_mirror", n), "computer").accepted for n in range(8)]
    assert sum(said) >= 6
    assert sum(mirrors) <= 1


def test_silence_and_too_little_sound_are_no_word() -> None:
    verifier = PhoneVerifier(WORDS)
    assert not verifier.verify(bytes(48_000), "computer").accepted
    assert not verifier.verify(b"", "computer").accepted


@pytest.mark.parametrize("ways", [[], [["K", "AH"]], [["K", "AH", "M", "XX"]]])
def test_a_pronunciation_that_cannot_be_used_is_refused(ways: list[list[str]]) -> None:
    with pytest.raises(BadInput):
        PhoneVerifier({"word": ways})


def test_the_first_verifier_that_knows_a_word_is_asked() -> None:
    both = FirstThatKnows([LearnedVerifier({}), PhoneVerifier(WORDS)])
    assert both.words == ("computer", "smart mirror")
    assert both.verify(bytes(48_000), "computer").by == "phones:computer"
    with pytest.raises(NotFound):
        both.verify(bytes(48_000), "alexa")
    with pytest.raises(BadInput):
        both.verify(bytes(70_000), "computer")
