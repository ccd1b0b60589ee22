"""The composition root: the only place that chooses stores, custodians and runners and hands them down.

``create_house`` makes an installation, ``open_house`` opens one: migrates the database, mends what a
crash left, and puts the parts together from the lowest floor up. What only some installations need (the web,
PostgreSQL, Vault, witnesses) is imported where it is chosen: a command on files starts in half the time.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from earwitness import settings as settings_file
from earwitness.identity.directory import Directory
from earwitness.jobs import schedules
from earwitness.jobs.runners import Runner
from earwitness.jobs.runners.embedded import EmbeddedRunner
from earwitness.jobs.work import Handlers
from earwitness.kernel.clock import DAY, HOUR, Clock, SystemClock
from earwitness.kernel.errors import BadInput
from earwitness.kernel.ids import new_id
from earwitness.ledger.log import Log
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.publisher import Publisher
from earwitness.ledger.signer import open_signer
from earwitness.policy.access import Access
from earwitness.policy.approvals import Approvals
from earwitness.policy.consent import Consents
from earwitness.policy.keeping import may_keep
from earwitness.policy.retention import Retention as Choices
from earwitness.settings import Settings, WitnessSettings
from earwitness.storage import migration
from earwitness.storage.blobs import BlobStore, LocalBlobs, S3Blobs, S3Place
from earwitness.storage.database import Database
from earwitness.storage.files import make_folder
from earwitness.transparency.export import Export
from earwitness.transparency.history import History
from earwitness.transparency.incidents import Incidents
from earwitness.transparency.register import Result, Results
from earwitness.vault import epochs
from earwitness.vault.artefacts import ArtefactRegistry
from earwitness.vault.audit import Audit
from earwitness.vault.custodians import Custodian
from earwitness.vault.custodians.keyfile import KeyFile
from earwitness.vault.deidentified import SUBJECT as DEIDENTIFIED
from earwitness.vault.deidentified import Deidentified
from earwitness.vault.effects import Effects
from earwitness.vault.erasure import Erasure
from earwitness.vault.intake import Intake
from earwitness.vault.keyring import Keyring
from earwitness.vault.kinds import register_ground_floor
from earwitness.vault.reading import Reading
from earwitness.vault.receipts import Receipt, Receipts
from earwitness.vault.removal import REMOVE_JOB, Removal
from earwitness.vault.retention import Retention
from earwitness.vault.rings import RingFiles, RingStore
from earwitness.vault.rotation import Progress
from earwitness.vault.sweep import Sweep, sweep

if TYPE_CHECKING:
    from earwitness.ledger.witness import Witness
    from earwitness.web.hub import Health

RETENTION_JOB, TURN_JOB, COMPLETE_JOB, SWEEP_JOB = "vault.retain", "vault.turn", "vault.complete", "vault.sweep"
AskPassphrase = Callable[[], str]


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
    consents: Consents
    choices: Choices
    approvals: Approvals
    access: Access
    intake: Intake
    reading: Reading
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
        """Remove what a crash left behind, and resume accepted erasures."""
        return sweep(self.database, self.blobs, self.keyring, self.removal, intake_lock(self.data), insist=insist)

    def turn_epoch(self, progress: Progress = lambda _done, _all: None) -> list[Receipt]:
        """Turn the root epoch now; return the receipts of erasures for which this was the last thing missing."""
        epochs.turn(self.database, self.keyring, self.clock, progress)
        return self.removal.complete_due()

    def close(self) -> None:
        """Publish what is left of the log and let everything go."""
        try:
            self.log.publish()
        finally:
            self.closing.close()

    def __enter__(self) -> Self:
        """Use the house in a ``with`` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def create_house(
    data: Path,
    chosen: Settings | None = None,
    *,
    clock: Clock | None = None,
    passphrase: AskPassphrase | None = None,
) -> None:
    """Make a new installation in ``data``: settings, keys, database, and the log's first checkpoint.

    Raises:
        BadInput: there is one already, or the folder holds other things.
    """
    if (data / settings_file.FILE).exists():
        raise BadInput(f"{data} already holds an installation.", next_step="Use it, or give another --data.")
    if data.exists() and any(data.iterdir()):
        raise BadInput(f"{data} is not empty.", next_step="Give a new folder with --data.")
    for name in ("", "keys", "blobs", "log", "run"):
        make_folder(data / name)
    chosen = chosen or default_settings()
    with ExitStack() as closing:
        keyring = _keyring(data, chosen, clock or SystemClock(), passphrase, closing, create=True)
        keyring.create_subject(DEIDENTIFIED)
    settings_file.store(data, chosen)  # last: a folder without settings is no installation
    with open_house(data, clock=clock, passphrase=passphrase) as house:
        house.log.publish()


