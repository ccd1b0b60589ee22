"""Consent, retention and restores in any order: a yes that ended never counts again, a longer choice neither."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import delete, insert, select

from earwitness.kernel.clock import SECOND
from earwitness.policy.answers import Answer, standing_answers
from earwitness.policy.purposes import NEEDED_TO_KEEP, Purpose
from earwitness.policy.retention import DEFAULT, RetentionChoice, chosen
from earwitness.storage.database import Database, sqlite_url
from earwitness.storage.schema import consent, retention_choice
from earwitness.testing.clock import VirtualClock
from earwitness.testing.village import Village

purposes = st.sampled_from(Purpose)
choices = st.sampled_from(RetentionChoice)
TABLES = (consent, retention_choice)
Rows = list[list[dict[str, object]]]


class Answers(RuleBasedStateMachine):
    """One person answers and chooses; now and then an old backup of the rows is put back.

    What was backed up after the backup that is put back belongs to another story, and is thrown away.
    """

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=self.template.parent)
        self.clock = VirtualClock()
        self.database = Database.open(sqlite_url(shutil.copy(self.template, Path(self.folder.name) / "data.db")))
        self.village = Village(self.database, self.clock)
        self.who = self.village.person(self.village.household())
        self.yes: set[Purpose] = set()
        self.choice = DEFAULT
        self.backups: list[Rows] = []

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    @rule(purpose=purposes)
    def say_yes(self, purpose: Purpose) -> None:
        self.clock.advance(SECOND)
        self.village.say_yes(self.who, purpose)
        self.yes.add(purpose)

    @rule(purpose=purposes)
    def say_no(self, purpose: Purpose) -> None:
        self.clock.advance(SECOND)
        self.village.say_no(self.who, purpose)
        self.yes.discard(purpose)

    @rule(choice=choices)
    def choose(self, choice: RetentionChoice) -> None:
        self.clock.advance(SECOND)
        self.village.choose(self.who, choice)
        self.choice = choice

    @rule()
    def back_up(self) -> None:
        with self.database.read() as tx:
            self.backups.append([[row._asdict() for row in tx.execute(select(table))] for table in TABLES])

    @precondition(lambda self: self.backups)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.backups) - 1))
        del self.backups[number + 1 :]
        with self.database.write() as tx:
            for table, rows in zip(TABLES, self.backups[number], strict=True):
                tx.execute(delete(table))
                if rows:
                    tx.execute(insert(table), rows)
        with self.database.read() as tx:
            now = {each.purpose for each in standing_answers(tx, [self.who.id])[self.who.id]}
            choice = chosen(tx, [self.who.id])[self.who.id].choice
        assert now <= self.yes  # a yes may be lost by a restore, never gained
        assert choice.lifetime_ms <= self.choice.lifetime_ms  # the same with how long to keep
        self.yes, self.choice = now, choice

    @invariant()
    def only_what_stands_counts(self) -> None:
        with self.database.read() as tx:
            answers = standing_answers(tx, [self.who.id])[self.who.id]
            choice = chosen(tx, [self.who.id])[self.who.id]
        assert answers == {Answer(each) for each in self.yes}
        assert choice.choice is self.choice

    @invariant()
    def what_is_kept_follows_from_the_answers(self) -> None:
        decision = self.village.may_keep(None, self.who.id)
        if not self.yes >= NEEDED_TO_KEEP:
            assert not decision.keep
        assert decision.keep == (decision.lifetime_ms > 0)
        assert decision.lifetime_ms <= self.choice.lifetime_ms


@pytest.fixture(scope="module", autouse=True)
def _template(sqlite_template: Path) -> None:
    Answers.template = sqlite_template


TestAnswers = Answers.TestCase
TestAnswers.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
