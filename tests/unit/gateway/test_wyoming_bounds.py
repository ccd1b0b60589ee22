"""Who may connect, and how fast is too fast."""

import pytest

from earwitness.gateway.wyoming.bounds import Allowed, Pace
from earwitness.kernel.errors import BadInput


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_always(host: str) -> None:
    assert host in Allowed()
    assert not Allowed()


@pytest.mark.parametrize(
    "host", ["192.168.1.5", "192.168.1.16", "192.168.1.31", "::ffff:192.168.1.5", "fd00::7", "fd00::7%eth0"]
)
def test_who_is_listed_may(host: str) -> None:
    allowed = Allowed(["192.168.1.5", "192.168.1.16/28", "fd00::/64"])
    assert allowed
    assert host in allowed


@pytest.mark.parametrize(
    "host", ["192.168.1.6", "192.168.1.32", "10.0.0.1", "fd01::7", "255.255.255.255", "", "kitchen", "/run/socket"]
)
def test_nobody_else_may(host: str) -> None:
    assert host not in Allowed(["192.168.1.5", "192.168.1.16/28", "fd00::/64"])


@pytest.mark.parametrize("entry", ["kitchen", "192.168.1.5/24", "", "1.2.3", "*"])
def test_an_entry_that_is_no_address_is_refused_without_quoting_it(entry: str) -> None:
    with pytest.raises(BadInput, match="neither an address nor a network") as caught:
        Allowed([entry])
    assert "kitchen" not in str(caught.value)


def test_a_pace_lets_a_burst_go_and_slows_what_follows() -> None:
    now = [0.0]
    pace = Pace(10, 5, lambda: now[0])
    assert [pace.take(1) for _ in range(5)] == [0.0] * 5
    assert pace.take(1) == pytest.approx(0.1)
    assert pace.take(1) == pytest.approx(0.2)
    now[0] = 0.2
    assert pace.take(1) == pytest.approx(0.1)
    now[0] = 100.0
    assert [pace.take(1) for _ in range(6)] == [0.0] * 5 + [pytest.approx(0.1)]
