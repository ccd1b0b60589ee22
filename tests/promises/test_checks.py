"""Every built promise is held by the house as it is, and found broken by its effect when it is broken."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import Connection

from earwitness.backup.restoring import Sources, restore
from earwitness.bootstrap import House, intake_lock
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import DAY
from earwitness.learning.forget import Forgetting
from earwitness.policy.access import Access, AccessRecord, Action, Resource
from earwitness.policy.keeping import KeepDecision, may_keep
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.promises import p03_delete, p07_who_listened
from earwitness.promises.run import CHECKS, run_checks, try_promise
from earwitness.storage.blobs import LocalBlobs
from earwitness.storage.schema import household
from earwitness.testing.learning import WordForWord
from earwitness.transparency.export import Export, Exported
from earwitness.transparency.history import AccessLine, History
from earwitness.transparency.register import PROMISES, Result, State
from earwitness.vault.artefacts import ArtefactKind, ArtefactRegistry
from earwitness.vault.erasure import Erasure
from earwitness.vault.intake import Incoming, Intake, Kept
from earwitness.vault.keyring import Keyring
from earwitness.vault.reading import Cursor, Item, Reading
from earwitness.vault.receipts import Receipts
from earwitness.vault.removal import Removal
from earwitness.vault.retention import Retention, Swept

BUILT = {"P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P14"}


def learning_quickly(house: House) -> House:
    """The house with a learner that fits nothing: where rows and objects lie changes nothing about the fitting."""
    learning = replace(house.learning, teach=WordForWord())
    forgetting = Forgetting(house.database, learning, house.access, house.audit, house.clock)
    return replace(house, learning=learning, forgetting=forgetting)


def test_every_built_promise_is_held_and_nothing_else_is(house: House) -> None:
    house = learning_quickly(house) if house.settings.s3_bucket else house
    begun: list[str] = []
    results = run_checks(house, begun.append)
    assert [each.id for each in results] == [f"P{number}" for number in range(1, 17)]
    assert {each.id: each.tried for each in results if each.state is State.BROKEN} == {}
    assert {each.id for each in results if each.state is State.HELD} == BUILT == CHECKS.keys() == set(begun)
    assert {each.state for each in results if each.id not in BUILT} == {State.NOT_BUILT}
    assert house.promise_results() == results
    with house.database.read() as tx:
        assert tx.execute(household.select()).all() == []  # the canaries are gone, with everything of theirs
    assert list(house.blobs.names()) == []
    assert [key for key in house.keyring.key_ids() if ":" not in key and house.keyring.keys([key])] == []


def test_what_was_never_tried_is_not_held(small_house: House) -> None:
    assert {each.state for each in small_house.promise_results()} == {State.NOT_BUILT}
    assert {each.at for each in small_house.promise_results()} == {None}


def test_the_newest_result_counts(small_house: House) -> None:
    promise = PROMISES[1]
    for at, state in ((1, State.HELD), (3, State.BROKEN), (2, State.HELD)):
        small_house.results.store([Result(promise.id, promise.title, state, "tried", at)], now=3)
    assert small_house.promise_results()[1].state is State.BROKEN


def test_old_results_go(small_house: House) -> None:
    promise = PROMISES[1]
    small_house.results.store([Result(promise.id, promise.title, State.HELD, "tried", 1)], now=1)
    small_house.results.store([], now=401 * DAY)
    assert small_house.promise_results()[1].state is State.NOT_BUILT


# --- the ways to break them -------------------------------------------------------------------------


def with_access(house: House, access: Access) -> House:
    """The house with another door: everything that asks it is put together anew."""
    reading = Reading(house.database, house.blobs, house.keyring, access, house.clock)
    return replace(
        house,
        access=access,
        reading=reading,
        history=History(reading, house.audit, access, house.effects, house.directory.devices),
        erasure=_erasure(house, access=access),
        export=_export(house, Export, access=access),
    )


def _erasure(
    house: House,
    *,
    access: Access | None = None,
    removal: Removal | None = None,
    make: type[Erasure] = Erasure,
) -> Erasure:
    return make(
        house.database,
        house.log,
        house.audit,
        access or house.access,
        house.receipts,
        house.effects,
        removal or house.removal,
        house.clock,
    )


def _export(house: House, make: type[Export], *, access: Access | None = None) -> Export:
    return make(
        house.database,
        house.keyring,
        access or house.access,
        house.audit,
        house.log,
        house.directory,
        house.effects,
        house.receipts,
        house.clock,
        {"folder": str(house.data / "blobs")},
    )


def with_removal(
    house: House,
    *,
    blobs: LocalBlobs | None = None,
    keyring: Keyring | None = None,
    registry: ArtefactRegistry | None = None,
) -> House:
    """The house with another removal."""
    removal = Removal(
        house.database,
        blobs or house.blobs,
        keyring or house.keyring,
        registry or house.registry,
        house.receipts,
        house.clock,
        house.settings.rotation_ms,
    )
    return replace(house, removal=removal, erasure=_erasure(house, removal=removal))


def with_reading(house: House, make: type[Reading]) -> House:
    reading = make(house.database, house.blobs, house.keyring, house.access, house.clock)
    history = History(reading, house.audit, house.access, house.effects, house.directory.devices)
    return replace(house, reading=reading, history=history)


class OpenDoor(Access):
    """Lets everybody do everything, and writes it down."""

    def _decide(self, actor: Actor, action: Action, resources: Sequence[Resource], purpose: Purpose) -> Actor:  # noqa: ARG002 - the original's
        return actor


class NeverAsks(Access):
    """Opens by the rules, and never asks again."""

    def check_all(self, grant: Any, action: Action, resource_ids: Sequence[str]) -> None:
        """Let everything pass."""


class ForgetsOne(Reading):
    """Leaves the oldest recording out of every list."""

    def _list(self, subjects: Sequence[str], limit: int, before: Cursor | None) -> list[Item]:
        return super()._list(subjects, limit, before)[:-1]


class HidesTexts(Reading):
    """Shows recordings without what was understood."""

    def texts(self, grant: Any, items: Sequence[Item]) -> dict[str, dict[str, str]]:
        return {name: {} for name in super().texts(grant, items)}


class SilentAccess(History):
    """Does not tell of plays."""

    def who(self, actor: Actor, subject: Resource, *, limit: int | None = None) -> list[AccessLine]:
        return [line for line in super().who(actor, subject, limit=limit) if line.action != "recording:play"]


class HoardingBlobs(LocalBlobs):
    """Never deletes an object."""

    def delete_many(self, names: Sequence[str]) -> None:
        """Keep them all."""


class HoardingKeyring(Keyring):
    """The house's keyring; it says that it destroyed keys and keeps them."""

    def __init__(self, inner: Keyring) -> None:
        self.__dict__ = inner.__dict__

    def destroy_keys(self, key_ids: Sequence[str]) -> list[str]:
        return ["0123456789abcdef" for _ in key_ids]


