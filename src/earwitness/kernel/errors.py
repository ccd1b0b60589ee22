"""The one exception tree of the project.

Every error says what happened and, where the reader can do something, what to do next. The command
line prints both on one line and exits with the class's ``exit_code`` (2: the input was bad, 3: a
policy said no, 1: anything else). No error text holds personal data: ids and counts only.

::

    EarwitnessError
    ├── BadInput                     what the caller gave cannot be used; nothing was changed
    │   ├── NotFound                 no such thing, or none that this caller may know of
    │   └── MessageInvalid           a message of the device protocol that cannot be read
    ├── Refused                      a policy or a consent says no
    │   ├── AccessDenied             Cedar denied the request, or could not decide
    │   ├── GrantInvalid             a grant that is forged, expired, revoked or for something else
    │   ├── ConsentMissing           the person has not said yes to this purpose
    │   ├── NotSignedIn              nobody is signed in, or not any more
    │   ├── FactorMissing            signed in without the second factor that this takes
    │   ├── TooManyTries             sign-in was tried too often; it has to wait
    │   └── FormRefused              a form that was not sent from a page of this hub
    ├── PolicyInvalid                the access policies do not fit their schema
    ├── StorageError
    │   ├── StorageFull              no space left on the medium
    │   ├── StorageBusy              another process holds what is needed
    │   ├── SchemaTooNew             the database was written by a newer Earwitness
    │   ├── BlobMissing              a stored object that a row names is gone
    │   ├── BlobCorrupt              a stored object is not what was written
    │   └── RowCorrupt               a database row is not what was written
    ├── KeyringError
    │   ├── WrongPassphrase          the passphrase does not open the root key
    │   ├── KeyDestroyed             the key is gone, as promised; so is what it opened
    │   ├── KeyCorrupt               a key file or a wrapped key is damaged
    │   └── CustodianUnavailable     the holder of the root key did not answer
    ├── LedgerError
    │   ├── NoteInvalid              a signed note that does not parse or verify
    │   ├── ProofInvalid             an inclusion or consistency proof that does not verify
    │   ├── LogCorrupt               tiles, entries and checkpoint disagree
    │   └── WitnessRefused           a witness did not cosign
    ├── BackupError
    │   ├── RestoreGap               the ledger at hand is older than one that was seen
    │   ├── BackupExpired            a key backup beyond its stated life
    │   └── BackupCorrupt            a backup that is not what was written
    ├── JobError                     a piece of background work failed
    ├── EngineError
    │   ├── EngineMissing            a speech engine or its data is not installed
    │   ├── EngineBusy               every process of a speech engine is in use
    │   └── EngineFailed             a speech engine died or gave nonsense
    ├── ReviewError
    │   ├── DrawInvalid              the statement of a draw does not hold
    │   ├── Withheld                 a recording that cannot be made unrecognisable well enough
    │   ├── LeaseEnded               a clip that is not this reviewer's, or no more
    │   └── DeskAway                 the hub does not answer the workbench
    ├── SatelliteError
    │   ├── HubUnreachable           the hub of a satellite does not answer
    │   ├── HubRefused               the hub does not want this satellite, or no more
    │   ├── MicrophoneFailed         the program that records gave up
    │   └── SpeakerFailed            the program that plays gave up
    └── HomeError
        ├── HomeUnreachable          the home's own server does not answer
        ├── DeviceSilent             a device in the home did not do what it was asked
        └── DeviceCannot             a device in the home has no such function
"""


class EarwitnessError(Exception):
    """Something went wrong in Earwitness."""

    exit_code = 1

    def __init__(self, what: str = "", *, next_step: str = "") -> None:
        """Take ``what`` happened (the class's docstring if empty) and the reader's ``next_step``."""
        self.what = what or (type(self).__doc__ or "").strip()
        self.next_step = next_step
        super().__init__(f"{self.what} {next_step}".strip())


class BadInput(EarwitnessError):
    """The input cannot be used; nothing was changed."""

    exit_code = 2


class NotFound(BadInput):
    """There is no such thing here."""


class MessageInvalid(BadInput):
    """A message of the device protocol cannot be read.

    ``reason`` is a stable slug (docs/formats/device-protocol.md lists them).
    """

    def __init__(self, what: str = "", *, reason: str = "", next_step: str = "") -> None:
        """Say ``what`` is wrong and under which ``reason``."""
        super().__init__(what or (type(self).__doc__ or "").partition("\n")[0], next_step=next_step)
        self.reason = reason


class Refused(EarwitnessError):
    """A policy or a consent says no."""

    exit_code = 3


class AccessDenied(Refused):
    """Access is denied."""


class GrantInvalid(Refused):
    """The grant does not open this."""


class ConsentMissing(Refused):
    """The person has not said yes to this purpose."""


class NotSignedIn(Refused):
    """Nobody is signed in here, or not any more."""


class FactorMissing(Refused):
    """This takes a second factor."""


