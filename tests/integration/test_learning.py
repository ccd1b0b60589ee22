"""Learning in its real process: from voices that were put right to models in use, and its ways to fail."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from earwitness.bootstrap import House
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.people import Standing
from earwitness.kernel.audio import Clip
from earwitness.kernel.errors import EngineFailed
from earwitness.kernel.word_graph import WordGraph
from earwitness.learning import process
from earwitness.learning.adapt.language import Language
from earwitness.learning.budget import Budget
from earwitness.learning.corrections import Wrong
from earwitness.learning.gate import Verdict
from earwitness.policy.purposes import NEEDED_TO_KEEP, Purpose
from earwitness.speech.asr.engines.pocketsphinx import PocketSphinxRecogniser
from earwitness.speech.verify.training.renderings import Voice, render
from earwitness.testing.house import Family
from earwitness.understanding.context import Context
from earwitness.understanding.taught import Taught
from earwitness.vault.intake import Incoming
from earwitness.vault.kinds import TRANSCRIPT

OTHERS = ["turn on the lamp", "turn off the lamp", "what time is it", "open the window"]
SENTENCE = "wake the zorbonira"
ORDERS = ["make me a large latte", "get me a small espresso", "i want a mocha", "brew a coffee"]
VOICES = ["en-us", "en-gb", "en-gb-scotland", "en-us+f2", "en-gb-x-rp", "en-us+m3"]


def spoken(text: str, voice: str = "en-us", noise: float = 8.0) -> bytes:
    """A voice saying it, with a little room around it."""
    sound = render(text, Voice(voice, 150))
    quiet = np.zeros(5_000, np.float32)
    whole = np.concatenate([quiet, sound * np.float32(9_000 / np.abs(sound).max()), quiet])
    hiss = np.random.default_rng(len(text)).normal(0, noise, len(whole)).astype(np.float32)
    return (whole + hiss).astype("<i2").tobytes()


def hears(taught: Taught, pcm: bytes) -> list[str]:
    recogniser = PocketSphinxRecogniser()
    recogniser.prepare(taught.shape(WordGraph(({},), 0, frozenset()).joined(each.split() for each in OTHERS)))
    listening = recogniser.listen()
    listening.feed(pcm)
    return [each.text for each in listening.finish().hypotheses]


def put_right(family: Family, sentence: str, pcm: bytes) -> str:
    house, ada = family.house, family.ada
    incoming = Incoming(
        Clip(pcm), house.clock.now_ms(), ada.actor, device=ada.device, artefacts={TRANSCRIPT: b"wake this up"}
    )
    recording = house.intake.keep(incoming).recording
    house.corrections.record(
        ada.actor, recording, Wrong.MEANT, said=sentence, intent="HassTurnOn", slots={"name": "lamp"}
    )
    return recording


def test_a_word_only_one_person_taught_is_heard_and_is_not_heard_after_they_say_so(small_house: House) -> None:
    family = Family.move_in(small_house)
    house, pcm = family.house, spoken(SENTENCE)
    recording = put_right(family, SENTENCE, pcm)
    assert SENTENCE not in hears(house.learning.in_use(family.household).taught, pcm)

    seen: list[str] = []
    learned = house.learning.run(family.household, progress=lambda what, _done, _all: seen.append(what))
    assert learned.verdict is Verdict.OWN_WORDS
    assert learned.activated
    assert "reading" in seen
    taught = house.learning.in_use(family.household).taught
    assert SENTENCE in hears(taught, pcm)
    assert taught.meaning(SENTENCE, Context()) is not None
    assert list((house.data / "run" / "learning").iterdir()) == []  # nothing of the run is left

    family.remove(family.erase(family.ada, recording))
    house.forgetting.carry_out_due()
    assert SENTENCE not in hears(house.learning.in_use(family.household).taught, pcm)


def voices_of_several_homes(house: House) -> None:
    """Six people, a home each, who said yes to training and put four orders right."""
    for number, voice in enumerate(VOICES):
        home = house.directory.households.add(f"home {number}").id
        who = house.directory.people.add(home, f"person {number}", Standing.OWNER)
        device = house.directory.devices.add(home, "device", DeviceMode.PERSONAL, who.id).id
        house.directory.agreements.confirm(who.actor(), device)
        with house.database.write() as tx:
            for purpose in (*NEEDED_TO_KEEP, Purpose.TRAINING):
                house.consents.record(tx, who.actor(), who.id, purpose)
        for order in ORDERS:
            clip = Clip(spoken(order, voice, 150.0))
            incoming = Incoming(clip, house.clock.now_ms(), who.actor(), device=device, artefacts={TRANSCRIPT: b"x"})
            recording = house.intake.keep(incoming).recording
            house.corrections.record(who.actor(), recording, Wrong.SAID, said=order)


def test_every_part_is_fitted_compared_and_put_on_record(small_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One run over 24 short clips, half of which are learned from: seconds, for the models are real."""
    voices_of_several_homes(small_house)
    examples = Path(__file__).parents[2] / "examples" / "barista"
    monkeypatch.setattr(
        type(small_house.learning),
        "language",
        lambda _self, _subject: Language((examples,), shipped=False),
        raising=False,
    )
    learned = small_house.learning.run(budget=Budget(60, 6))
    assert learned.release is not None
    figures = learned.release.manifest["figures"]
    assert (learned.examples, learned.people) == (24, 6)
    assert figures["learned"]["clips"] >= 10
    assert figures["learned"]["pairs"] > 10
    assert 3 <= figures["parts"]["recogniser"]["conditions"][0]["people"] <= 6  # as many as the budget reaches
    assert learned.verdict in {Verdict.NOT_ENOUGH, Verdict.BETTER, Verdict.WORSE}
    assert learned.activated == (learned.verdict is Verdict.BETTER)
    assert "person" not in json.dumps(figures)


@pytest.fixture
def task() -> process.Task:
    return process.Task(Language(shipped=True), 1)


def test_a_process_that_dies_releases_nothing(
    small_house: House, task: process.Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = Family.move_in(small_house)
    put_right(family, SENTENCE, spoken(SENTENCE))
    started: list[int] = []
    original: Callable[..., object] = subprocess.Popen

    def start(*arguments: object, **options: object) -> object:
        made = original(*arguments, **options)
        started.append(made.pid)  # type: ignore[attr-defined]
        threading.Thread(target=os.kill, args=(started[0], signal.SIGKILL)).start()
        return made

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(EngineFailed):
        process.learn(small_house.learning.snapshots.take(family.household), task, small_house.data / "run")
    assert started
    assert list((small_house.data / "run").glob("run-*")) == []
    assert small_house.learning.releases.list() == []


def test_what_fails_in_the_process_is_told_without_its_text(small_house: House) -> None:
    family = Family.move_in(small_house)
    put_right(family, SENTENCE, spoken(SENTENCE))
    taken = small_house.learning.snapshots.take(family.household)
    nowhere = process.Task(Language((Path("/nowhere"),), shipped=False), 1)
    with pytest.raises(EngineFailed) as failed:
        process.learn(taken, nowhere, small_house.data / "run")
    assert "zorbonira" not in str(failed.value)
    assert "nowhere" in str(failed.value)  # the folder of sentences is named, as anywhere
