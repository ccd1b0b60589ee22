"""Passwords: argon2id (RFC 9106, its second recommended choice: 64 MiB, three passes).

A hash costs 64 MiB and a noticeable moment, on purpose. So few are computed at a time; whoever wants to burn the
machine with sign-ins waits in line behind the limits of tries.py. An account that does not exist costs the same
as one that does.
"""

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from earwitness.kernel.errors import BadInput, RowCorrupt

SHORTEST = 12
LONGEST = 200
AT_A_TIME = 2
FEWEST_LETTERS = 5


class Passwords:
    """Hashes and checks; safe from many threads."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Use argon2id; ``hasher`` has other costs, for tests."""
        self._hasher = hasher or PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
        self._turn = threading.Semaphore(AT_A_TIME)
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return what is kept of a new password.

        Raises:
            BadInput: it is too short, too long, or too plain.
        """
        text = _prepared(password)
        if len(text) < SHORTEST:
            raise BadInput(f"A password has at least {SHORTEST} characters.", next_step="Four words make a good one.")
        if len(text) > LONGEST:
            raise BadInput(f"A password has up to {LONGEST} characters.", next_step="Choose a shorter one.")
        if len(set(text)) < FEWEST_LETTERS:
            raise BadInput("That password repeats itself.", next_step="Four words make a good one.")
        with self._turn:
            return self._hasher.hash(text)

    def check(self, kept: str | None, password: str) -> bool:
        """Say whether it is the password; takes as long where there is none to compare with.

        Raises:
            RowCorrupt: what is kept is no hash.
        """
        text = _prepared(password)[: LONGEST + 1]
        with self._turn:
            try:
                return self._hasher.verify(kept or self._nobody, text) and kept is not None
            except VerifyMismatchError:
                return False
            except (VerificationError, InvalidHashError) as error:
                raise RowCorrupt(
                    "A password's hash is not what was written.", next_step="Reset the account."
                ) from error


def _prepared(password: str) -> str:
    """Return the form that counts: the same password typed on another keyboard is the same (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)
