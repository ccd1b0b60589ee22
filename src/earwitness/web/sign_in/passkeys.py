"""Passkeys (WebAuthn level 3): signing in with a key that the browser or the device holds.

The device itself checks who is there (user verification is required), so a passkey stands for both factors. A challenge
is bound to the browser that asked for it, lasts five minutes and is answered once. A passkey belongs to the host
name it was made under: an address made of numbers cannot have any. Attestation is not asked for: which make of key
somebody has is none of our business.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import webauthn
from sqlalchemy import delete, func, insert, select, update
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from earwitness.kernel.clock import MINUTE, Clock
from earwitness.kernel.errors import BadInput, NotFound, StorageBusy
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.storage.database import Database
from earwitness.storage.schema.accounts import account, passkey, passkey_challenge
from earwitness.web.sign_in.accounts import Account
from earwitness.web.sign_in.tokens import token_hash

CHALLENGE_SIZE = 32
CHALLENGE_LIFETIME_MS = 5 * MINUTE
MOST_CHALLENGES = 1_000
MOST_PASSKEYS = 20
ENROL, SIGN_IN = "enrol/", "sign-in/"
"""What a challenge is for; one for signing in enrols nothing."""
REFUSED = "This passkey could not be used."


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of an account. Moments in ms since the epoch."""

    id: str
    created_at: int
    used_at: int | None


class Place(Protocol):
    """Where the browser is: the host name and the whole origin of the page."""

    @property
    def host(self) -> str:
        """``localhost``."""
        ...

    @property
    def origin(self) -> str:
        """``http://localhost:8710``."""
        ...


class Passkeys:
    """Enrols and checks passkeys; safe from many threads and several processes."""

    def __init__(self, database: Database, clock: Clock, random: RandomBytes = secrets.token_bytes) -> None:
        """Rows rest in ``database``."""
        self._database = database
        self._clock = clock
        self._random = random

    def of(self, account_id: str) -> Sequence[Passkey]:
        """Return the passkeys of an account, oldest first."""
        with self._database.read() as tx:
            rows = tx.execute(select(passkey).where(passkey.c.account_id == account_id).order_by(passkey.c.created_at))
            return [Passkey(row.id, row.created_at, row.used_at) for row in rows]

    def remove(self, account_id: str, passkey_id: str) -> None:
        """Take one passkey off an account; one that is gone is fine."""
        mine = (passkey.c.id == passkey_id) & (passkey.c.account_id == account_id)
        with self._database.write() as tx:
            tx.execute(delete(passkey).where(mine))

    def enrolment(self, of: Account, place: Place, session: str) -> str:
        """Return what ``navigator.credentials.create`` is to be given in this session, as JSON.

        The caller has asked for the password; a challenge from elsewhere enrols nothing.

        Raises:
            BadInput: the account has as many passkeys as it may.
        """
        with self._database.read() as tx:
            known = list(tx.scalars(select(passkey.c.credential).where(passkey.c.account_id == of.id)))
        if len(known) >= MOST_PASSKEYS:
            raise BadInput(f"An account has up to {MOST_PASSKEYS} passkeys.", next_step="Remove one first.")
        options = webauthn.generate_registration_options(
            rp_id=place.host,
            rp_name="Earwitness",
            user_name=of.name,
            user_id=of.handle,
            challenge=self._challenge(f"{ENROL}{session}"),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        )
        return webauthn.options_to_json(options)

    def enrol(self, of: Account, place: Place, session: str, answer: str) -> None:
        """Keep a new passkey.

        Raises:
            BadInput: the browser's answer does not fit, or is too late.
        """
        challenge = self._answered(f"{ENROL}{session}")
        try:
            made = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=place.host,
                expected_origin=place.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as error:
            raise BadInput(REFUSED, next_step="Try again, or use another device.") from error
        values: dict[str, Any] = {"id": new_id("pk", self._random), "account_id": of.id}
        values |= {"credential": made.credential_id, "public_key": made.credential_public_key}
        values |= {"sign_count": made.sign_count, "created_at": self._clock.now_ms()}
        with self._database.write() as tx:
            if tx.execute(select(passkey.c.id).where(passkey.c.credential == made.credential_id)).first():
                raise BadInput("This passkey is here already.")
            tx.execute(insert(passkey), [values])

    def request(self, place: Place, visit: str) -> str:
        """Return what ``navigator.credentials.get`` is to be given, as JSON; the browser offers what it has."""
        options = webauthn.generate_authentication_options(
            rp_id=place.host,
            challenge=self._challenge(f"{SIGN_IN}{visit}"),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return webauthn.options_to_json(options)

    def check(self, place: Place, visit: str, answer: str) -> str:
        """Return the id of the account whose passkey answered.

        Raises:
            BadInput: no passkey of anybody here did, or too late.
        """
        challenge = self._answered(f"{SIGN_IN}{visit}")
        credential, handle = _named(answer)
        whose = account.c.id == passkey.c.account_id
        with self._database.read() as tx:
            query = select(passkey, account.c.handle).join(account, whose).where(passkey.c.credential == credential)
            row = tx.execute(query).first()
        if row is None or not secrets.compare_digest(row.handle, handle):
            raise BadInput(REFUSED, next_step="Sign in with your password.")
        try:
            checked = webauthn.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=place.host,
                expected_origin=place.origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=row.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError) as error:
            raise BadInput(REFUSED, next_step="Sign in with your password.") from error
        values = {"sign_count": checked.new_sign_count, "used_at": self._clock.now_ms()}
        with self._database.write() as tx:
            if not tx.execute(update(passkey).where(passkey.c.id == row.id).values(**values)).rowcount:
                raise NotFound("This passkey was removed.")
        return str(row.account_id)

    def _challenge(self, whose: str) -> bytes:
        """Make the one challenge of a visitor for one use; an earlier one ends."""
        now, fresh = self._clock.now_ms(), self._random(CHALLENGE_SIZE)
        mine = passkey_challenge.c.visit_hash == token_hash(whose)
        values = {"visit_hash": token_hash(whose), "challenge": fresh, "expires_at": now + CHALLENGE_LIFETIME_MS}
        with self._database.write() as tx:
            tx.execute(delete(passkey_challenge).where(mine | (passkey_challenge.c.expires_at <= now)))
            if (tx.scalar(select(func.count()).select_from(passkey_challenge)) or 0) >= MOST_CHALLENGES:
                raise StorageBusy("Too many are signing in at once.", next_step="Try again in five minutes.")
            tx.execute(insert(passkey_challenge), [values])
        return fresh

    def _answered(self, whose: str) -> bytes:
        """Take the challenge of a visitor for one use; it cannot be taken twice."""
        mine = passkey_challenge.c.visit_hash == token_hash(whose)
        with self._database.write() as tx:
            row = tx.execute(select(passkey_challenge).where(mine)).first()
            tx.execute(delete(passkey_challenge).where(mine))
        if row is None or row.expires_at <= self._clock.now_ms():
            raise BadInput("That took too long.", next_step="Try again.")
        return bytes(row.challenge)


def _named(answer: str) -> tuple[bytes, bytes]:
    """Return which credential the answer says it is, and whose; neither is believed yet."""
    try:
        body = json.loads(answer)
        return base64url_to_bytes(body["rawId"]), base64url_to_bytes(body["response"]["userHandle"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadInput(REFUSED, next_step="Sign in with your password.") from error