class TooManyTries(Refused):
    """Sign-in was tried too often. ``wait_ms`` is how long no further try is taken."""

    def __init__(self, wait_ms: int) -> None:
        """Say how long to wait."""
        super().__init__("Sign-in was tried too often.", next_step=f"Wait {-(-wait_ms // 1000)} seconds.")
        self.wait_ms = wait_ms


class FormRefused(Refused):
    """The form was not sent from a page of this hub, or the page was too old."""


class PolicyInvalid(EarwitnessError):
    """The access policies do not fit their schema; nothing can be opened."""


class StorageError(EarwitnessError):
    """The storage failed."""


class StorageFull(StorageError):
    """There is no space left on the storage medium; nothing was kept of this step."""


class StorageBusy(StorageError):
    """Another process holds what is needed."""


class SchemaTooNew(StorageError):
    """The database was written by a newer version of Earwitness."""


class BlobMissing(StorageError):
    """A stored object is gone."""


class BlobCorrupt(StorageError):
    """A stored object is not what was written."""


class RowCorrupt(StorageError):
    """A database row is not what was written."""


class KeyringError(EarwitnessError):
    """The keyring failed."""


class WrongPassphrase(KeyringError):
    """The passphrase does not open the root key."""


class KeyDestroyed(KeyringError):
    """The key was destroyed, and with it everything it opened."""


class KeyCorrupt(KeyringError):
    """A key file or a wrapped key is damaged."""


class CustodianUnavailable(KeyringError):
    """The holder of the root key did not answer."""


class LedgerError(EarwitnessError):
    """The ledger failed.

    ``reason`` is a stable slug (docs/formats/ledger.md lists them), ``file`` the file of the log that
    is wrong and ``index`` the leaf, where there is one.
    """

    def __init__(
        self, what: str = "", *, reason: str = "", file: str = "", index: int | None = None, next_step: str = ""
    ) -> None:
        """Say ``what`` is wrong, where, and the reader's ``next_step``."""
        super().__init__(what or (type(self).__doc__ or "").partition("\n")[0], next_step=next_step)
        self.reason = reason
        self.file = file
        self.index = index


class NoteInvalid(LedgerError):
    """A signed note does not parse or verify."""


class ProofInvalid(LedgerError):
    """A proof does not verify."""


class LogCorrupt(LedgerError):
    """Tiles, entries and checkpoint of the log disagree."""


class WitnessRefused(LedgerError):
    """A witness did not cosign the checkpoint."""


class BackupError(EarwitnessError):
    """The backup or the restore failed."""


class RestoreGap(BackupError):
    """The ledger at hand is older than one that was seen."""


class BackupExpired(BackupError):
    """The key backup is beyond its stated life."""


class BackupCorrupt(BackupError):
    """The backup is not what was written."""


class JobError(EarwitnessError):
    """A piece of background work failed."""


class ReviewError(EarwitnessError):
    """Something went wrong with review."""


class DrawInvalid(ReviewError):
    """The statement of a draw does not hold.

    ``reason`` is a stable slug (docs/formats/review.md lists them).
    """

    def __init__(self, what: str = "", *, reason: str = "", next_step: str = "") -> None:
        """Say ``what`` does not hold and under which ``reason``."""
        super().__init__(what or (type(self).__doc__ or "").partition("\n")[0], next_step=next_step)
        self.reason = reason


class Withheld(ReviewError):
    """A recording cannot be made unrecognisable well enough; nobody hears it. ``reason`` is a stable slug."""

    def __init__(self, reason: str) -> None:
        """Take the ``reason`` that is counted."""
        super().__init__(f"The recording is withheld: {reason}.")
        self.reason = reason


class LeaseEnded(ReviewError):
    """The clip is not yours, or not any more."""


class DeskAway(ReviewError):
    """The hub does not answer the workbench."""


class SatelliteError(EarwitnessError):
    """The satellite cannot go on."""


class HubUnreachable(SatelliteError):
    """The hub does not answer."""


class HubRefused(SatelliteError):
    """The hub does not want this satellite."""


class MicrophoneFailed(SatelliteError):
    """The program that records gave up."""


class SpeakerFailed(SatelliteError):
    """The program that plays gave up."""


class HomeError(EarwitnessError):
    """The home did not do what it was asked."""


class HomeUnreachable(HomeError):
    """The home's server does not answer."""


class DeviceSilent(HomeError):
    """A device does not answer. ``entities`` are the ids of those that stayed silent."""

    def __init__(self, what: str = "", *, entities: tuple[str, ...] = (), next_step: str = "") -> None:
        """Say ``what`` was not done and by which ``entities``."""
        super().__init__(what or (type(self).__doc__ or "").partition(".")[0] + ".", next_step=next_step)
        self.entities = entities


class DeviceCannot(HomeError):
    """A device has no such function."""


class EngineError(EarwitnessError):
    """A speech engine failed."""


class EngineMissing(EngineError):
    """A speech engine or its data is not installed."""


class EngineBusy(EngineError):
    """Every recogniser is listening to somebody else."""


class EngineFailed(EngineError):
    """A speech engine died, or gave nonsense."""
