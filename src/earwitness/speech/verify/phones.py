"""Verification by pronunciation alone, for a wake word that nobody trained a network for.

PocketSphinx (BSD; its English model ships with it) hears the window as any phones, then the wake word, then any
phones. The word competes with the phones around it inside a narrow beam: where something else was said, its path
falls out of the beam before the end and there is no answer. That is a yes or a no, so the score is 1 or 0.
It needs no training and forgives less noise than the learned verifier; espeak-ng's voices it does not understand.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from earwitness.kernel.errors import BadInput, EngineFailed, EngineMissing, NotFound
from earwitness.speech.verify.port import Verdict
from earwitness.speech.verify.window import check_window

if TYPE_CHECKING:
    from pocketsphinx import Decoder

PHONES = frozenset((
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY",
    "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y",
    "Z", "ZH",
))  # fmt: skip
SPOKEN = {  # how people say the shipped wake words that have no network
    "okay nabu": (("OW", "K", "EY", "N", "AA", "B", "UW"), ("OW", "K", "EY", "N", "AE", "B", "UW")),
    "hey jarvis": (("HH", "EY", "JH", "AA", "R", "V", "IH", "S"), ("HH", "EY", "JH", "AA", "R", "V", "AH", "S")),
    "hey mycroft": tuple(("HH", "EY", "M", "AY", "K", "R", vowel, "F", "T") for vowel in ("AO", "AH")),
}
BEAM = 1e-40  # wider lets more noise pass and more that is not the word
PHONE_CHANCE = 0.02  # of any one phone at any moment, beside the word's 1
FEWEST = 4  # phones; a shorter word is in every sentence
SHORTEST_BYTES = 3_200  # a tenth of a second


class PhoneVerifier:
    """The port :class:`~earwitness.speech.verify.port.Verifier` out of pronunciations. One call at a time."""

    def __init__(self, pronunciations: Mapping[str, Sequence[Sequence[str]]], *, beam: float = BEAM) -> None:
        """Take each wake word's pronunciations (lower case word, ARPAbet phones).

        Raises:
            BadInput: a phone that English does not have, or a word that is too short.
            EngineMissing: PocketSphinx is not installed.
        """
        for word, ways in pronunciations.items():
            _check(word, ways)
        self._names = {word: f"wake{number}" for number, word in enumerate(pronunciations)}
        self._decoder = _decoder(beam)
        self._lock = threading.Lock()
        for word, ways in pronunciations.items():
            self._add(self._names[word], ways)

    @property
    def words(self) -> tuple[str, ...]:
        """The wake words whose pronunciation it knows."""
        return tuple(self._names)

    def verify(self, window: bytes | bytearray, word: str) -> Verdict:
        """See the port."""
        name = self._names.get(word)
        if name is None:
            msg = f"Nobody said how the wake word '{word}' is pronounced."
            raise NotFound(msg, next_step="Give its phones.")
        check_window(window)
        found = len(window) >= SHORTEST_BYTES and self._found(bytes(window), name)
        return Verdict(found, float(found), f"phones:{word}")

    def _found(self, window: bytes, name: str) -> bool:
        with self._lock:
            try:
                self._decoder.activate_search(name)
                self._decoder.start_utt()
                self._decoder.process_raw(window, full_utt=True)
                self._decoder.end_utt()
                return self._decoder.hyp() is not None and any(
                    segment.word.startswith(name) for segment in self._decoder.seg()
                )
            except RuntimeError as error:
                msg = "PocketSphinx failed to decode a wake word."
                raise EngineFailed(msg) from error

    def _add(self, name: str, ways: Sequence[Sequence[str]]) -> None:
        for number, way in enumerate(ways):
            entry = name if number == 0 else f"{name}({number + 1})"
            self._decoder.add_word(entry, " ".join(way), number == len(ways) - 1)
        graph = self._decoder.create_fsg(name, 0, 1, [*_any_phones(0), (0, 1, 1.0, name), *_any_phones(1)])
        self._decoder.add_fsg(name, graph)


def _any_phones(state: int) -> list[tuple[int, int, float, str]]:
    return [(state, state, PHONE_CHANCE, f"_{phone}") for phone in sorted(PHONES)]


def _check(word: str, ways: Sequence[Sequence[str]]) -> None:
    if not ways or any(len(way) < FEWEST for way in ways):
        msg = f"The wake word '{word}' needs a pronunciation of at least {FEWEST} phones."
        raise BadInput(msg, next_step="Choose a longer wake word.")
    unknown = {phone for way in ways for phone in way} - PHONES
    if unknown:
        msg = f"The pronunciation of '{word}' has phones that are not ARPAbet: {', '.join(sorted(unknown))}."
        raise BadInput(msg, next_step=f"Use {' '.join(sorted(PHONES))}.")


def _decoder(beam: float) -> "Decoder":
    try:
        from pocketsphinx import Decoder  # noqa: PLC0415 - loads a native library
    except (ImportError, OSError) as error:
        msg = "PocketSphinx is not installed."
        raise EngineMissing(msg, next_step="Install the package pocketsphinx.") from error
    decoder = Decoder(
        lm=None, dict=None, loglevel="FATAL", bestpath=False, samprate=16_000, cmn="batch",
        beam=beam, wbeam=beam, pbeam=beam, lw=1.0, pip=1.0, wip=1.0,
    )  # fmt: skip
    for phone in sorted(PHONES):
        decoder.add_word(f"_{phone}", phone, False)
    return decoder
