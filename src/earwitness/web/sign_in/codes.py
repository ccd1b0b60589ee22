"""One-time codes as a second factor (TOTP, RFC 6238: six digits, 30 seconds, SHA-1) and recovery codes for their loss.

The secret is sealed under its person's key. A code is taken once: the time step of the last one is kept, and only a
later one counts. One step of delay either way is allowed for clocks. A recovery code has 80 random bits, is kept as
its SHA-256 and is used up by being used.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence

import pyotp
from sqlalchemy import delete, insert, or_, update

from earwitness.kernel.clock import SECOND, Clock
from earwitness.kernel.errors import BadInput
from earwitness.kernel.ids import RandomBytes
from earwitness.storage.database import Database
from earwitness.storage.schema.accounts import account, recovery_code
from earwitness.vault.keyring import Keyring
from earwitness.web.sign_in.accounts import Account

STEP_MS = 30 * SECOND
LEEWAY = 1
SECRET_SIZE = 20
RECOVERY_CODES = 10
RECOVERY_SIZE = 10
DIGITS = 6


class Codes:
    """Enrols and checks one-time codes; safe from many threads and several processes."""

    def __init__(
        self, database: Database, keyring: Keyring, clock: Clock, random: RandomBytes = secrets.token_bytes
    ) -> None:
        """Seal secrets with ``keyring``."""
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._random = random

    def new_secret(self) -> str:
        """Return a fresh secret (base32, 160 bits) for an authenticator app; nothing is kept yet."""
        return base64.b32encode(self._random(SECRET_SIZE)).decode()

    def enrol(self, of: Account, secret: str, code: str) -> Sequence[str]:
        """Keep a secret once a code shows that the app has it; return new recovery codes, shown this once.

        Raises:
            BadInput: the code is not of this secret, or the secret is none.
        """
        step = self._step(secret, code, after=None)
        if step is None:
            raise BadInput("That code does not fit.", next_step="Type the one that your app shows now.")
        sealed = self._keyring.seal(of.subject, f"account/{of.id}/codes", secret.encode())
        spare = [_recovery(self._random) for _ in range(RECOVERY_CODES)]
        rows = [{"account_id": of.id, "code_hash": _hash(each)} for each in spare]
        with self._database.write() as tx:
            tx.execute(update(account).where(account.c.id == of.id).values(totp=sealed, totp_step=step))
            tx.execute(delete(recovery_code).where(recovery_code.c.account_id == of.id))
            tx.execute(insert(recovery_code), rows)
        return spare

    def check(self, of: Account, code: str) -> bool:
        """Say whether this is the account's code now, or a recovery code; either is used up by it."""
        plain = "".join(code.split()).replace("-", "").upper()
        if len(plain) == DIGITS and plain.isascii() and plain.isdigit():
            return self._check_code(of, plain)
        with self._database.write() as tx:
            mine = (recovery_code.c.account_id == of.id) & (recovery_code.c.code_hash == _hash(plain))
            return tx.execute(delete(recovery_code).where(mine)).rowcount == 1

    def remove(self, account_id: str) -> None:
        """Take one-time codes off an account, with its recovery codes."""
        with self._database.write() as tx:
            tx.execute(update(account).where(account.c.id == account_id).values(totp=None, totp_step=None))
            tx.execute(delete(recovery_code).where(recovery_code.c.account_id == account_id))

    def _check_code(self, of: Account, code: str) -> bool:
        if of.totp is None:
            return False
        secret = self._keyring.open(of.subject, f"account/{of.id}/codes", of.totp).decode()
        step = self._step(secret, code, after=of.totp_step)
        if step is None:
            return False
        later = or_(account.c.totp_step.is_(None), account.c.totp_step < step)
        with self._database.write() as tx:  # of two who bring the same code one is too late
            taken = update(account).where(account.c.id == of.id, later).values(totp_step=step)
            return tx.execute(taken).rowcount == 1

    def _step(self, secret: str, code: str, *, after: int | None) -> int | None:
        """Return the time step whose code this is, none before ``after``; None if it is of none."""
        now = self._clock.now_ms() // STEP_MS
        try:
            maker = pyotp.HOTP(secret)
            steps = [step for step in range(now - LEEWAY, now + LEEWAY + 1) if after is None or step > after]
            return next((step for step in steps if secrets.compare_digest(maker.at(step), code)), None)
        except (ValueError, TypeError) as error:
            raise BadInput("That is no secret of an authenticator app.", next_step="Begin again.") from error


def provisioning_uri(secret: str, name: str) -> str:
    """Return what an authenticator app reads: ``otpauth://totp/…``."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Earwitness")


def _recovery(random: RandomBytes) -> str:
    text = base64.b32encode(random(RECOVERY_SIZE)).decode()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.replace("-", "").encode()).digest()
