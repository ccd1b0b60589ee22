"""Ports and the hub's lock, on real sockets and files."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from earwitness.kernel.errors import BadInput, StorageBusy
from earwitness.web.hub_lock import HubLock
from earwitness.web.listening import listen


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        yield other.getsockname()[1]


def test_any_free_port_on_loopback_only() -> None:
    with closing(listen(port=0)) as found:
        assert found.port > 0
        assert found.url == f"http://localhost:{found.port}"
        assert found.is_local
        for one in found.sockets:
            assert one.getsockname()[0] in {"127.0.0.1", "::1"}
            assert one.getsockname()[1] == found.port


def test_a_port_that_was_asked_for_and_is_taken_is_refused(taken: int) -> None:
    with pytest.raises(StorageBusy, match=f"Port {taken} is taken"):
        listen(port=taken)


def test_the_usual_port_gives_way_to_a_free_one(taken: int) -> None:
    with closing(listen(usual=taken)) as found:
        assert found.port not in {0, taken}
        assert found.gave_way


def test_an_address_is_bound_as_given() -> None:
    with closing(listen("127.0.0.2", 0)) as found:
        assert found.url == f"http://127.0.0.2:{found.port}"
        assert found.is_local


def test_every_interface_is_not_local() -> None:
    with closing(listen("0.0.0.0", 0)) as found:  # noqa: S104 - the explicit choice under test
        assert not found.is_local


@pytest.mark.parametrize("host", ["", "nowhere.example", "203.0.113.7"])
def test_what_is_no_address_of_this_machine_is_bad_input(host: str) -> None:
    with pytest.raises(BadInput):
        listen(host, 0)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_what_is_no_port_is_bad_input(port: int) -> None:
    with pytest.raises(BadInput):
        listen(port=port)


def test_a_second_hub_is_told_where_the_first_one_is(tmp_path: Path) -> None:
    with HubLock(tmp_path) as first:
        with pytest.raises(StorageBusy, match="not said yet"), HubLock(tmp_path):
            pass
        first.announce("http://localhost:8711")
        with pytest.raises(StorageBusy, match=r"at http://localhost:8711 \(process [0-9]+\)"), HubLock(tmp_path):
            pass
    with HubLock(tmp_path):
        pass


def test_the_note_of_a_hub_that_died_misleads_nobody(tmp_path: Path) -> None:
    with HubLock(tmp_path) as first:
        first.announce("http://localhost:8711")
        left = (tmp_path / "run" / "hub.json").read_bytes()
    (tmp_path / "run" / "hub.json").write_bytes(left)
    with HubLock(tmp_path), pytest.raises(StorageBusy, match="not said yet"), HubLock(tmp_path):
        pass


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """Asyncio sets TCP_NODELAY only where a socket names its protocol; accepted ones inherit it."""
    with closing(listen("localhost", 0)) as listening:
        assert {one.proto for one in listening.sockets} == {socket.IPPROTO_TCP}
