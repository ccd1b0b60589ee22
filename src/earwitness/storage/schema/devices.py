"""The tables of devices beyond their mode: pairing, what each says of itself, what was chosen for it."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, LargeBinary, String, Table, Text

from earwitness.storage.schema.metadata import metadata

device_pairing = Table(  # at most one of a device stands
    "device_pairing",
    metadata,
    Column("id", String, primary_key=True),
    Column("device_id", ForeignKey("device.id"), nullable=False, index=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),  # identity.pairing says of what
    Column("paired_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("tombstone", LargeBinary(16), nullable=False, unique=True),
)

device_report = Table(  # what a device said of itself when it was here last
    "device_report",
    metadata,
    Column("device_id", ForeignKey("device.id"), primary_key=True),
    Column("program", String, nullable=False),
    Column("version", String, nullable=False),
    Column("listens", String, nullable=False),  # wakes | button | streams
    Column("radios", Text, nullable=False),  # JSON list
    Column("wake_words", Text, nullable=False),  # JSON list
    Column("muted", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # {"microphone": …}
    Column("seen_at", BigInteger, nullable=False),
)

device_choice = Table(  # what its household chose for it
    "device_choice",
    metadata,
    Column("device_id", ForeignKey("device.id"), primary_key=True),
    Column("wake_word", String),
    Column("sealed", LargeBinary, nullable=False),  # {"area": …}
)
