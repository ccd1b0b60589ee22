"""Rows, clocks that jump, and clearing up; on both databases where SQL differs."""

import pytest

from earwitness.jobs import schedules, work
from earwitness.jobs.housekeeping import Housekeeping
from earwitness.jobs.leases import LONGEST_LEASE, Leases, Outcome, heal
from earwitness.jobs.retries import LONGEST_DELAY
from earwitness.jobs.work import Handlers, State, enqueue
from earwitness.kernel.clock import DAY, HOUR, MINUTE
from earwitness.kernel.errors import BadInput, JobError, NotFound
from earwitness.storage.database import Database
from earwitness.testing.clock import START, VirtualClock

YEAR = 365 * DAY


@pytest.fixture
def leases() -> Leases:
    handlers = Handlers()
    handlers.add("test.one", lambda _: None)
    return Leases(handlers)


def test_rows_are_counted_listed_and_shown(fresh_database: Database, leases: Leases) -> None:
    with fresh_database.write() as tx:
        late = enqueue(tx, "test.one", {"number": 1}, run_at=START + 5, now=START)
        soon = enqueue(tx, "test.one", {"number": 2}, now=START)
        enqueue(tx, "test.two", {}, key="two:1", now=START)
        assert leases.claim(tx, START).id == soon
    with fresh_database.read() as tx:
        assert work.overview(tx) == {"test.one": {"leased": 1, "ready": 1}, "test.two": {"ready": 1}}
        assert [row.id for row in work.listing(tx, kind="test.one")] == [soon, late]
        assert [row.id for row in work.listing(tx, state=State.LEASED)] == [soon]
        assert len(work.listing(tx, limit=2)) == 2
        row = work.inspect(tx, late)
    assert (row.payload, row.key, row.state, row.created_at) == ({"number": 1}, None, State.READY, START)
    assert (row.run_at, row.attempts, row.done_at) == (START + 5, 0, None)


def test_an_unknown_id_is_not_found(sqlite_database: Database) -> None:
    with sqlite_database.write() as tx:
        with pytest.raises(NotFound):
            work.inspect(tx, "work_unknown")
        with pytest.raises(NotFound):
            work.retry(tx, enqueue(tx, "test.one", {}, now=START), START)


def test_a_refused_job_changes_nothing(sqlite_database: Database) -> None:
    with sqlite_database.write() as tx:
        for arguments in ({"kind": "Not a kind"}, {"payload": {"name": "Ada"}}, {"key": "for:ada"}):
            with pytest.raises(BadInput):
                enqueue(tx, **({"kind": "test.one", "payload": {}, "now": START} | arguments))
        assert work.overview(tx) == {}


def test_a_kind_has_one_handler() -> None:
    handlers = Handlers()
    handlers.add("test.one", print)
    with pytest.raises(JobError):
        handlers.add("test.one", print)
    assert handlers.kinds() == ["test.one"]


def test_done_rows_are_cleared_after_a_week_and_failed_ones_stay(fresh_database: Database, leases: Leases) -> None:
    clock = VirtualClock()
    keeper = Housekeeping(fresh_database, clock)
    keeper.tick()
    with fresh_database.write() as tx:
        for number in range(2):
            enqueue(tx, "test.one", {}, key=f"one:{number}", now=START)
        leases.settle(tx, Outcome(leases.claim(tx, START), None), START)
        for _ in range(8):
            row = work.listing(tx, state=State.READY)[0]
            leases.settle(tx, Outcome(leases.claim(tx, row.run_at), "KeyError"), START)
    clock.advance(7 * DAY - 1)
    keeper.tick()
    with fresh_database.read() as tx:
        assert work.overview(tx) == {"test.one": {"done": 1, "failed": 1}}
    clock.advance(1)
    keeper.tick()  # less than an hour after the last sweep
    with fresh_database.read() as tx:
        assert work.overview(tx) == {"test.one": {"done": 1, "failed": 1}}
    clock.advance(HOUR)
    keeper.tick()
    with fresh_database.read() as tx:
        assert work.overview(tx) == {"test.one": {"failed": 1}}


