"""One contract for every holder of root keys: key file, passphrase, Vault's Transit engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from earwitness.kernel.errors import KeyCorrupt, KeyDestroyed
from earwitness.testing.transit import TransitServer
from earwitness.vault.custodians import Custodian
from earwitness.vault.custodians.keyfile import KeyFile
from earwitness.vault.custodians.passphrase import Argon2id, Passphrase
from earwitness.vault.custodians.transit import Transit

KEY = bytes(range(32))
CHEAP = Argon2id(memory_kib=64, passes=1, lanes=1)

Make = Callable[[], Custodian]
"""Makes the custodian again, as the next process does."""


@pytest.fixture(scope="module")
def transit_server() -> Iterator[TransitServer]:
    server = TransitServer()
    yield server
    server.stop()


@pytest.fixture(params=["keyfile", "passphrase", "transit"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    made: list[Custodian] = []

    def custodian() -> Custodian:
        match request.param:
            case "keyfile":
                made.append(KeyFile(tmp_path))
            case "passphrase":
                made.append(Passphrase(tmp_path, "correct horse", cost=CHEAP))
            case _:
                server: TransitServer = request.getfixturevalue("transit_server")
                server.state.keys.clear()
                made.append(Transit(server.address, "house", lambda: server.token))
        return made[-1]

    if request.param == "transit":
        first = custodian()
        yield lambda: first
    else:
        yield custodian
    for each in made:
        each.close()


def test_what_is_wrapped_opens_again(make: Make) -> None:
    custodian = make()
    custodian.create(1)
    wrapped = custodian.wrap(1, KEY)
    assert KEY not in wrapped
    assert custodian.unwrap(1, wrapped) == KEY
    assert make().unwrap(1, wrapped) == KEY


def test_each_epoch_has_a_root_of_its_own(make: Make) -> None:
    custodian = make()
    custodian.create(1)
    custodian.create(2)
    with pytest.raises(KeyCorrupt):
        custodian.unwrap(2, custodian.wrap(1, KEY))


def test_creating_again_keeps_the_root(make: Make) -> None:
    custodian = make()
    custodian.create(1)
    wrapped = custodian.wrap(1, KEY)
    custodian.create(1)
    assert custodian.unwrap(1, wrapped) == KEY


def test_destroying_ends_one_epoch_alone(make: Make) -> None:
    custodian = make()
    wrapped = {}
    for epoch in (1, 2):
        custodian.create(epoch)
        wrapped[epoch] = custodian.wrap(epoch, KEY)
    custodian.destroy(1)
    for again in (custodian, make()):
        with pytest.raises(KeyDestroyed):
            again.unwrap(1, wrapped[1])
        assert again.unwrap(2, wrapped[2]) == KEY


def test_destroying_is_idempotent_and_fine_where_nothing_was(make: Make) -> None:
    custodian = make()
    custodian.destroy(7)
    wrapped = {}
    for epoch in (1, 2):
        custodian.create(epoch)
        wrapped[epoch] = custodian.wrap(epoch, KEY)
    custodian.destroy(1)
    custodian.destroy(1)
    with pytest.raises(KeyDestroyed):
        custodian.unwrap(1, wrapped[1])
    assert custodian.unwrap(2, wrapped[2]) == KEY


def test_an_epoch_made_again_does_not_open_what_the_destroyed_one_wrapped(make: Make) -> None:
    custodian = make()
    custodian.create(1)
    wrapped = custodian.wrap(1, KEY)
    custodian.destroy(1)
    custodian.create(1)
    with pytest.raises(KeyCorrupt):
        custodian.unwrap(1, wrapped)


def test_nothing_is_wrapped_where_there_is_no_root(make: Make) -> None:
    custodian = make()
    with pytest.raises(KeyDestroyed):
        custodian.wrap(3, KEY)
    with pytest.raises(KeyDestroyed):
        custodian.unwrap(3, b"anything")


@pytest.mark.parametrize("place", [0, 9, -1])
def test_damaged_wrapped_bytes_are_named(make: Make, place: int) -> None:
    custodian = make()
    custodian.create(1)
    damaged = bytearray(custodian.wrap(1, KEY))
    damaged[place] ^= 1
    for bad in (bytes(damaged), bytes(damaged[:-9]), b""):
        with pytest.raises(KeyCorrupt):
            custodian.unwrap(1, bad)


def test_it_states_what_destroying_does_not_cover(make: Make) -> None:
    custodian = make()
    assert custodian.delay_ms >= 0
    assert custodian.statement.endswith(".")


def test_a_key_backup_holds_what_the_epoch_needs(make: Make, tmp_path: Path) -> None:
    custodian = make()
    custodian.create(1)
    folder = tmp_path / "backup"
    folder.mkdir()
    custodian.export(1, folder)
    names = sorted(path.name for path in folder.iterdir())
    assert names in ([], ["root-1.key"], ["root-1.pass"])
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
