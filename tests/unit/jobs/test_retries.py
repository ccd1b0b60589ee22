import pytest

from earwitness.jobs.retries import LONGEST_DELAY, Retries
from earwitness.kernel.clock import DAY, HOUR, SECOND

LOW, HIGH = (lambda n: b"\x00" * n), (lambda n: b"\xff" * n)


def test_the_delay_doubles_up_to_the_longest() -> None:
    rule = Retries(first_ms=10 * SECOND, longest_ms=HOUR, jitter=0)
    assert [rule.delay_ms(attempts) // SECOND for attempts in (1, 2, 3, 9, 10, 1_000)] == [10, 20, 40, 2560, 3600, 3600]


@pytest.mark.parametrize(("random", "expected"), [(LOW, 8_000), (HIGH, 11_999)])
def test_jitter_spreads_to_both_sides(random: object, expected: int) -> None:
    assert Retries(first_ms=10 * SECOND, jitter=0.2).delay_ms(1, random) == expected


def test_jitter_differs_from_call_to_call() -> None:
    rule = Retries(first_ms=HOUR)
    assert len({rule.delay_ms(1) for _ in range(50)}) > 40


def test_no_rule_waits_longer_than_the_longest_delay() -> None:
    assert Retries(first_ms=DAY, longest_ms=30 * DAY).delay_ms(9, HIGH) == LONGEST_DELAY
