"""PocketSphinx's searches: the closed sentences, all sentences, and any phones as their competitor.

Grammars go in as the decoder's own finite-state graphs with even chances in each state; weights from a general
language model, or more language weight, changed nothing or made it worse.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from earwitness.kernel.errors import EngineMissing
from earwitness.kernel.word_graph import END, WordGraph, is_open

if TYPE_CHECKING:
    import pocketsphinx

# As the model's own, without cepstral mean normalisation: once it has normalised a stream, the decoder no longer
# normalises whole utterances by themselves, and one utterance colours the next. We centre them ourselves.
FEATURES: Final = str(Path(__file__).with_name("feat.params"))
LANGUAGE_WEIGHT: Final = 2.0
# a sentence that loses early must still get to its end
BEAMS: Final = {"beam": 1e-60, "pbeam": 1e-60, "wbeam": 1e-40, "lw": LANGUAGE_WEIGHT}
CLOSED: Final = "closed"  # the sentences without an open slot
LOOP: Final = "loop"  # any phones: how well the sound fits no sentence at all
OPEN: Final = "open"  # all sentences
PHONES: Final = [
    "AA",
    "AE",
    "AH",
    "AO",
    "AW",
    "AY",
    "B",
    "CH",
    "D",
    "DH",
    "EH",
    "ER",
    "EY",
    "F",
    "G",
    "HH",
    "IH",
    "IY",
    "JH",
    "K",
    "L",
    "M",
    "N",
    "NG",
    "OW",
    "OY",
    "P",
    "R",
    "S",
    "SH",
    "T",
    "TH",
    "UH",
    "UW",
    "V",
    "W",
    "Y",
    "Z",
    "ZH",
]
LOOP_COST: Final = 0.02  # the chance of each phone of the loop
SLOT_COST: Final = 1e-3  # of each phone of an open slot, so that words of the grammar win where they fit
# what a phone of a slot costs beyond one of the loop, nats: taken back before the two are compared
PHONE_PENALTY: Final = LANGUAGE_WEIGHT * float(np.log(LOOP_COST / SLOT_COST))


def load_decoder(acoustics: Path | None = None, **files: str) -> "pocketsphinx.Decoder":
    """The decoder with its English model and no search yet; ``acoustics`` is the folder of another acoustic model.

    ``files`` replaces single files of it by PocketSphinx's names for them (``mean``, ``var``).

    Raises:
        EngineMissing: pocketsphinx cannot be loaded here.
    """
    try:
        import pocketsphinx  # noqa: PLC0415 - loads a native library

        model = files | ({"hmm": str(acoustics)} if acoustics else {})
        return pocketsphinx.Decoder(
            lm=None, bestpath=False, remove_noise=False, featparams=FEATURES, loglevel="FATAL", **BEAMS, **model
        )
    except (ImportError, OSError, RuntimeError) as error:
        msg = "PocketSphinx cannot be loaded."
        raise EngineMissing(msg, next_step="Install the package pocketsphinx for this platform.") from error


def load_loop(decoder: "pocketsphinx.Decoder") -> None:
    """Add the search :data:`LOOP` and the words for single phones."""
    for phone in PHONES:
        decoder.add_word(_phone_word(phone), phone, False)
    arcs = [(0, 0, LOOP_COST, _phone_word(phone)) for phone in PHONES]
    decoder.add_fsg(LOOP, decoder.create_fsg(LOOP, 0, 1, [*arcs, (0, 1, 1.0)]))


def _phone_word(phone: str) -> str:
    return f"[{phone}]"


def transitions(grammar: WordGraph) -> Iterator[tuple[int, int, float, str] | tuple[int, int, float]]:
    """The decoder's arcs with the grammar's chances, open slots as loops over phones in states of their own."""
    end = len(grammar.arcs)
    extra = end + 1
    for state, arcs in enumerate(grammar.arcs):
        if state in grammar.final:
            yield state, end, grammar.chance(state, END)
        for word, to in arcs.items():
            chance = grammar.chance(state, word)
            if not is_open(word):
                yield state, to, chance, word
                continue
            for phone in PHONES:
                yield state, extra, chance * SLOT_COST, _phone_word(phone)
                yield extra, extra, SLOT_COST, _phone_word(phone)
            yield extra, to, 1.0
            extra += 1