def default_settings() -> Settings:
    """Return the settings of a new installation."""
    return Settings(installation=new_id("inst"))


def open_house(data: Path, *, clock: Clock | None = None, passphrase: AskPassphrase | None = None) -> House:
    """Open an installation.

    Raises:
        NotFound: there is none in ``data``.
        SchemaTooNew: its database was written by a newer version.
        KeyringError: its root key does not open.
    """
    return assemble_house(data, settings_file.load(data), clock=clock, passphrase=passphrase)


def assemble_house(
    data: Path, chosen: Settings, *, clock: Clock | None = None, passphrase: AskPassphrase | None = None
) -> House:
    """Put an installation together in a folder that has its keys but, as while it is restored, no settings yet.

    Raises:
        SchemaTooNew: its database was written by a newer version.
        KeyringError: its root key does not open.
    """
    clock = clock or SystemClock()
    with ExitStack() as opening:
        database = Database.open(chosen.database(data))
        opening.callback(database.close)
        keyring = _keyring(data, chosen, clock, passphrase, opening)
        epochs.settle(database, keyring, clock)
        return _compose(data, chosen, clock, database, keyring, opening.pop_all())


def intake_lock(data: Path) -> Path:
    """Return the lock that an intake holds shared and the sweep exclusively."""
    return data / "run" / "intake.lock"


def _compose(  # noqa: PLR0913, PLR0917 - the one place where everything meets
    data: Path, chosen: Settings, clock: Clock, database: Database, keyring: Keyring, closing: ExitStack
) -> House:
    blobs = _blobs(data, chosen)
    log = _log(data, chosen, database, clock)
    audit = Audit(database, log, keyring)
    registry = ArtefactRegistry()
    register_ground_floor(registry)
    directory = Directory(database, keyring, clock, log.bury, audit.record_change)
    access = Access(database, clock, audit.record_access)
    effects = Effects(database, keyring)
    receipts = Receipts(database, log, clock)
    removal = Removal(database, blobs, keyring, registry, receipts, clock, chosen.rotation_ms)
    deidentified = Deidentified(database, blobs, keyring, log, registry)
    choices = Choices(database, clock, log.bury, audit.record_change)
    retention = Retention(database, choices, removal, deidentified, clock)
    reading = Reading(database, blobs, keyring, access, clock)
    handlers = Handlers()
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
        consents=Consents(database, clock, log.bury, audit.record_change),
        choices=choices,
        approvals=Approvals(database, clock),
        access=access,
        intake=Intake(database, blobs, keyring, audit, registry, may_keep, clock, intake_lock(data)),
        reading=reading,
        effects=effects,
        receipts=receipts,
        removal=removal,
        erasure=Erasure(database, log, audit, access, receipts, effects, removal, clock),
        deidentified=deidentified,
        retention=retention,
        history=History(reading, audit, access, effects, directory.devices),
        incidents=Incidents(database, keyring, audit, access, clock),
        export=Export(
            database, keyring, access, audit, log, directory, effects, receipts, clock, _blob_place(data, chosen)
        ),
        results=Results(database),
        handlers=handlers,
        runner=_runner(database, handlers, clock),
        publisher=Publisher(log),
        closing=closing,
    )
    _schedule(house)
    return house