class CarelessIntake(Intake):
    """Leaves a copy of the sound lying about."""

    folder: Path

    def keep(self, incoming: Incoming) -> Kept:
        (self.folder / f"sound-{secrets.token_hex(4)}.wav").write_bytes(incoming.clip.to_wav())
        return super().keep(incoming)


class FalseReceipts(Receipts):
    """Hands out receipts that are not what the log committed to."""

    def file(self, receipt_id: str) -> bytes:
        return super().file(receipt_id).replace(b"extra ", b"extra AAAA", 1)


class NeverSweeps(Retention):
    """Says that nothing had expired."""

    def sweep(self, **_: Any) -> Swept:
        return Swept()


class NeverDates(Retention):
    """Takes the choice and leaves what is kept as it was."""

    def _redate(self, tx: Connection, subject: str, lifetime_ms: int) -> int:  # noqa: ARG002 - the original's
        return 0


class WrongRecipient(Export):
    """Encrypts to somebody else's key."""

    def _lines(self, opening: dict[str, Any], subject: str) -> Iterator[dict[str, Any]]:
        stranger = str(pyrage.x25519.Identity.generate().to_public())
        return super()._lines(opening | {"recipient": stranger}, subject)


class ForgetfulExport(Export):
    """Leaves the recordings out."""

    def _recordings(self, subject: str) -> Iterator[Any]:  # noqa: ARG002 - the original's
        return iter(())


class PlainExport(Export):
    """Puts the sound beside the archive's encryption."""

    def export(self, actor: Actor, person_id: str, destination: Path) -> Exported:
        made = super().export(actor, person_id, destination)
        page = self.reading.page(actor, [person_id])
        sound = self.reading.play(actor, page.items[0].id, Purpose.HISTORY).read()
        made.path.write_bytes(made.path.read_bytes() + sound)
        return made

    reading: Reading


class GreedyExport(Export):
    """Takes everybody's recordings along."""

    def _recordings(self, subject: str) -> Iterator[Any]:
        yield from super()._recordings(subject)
        for person in self._directory.people.list():
            if person.id != subject:
                yield from super()._recordings(person.id)


def keep_whatever(tx: Connection, device: str | None, person: str | None) -> KeepDecision:
    """Decide as the rules say, but never for nothing."""
    decision = may_keep(tx, device, person)
    return replace(decision, keep=True, lifetime_ms=decision.lifetime_ms or RetentionChoice.DAY.lifetime_ms)


def keep_twice_as_long(tx: Connection, device: str | None, person: str | None) -> KeepDecision:
    decision = may_keep(tx, device, person)
    return replace(decision, lifetime_ms=decision.lifetime_ms * 2)


def record_nothing(_: Sequence[AccessRecord]) -> None:
    """Leave the entry out."""


def erase_nothing(_tx: Connection, _ids: Sequence[str]) -> int:
    return 0


def idle_registry(house: House) -> ArtefactRegistry:
    registry = ArtefactRegistry()
    for kind in house.registry:
        idle = ArtefactKind(kind.name, kind.holds, erase_nothing, kind.tables)
        registry.register(idle if kind.name == "transcript" else kind)
    for holding in house.registry.holdings:
        registry.register(holding)
    return registry


