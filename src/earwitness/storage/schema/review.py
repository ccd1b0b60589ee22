"""The tables of review: frames, draws, clips, hearings, annotations, escalations, listening budgets."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from earwitness.storage.schema.metadata import metadata

review_draw = Table(
    "review_draw",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),  # committed | frozen | drawn
    Column("trial", Boolean, nullable=False),  # of the promises' checks: neither counted nor given to reviewers
    Column("secret", LargeBinary(32), nullable=False),
    Column("commit_idx", BigInteger, nullable=False),
    Column("commit_body", LargeBinary, nullable=False),  # salt and entry
    Column("committed_at", BigInteger, nullable=False),
    Column("expected", Integer),
    Column("size", Integer),
    Column("frame_idx", BigInteger),
    Column("frame_body", LargeBinary),
    Column("frozen_at", BigInteger),
    Column("checkpoint", LargeBinary),  # the signed note that the seed came of
    Column("result_idx", BigInteger),
    Column("result_body", LargeBinary),
    Column("drawn_at", BigInteger),
)

review_frame = Table(
    "review_frame",
    metadata,
    Column("draw_id", ForeignKey("review_draw.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("recording_id", String, index=True),  # null once erased: the row stays, so that the draw can be done again
    Column("handle", LargeBinary(16), nullable=False),
    Column("grp", Integer, nullable=False),
    Column("quota", Integer, nullable=False),
    Column("unsure", Integer, nullable=False),  # thousandths
    Column("pi", Float),
    Column("chosen", Boolean, nullable=False),
)

review_clip = Table(
    "review_clip",
    metadata,
    Column("id", String, primary_key=True),
    Column("draw_id", ForeignKey("review_draw.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("recording_id", String, index=True),  # null once erased
    Column("state", String, nullable=False),
    Column("reason", String),  # why withheld or withdrawn
    Column("pi", Float, nullable=False),
    Column("drawn_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_by", String),  # a reviewer, or the deidentifier
    Column("lease_until", BigInteger),
    Column("heard_at", BigInteger),  # when the first byte was about to leave
    Column("ended_at", BigInteger),
    UniqueConstraint("draw_id", "position"),
    Index("ix_review_clip_state_lease_until", "state", "lease_until"),
)

review_person = Table(  # whose voice may be on a clip: one adult, or every adult of a household
    "review_person",
    metadata,
    Column("clip_id", ForeignKey("review_clip.id"), primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("drawn_at", BigInteger, nullable=False),
    Index("ix_review_person_person_id_drawn_at", "person_id", "drawn_at"),
)

review_hearing = Table(  # a copy left for a reviewer; stays when the recording goes, for the window and the budget
    "review_hearing",
    metadata,
    Column("clip_id", ForeignKey("review_clip.id"), primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("reviewer_id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Index("ix_review_hearing_person_id_at", "person_id", "at"),
    Index("ix_review_hearing_reviewer_id_person_id", "reviewer_id", "person_id"),
)

review_annotation = Table(
    "review_annotation",
    metadata,
    Column("id", String, primary_key=True),
    Column("clip_id", ForeignKey("review_clip.id"), nullable=False, unique=True),
    Column("recording_id", String, nullable=False, index=True),
    Column("version", Integer, nullable=False),  # of the artefact
    Column("reviewer_id", String, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("route", String, nullable=False),  # verify | edit | type
    Column("spent_ms", Integer, nullable=False),
    Column("words", Integer, nullable=False),
    Column("errors", Integer, nullable=False),
    Column("intent_right", Boolean),
    Column("wake", String, nullable=False),  # yes | no | unsure
)

review_escalation = Table(
    "review_escalation",
    metadata,
    Column("id", String, primary_key=True),
    Column("clip_id", ForeignKey("review_clip.id"), nullable=False, unique=True),
    Column("recording_id", String, nullable=False, index=True),
    Column("version", Integer, nullable=False),  # of the artefact that holds the note
    Column("queue", String, nullable=False),
    Column("reviewer_id", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
)

review_notice = Table(  # what a household is told
    "review_notice",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False, index=True),
    Column("kind", String, nullable=False),  # child | guest
    Column("recording", String, nullable=False),  # the id that it had
    Column("at", BigInteger, nullable=False),
)

review_unsure = Table(  # how unsure the recogniser was, thousandths
    "review_unsure",
    metadata,
    Column("recording_id", String, primary_key=True),
    Column("unsure", Integer, nullable=False),
)

listening_budget = Table(
    "listening_budget",
    metadata,
    Column("id", String, primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("clips", Integer, nullable=False),  # a year
    Column("at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("tombstone", LargeBinary(16), nullable=False, unique=True),
)
