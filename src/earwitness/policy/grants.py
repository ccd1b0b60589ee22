"""Grants: the only thing that opens the vault.

A grant carries an HMAC-SHA-256 over all of its fields under a secret of this process. Building one
elsewhere fails, and one that was built, changed or brought from elsewhere all the same does not check.
This guards against mistakes and against data from outside, not against hostile code inside this
process: such code could read the secret.
"""

import hmac
import json
import secrets
from dataclasses import InitVar, asdict, dataclass, field
from typing import Any, NoReturn

from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import MINUTE, Clock
from earwitness.kernel.errors import GrantInvalid
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.policy.actions import Action, Resource
from earwitness.policy.purposes import Purpose

LIFETIME_MS = 5 * MINUTE
SECRET_SIZE = 32
_MINT = object()


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave for one actor to do one thing with these resources for one purpose, for five minutes.

    ``issued_at`` and ``expires_at`` are wall-clock ms since the epoch, ``running_until`` is on the
    running clock of this process.
    """

    id: str
    actor: Actor
    action: Action
    purpose: Purpose
    resources: tuple[Resource, ...]
    issued_at: int
    expires_at: int
    running_until: int
    seal: bytes = field(repr=False)
    mint: InitVar[object]

    def __post_init__(self, mint: object) -> None:
        """Refuse to exist unless :class:`Mint` made it."""
        if mint is not _MINT:
            raise GrantInvalid("A grant can only come from policy.access.")

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise GrantInvalid("A grant stays in the process that made it.")

    def __getstate__(self) -> NoReturn:
        """Refuse to be taken apart."""
        raise GrantInvalid("A grant stays in the process that made it.")

    def __setstate__(self, state: object) -> NoReturn:
        """Refuse to be filled in."""
        raise GrantInvalid("A grant stays in the process that made it.")


@dataclass(frozen=True, slots=True)
class Draft:
    """A grant to be: what the log is told before it exists."""

    id: str
    actor: Actor
    action: Action
    purpose: Purpose
    resources: tuple[Resource, ...]
    issued_at: int
    expires_at: int
    running_until: int


class Mint:
    """Makes grants and tells its own from any other; one a process."""

    def __init__(self, clock: Clock, random: RandomBytes = secrets.token_bytes) -> None:
        """Take a fresh secret."""
        self._clock = clock
        self._random = random
        self._secret = random(SECRET_SIZE)

    def draft(self, actor: Actor, action: Action, purpose: Purpose, resources: tuple[Resource, ...]) -> Draft:
        """Return a grant to be, with its id and its end; it opens nothing."""
        now, running = self._clock.now_ms(), self._clock.running_ms()
        return Draft(
            new_id("grant", self._random),
            actor,
            action,
            purpose,
            resources,
            now,
            now + LIFETIME_MS,
            running + LIFETIME_MS,
        )

    def strike(self, draft: Draft) -> Grant:
        """Make the grant."""
        fields = {name: getattr(draft, name) for name in Draft.__slots__}
        return Grant(**fields, seal=self._mac(draft), mint=_MINT)

    def require_genuine(self, grant: Grant) -> None:
        """Let only a grant pass that this mint made, unchanged, and that has not expired on either clock.

        Raises:
            GrantInvalid: it is forged, changed, of another process, or expired.
        """
        try:
            genuine = type(grant) is Grant and hmac.compare_digest(grant.seal, self._mac(grant))
        except (AttributeError, TypeError, ValueError):
            genuine = False
        if not genuine:
            raise GrantInvalid("The grant was not made here.", next_step="Open it again.")
        if self._clock.now_ms() >= grant.expires_at or self._clock.running_ms() >= grant.running_until:
            raise GrantInvalid("The grant has expired.", next_step="Open it again.")

    def _mac(self, of: Grant | Draft) -> bytes:
        fields: dict[str, Any] = {name: getattr(of, name) for name in Draft.__slots__}
        fields["actor"] = asdict(of.actor)
        fields["resources"] = [[each.id, each.subject, each.household] for each in of.resources]
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        return hmac.digest(self._secret, text.encode(), "sha256")
