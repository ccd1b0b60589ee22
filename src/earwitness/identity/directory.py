"""Everybody and everything this installation knows, under one roof; each room does its own work."""

import secrets

from earwitness.identity.agreements import Agreements
from earwitness.identity.changes import Bury, RecordChange
from earwitness.identity.contacts import Contacts
from earwitness.identity.device_facts import DeviceFacts
from earwitness.identity.devices import Devices
from earwitness.identity.households import Households
from earwitness.identity.pairing import Pairings
from earwitness.identity.people import People
from earwitness.identity.places import Places
from earwitness.identity.sealing import Sealer
from earwitness.identity.staff import Staff
from earwitness.kernel.clock import Clock
from earwitness.kernel.ids import RandomBytes
from earwitness.storage.database import Database


class Directory:
    """The rooms of identity over one database and one sealer; safe from many threads."""

    def __init__(  # noqa: PLR0913 - what the rooms need, handed down once
        self,
        database: Database,
        sealer: Sealer,
        clock: Clock,
        bury: Bury,
        record_change: RecordChange,
        *,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """``bury`` (ledger) and ``record_change`` (the vault's audit) run inside the changing transaction."""
        self.households = Households(database, sealer, clock, random)
        self.people = People(database, sealer, clock, random)
        self.devices = Devices(database, sealer, clock, bury, random)
        self.device_facts = DeviceFacts(database, sealer, clock)
        self.pairings = Pairings(database, clock, bury, random)
        self.agreements = Agreements(database, clock, bury, record_change, random)
        self.places = Places(database, sealer, random)
        self.contacts = Contacts(database, sealer, random)
        self.staff = Staff(database, clock, random)
