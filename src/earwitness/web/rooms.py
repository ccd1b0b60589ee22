"""What the web needs of the composition that bootstrap makes: the rooms of the house, by their names there."""

from pathlib import Path
from typing import Protocol

from earwitness.identity.directory import Directory
from earwitness.kernel.clock import Clock
from earwitness.learning.corrections import Corrections
from earwitness.ledger.log import Log
from earwitness.policy.access import Access
from earwitness.policy.consent import Consents
from earwitness.policy.retention import Retention as Choices
from earwitness.review.room import Review
from earwitness.storage.database import Database
from earwitness.transparency.export import Export
from earwitness.transparency.history import History
from earwitness.vault.audit import Audit
from earwitness.vault.effects import Effects
from earwitness.vault.erasure import Erasure
from earwitness.vault.keyring import Keyring
from earwitness.vault.reading import Reading
from earwitness.vault.receipts import Receipts
from earwitness.vault.removal import Removal
from earwitness.vault.retention import Retention
from earwitness.web.sign_in.accounts import Accounts


class Rooms(Protocol):
    """The parts of an open installation that the signed-in pages use; ``bootstrap.House`` is one. Thread-safe."""

    @property
    def data(self) -> Path: ...  # noqa: D102 - each is what its type says
    @property
    def clock(self) -> Clock: ...  # noqa: D102 - as above
    @property
    def database(self) -> Database: ...  # noqa: D102 - as above
    @property
    def keyring(self) -> Keyring: ...  # noqa: D102 - as above
    @property
    def log(self) -> Log: ...  # noqa: D102 - as above
    @property
    def audit(self) -> Audit: ...  # noqa: D102 - as above
    @property
    def directory(self) -> Directory: ...  # noqa: D102 - as above
    @property
    def consents(self) -> Consents: ...  # noqa: D102 - as above
    @property
    def choices(self) -> Choices: ...  # noqa: D102 - as above
    @property
    def access(self) -> Access: ...  # noqa: D102 - as above
    @property
    def reading(self) -> Reading: ...  # noqa: D102 - as above
    @property
    def corrections(self) -> Corrections: ...  # noqa: D102 - as above
    @property
    def effects(self) -> Effects: ...  # noqa: D102 - as above
    @property
    def receipts(self) -> Receipts: ...  # noqa: D102 - as above
    @property
    def removal(self) -> Removal: ...  # noqa: D102 - as above
    @property
    def erasure(self) -> Erasure: ...  # noqa: D102 - as above
    @property
    def retention(self) -> Retention: ...  # noqa: D102 - as above
    @property
    def history(self) -> History: ...  # noqa: D102 - as above
    @property
    def export(self) -> Export: ...  # noqa: D102 - as above
    @property
    def review(self) -> Review: ...  # noqa: D102 - as above
    @property
    def accounts(self) -> Accounts: ...  # noqa: D102 - as above
