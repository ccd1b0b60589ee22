"""The house: all parts of an open installation, put together from the lowest floor up."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from earwitness.bootstrap import stores
from earwitness.bootstrap.duties import DUTIES, take_duties
from earwitness.bootstrap.learning import noticing, open_learning
from earwitness.identity.directory import Directory
from earwitness.jobs import schedules
from earwitness.jobs.runners import Runner
from earwitness.jobs.work import Handlers
from earwitness.kernel.clock import Clock
from earwitness.learning.corrections import Corrections
from earwitness.learning.forget import Forgetting
from earwitness.learning.kinds import register_learning
from earwitness.learning.learner import Learning
from earwitness.ledger.log import Log
from earwitness.ledger.publisher import Publisher
from earwitness.policy.access import Access
from earwitness.policy.approvals import Approvals
from earwitness.policy.consent import Consents
from earwitness.policy.keeping import may_keep
from earwitness.policy.retention import Retention as Choices
from earwitness.review.kinds import register_review
from earwitness.review.room import Review, open_review
from earwitness.settings import Settings
from earwitness.skills.holdings import offer_removers, register_skills
from earwitness.storage import migration
from earwitness.storage.blobs import BlobStore
from earwitness.storage.database import Database
from earwitness.transparency.export import Export
from earwitness.transparency.history import History
from earwitness.transparency.incidents import Incidents
from earwitness.transparency.register import Result, Results
from earwitness.vault import epochs
from earwitness.vault.adding import Adding
from earwitness.vault.artefacts import ArtefactRegistry
from earwitness.vault.audit import Audit
from earwitness.vault.deidentified import Deidentified
from earwitness.vault.effects import Effects
from earwitness.vault.erasure import Erasure
from earwitness.vault.intake import Intake
from earwitness.vault.keyring import Keyring
from earwitness.vault.kinds import register_ground_floor
from earwitness.vault.reading import Reading
from earwitness.vault.receipts import Receipt, Receipts
from earwitness.vault.removal import Removal
from earwitness.vault.retention import Retention
from earwitness.vault.rotation import Progress
from earwitness.vault.sweep import Sweep, sweep
from earwitness.web.sign_in.accounts import Accounts
from earwitness.web.sign_in.kinds import register_accounts

if TYPE_CHECKING:
    from earwitness.web.hub import Health


@dataclass(frozen=True, slots=True)
class House:
    """All parts of an open installation; thread-safe. Close it when done."""

    data: Path
    settings: Settings
    clock: Clock
    database: Database
    blobs: BlobStore
    keyring: Keyring
    log: Log
    audit: Audit
    registry: ArtefactRegistry
    directory: Directory
    accounts: Accounts
    consents: Consents
    choices: Choices
    approvals: Approvals
    access: Access
    intake: Intake
    reading: Reading
    adding: Adding
    corrections: Corrections
    learning: Learning
    forgetting: Forgetting
    review: Review
    effects: Effects
    receipts: Receipts
    removal: Removal
    erasure: Erasure
    deidentified: Deidentified
    retention: Retention
    history: History
    incidents: Incidents
    export: Export
    results: Results
    handlers: Handlers
    runner: Runner
    publisher: Publisher
    closing: ExitStack

    def start(self) -> None:
        """Mend what a crash left, then begin the background work: jobs, and the publication of the log."""
        self.sweep()
        self.learning.clear()
        now = self.clock.now_ms()
        with self.database.write() as tx:
            for name, duty in DUTIES.items():
                schedules.ensure(tx, name, duty.kind, duty.every_ms, now=now)
        self.publisher.start()
        self.runner.start()

    def stop(self) -> None:
        """End the background work in good order."""
        self.runner.stop()
        self.publisher.stop()

    def promise_results(self) -> list[Result]:
        """Return every promise with what its latest check found."""
        return self.results.latest()

    def health(self) -> "Health":
        """Return versions and sizes; nothing personal."""
        from earwitness.web.hub import Health  # noqa: PLC0415 - only the web asks

        return Health(migration.HEAD, self.log.size(), self.keyring.epoch)

    def sweep(self, *, insist: bool = False) -> Sweep:
        """Remove what a crash left behind, and resume accepted erasures.

        The log is published first: a database that is older than what was published, or another one, does not
        know which keys are in use, and is refused before anything is removed.

        Raises:
            LogCorrupt: the database is not the one that this log was published from.
            RowCorrupt: too many keys have no row.
        """
        if not insist:
            self.log.publish()
        found = sweep(self.database, self.blobs, self.keyring, self.removal, intake_lock(self.data), insist=insist)
        self.learning.sweep()
        return found

    def turn_epoch(self, progress: Progress = lambda _done, _all: None) -> list[Receipt]:
        """Turn the root epoch now; return the receipts of erasures for which this was the last thing missing."""
        epochs.turn(self.database, self.keyring, self.clock, progress)
        return self.removal.complete_due()

    def close(self) -> None:
        """Publish what is left of the log and let everything go."""
        try:
            self.log.publish()
        finally:
            self.log.close()
            self.closing.close()

    def __enter__(self) -> Self:
        """Use the house in a ``with`` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def intake_lock(data: Path) -> Path:
    """Return the lock that an intake holds shared and the sweep exclusively."""
    return data / "run" / "intake.lock"


