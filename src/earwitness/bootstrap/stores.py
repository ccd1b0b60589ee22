"""Which stores, keys, log and runner an installation has, chosen by its settings."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from earwitness.jobs.runners import Runner
from earwitness.jobs.runners.embedded import EmbeddedRunner
from earwitness.jobs.work import Handlers
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput
from earwitness.ledger.log import Log
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.signer import open_signer
from earwitness.settings import Settings, WitnessSettings
from earwitness.storage.blobs import BlobStore, LocalBlobs, S3Blobs, S3Place
from earwitness.storage.database import Database
from earwitness.vault.custodians import Custodian
from earwitness.vault.custodians.keyfile import KeyFile
from earwitness.vault.keyring import Keyring
from earwitness.vault.rings import RingFiles, RingStore

if TYPE_CHECKING:
    from earwitness.ledger.witness import Witness

AskPassphrase = Callable[[], str]


def runner(database: Database, handlers: Handlers, clock: Clock) -> Runner:
    """Return what runs the jobs: PostgreSQL has an engine of its own."""
    if database.dialect != "postgresql":
        return EmbeddedRunner(database, handlers, clock)
    from earwitness.jobs.runners.procrastinate import ProcrastinateRunner  # noqa: PLC0415 - only PostgreSQL needs it

    return ProcrastinateRunner(database, handlers, clock)


def blobs(data: Path, chosen: Settings) -> BlobStore:
    """Return where sealed objects rest."""
    place = blob_place(data, chosen)
    return LocalBlobs(Path(place["folder"])) if "folder" in place else S3Blobs(S3Place(**place))


def blob_place(data: Path, chosen: Settings) -> dict[str, str]:
    """Say where blobs rest, in words that an export worker can be given."""
    if not chosen.s3_bucket:
        return {"folder": str(data / "blobs")}
    return {
        "bucket": chosen.s3_bucket,
        "endpoint": chosen.s3_endpoint,
        "region": chosen.s3_region,
        "prefix": chosen.installation,
    }


def log(data: Path, chosen: Settings, database: Database, clock: Clock) -> Log:
    """Return the log, its signing key made at the first use."""
    signer = open_signer(data / "keys" / "log.key", f"earwitness.local/{chosen.installation}")
    witnesses = [_witness(each) for each in chosen.witnesses]
    second = data / chosen.second_copy if chosen.second_copy else None
    return Log(database, data / "log", signer, clock=clock, second=second, witnesses=witnesses)


def _witness(chosen: WitnessSettings) -> "Witness":
    from earwitness.ledger.witness import Witness  # noqa: PLC0415 - brings an HTTP client

    return Witness(chosen.url, parse_verifier_key(chosen.key))


def open_keyring(  # noqa: PLR0913 - composed once, here
    data: Path,
    chosen: Settings,
    clock: Clock,
    passphrase: AskPassphrase | None,
    closing: ExitStack,
    *,
    create: bool = False,
) -> Keyring:
    """Open the keyring, or make its first epoch; it is closed with ``closing``."""
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

            return Transit(chosen.vault_address, chosen.installation, backups_kept_ms=chosen.vault_backup_ms)
