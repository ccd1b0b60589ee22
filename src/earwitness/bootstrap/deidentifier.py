"""The deidentifier's own composition: originals and names, and nothing that knows a user's session."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from earwitness import settings as settings_file
from earwitness.bootstrap import stores
from earwitness.bootstrap.house import House, intake_lock
from earwitness.identity.directory import Directory
from earwitness.kernel.clock import Clock, SystemClock
from earwitness.policy.access import Access
from earwitness.review.deidentify.copying import Copying
from earwitness.review.deidentify.names import given_names
from earwitness.review.deidentify.words import Aligner, RecogniserAligner
from earwitness.review.deidentify.worker import Deidentifier, Note
from earwitness.review.kinds import register_review
from earwitness.speech.asr.port import Recogniser
from earwitness.speech.lexicon.espeak import EspeakLexicon
from earwitness.storage.database import Database
from earwitness.vault.adding import Adding
from earwitness.vault.artefacts import ArtefactRegistry
from earwitness.vault.audit import Audit
from earwitness.vault.keyring import Keyring
from earwitness.vault.reading import Reading


@contextmanager
def open_deidentifier(
    data: Path,
    *,
    passphrase: stores.AskPassphrase | None = None,
    clock: Clock | None = None,
    note: Note = lambda _: None,
) -> Iterator[tuple[Deidentifier, Keyring]]:
    """Open the installation for the deidentifier alone; the keyring is to be refreshed now and then.

    Raises:
        NotFound: there is no installation in ``data``.
        EngineMissing: the recogniser or espeak-ng is not installed.
    """
    clock = clock or SystemClock()
    chosen = settings_file.load(data)
    with ExitStack() as closing:
        database = Database.open(chosen.database(data))
        closing.callback(database.close)
        keyring = stores.open_keyring(data, chosen, clock, passphrase, closing)
        blobs = stores.blobs(data, chosen)
        log = stores.log(data, chosen, database, clock)
        closing.callback(log.close)
        audit = Audit(database, log, keyring)
        registry = ArtefactRegistry()
        register_review(registry)
        access = Access(database, clock, audit.record_access)
        adding = Adding(database, blobs, keyring, audit, registry, access, clock, intake_lock(data))
        yield (
            Deidentifier(
                database,
                Reading(database, blobs, keyring, access, clock),
                adding,
                access,
                Directory(database, keyring, clock, log.bury, audit.record_change),
                make_copying(),
                clock,
                note,
            ),
            keyring,
        )


def trial_deidentifier(house: House, trial: str) -> Deidentifier:
    """A deidentifier over an open house that makes the copies of one trial, for the checks of promises."""
    return Deidentifier(
        house.database,
        house.reading,
        house.adding,
        house.access,
        house.directory,
        make_copying(),
        house.clock,
        trial=trial,
    )


def make_copying(aligner: Aligner | None = None) -> Copying:
    """Make what copies, with the recogniser that needs no download unless another aligner is given."""
    return Copying(aligner or RecogniserAligner(_recogniser), EspeakLexicon().pronounce, given_names())


def _recogniser() -> Recogniser:
    from earwitness.speech.asr.engines.pocketsphinx import (  # noqa: PLC0415 - loads a model of 30 MB
        PocketSphinxRecogniser,
    )

    return PocketSphinxRecogniser()
