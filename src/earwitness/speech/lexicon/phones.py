"""espeak-ng's IPA for American English → the 39 phones of the recogniser's model (CMU's ARPAbet without stress).

Longest match first; marks of stress and length that carry nothing here are left out.
"""

from typing import Final

from earwitness.kernel.errors import EngineFailed

IPA: Final[dict[str, str]] = {
    "iː": "IY",
    "i": "IY",
    "ɪ": "IH",
    "ᵻ": "IH",
    "eɪ": "EY",
    "e": "EH",
    "ɛ": "EH",
    "æ": "AE",
    "a": "AA",
    "ɑː": "AA",
    "ɑ": "AA",
    "ɒ": "AA",
    "ɔː": "AO",
    "ɔ": "AO",
    "oʊ": "OW",
    "o": "OW",
    "oː": "AO",
    "ʊ": "UH",
    "uː": "UW",
    "u": "UW",
    "ʌ": "AH",
    "ə": "AH",
    "ɐ": "AH",
    "ɚ": "ER",
    "ɜː": "ER",
    "ɝ": "ER",
    "aɪ": "AY",
    "aʊ": "AW",
    "ɔɪ": "OY",
    "aɪɚ": "AY ER",
    "aɪə": "AY AH",
    "iə": "IY AH",
    "əl": "AH L",
    "n̩": "AH N",
    "ɔːɹ": "AO R",
    "oːɹ": "AO R",
    "ɑːɹ": "AA R",
    "ɪɹ": "IH R",
    "ɛɹ": "EH R",
    "ʊɹ": "UH R",
    "ɚɹ": "ER",
    "aː": "AA",
    "p": "P",
    "b": "B",
    "t": "T",
    "d": "D",
    "k": "K",
    "ɡ": "G",
    "g": "G",
    "f": "F",
    "v": "V",
    "θ": "TH",
    "ð": "DH",
    "s": "S",
    "z": "Z",
    "ʃ": "SH",
    "ʒ": "ZH",
    "tʃ": "CH",
    "dʒ": "JH",
    "m": "M",
    "n": "N",
    "ŋ": "NG",
    "l": "L",
    "ɫ": "L",
    "ɹ": "R",
    "r": "R",
    "j": "Y",
    "w": "W",
    "h": "HH",
    "x": "K",
    "ɬ": "L",
    "ɲ": "N Y",
    "m̩": "AH M",
    "ɾ": "T",
    "ʔ": "T",
    "l̩": "AH L",
    "ç": "HH",
    "y": "UW",
    "yː": "UW",
    "ø": "ER",
    "øː": "ER",
    "œ": "ER",
}
_SILENT: Final = frozenset("ˈˌːˑ‿ \u0303\u0361\u0329.|-_")
_LONGEST: Final = max(map(len, IPA))


def arpabet(ipa: str) -> tuple[str, ...]:
    """The phones of one word's IPA.

    Raises:
        EngineFailed: nothing in it is a phone of the model.
    """
    bare = "".join(character for character in ipa if character not in "ˈˌ")
    phones: list[str] = []
    at = 0
    while at < len(bare):
        size = next((size for size in range(_LONGEST, 0, -1) if bare[at : at + size] in IPA), 0)
        if size:
            phones += IPA[bare[at : at + size]].split()
        elif bare[at] not in _SILENT and bare[at].isalpha():
            break  # a sound that English does not have
        at += size or 1
    if not phones or at < len(bare):
        msg = "espeak-ng gave sounds that the recogniser's model does not have."
        raise EngineFailed(msg, next_step="Give the name another spelling, as it sounds in English.")
    return tuple(phones)