def test_a_clock_that_was_wrong_holds_no_lease_and_no_retry(fresh_database: Database, leases: Leases) -> None:
    with fresh_database.write() as tx:
        leased = enqueue(tx, "test.one", {}, now=START)
        leases.claim(tx, START + YEAR)
        retried = enqueue(tx, "test.one", {}, now=START)
        leases.settle(tx, Outcome(leases.claim(tx, START + YEAR - LONGEST_LEASE), "KeyError"), START + YEAR)
        wanted = enqueue(tx, "test.one", {}, run_at=START + YEAR, now=START)
        assert leases.any_due(tx, START + HOUR) is False
        assert heal(tx, START + HOUR) == 2
        assert {leases.claim(tx, START + HOUR).id for _ in range(2)} == {leased, retried}
        assert leases.claim(tx, START + HOUR) is None
        assert work.inspect(tx, wanted).run_at == START + YEAR


def test_healing_leaves_what_is_right(sqlite_database: Database, leases: Leases) -> None:
    with sqlite_database.write() as tx:
        enqueue(tx, "test.one", {}, now=START)
        leases.claim(tx, START)
        assert heal(tx, START) == 0
        assert heal(tx, START - LONGEST_DELAY) == 1


def test_schedules_are_listed_changed_and_removed(fresh_database: Database) -> None:
    with fresh_database.write() as tx:
        schedules.ensure(tx, "sweep", "test.one", HOUR, now=START)
        schedules.ensure(tx, "sweep", "test.two", HOUR, now=START + MINUTE)
        schedules.ensure(tx, "report", "test.one", DAY, now=START)
        assert schedules.listing(tx) == [
            schedules.Schedule("report", "test.one", DAY, START + DAY),
            schedules.Schedule("sweep", "test.two", HOUR, START + HOUR),
        ]
        schedules.remove(tx, "report")
        schedules.remove(tx, "report")
        assert [entry.name for entry in schedules.listing(tx)] == ["sweep"]


@pytest.mark.parametrize(("name", "every"), [("Ada", HOUR), ("a:1", HOUR), ("sweep", 0), ("sweep", -1)])
def test_a_bad_schedule_is_refused(sqlite_database: Database, name: str, every: int) -> None:
    with sqlite_database.write() as tx, pytest.raises(BadInput):
        schedules.ensure(tx, name, "test.one", every, now=START)


def test_a_schedule_waits_for_its_unfinished_job(fresh_database: Database, leases: Leases) -> None:
    with fresh_database.write() as tx:
        schedules.ensure(tx, "a_b", "test.one", HOUR, now=START)
        enqueue(tx, "test.one", {}, key="acb:1", now=START + DAY)  # another's, though LIKE would match it
        assert len(schedules.enqueue_due(tx, START + HOUR)) == 1
        assert schedules.enqueue_due(tx, START + 2 * HOUR) == []
        lease = leases.claim(tx, START + 2 * HOUR)
        assert schedules.enqueue_due(tx, START + 3 * HOUR) == []
        leases.settle(tx, Outcome(lease, None), START + 3 * HOUR)
        assert schedules.enqueue_due(tx, START + 3 * HOUR) == []
        assert len(schedules.enqueue_due(tx, START + 4 * HOUR)) == 1


def test_a_schedule_comes_back_when_the_clock_is_set_back(fresh_database: Database) -> None:
    with fresh_database.write() as tx:
        schedules.ensure(tx, "sweep", "test.one", HOUR, now=START + YEAR)
        assert schedules.any_due(tx, START)
        assert schedules.enqueue_due(tx, START) == []
        assert schedules.listing(tx)[0].next_at == START + HOUR
        assert len(schedules.enqueue_due(tx, START + HOUR)) == 1


def test_a_shorter_period_takes_effect_at_once(sqlite_database: Database) -> None:
    with sqlite_database.write() as tx:
        schedules.ensure(tx, "sweep", "test.one", 30 * DAY, now=START)
        schedules.ensure(tx, "sweep", "test.one", HOUR, now=START)
        schedules.enqueue_due(tx, START)
        assert schedules.listing(tx)[0].next_at == START + HOUR