def _everything_held(clock: Clock) -> ArtefactRegistry:
    """What every room writes about recordings and people, in the order in which it is erased."""
    registry = ArtefactRegistry()
    register_ground_floor(registry)
    register_skills(registry)
    register_learning(registry, clock)
    register_review(registry)
    register_accounts(registry)
    return registry


def _effects(database: Database, keyring: Keyring, clock: Clock) -> Effects:
    """What recordings caused, and how the skills take it back."""
    effects = Effects(database, keyring)
    offer_removers(effects, database, keyring, clock)
    return effects


def compose(  # noqa: PLR0913, PLR0917 - the one place where everything meets
    data: Path, chosen: Settings, clock: Clock, database: Database, keyring: Keyring, closing: ExitStack
) -> House:
    """Put the parts together over an open database and keyring."""
    blobs, log = stores.blobs(data, chosen), stores.log(data, chosen, database, clock)
    audit = Audit(database, log, keyring)
    registry = _everything_held(clock)
    directory = Directory(database, keyring, clock, log.bury, audit.record_change)
    access, effects = Access(database, clock, audit.record_access), _effects(database, keyring, clock)
    receipts = Receipts(database, log, clock)
    removal = Removal(database, blobs, keyring, registry, receipts, clock, chosen.rotation_ms)
    deidentified = Deidentified(database, blobs, keyring, log, registry, access, intake_lock(data))
    choices = Choices(database, clock, log.bury, audit.record_change)
    retention = Retention(database, choices, removal, deidentified, clock)
    reading = Reading(database, blobs, keyring, access, clock)
    adding = Adding(database, blobs, keyring, audit, registry, access, clock, intake_lock(data))
    erasure = Erasure(database, log, audit, access, receipts, effects, removal, clock)
    learning = open_learning(data, database, log, keyring, reading, clock)
    forgetting = Forgetting(database, learning, access, audit, clock)
    where = stores.blob_place(data, chosen)
    house = House(
        data=data,
        settings=chosen,
        clock=clock,
        database=database,
        blobs=blobs,
        keyring=keyring,
        log=log,
        audit=audit,
        registry=registry,
        directory=directory,
        accounts=Accounts(database, keyring, clock),
        consents=Consents(database, clock, log.bury, noticing(forgetting, audit.record_change)),
        choices=choices,
        approvals=Approvals(database, clock),
        access=access,
        intake=Intake(database, blobs, keyring, audit, registry, may_keep, clock, intake_lock(data)),
        reading=reading,
        adding=adding,
        corrections=Corrections(reading, adding, access, clock),
        learning=learning,
        forgetting=forgetting,
        review=open_review(database, log, audit, access, reading, adding, erasure, clock),
        effects=effects,
        receipts=receipts,
        removal=removal,
        erasure=erasure,
        deidentified=deidentified,
        retention=retention,
        history=History(reading, audit, access, effects, directory.devices),
        incidents=Incidents(database, keyring, audit, access, clock),
        export=Export(database, keyring, access, audit, log, directory, effects, receipts, clock, where),
        results=Results(database),
        handlers=(handlers := Handlers()),
        runner=stores.runner(database, handlers, clock),
        publisher=Publisher(log),
        closing=closing,
    )
    take_duties(house)
    return house
