"""The composition root: the only place that chooses stores, custodians and runners and hands them down.

``create_house`` makes an installation, ``open_house`` opens one: migrates the database, mends what a
crash left, and puts the parts together from the lowest floor up. What only some installations need (the web,
PostgreSQL, Vault, witnesses) is imported where it is chosen: a command on files starts in half the time.
"""

from earwitness.bootstrap.house import House, intake_lock
from earwitness.bootstrap.making import assemble_house, create_house, default_settings, open_house
from earwitness.bootstrap.stores import AskPassphrase

__all__ = ["AskPassphrase", "House", "assemble_house", "create_house", "default_settings", "intake_lock", "open_house"]
