"""A release that all households share is forgotten when somebody leaves who taught it, and so is the one before it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from earwitness.bootstrap import House
from earwitness.bootstrap.following import follow
from earwitness.identity.people import Standing
from earwitness.jobs.work import State as WorkState
from earwitness.jobs.work import listing
from earwitness.kernel.audio import Clip
from earwitness.kernel.errors import BadInput, KeyDestroyed, NotFound
from earwitness.learning.adapt.acoustics import to_bytes
from earwitness.learning.corrections import Wrong
from earwitness.learning.files import MEANS
from earwitness.learning.forget import RELEARN_JOB
from earwitness.learning.gate import Verdict
from earwitness.learning.learner import InUse
from earwitness.learning.release import Release, State
from earwitness.learning.shelf import key_id
from earwitness.policy.purposes import Purpose
from earwitness.speech.asr.acoustics.model import shipped_model
from earwitness.speech.asr.engines.pocketsphinx import PocketSphinxRecogniser
from earwitness.testing.clock import VirtualClock
from earwitness.testing.homes import Adult, Home
from earwitness.testing.learning import WordForWord
from earwitness.testing.waiting import wait_until
from earwitness.understanding.context import Context
from earwitness.vault.intake import Incoming
from earwitness.vault.kinds import TRANSCRIPT

LEAVING, STAYING = "wake the zorbonira", "calm the quixomar"
PATIENCE_SECONDS = 30.0


@pytest.fixture
def people(small_house: House) -> list[Adult]:
    """Four people, a home each; two teach one sentence, two another, for it takes two to teach everybody."""
    found = []
    for number, sentence in enumerate((LEAVING, LEAVING, STAYING, STAYING)):
        home = Home(small_house, small_house.directory.households.add(f"home {number}").id)
        adult = home.adult(f"person {number}", Standing.OWNER)
        with small_house.database.write() as tx:
            small_house.consents.record(tx, adult.actor, adult.id, Purpose.TRAINING)
        clip, now = Clip(bytes(32_000)), small_house.clock.now_ms()
        incoming = Incoming(clip, now, adult.actor, device=adult.device, artefacts={TRANSCRIPT: b"x"})
        name = small_house.intake.keep(incoming).recording
        slots = {"name": "lamp"}
        small_house.corrections.record(
            adult.actor, name, Wrong.MEANT, said=sentence, intent="HassTurnOn", slots=slots
        )  # fmt: skip
        found.append(adult)
    return found


def understands(house: House, sentence: str) -> bool:
    return house.learning.in_use().taught.meaning(sentence, Context()) is not None


def two_releases(house: House) -> list[Release]:
    """One by the real learner; and one with an acoustic model, of a learner that is as sure of it as no gate is."""
    first = house.learning.run()
    assert first.verdict is Verdict.OWN_WORDS
    assert isinstance(house.clock, VirtualClock)
    house.clock.advance(1_000)
    sure = WordForWord(Verdict.BETTER, {MEANS: to_bytes(shipped_model().means)})
    second = replace(house.learning, teach=sure).run()
    house.clock.advance(1_000)
    assert first.release is not None
    assert second.release is not None
    return [house.learning.releases.find(each.id) for each in (first.release, second.release)]


def test_what_several_people_taught_everybody_goes_with_two_of_them(small_house: House, people: list[Adult]) -> None:
    house = small_house
    with following(house) as used:
        before = two_releases(house)
        assert [each.state for each in before] == [State.RETIRED, State.ACTIVE]
        assert understands(house, LEAVING)
        wait_until(lambda: used[-1:] and used[-1].acoustics is not None)
        two_leave(house, people, before)
        wait_until(lambda: used[-1] == InUse())  # the hub lets go of what it had loaded
    with pytest.raises(NotFound):
        house.learning.releases.roll_back()
    with house.database.read() as tx:
        (again,) = listing(tx, state=WorkState.READY, kind=RELEARN_JOB)
    learned = house.forgetting.learn_again(again.payload)
    assert learned is not None
    assert learned.state is State.ACTIVE
    assert house.learning.snapshots.learned_from(learned.snapshot) == {each.id for each in people[2:]}
    assert understands(house, STAYING)
    assert not understands(house, LEAVING)
    assert house.learning.releases.roll_back() is None


def two_leave(house: House, people: list[Adult], before: list[Release]) -> None:
    """One takes the yes to training back, one erases everything; then nothing of the releases is left."""
    with house.database.write() as tx:
        house.consents.withdraw(tx, people[0].actor, people[0].id, Purpose.TRAINING)
    leaves = Home(house, people[1].person.household)
    house.removal.remove(leaves.erase(people[1]).erasure)
    assert set(house.forgetting.carry_out_due()) == {each.id for each in before}

    for each in before:
        is_gone(house, each)


def is_gone(house: House, release: Release) -> None:
    """Key and files are gone, it cannot be used any more, and nothing of it lies open."""
    with pytest.raises(KeyDestroyed):
        house.keyring.key(key_id(release.id))
    sealed = {path.name for path in (house.data / "models").glob("??/*")}
    assert not sealed & {each.sealed_sha256 for each in release.files}
    assert not (house.data / "run" / "models" / release.id).exists()
    assert house.learning.releases.find(release.id).state is State.DESTROYED
    with pytest.raises(BadInput):
        house.learning.releases.activate(release.id)
    assert house.learning.releases.proof(release.id, destroyed=True)


@contextmanager
def following(house: House) -> Iterator[list[InUse]]:
    """Follow releases as a hub does; the newest of what is returned is what it has loaded."""
    taken: list[InUse] = []
    loaded: list[PocketSphinxRecogniser] = []
    looked = threading.Event()

    def look() -> InUse:
        found = house.learning.in_use()
        looked.set()
        return found

    def take(found: InUse) -> None:
        loaded[:] = [PocketSphinxRecogniser(acoustics=found.acoustics)]
        taken.append(found)

    async def go() -> None:
        task.append((asyncio.get_running_loop(), asyncio.create_task(follow(look, take, every_s=0.02))))
        with suppress(asyncio.CancelledError):
            await task[0][1]

    task: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = []
    thread = threading.Thread(target=lambda: asyncio.run(go()))
    thread.start()
    try:
        assert looked.wait(PATIENCE_SECONDS)
        yield taken
    finally:
        loop, mine = task[0]
        loop.call_soon_threadsafe(mine.cancel)
        thread.join()