def intake(house: House, make: type[Intake] = Intake, decide: Callable[..., KeepDecision] = may_keep) -> House:
    made = make(
        house.database,
        house.blobs,
        house.keyring,
        house.audit,
        house.registry,
        decide,
        house.clock,
        intake_lock(house.data),
    )
    if isinstance(made, CarelessIntake):
        made.folder = house.data
    return replace(house, intake=made)


def retention(house: House, make: type[Retention]) -> House:
    made = make(house.database, house.choices, house.removal, house.deidentified, house.clock)
    return replace(house, retention=made)


def export(house: House, make: type[Export]) -> House:
    made = _export(house, make)
    if isinstance(made, PlainExport):
        made.reading = house.reading
    return replace(house, export=made)


def silent_history(house: House) -> House:
    history = SilentAccess(house.reading, house.audit, house.access, house.effects, house.directory.devices)
    return replace(house, history=history)


SABOTAGES: list[tuple[str, Callable[[House], House], str]] = [
    ("P2", lambda house: with_reading(house, ForgetsOne), "The history is not what was kept."),
    ("P2", lambda house: with_reading(house, HidesTexts), "A transcript is not in the history."),
    (
        "P2",
        lambda house: with_access(house, OpenDoor(house.database, house.clock, house.audit.record_access)),
        "Playing somebody else's recording was possible.",
    ),
    ("P3", lambda house: with_removal(house, registry=idle_registry(house)), "The table artefact still holds a row"),
    (
        "P3",
        lambda house: with_removal(house, blobs=HoardingBlobs(house.data / "blobs")),
        "Reading the stored object of what was erased was possible.",
    ),
    (
        "P3",
        lambda house: with_removal(house, keyring=HoardingKeyring(house.keyring)),
        "The key of what was erased is still there.",
    ),
    ("P3", lambda house: intake(house, CarelessIntake), ".wav still holds content of what was erased."),
    (
        "P3",
        lambda house: replace(house, receipts=FalseReceipts(house.database, house.log, house.clock)),
        "The check failed",
    ),
    ("P4", lambda house: retention(house, NeverSweeps), "Playing what had expired was possible."),
    ("P4", lambda house: retention(house, NeverDates), "A new choice did not re-date what is kept."),
    ("P4", lambda house: intake(house, decide=keep_whatever), "Keeping against the choice to keep nothing"),
    ("P4", lambda house: intake(house, decide=keep_twice_as_long), "The default is not what is promised."),
    (
        "P7",
        lambda house: with_access(house, Access(house.database, house.clock, record_nothing)),
        "The opening is not listed.",
    ),
    ("P7", silent_history, "The opening is not listed."),
    (
        "P8",
        lambda house: with_access(house, OpenDoor(house.database, house.clock, house.audit.record_access)),
        "by a reviewer was possible.",
    ),
    (
        "P8",
        lambda house: with_access(house, NeverAsks(house.database, house.clock, house.audit.record_access)),
        "Using a grant elsewhere was possible.",
    ),
    ("P10", lambda house: export(house, WrongRecipient), "The check failed: error"),
    ("P10", lambda house: export(house, ForgetfulExport), "The check failed"),
    ("P10", lambda house: export(house, PlainExport), "The archive is not encrypted."),
    ("P10", lambda house: export(house, GreedyExport), "The check failed: The wrapped key of"),
    (
        "P10",
        lambda house: with_access(house, OpenDoor(house.database, house.clock, house.audit.record_access)),
        "Exporting somebody else was possible.",
    ),
]


@pytest.mark.parametrize(
    ("promise", "sabotage", "found"), SABOTAGES, ids=[f"{each[0]}-{each[2]}" for each in SABOTAGES]
)
def test_a_promise_that_is_broken_is_found_broken(
    small_house: House, promise: str, sabotage: Callable[[House], House], found: str
) -> None:
    (tried,) = [each for each in PROMISES if each.id == promise]
    result = try_promise(sabotage(small_house), tried)
    assert (result.state, found in result.tried) == (State.BROKEN, True), result.tried


def test_a_backup_that_brings_it_back_is_found(small_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def restore_without_the_log(sources: Sources, target: Path) -> object:
        alone = Sources(sources.data, sources.keys)
        return restore(alone, target, without_second_copy_erased_things_may_return=True)

    monkeypatch.setattr(p03_delete, "restore", restore_without_the_log)
    result = try_promise(small_house, PROMISES[2])
    assert (result.state, result.tried) == (State.BROKEN, "Playing what was erased was possible.")


def test_a_verification_that_finds_nothing_is_found(small_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(p07_who_listened, "verify", lambda *_: None)
    result = try_promise(small_house, PROMISES[6])
    assert (result.state, result.tried) == (State.BROKEN, "Rewriting the log unseen was possible.")


def test_a_canary_that_cannot_be_erased_is_no_promise_held(small_house: House) -> None:
    class Stuck(Erasure):
        def forget_household(self, household_id: str) -> None:
            raise ZeroDivisionError(household_id)

    result = try_promise(replace(small_house, erasure=_erasure(small_house, make=Stuck)), PROMISES[1])
    assert result.state is State.BROKEN
    assert "ZeroDivisionError" in result.tried
