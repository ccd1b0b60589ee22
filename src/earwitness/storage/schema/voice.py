"""The tables of skills: timers, alarms, reminders, lists. What they hold is sealed for ``subject_id``."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from earwitness.storage.schema.metadata import metadata

timer = Table(
    "timer",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False, index=True),  # whose key seals it: a person, or the household
    Column("household_id", String, nullable=False, index=True),
    Column("device_id", String, nullable=False),  # where it was set, and rings
    Column("kind", String, nullable=False),  # timer | alarm | reminder
    Column("state", String, nullable=False),  # running | paused | ringing
    Column("due_at", BigInteger, nullable=False),  # meaningless while paused
    Column("left_ms", BigInteger),  # what is left of a paused timer
    Column("length_ms", BigInteger),  # what a timer was set to
    Column("days", Integer, nullable=False),  # weekdays of a repeating alarm, Monday is bit 0; 0: once
    Column("minute", Integer),  # of the day, by the household's clock, for a repeating alarm
    Column("sealed", LargeBinary, nullable=False),  # {"name": …, "message": …}
    Column("created_at", BigInteger, nullable=False),
    Column("rung_at", BigInteger),  # when it was first heard
    Index("ix_timer_state_due_at", "state", "due_at"),
)

todo_list = Table(
    "todo_list",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject_id", String, nullable=False, index=True),  # the household
    Column("kind", String, nullable=False),  # shopping | todo | own
    Column("sealed", LargeBinary, nullable=False),  # {"name": …}
    Column("created_at", BigInteger, nullable=False),
)

list_item = Table(
    "list_item",
    metadata,
    Column("id", String, primary_key=True),
    Column("list_id", ForeignKey("todo_list.id"), nullable=False, index=True),
    Column("subject_id", String, nullable=False, index=True),  # the household
    Column("sealed", LargeBinary, nullable=False),  # {"text": …}
    Column("created_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
)
