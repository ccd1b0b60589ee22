"""The tables of the ground floor: installation, ledger, jobs, identity, policy, vault, transparency."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from earwitness.storage.schema.metadata import metadata

# --- the installation -------------------------------------------------------------------------

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

# --- ledger: commitments in the public tree, sealed bytes beside it ---------------------------

ledger_leaf = Table(
    "ledger_leaf",
    metadata,
    Column("idx", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("commitment", LargeBinary(32), nullable=False),
    Column("sealed", LargeBinary),  # null: a tombstone, or an entry that was erased with its person
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("idx", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("id", LargeBinary(16), nullable=False, unique=True),
)

# --- jobs ---------------------------------------------------------------------------------------

work = Table(
    "work",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("payload", Text, nullable=False),  # JSON of ids only
    Column("key", String, unique=True),  # idempotency: at most one row a key
    Column("state", String, nullable=False),  # ready | leased | done | failed
    Column("run_at", BigInteger, nullable=False),
    Column("lease_until", BigInteger),
    Column("lease_token", String),
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_error", String),  # an error's class name, never its text
    Column("created_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Index("ix_work_state_run_at", "state", "run_at"),
)

schedule = Table(
    "schedule",
    metadata,
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("every_ms", BigInteger, nullable=False),
    Column("next_at", BigInteger, nullable=False),
)

# --- identity: who and what; names are sealed ---------------------------------------------------

household = Table(
    "household",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),  # home | workplace | canary
    Column("sealed", LargeBinary, nullable=False),  # {"name": …}
    Column("created_at", BigInteger, nullable=False),
    Column("tombstone", LargeBinary(16), nullable=False, unique=True),
)

person = Table(
    "person",
    metadata,
    Column("id", String, primary_key=True),
    Column("household_id", ForeignKey("household.id"), nullable=False, index=True),
    Column("role", String, nullable=False),  # owner | member
    Column("age", String, nullable=False),  # adult | child
    Column("sealed", LargeBinary),  # {"name": …}; null once erased
    Column("recipient", String),  # age public key: exports and de-identified handles are sealed to it
    Column("created_at", BigInteger, nullable=False),
    Column("erased_at", BigInteger),
    Column("tombstone", LargeBinary(16), nullable=False, unique=True),
)

place = Table(
    "place",
    metadata,
    Column("id", String, primary_key=True),
    Column("household_id", ForeignKey("household.id"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),  # {"name": …, "variants": […]}
)

contact = Table(
    "contact",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False, index=True),  # the person whose contact it is
    Column("sealed", LargeBinary, nullable=False),  # {"name": …, "variants": […], "address": …}
)

device = Table(
    "device",
    metadata,
    Column("id", String, primary_key=True),
    Column("household_id", ForeignKey("household.id"), nullable=False, index=True),
    Column("mode", String, nullable=False),  # personal | shared | guest | child
    Column("person_id", ForeignKey("person.id"), index=True),  # the one adult of a personal device
    Column("confirmed_at", BigInteger),  # when that adult confirmed
    Column("sealed", LargeBinary, nullable=False),  # {"label": …}
    Column("created_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
    Column("tombstone", LargeBinary(16), nullable=False, unique=True),  # of the mode as declared
)

device_agreement = Table(  # a shared device keeps only what every adult agreed to
    "device_agreement",
    metadata,
    Column("device_id", ForeignKey("device.id"), primary_key=True),
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("agreed_at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
    Column("tombstone", LargeBinary(16), nullable=False, unique=True),
)

staff = Table(
    "staff",
    metadata,
    Column("id", String, primary_key=True),
    Column("role", String, nullable=False),  # reviewer | operator | auditor
    Column("employer", String, nullable=False),  # its kind, e.g. "contractor"
    Column("country", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("certified_until", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("suspended_at", BigInteger),
)

# --- policy -------------------------------------------------------------------------------------

consent = Table(
    "consent",
    metadata,
    Column("id", String, primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("purpose", String, nullable=False),
    Column("toward", ForeignKey("person.id")),  # history only: the adult who may hear this person
    Column("given", Boolean, nullable=False),  # a later row replaces an earlier one
    Column("at", BigInteger, nullable=False),
    Column("by", String, nullable=False),  # the actor's id
    Column("tombstone", LargeBinary(16), nullable=False, unique=True),
    Column("ended_at", BigInteger),  # replaced or withdrawn
    Index("ix_consent_person_id_purpose_at", "person_id", "purpose", "at"),
)

retention_choice = Table(
    "retention_choice",
    metadata,
    Column("id", String, primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("choice", String, nullable=False),  # nothing | day | three_months | eighteen_months | until_deleted
    Column("at", BigInteger, nullable=False),
    Column("tombstone", LargeBinary(16), nullable=False, unique=True),
    Column("ended_at", BigInteger),
    Index("ix_retention_choice_person_id_at", "person_id", "at"),
)

approval = Table(  # identity takes two different people
    "approval",
    metadata,
    Column("id", String, primary_key=True),
    Column("action", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("requested_by", String, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("approved_by", String),
    Column("approved_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
)

# --- vault --------------------------------------------------------------------------------------

recording = Table(
    "recording",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False),  # whose keys: a person, or a household when shared
    Column("household_id", String, nullable=False),
    Column("device_id", String),
    Column("started_at", BigInteger, nullable=False),
    Column("kept_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("identity_until", BigInteger, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("state", String, nullable=False),  # kept | deidentified | erased (being removed)
    Column("tombstone", LargeBinary(16), nullable=False, unique=True),
    Index("ix_recording_subject_id_started_at_id", "subject_id", "started_at", "id"),
    Index("ix_recording_expires_at", "expires_at"),
    Index("ix_recording_identity_until", "identity_until"),
    Index("ix_recording_device_id_started_at", "device_id", "started_at"),
)

artefact = Table(
    "artefact",
    metadata,
    Column("recording_id", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("size", BigInteger, nullable=False),  # of the plaintext, bytes
    Column("sealed", LargeBinary),  # small ones rest in the row,
    Column("blob", String),  # larger ones in the blob store
    Column("created_at", BigInteger, nullable=False),
)

effect = Table(  # what a recording caused: list items, timers, sent messages
    "effect",
    metadata,
    Column("id", String, primary_key=True),
    Column("recording_id", String, nullable=False, index=True),
    Column("subject_id", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # what it is, in words, and how to undo it
    Column("at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
)

audit_entry = Table(  # which leaves of the log are about whom
    "audit_entry",
    metadata,
    Column("subject_id", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("idx", BigInteger, nullable=False, index=True),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("subject_id", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("head", LargeBinary(32), nullable=False),  # commitment of the latest entry
)

epoch = Table(
    "epoch",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("destroyed_at", BigInteger),
)

key_backup = Table(
    "key_backup",
    metadata,
    Column("id", String, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

erasure = Table(
    "erasure",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False, index=True),
    Column("scope", Text, nullable=False),  # JSON: kind of scope and ids, counts by kind
    Column("state", String, nullable=False),  # accepted | removed | completed
    Column("epoch", Integer, nullable=False),  # the epoch whose end makes it final
    Column("requested_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
    Column("due_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger),
)

erasure_recording = Table(  # still to be removed physically
    "erasure_recording",
    metadata,
    Column("erasure_id", ForeignKey("erasure.id"), primary_key=True),
    Column("recording_id", String, primary_key=True),
)

receipt = Table(
    "receipt",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False, index=True),
    Column("erasure_id", String, index=True),
    Column("kind", String, nullable=False),  # erasure-accepted | erasure-completed
    Column("idx", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the committed bytes: ids, counts, hashes; nothing personal
    Column("at", BigInteger, nullable=False),
)

deidentified = Table(  # after the identity limit: no link to a person but the age key they hold
    "deidentified",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("handle_hash", LargeBinary(32), nullable=False, unique=True),  # SHA-256 of the handle
    Column("handle_sealed", LargeBinary, nullable=False),  # the handle, encrypted to the person's recipient
    Column("size", BigInteger, nullable=False),
    Column("sealed", LargeBinary),
    Column("blob", String),
    Column("kept_week_at", BigInteger, nullable=False),  # rounded to the week
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("tombstone", LargeBinary(16), nullable=False, unique=True),
)

# --- transparency -------------------------------------------------------------------------------

promise_run = Table(
    "promise_run",
    metadata,
    Column("id", String, primary_key=True),
    Column("promise", String, nullable=False),
    Column("state", String, nullable=False),
    Column("tried", Text, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
)

incident = Table(
    "incident",
    metadata,
    Column("id", String, primary_key=True),
    Column("reported_at", BigInteger, nullable=False),
    Column("reported_by", String, nullable=False),
    Column("summary", Text, nullable=False),
    Column("scope", Text, nullable=False),  # JSON: recording ids or a time span
)

incident_notice = Table(
    "incident_notice",
    metadata,
    Column("incident_id", ForeignKey("incident.id"), primary_key=True),
    Column("subject_id", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("recordings", Integer, nullable=False),
    Column("prepared_at", BigInteger, nullable=False),
)
