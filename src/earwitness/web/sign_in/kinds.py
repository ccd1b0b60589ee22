"""What sign-in holds about a person, registered with what erases it."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from earwitness.storage.schema.accounts import account, account_link, passkey, recovery_code, web_session
from earwitness.vault.artefacts import ArtefactRegistry, SubjectHolding

BELONGINGS = (account_link, web_session, recovery_code, passkey)


def register_accounts(registry: ArtefactRegistry) -> None:
    """Register what sign-in writes."""
    registry.register(
        SubjectHolding(
            "account",
            "the account they sign in with: its name, password, second factors and sessions",
            _erase,
            frozenset({account.name, *(each.name for each in BELONGINGS)}),
        )
    )


def delete_accounts(tx: Connection, accounts: Sequence[str]) -> int:
    """Delete these accounts with everything that belongs to them; return how many there were."""
    for table in BELONGINGS:
        tx.execute(delete(table).where(table.c.account_id.in_(accounts)))
    return tx.execute(delete(account).where(account.c.id.in_(accounts))).rowcount


def _erase(tx: Connection, subjects: Sequence[str]) -> int:
    return delete_accounts(tx, list(tx.scalars(select(account.c.id).where(account.c.person_id.in_(subjects)))))
