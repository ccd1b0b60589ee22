"""The tables of sign-in: accounts, second factors, sessions.

No secret is in plain text: passwords are argon2id, tokens, links and recovery codes SHA-256 of random bytes,
sign-in names and addresses keyed hashes, one-time-code secrets sealed. docs/sign-in.md says which is which.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table

from earwitness.storage.schema.metadata import metadata

account = Table(
    "account",
    metadata,
    Column("id", String, primary_key=True),
    Column("person_id", ForeignKey("person.id"), unique=True),  # of a household …
    Column("staff_id", String, unique=True),  # … or of staff; never both
    Column("name_hash", LargeBinary(32), nullable=False, unique=True),  # keyed hash of the sign-in name
    Column("sealed", LargeBinary, nullable=False),  # {"name": …}
    Column("handle", LargeBinary(32), nullable=False, unique=True),  # what passkeys call the account
    Column("password", String),  # argon2id, PHC string; null until it is set
    Column("totp", LargeBinary),  # the secret, sealed; null without one-time codes
    Column("totp_step", BigInteger),  # the last time step whose code was taken: none is taken twice
    Column("created_at", BigInteger, nullable=False),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("code_hash", LargeBinary(32), primary_key=True),
)

passkey = Table(
    "passkey",
    metadata,
    Column("id", String, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("credential", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

web_session = Table(
    "web_session",
    metadata,
    Column("id", String, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("stage", String, nullable=False),  # password: the second factor is still missing | full
    Column("second_factor_at", BigInteger),
    Column("client", String, nullable=False),  # "Firefox on Linux", as coarse as that
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
)

account_link = Table(  # sets a password, once
    "account_link",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("expires_at", BigInteger, nullable=False),
)

passkey_challenge = Table(  # answered once
    "passkey_challenge",
    metadata,
    Column("visit_hash", LargeBinary(32), primary_key=True),  # of the cookie of who asked
    Column("challenge", LargeBinary, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

sign_in_try = Table(
    "sign_in_try",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),  # keyed hash of a sign-in name, an address or an account
    Column("tries", Integer, nullable=False),  # since the last that succeeded
    Column("until", BigInteger, nullable=False),  # none is taken before
    Column("at", BigInteger, nullable=False, index=True),
)
