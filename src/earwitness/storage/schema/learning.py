"""The tables of learning: snapshots of examples by id, releases, their files, and who took their share back."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from earwitness.storage.schema.metadata import metadata

learning_snapshot = Table(
    "learning_snapshot",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False, index=True),  # the household whose layer it is, or what is shared
    Column("salt", LargeBinary(32), nullable=False),
    Column("made_at", BigInteger, nullable=False),
)

learning_example = Table(  # which recordings were learned from: ids, nothing of what is in them
    "learning_example",
    metadata,
    Column("snapshot_id", ForeignKey("learning_snapshot.id"), primary_key=True),
    Column("recording_id", String, primary_key=True),
    Column("subject_id", String, nullable=False, index=True),
    Column("source", String, nullable=False),  # correction | annotation
    Column("side", String, nullable=False),  # learn | test
    Index("ix_learning_example_recording_id", "recording_id"),
)

learning_release = Table(
    "learning_release",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False, index=True),  # the household whose layer it is, or what is shared
    Column("snapshot_id", ForeignKey("learning_snapshot.id"), nullable=False),
    Column("state", String, nullable=False),  # made | active | retired | destroyed
    Column("verdict", String, nullable=False),  # better | worse | not_enough | unlearned
    Column("idx", BigInteger, nullable=False),  # the manifest's leaf in the log
    Column("manifest", LargeBinary, nullable=False),  # salt and canonical JSON: hashes, counts and figures
    Column("made_at", BigInteger, nullable=False),
    Column("activated_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("destroyed_idx", BigInteger),  # the leaf that says its files and key are gone
    Column("destroyed", LargeBinary),
)

learning_file = Table(  # the sealed files of a release
    "learning_file",
    metadata,
    Column("release_id", ForeignKey("learning_release.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("sha256", String, nullable=False),  # of the plaintext
    Column("sealed_sha256", String, nullable=False),  # of what is in the folder, and its name there
    Column("size", Integer, nullable=False),
)

learning_forgotten = Table(  # what somebody taught before this moment counts no more
    "learning_forgotten",
    metadata,
    Column("subject_id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("why", String, nullable=False),  # withdrawn | asked
)
