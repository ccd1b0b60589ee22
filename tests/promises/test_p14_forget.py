"""P14 is found broken by its effect, in each way in which a model could go on knowing somebody."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete

from earwitness.bootstrap import House
from earwitness.jobs.payload import Payload
from earwitness.learning.forget import Forgetting
from earwitness.learning.learner import InUse, Learning
from earwitness.learning.release import Releases
from earwitness.learning.shelf import Shelf, Shelved
from earwitness.learning.snapshot import SHARED, Snapshot, Snapshots
from earwitness.promises.run import try_promise
from earwitness.storage.schema.learning import learning_forgotten
from earwitness.testing.learning import WordForWord
from earwitness.transparency.register import PROMISES, State

P14 = PROMISES[13]


def rebuilt(house: House, *, shelf: Shelf | None = None, **changed: Any) -> House:
    """The house with a quick learner, and one part of learning made anew."""
    shelf = shelf or Shelf(house.data, house.keyring)
    releases = changed.pop("releases", Releases)(house.database, house.log, shelf, house.clock)
    snapshots = changed.pop("snapshots", Snapshots)(house.database, house.reading, house.clock)
    learning = replace(house.learning, snapshots=snapshots, releases=releases, teach=WordForWord())
    made = changed.pop("learning", lambda each: each)(learning)
    forgetting = changed.pop("forgetting", Forgetting)(house.database, made, house.access, house.audit, house.clock)
    return replace(house, learning=made, forgetting=forgetting)


class KeepsFiles(Shelf):
    """Destroys the key alone."""

    def destroy(self, release: str, files: Sequence[Shelved]) -> list[str]:
        del files
        return super().destroy(release, [])

    def sweep(self, known: object, releases: object) -> int:
        del known, releases
        return 0


class KeepsKey(Shelf):
    """Removes the files alone."""

    def destroy(self, release: str, files: Sequence[Shelved]) -> list[str]:
        key = self._keyring.key(f"model:{release}")
        found = super().destroy(release, files)
        self._keyring.add_keys([("learning-spare", f"model:{release}", key)])
        return found

    def sweep(self, known: object, releases: object) -> int:
        del known, releases  # or it would find the key
        return 0


class DoesNothing(Forgetting):
    """Lets the work rows lie."""

    def carry_out(self, payload: Payload) -> None:
        del payload


class Remembers(Snapshots):
    """Learns from what somebody asked to be forgotten."""

    def take(self, subject: str = SHARED) -> Snapshot:
        with self._database.write() as tx:
            tx.execute(delete(learning_forgotten))
        return super().take(subject)


class Keeps(Learning):
    """Goes on using what it once opened."""

    def in_use(self, household: str | None = None) -> InUse:
        known = {key: value for key, value in self._known.items() if key}
        found = super().in_use(household)
        kept = next(iter(known.values()), None)
        return kept if kept is not None and household and not found.taught else found


class Mixes(Learning):
    """Gives one household's sentences to all."""

    def in_use(self, household: str | None = None) -> InUse:
        found = super().in_use(household)
        if household:
            object.__setattr__(self, "language", found)
            return found
        return self.language if isinstance(self.language, InUse) else found


def of_class(kind: type[Learning]) -> Callable[[Learning], Learning]:
    fields = ("snapshots", "releases", "folder", "language", "fewest", "teach")
    return lambda each: kind(**{name: getattr(each, name) for name in fields})


def broken(house: House) -> str:
    result = try_promise(house, P14)
    assert result.state is State.BROKEN
    return result.tried


def test_it_is_held(small_house: House) -> None:
    result = try_promise(rebuilt(small_house), P14)
    assert (result.state, "nothing of it was left" in result.tried) == (State.HELD, True), result.tried


def test_files_that_stay_are_found(small_house: House) -> None:
    house = rebuilt(small_house, shelf=KeepsFiles(small_house.data, small_house.keyring))
    assert broken(house) == "A file of the model is still there."


def test_a_key_that_stays_is_found(small_house: House) -> None:
    small_house.keyring.create_subject("learning-spare")
    house = rebuilt(small_house, shelf=KeepsKey(small_house.data, small_house.keyring))
    assert broken(house) == "Opening the key of the model was possible."


def test_a_model_that_is_left_alone_is_found(small_house: House) -> None:
    assert broken(rebuilt(small_house, forgetting=DoesNothing)) == "The model was not destroyed."


def test_what_goes_on_in_use_is_found(small_house: House) -> None:
    assert "still known" in broken(rebuilt(small_house, learning=of_class(Keeps)))


def test_what_reaches_others_is_found(small_house: House) -> None:
    house = rebuilt(small_house, learning=of_class(Mixes))
    assert broken(house) == "What one person taught is in what others use."


def test_what_is_learned_again_from_somebody_who_is_gone_is_found(small_house: House) -> None:
    assert broken(rebuilt(small_house, snapshots=Remembers)) == "What was forgotten was learned again."