def _schedule(house: House) -> None:
    """Say which background work there is and how often it comes up."""
    house.handlers.add(REMOVE_JOB, lambda payload: _ignore(house.removal.remove(str(payload["erasure"]))))
    house.handlers.add(RETENTION_JOB, lambda _: _ignore(house.retention.sweep()))
    house.handlers.add(TURN_JOB, lambda _: _turn_if_due(house))
    house.handlers.add(COMPLETE_JOB, lambda _: _ignore(house.removal.complete_due()))
    house.handlers.add(SWEEP_JOB, lambda _: _ignore(house.sweep()))
    now = house.clock.now_ms()
    with house.database.write() as tx:
        schedules.ensure(tx, "retention", RETENTION_JOB, HOUR, now=now)
        schedules.ensure(tx, "epoch", TURN_JOB, HOUR, now=now)
        schedules.ensure(tx, "completion", COMPLETE_JOB, HOUR, now=now)
        schedules.ensure(tx, "sweep", SWEEP_JOB, DAY, now=now)


def _turn_if_due(house: House) -> None:
    if epochs.due(house.database, house.keyring, house.clock, house.settings.rotation_ms):
        house.turn_epoch()


def _ignore(_: object) -> None:
    """Work rows have no result; what was done is in the rows it changed."""


def _runner(database: Database, handlers: Handlers, clock: Clock) -> Runner:
    if database.dialect != "postgresql":
        return EmbeddedRunner(database, handlers, clock)
    from earwitness.jobs.runners.procrastinate import ProcrastinateRunner  # noqa: PLC0415 - only PostgreSQL needs it

    return ProcrastinateRunner(database, handlers, clock)


def _blobs(data: Path, chosen: Settings) -> BlobStore:
    place = _blob_place(data, chosen)
    return LocalBlobs(Path(place["folder"])) if "folder" in place else S3Blobs(S3Place(**place))


def _blob_place(data: Path, chosen: Settings) -> dict[str, str]:
    """Say where blobs rest, in words that an export worker can be given."""
    if not chosen.s3_bucket:
        return {"folder": str(data / "blobs")}
    return {
        "bucket": chosen.s3_bucket,
        "endpoint": chosen.s3_endpoint,
        "region": chosen.s3_region,
        "prefix": chosen.installation,
    }


def _log(data: Path, chosen: Settings, database: Database, clock: Clock) -> Log:
    signer = open_signer(data / "keys" / "log.key", f"earwitness.local/{chosen.installation}")
    witnesses = [_witness(each) for each in chosen.witnesses]
    second = data / chosen.second_copy if chosen.second_copy else None
    return Log(database, data / "log", signer, clock=clock, second=second, witnesses=witnesses)


def _witness(chosen: WitnessSettings) -> "Witness":
    from earwitness.ledger.witness import Witness  # noqa: PLC0415 - brings an HTTP client

    return Witness(chosen.url, parse_verifier_key(chosen.key))


def _keyring(  # noqa: PLR0913 - composed once, here
    data: Path,
    chosen: Settings,
    clock: Clock,
    passphrase: AskPassphrase | None,
    closing: ExitStack,
    *,
    create: bool = False,
) -> Keyring:
    keys = data / "keys"
    store = _ring_store(keys, chosen)
    custodian = _custodian(keys, chosen, passphrase)
    keyring = Keyring.create(store, custodian, clock) if create else Keyring(store, custodian, clock)
    closing.callback(keyring.close)
    return keyring


def _ring_store(keys: Path, chosen: Settings) -> RingStore:
    if not chosen.keys_url:
        return RingFiles(keys)
    from earwitness.vault.rings.schemas import RingSchemas  # noqa: PLC0415 - only PostgreSQL needs it

    return RingSchemas(chosen.keys_url)


def _custodian(keys: Path, chosen: Settings, passphrase: AskPassphrase | None) -> Custodian:
    match chosen.custodian:
        case "keyfile":
            return KeyFile(keys)
        case "passphrase":
            if passphrase is None:
                raise BadInput("This installation needs its passphrase.", next_step="Set EARWITNESS_PASSPHRASE.")
            from earwitness.vault.custodians.passphrase import Passphrase  # noqa: PLC0415 - only this choice needs it

            return Passphrase(keys, passphrase)
        case "transit":
            from earwitness.vault.custodians.transit import Transit  # noqa: PLC0415 - brings an HTTP client

            return Transit(chosen.vault_address, chosen.installation)
