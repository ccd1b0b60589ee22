import shutil

import pytest

from earwitness.kernel.errors import EngineFailed, EngineMissing
from earwitness.speech.lexicon.espeak import EspeakLexicon
from earwitness.speech.lexicon.phones import arpabet


@pytest.mark.parametrize(
    ("ipa", "phones"),
    [
        ("kˈɪtʃən", "K IH CH AH N"),
        ("dʒˈʌdʒ", "JH AH JH"),
        ("wˈɔːɾɚ", "W AO T ER"),
        ("fˈaɪɚ", "F AY ER"),
        ("ɛkoʊbˌiː", "EH K OW B IY"),
        ("θˈʌɹoʊ", "TH AH R OW"),
    ],
)
def test_ipa_becomes_the_models_phones(ipa, phones) -> None:
    assert " ".join(arpabet(ipa)) == phones


@pytest.mark.parametrize("ipa", ["", "ˈ", "ʕaʔ"])
def test_sounds_the_model_lacks_are_an_error(ipa) -> None:
    with pytest.raises(EngineFailed):
        arpabet(ipa)


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_espeak_pronounces_several_words_at_once() -> None:
    ecobee, siobhan = EspeakLexicon().pronounce(["ecobee", "siobhan"])
    assert ecobee[-2:] == ("B", "IY")
    assert siobhan[0] == "SH"


def test_without_espeak_the_package_is_named(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineMissing) as raised:
        EspeakLexicon().pronounce(["ecobee"])
    assert "espeak-ng" in raised.value.next_step
