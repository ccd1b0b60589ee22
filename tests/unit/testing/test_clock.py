import pytest

from earwitness.testing.clock import VirtualClock


def test_time_stands_still_until_it_is_let_pass(virtual_clock: VirtualClock) -> None:
    before = virtual_clock.now_ms()
    assert (virtual_clock.now_ms(), virtual_clock.running_ms()) == (before, 0)
    virtual_clock.advance(1500)
    assert (virtual_clock.now_ms(), virtual_clock.running_ms()) == (before + 1500, 1500)


def test_a_clock_that_is_set_does_not_change_how_long_it_ran(virtual_clock: VirtualClock) -> None:
    virtual_clock.advance(10)
    virtual_clock.jump_to(5)
    assert (virtual_clock.now_ms(), virtual_clock.running_ms()) == (5, 10)


def test_time_does_not_run_back(virtual_clock: VirtualClock) -> None:
    with pytest.raises(AssertionError):
        virtual_clock.advance(-1)
