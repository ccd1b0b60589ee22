"""What every runner does, on every database it works on."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection, insert, select, update

from earwitness.jobs import schedules, work
from earwitness.jobs.execution import Pace
from earwitness.jobs.leases import Leases, Outcome
from earwitness.jobs.payload import Payload
from earwitness.jobs.retries import Retries
from earwitness.jobs.runners import Runner
from earwitness.jobs.runners.embedded import EmbeddedRunner
from earwitness.jobs.runners.procrastinate import ProcrastinateRunner
from earwitness.jobs.work import Handlers, State, enqueue
from earwitness.kernel.clock import DAY, HOUR, MINUTE, SECOND
from earwitness.kernel.errors import JobError
from earwitness.kernel.ids import new_id
from earwitness.storage.database import Database
from earwitness.storage.schema import meta
from earwitness.storage.schema import work as work_table
from earwitness.testing.canary import canary
from earwitness.testing.clock import VirtualClock

KINDS = {
    "embedded on sqlite": (EmbeddedRunner, "sqlite_database"),
    "embedded on postgresql": (EmbeddedRunner, "postgresql_database"),
    "procrastinate on postgresql": (ProcrastinateRunner, "postgresql_database"),
}
PATIENCE = 30.0


@dataclass
class House:
    """A database with what runs on it; ``ran`` are the ids that handlers were called with."""

    database: Database
    runner_class: type[EmbeddedRunner | ProcrastinateRunner]
    clock: VirtualClock = field(default_factory=VirtualClock)
    handlers: Handlers = field(default_factory=Handlers)
    ran: list[str] = field(default_factory=list)

    def runner(self, clock: VirtualClock | None = None, **pace: float) -> Runner:
        return self.runner_class(self.database, self.handlers, clock or self.clock, Pace(**pace))

    def note(self, payload: Payload) -> None:
        self.ran.append(payload["recording"])

    def enqueue(self, kind: str = "test.note", **options: object) -> str:
        with self.database.write() as tx:
            return enqueue(tx, kind, {"recording": new_id("rec")}, now=self.clock.now_ms(), **options)

    def look(self, identifier: str) -> work.Work:
        with self.database.read() as tx:
            return work.inspect(tx, identifier)

    def in_write(self, do: Callable[[Connection], object]) -> object:
        with self.database.write() as tx:
            return do(tx)


@pytest.fixture(params=KINDS)
def house(request: pytest.FixtureRequest) -> House:
    runner_class, database = KINDS[request.param]
    house = House(request.getfixturevalue(database), runner_class)
    house.handlers.add("test.note", house.note, retries=Retries(attempts=3, first_ms=10 * SECOND, jitter=0))
    return house


def test_a_committed_job_runs_once(house: House) -> None:
    runner = house.runner()
    identifier = house.enqueue()
    assert runner.run_due() == 1
    assert runner.run_due() == 0
    row = house.look(identifier)
    assert house.ran == [row.payload["recording"]]
    assert (row.state, row.attempts, row.done_at, row.lease_until) == (State.DONE, 1, house.clock.now_ms(), None)


def test_a_job_whose_caller_rolls_back_never_was(house: House) -> None:
    runner = house.runner()

    def write_and_fail(tx: Connection) -> None:
        tx.execute(insert(meta).values(key="beside", value="it"))
        enqueue(tx, "test.note", {"recording": new_id("rec")}, now=house.clock.now_ms())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        house.in_write(write_and_fail)
    assert runner.run_due() == 0
    with house.database.read() as tx:
        assert work.overview(tx) == {}


def test_a_key_is_run_once_also_after_it_is_done(house: House) -> None:
    runner = house.runner()
    first = house.enqueue(key="report:2026-11")
    assert house.enqueue(key="report:2026-11") == first
    assert runner.run_due() == 1
    assert house.enqueue(key="report:2026-11") == first
    assert runner.run_due() == 0


def test_a_job_waits_for_its_moment(house: House) -> None:
    runner = house.runner()
    house.enqueue(run_at=house.clock.now_ms() + HOUR)
    house.clock.advance(HOUR - 1)
    assert runner.run_due() == 0
    house.clock.advance(1)
    assert runner.run_due() == 1


def test_a_far_future_of_ours_is_due_though_the_server_thinks_otherwise(house: House) -> None:
    runner = house.runner()
    house.clock.advance(20 * 365 * DAY)
    house.enqueue()
    assert runner.run_due() == 1


def test_no_more_than_the_limit_runs(house: House) -> None:
    runner = house.runner()
    for _ in range(5):
        house.enqueue()
    assert runner.run_due(0) == 0
    assert runner.run_due(2) == 2
    assert len(house.ran) == 2
    assert runner.run_due() == 3


def test_the_longest_waiting_job_runs_first(house: House) -> None:
    late = house.enqueue()
    house.clock.advance(1)
    later = house.enqueue()
    house.runner().run_due()
    assert house.ran == [house.look(late).payload["recording"], house.look(later).payload["recording"]]


def test_a_job_may_enqueue_the_next(house: House) -> None:
    house.handlers.add("test.first", lambda _: house.enqueue())
    house.enqueue("test.first")
    assert house.runner().run_due() == 2
    assert len(house.ran) == 1


def test_a_failing_job_is_tried_again_later_and_its_text_is_kept_nowhere(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    failures = iter([KeyError(canary("said")), OSError(canary("text")), None])

    def fail(_: Payload) -> None:
        if (error := next(failures)) is not None:
            raise error

    house.handlers.add("test.flaky", fail, retries=Retries(attempts=3, first_ms=10 * SECOND, jitter=0))
    runner = house.runner()
    identifier = house.enqueue("test.flaky")
    assert runner.run_due() == 1
    row = house.look(identifier)
    assert (row.state, row.last_error, row.run_at) == (State.READY, "KeyError", house.clock.now_ms() + 10 * SECOND)
    house.clock.advance(10 * SECOND - 1)
    assert runner.run_due() == 0
    house.clock.advance(1)
    assert runner.run_due() == 1
    assert house.look(identifier).run_at == house.clock.now_ms() + 20 * SECOND
    house.clock.advance(20 * SECOND)
    assert runner.run_due() == 1
    row = house.look(identifier)
    assert (row.state, row.last_error, row.attempts) == (State.DONE, None, 3)
    assert "KeyError" in caplog.text
    assert canary("said") not in caplog.text
    assert canary("text") not in caplog.text


def test_a_poisoned_job_fails_for_good_and_harms_no_other(house: House) -> None:
    def poison(_: Payload) -> None:
        raise MemoryError

    house.handlers.add("test.poison", poison, retries=Retries(attempts=2, first_ms=SECOND, jitter=0))
    runner = house.runner()
    poisoned = house.enqueue("test.poison")
    house.enqueue()
    assert runner.run_due() == 2
    house.clock.advance(SECOND)
    assert runner.run_due() == 1
    house.clock.advance(DAY)
    assert runner.run_due() == 0
    row = house.look(poisoned)
    assert (row.state, row.last_error, row.attempts) == (State.FAILED, "MemoryError", 2)
    house.in_write(lambda tx: work.retry(tx, poisoned, house.clock.now_ms()))
    assert runner.run_due() == 1


def test_a_dead_workers_job_is_taken_over_when_its_lease_ends(house: House) -> None:
    runner = house.runner()
    identifier = house.enqueue()
    dead = Leases(house.handlers, lease_ms=MINUTE)
    lease = house.in_write(lambda tx: dead.claim(tx, house.clock.now_ms()))
    assert lease.id == identifier
    house.clock.advance(MINUTE - 1)
    assert runner.run_due() == 0
    house.clock.advance(1)
    assert runner.run_due() == 1
    assert house.look(identifier).attempts == 2
    for error in (None, "JobError"):
        late = Outcome(lease, error)
        assert house.in_write(lambda tx, late=late: dead.settle(tx, late, house.clock.now_ms())) is False
    assert house.in_write(lambda tx: dead.renew(tx, lease, house.clock.now_ms())) is False
    assert house.look(identifier).state == State.DONE


def test_a_late_worker_is_refused_while_another_holds_the_lease(house: House) -> None:
    identifier = house.enqueue()
    workers = Leases(house.handlers, lease_ms=MINUTE)
    first = house.in_write(lambda tx: workers.claim(tx, house.clock.now_ms()))
    house.clock.advance(MINUTE)
    second = house.in_write(lambda tx: workers.claim(tx, house.clock.now_ms()))
    assert (first.id, second.id, second.attempts) == (identifier, identifier, 2)
    assert house.in_write(lambda tx: workers.renew(tx, first, house.clock.now_ms())) is False
    for error in (None, "JobError"):
        late = Outcome(first, error)
        assert house.in_write(lambda tx, late=late: workers.settle(tx, late, house.clock.now_ms())) is False
    assert house.look(identifier).state == State.LEASED
    assert house.in_write(lambda tx: workers.settle(tx, Outcome(second, None), house.clock.now_ms())) is True
    assert house.look(identifier).state == State.DONE


def test_a_job_that_kills_each_worker_fails_in_the_end(house: House) -> None:
    runner = house.runner()
    identifier = house.enqueue()
    dying = Leases(house.handlers, lease_ms=MINUTE)
    for _ in range(3):
        assert house.in_write(lambda tx: dying.claim(tx, house.clock.now_ms())) is not None
        house.clock.advance(MINUTE)
    assert runner.run_due() == 0
    row = house.look(identifier)
    assert (row.state, row.last_error, row.attempts) == (State.FAILED, "LeaseLost", 3)


def test_a_job_of_an_unknown_kind_is_left_alone_and_shows(house: House) -> None:
    runner = house.runner()
    identifier = house.enqueue("other.process")
    house.enqueue()
    assert runner.run_due() == 1
    house.clock.advance(DAY)
    assert runner.run_due() == 0
    with house.database.read() as tx:
        assert work.overdue(tx, house.handlers.kinds(), house.clock.now_ms()) == {"other.process": 1}
    house.handlers.add("other.process", house.note)
    assert house.runner().run_due() == 1
    assert house.look(identifier).state == State.DONE


def test_handlers_may_be_added_after_the_runner_was_made(house: House) -> None:
    happened = threading.Semaphore(0)
    runner = house.runner()
    house.handlers.add("test.late", lambda _: happened.release())
    house.enqueue("test.late")
    assert runner.run_due() == 1
    runner.start()
    try:
        house.enqueue("test.late")
        assert happened.acquire(timeout=PATIENCE)
        assert happened.acquire(timeout=PATIENCE)
    finally:
        runner.stop()


def test_a_damaged_row_fails_alone(house: House) -> None:
    runner = house.runner()
    identifier = house.enqueue()
    damage = update(work_table).where(work_table.c.id == identifier).values(payload='{"recording":"Mrs. Smith"}')
    house.in_write(lambda tx: tx.execute(damage))
    house.enqueue()
    assert runner.run_due() == 1
    with house.database.read() as tx:
        query = select(work_table.c.state, work_table.c.last_error).where(work_table.c.id == identifier)
        assert tuple(tx.execute(query).one()) == (State.FAILED, "RowCorrupt")


def test_two_runners_run_each_job_once(house: House) -> None:
    many = [house.enqueue() for _ in range(60)]
    counts: list[int] = []
    together = threading.Barrier(2)

    def work_hard() -> None:
        runner = house.runner()
        together.wait(PATIENCE)
        counts.append(runner.run_due(1_000))

    threads = [threading.Thread(target=work_hard) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == len(many)
    assert sorted(house.ran) == sorted(house.look(identifier).payload["recording"] for identifier in many)
    with house.database.read() as tx:
        assert work.overview(tx) == {"test.note": {"done": 60}}


def test_a_schedule_makes_up_for_missed_periods_once(house: House) -> None:
    house.handlers.add("test.sweep", lambda payload: house.ran.append(f"sweep {dict(payload)}"))
    runner = house.runner()
    house.in_write(lambda tx: schedules.ensure(tx, "sweep", "test.sweep", HOUR, now=house.clock.now_ms()))
    assert runner.run_due() == 0
    house.clock.advance(HOUR)
    assert runner.run_due() == 1
    house.clock.advance(5 * HOUR + MINUTE)
    assert runner.run_due() == 1
    house.clock.advance(HOUR - MINUTE - 1)
    assert runner.run_due() == 0
    house.clock.advance(1)
    assert runner.run_due() == 1
    assert house.ran == ["sweep {}"] * 3


def test_two_runners_never_enqueue_a_period_twice(house: House) -> None:
    house.handlers.add("test.sweep", lambda _: house.ran.append("sweep"))
    runners = [house.runner(), house.runner()]
    house.in_write(lambda tx: schedules.ensure(tx, "sweep", "test.sweep", HOUR, now=house.clock.now_ms()))
    for _ in range(5):
        house.clock.advance(HOUR)
        threads = [threading.Thread(target=runner.run_due) for runner in runners]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for runner in runners:
        runner.run_due()
    assert house.ran == ["sweep"] * 5


def test_in_the_background_new_jobs_run_when_woken(house: House) -> None:
    happened = threading.Semaphore(0)
    house.handlers.add("test.signal", lambda _: happened.release())
    # The embedded runner polls once in this test, so that only being woken can help it.
    runner = house.runner(poll_seconds=3600.0 if house.runner_class is EmbeddedRunner else 1.0)
    runner.start()
    try:
        with pytest.raises(JobError):
            runner.start()
        for _ in range(3):
            identifier = house.enqueue("test.signal")
            runner.wake()
            assert happened.acquire(timeout=PATIENCE)
            while house.look(identifier).state != State.DONE:  # then it has looked for the next in vain
                pass
    finally:
        runner.stop()
    with house.database.read() as tx:
        assert work.overview(tx) == {"test.signal": {"done": 3}}


def test_stopping_lets_the_running_job_finish(house: House) -> None:
    started, go = threading.Event(), threading.Event()

    def slow(payload: Payload) -> None:
        started.set()
        assert go.wait(PATIENCE)
        house.note(payload)

    house.handlers.add("test.slow", slow)
    runner = house.runner()
    runner.stop()  # nothing was started: harmless
    identifier = house.enqueue("test.slow")
    runner.start()
    assert started.wait(PATIENCE)
    stopper = threading.Thread(target=runner.stop)
    stopper.start()
    go.set()
    stopper.join(PATIENCE)
    assert not stopper.is_alive()
    assert house.look(identifier).state == State.DONE
    runner.start()  # and it can be started again
    runner.stop()


class WatchedClock(VirtualClock):
    """Says when the thread that keeps a lease has looked at the time."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = threading.Semaphore(0)

    def now_ms(self) -> int:
        if threading.current_thread().name.startswith("lease of"):
            self.kept.release()
        return super().now_ms()


def test_a_long_job_keeps_its_lease(house: House) -> None:
    clock = WatchedClock()
    rival = Leases(house.handlers)
    seen: list[object] = []

    def long(_: Payload) -> None:
        for _ in range(3):
            clock.advance(80)
            # The second look begins after the first renewal was committed.
            assert clock.kept.acquire(timeout=PATIENCE)
            assert clock.kept.acquire(timeout=PATIENCE)
        seen.append(house.in_write(lambda tx: rival.claim(tx, clock.now_ms())))

    house.handlers.add("test.long", long)
    identifier = house.enqueue("test.long")
    assert house.runner(clock, lease_ms=120).run_due() == 1
    assert seen == [None]
    row = house.look(identifier)
    assert (row.state, row.attempts) == (State.DONE, 1)
