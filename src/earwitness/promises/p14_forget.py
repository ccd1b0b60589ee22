"""P14: a model that learned from you forgets it when you say so.

Tried: two adults each teach their household a sentence with a word nobody else has, and it is learned. A voice says
both sentences; the recogniser hears them and the matcher understands them. One erases the recording: key and files of
the model are gone, and what was opened of it; no file holds the word; the log's own proof of the destruction verifies;
and after learning again the other's sentence is heard and understood and the erased one is not. Then the other asks
to be forgotten, and theirs is gone as well. What a canary taught is in nothing that others share.
"""

import random
from dataclasses import dataclass
from functools import cache

import numpy as np

from earwitness.bootstrap import House
from earwitness.kernel.errors import KeyDestroyed
from earwitness.kernel.word_graph import WordGraph
from earwitness.learning.corrections import Wrong
from earwitness.learning.release import Release, State
from earwitness.learning.shelf import key_id
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.proof import verify_receipt
from earwitness.promises.canary import Adult, Canary
from earwitness.promises.checks import Broken, must_refuse, require
from earwitness.speech.asr.engines.pocketsphinx import PocketSphinxRecogniser
from earwitness.speech.verify.training.renderings import Voice, render
from earwitness.understanding.context import Context
from earwitness.understanding.taught import Taught

SYLLABLES = ("bo", "da", "fi", "ga", "ko", "lu", "me", "na", "pi", "ra", "so", "ti", "vu", "za")
LENGTH = 4
OTHERS = ("turn on the lamp", "turn off the lamp", "let the music play", "what time is it")
SPEED = 150  # words a minute
QUIET = 4_000  # samples
LOUD, HISS = 9_000.0, 5.0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one adult taught: the sentence, the word in it that nobody else has, and the recording."""

    sentence: str
    word: str
    recording: str
    spoken: bytes


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    try:
        return _attempt(canary)
    finally:
        _recogniser.cache_clear()  # its model is large


def _attempt(canary: Canary) -> str:
    house = canary.house
    mine, other = _teach(canary, canary.anna), _teach(canary, canary.other)
    first = _learn(canary)
    _understood(canary, mine, other)
    accepted = house.erasure.erase(canary.anna.actor, canary.scope(canary.anna, mine.recording))
    house.removal.remove(accepted.erasure)
    house.forgetting.carry_out_due()
    _gone(house, first, mine)
    second = _learn(canary)
    _understood(canary, other)
    _forgotten(canary, mine)
    require(house.forgetting.ask(canary.other.actor, canary.other.id) == 1, "Asking to be forgotten found nothing.")
    house.forgetting.carry_out_due()
    _gone(house, second, other)
    _forgotten(canary, mine, other)
    require(house.learning.run(canary.household).release is None, "What was forgotten was learned again.")
    return (
        "two adults taught a sentence each; after one erased it the model, its key and its files were gone, and the "
        "one learned again knew the other's alone; after the other asked to be forgotten nothing of it was left"
    )


def _teach(canary: Canary, adult: Adult) -> Lesson:
    word = "".join(random.SystemRandom().sample(SYLLABLES, LENGTH))
    sentence = f"let the {word} shine"
    recording = canary.keep(adult).id
    slots = {"name": word}
    canary.house.corrections.record(
        adult.actor, recording, Wrong.MEANT, said=sentence, intent="HassTurnOn", slots=slots
    )
    return Lesson(sentence, word, recording, _spoken(sentence))


def _spoken(sentence: str) -> bytes:
    """The sentence in a voice, 16 kHz s16le, with a little silence around it."""
    sound = render(sentence, Voice("en-us", SPEED))
    if not len(sound):
        raise Broken("No voice could say what was taught, so that nothing can be said of its end.")
    quiet = np.zeros(QUIET, np.float32)
    loud = sound * np.float32(LOUD / max(1.0, float(np.abs(sound).max())))
    hiss = np.random.default_rng(0).normal(0, HISS, len(sound) + 2 * QUIET).astype(np.float32)
    return (np.concatenate([quiet, loud, quiet]) + hiss).astype("<i2").tobytes()


def _learn(canary: Canary) -> Release:
    learned = canary.house.learning.run(canary.household)
    if learned.release is None or not learned.activated:
        raise Broken("What people taught was not learned, so that nothing can be said of its end.")
    return learned.release


def _knows(taught: Taught, lesson: Lesson) -> bool:
    """Whether the sentence is understood, or heard when a voice says it among other sentences."""
    return taught.meaning(lesson.sentence, Context()) is not None or _hears(taught, lesson)


def _hears(taught: Taught, lesson: Lesson) -> bool:
    recogniser = _recogniser()
    recogniser.prepare(taught.shape(WordGraph(({},), 0, frozenset()).joined(each.split() for each in OTHERS)))
    listening = recogniser.listen()
    listening.feed(lesson.spoken)
    return any(each.text == lesson.sentence for each in listening.finish().hypotheses)


@cache
def _recogniser() -> PocketSphinxRecogniser:
    return PocketSphinxRecogniser()


def _understood(canary: Canary, *lessons: Lesson) -> None:
    taught = canary.house.learning.in_use(canary.household).taught
    require(all(_hears(taught, each) for each in lessons), "What was taught is not heard.")
    meant = [taught.meaning(each.sentence, Context()) for each in lessons]
    require(all(meant), "What was taught is not understood.")
    shared = canary.house.learning.in_use().taught
    require(not any(_knows(shared, each) for each in lessons), "What one person taught is in what others use.")


def _forgotten(canary: Canary, *lessons: Lesson) -> None:
    taught = canary.house.learning.in_use(canary.household).taught
    require(not any(_knows(taught, each) for each in lessons), "What was forgotten is still known.")


def _gone(house: House, release: Release, lesson: Lesson) -> None:
    require(house.learning.releases.find(release.id).state is State.DESTROYED, "The model was not destroyed.")
    must_refuse("Opening the key of the model", lambda: house.keyring.key(key_id(release.id)), KeyDestroyed)
    names = {each.sealed_sha256 for each in release.files}
    require(bool(names), "The model had no files, so that nothing can be said of their end.")
    for path in house.data.rglob("*"):
        if path.is_file():
            require(path.name not in names, "A file of the model is still there.")
            try:
                require(lesson.word.encode() not in path.read_bytes(), "A file still holds the word that was taught.")
            except FileNotFoundError:
                continue
    proof = verify_receipt(
        house.learning.releases.proof(release.id, destroyed=True), parse_verifier_key(house.log.signer.vkey)
    )
    require(release.id in repr(proof), "The proof of the destruction does not name the model.")
