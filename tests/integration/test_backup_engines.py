"""One format whatever the engine: from PostgreSQL, a bucket and a keys database to files, and back."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from earwitness.backup.keycopies import backup_keys
from earwitness.backup.making import backup
from earwitness.backup.restoring import Sources, restore
from earwitness.backup.target import MARK
from earwitness.bootstrap import House, open_house
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.settings import Settings
from earwitness.storage.database import Database
from earwitness.storage.schema import meta, metadata
from earwitness.testing.canary import AUDIO, NAME
from earwitness.testing.clock import VirtualClock
from earwitness.testing.homes import Adult, Home, make_home
from earwitness.testing.servers import PostgresServer, S3Server

Beyond = Callable[[str, str], Settings]


@pytest.fixture
def beyond(
    postgresql_server: PostgresServer,
    s3_server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Beyond:
    """Settings of a house beyond one machine: a database, a keys database and a bucket, all empty."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)

    def make(installation: str, bucket: str) -> Settings:
        httpx.put(f"{s3_server.endpoint}/{bucket}").raise_for_status()
        urls = [postgresql_server.empty() for _ in range(2)]
        for url in urls:
            request.addfinalizer(lambda url=url: postgresql_server.drop(url))
        return Settings(
            installation=installation,
            database_url=urls[0],
            keys_url=urls[1],
            s3_bucket=bucket,
            s3_endpoint=s3_server.endpoint,
        )

    return make


def _rows(house: House) -> dict[str, int]:
    """Count the rows of every table but the ones that each start of a house writes."""
    with house.database.read() as tx:
        return {
            table.name: tx.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
            if table.name not in {"meta", "schedule", "work"}
        }


def _check(house: House, home: Home, ada: Adult, kept: list[str], erased: str) -> None:
    again = Home(house, home.household)
    assert [AUDIO in again.play(ada, name) for name in kept] == [True] * len(kept)
    with pytest.raises(NotFound):
        again.play(ada, erased)
    assert house.directory.people.get(ada.id).name == NAME


def test_from_servers_to_files_and_back(tmp_path: Path, virtual_clock: VirtualClock, beyond: Beyond) -> None:
    settings = beyond("inst_one", "from-here")
    home = make_home(tmp_path / "old", virtual_clock, settings)
    ada = home.adult(NAME)
    kept, erased = [home.keep(ada), home.keep(ada, {"reply": b"short"})], home.keep(ada)
    data, keys = backup(home.house, tmp_path / "usb"), backup_keys(home.house, tmp_path / "safe", 7)
    home.erase(ada, erased)
    home.house.close()

    files = Settings(installation="inst_one")
    restore(
        Sources(data.folder, keys.folder, tmp_path / "old" / "second", settings=files),
        tmp_path / "files",
        clock=virtual_clock,
    )
    with open_house(tmp_path / "files", clock=virtual_clock) as house:
        assert house.database.dialect == "sqlite"
        _check(house, home, ada, kept, erased)
        again, keys = backup(house, tmp_path / "usb"), backup_keys(house, tmp_path / "safe", 7)
        rows = _rows(house)

    servers = beyond("inst_one", "to-there")
    done = restore(
        Sources(again.folder, keys.folder, tmp_path / "files" / "second", settings=servers),
        tmp_path / "new",
        clock=virtual_clock,
    )
    with open_house(tmp_path / "new", clock=virtual_clock) as house:
        assert house.database.dialect == "postgresql"
        assert {name: count for name, count in _rows(house).items() if name == "recording"} == {
            "recording": rows["recording"]
        }
        _check(house, home, ada, kept, erased)
        assert house.keyring.epoch == done.epoch
        with house.database.read() as tx:
            assert tx.scalar(select(meta.c.value).where(meta.c.key == MARK)) is None


def test_stores_that_hold_something_are_left_alone(tmp_path: Path, virtual_clock: VirtualClock, beyond: Beyond) -> None:
    home = make_home(tmp_path / "old", virtual_clock)
    ada = home.adult(NAME)
    home.keep(ada)
    data, keys = backup(home.house, tmp_path / "usb"), backup_keys(home.house, tmp_path / "safe", 7)
    installation = home.house.settings.installation
    home.house.close()
    servers = beyond(installation, "taken")
    sources = Sources(data.folder, keys.folder, tmp_path / "old" / "second", settings=servers)
    restore(sources, tmp_path / "first", clock=virtual_clock)
    with open_house(tmp_path / "first", clock=virtual_clock) as house:
        before = _rows(house)
    with pytest.raises(BadInput, match="database is not empty"):
        restore(sources, tmp_path / "second try", clock=virtual_clock)
    other_database = beyond(installation, "unused").model_copy(update={"s3_bucket": "taken"})
    with pytest.raises(BadInput, match="object store"):
        restore(
            Sources(data.folder, keys.folder, tmp_path / "old" / "second", settings=other_database),
            tmp_path / "third try",
            clock=virtual_clock,
        )
    with pytest.raises(BadInput, match="object store"):  # trying again is no way around it
        restore(
            Sources(data.folder, keys.folder, tmp_path / "old" / "second", settings=other_database),
            tmp_path / "third try",
            clock=virtual_clock,
        )
    with open_house(tmp_path / "first", clock=virtual_clock) as house:
        assert _rows(house) == before


def test_a_restore_to_servers_that_was_cut_off_can_be_repeated(
    tmp_path: Path, virtual_clock: VirtualClock, beyond: Beyond
) -> None:
    home = make_home(tmp_path / "old", virtual_clock)
    ada = home.adult(NAME)
    kept = home.keep(ada)
    data, keys = backup(home.house, tmp_path / "usb"), backup_keys(home.house, tmp_path / "safe", 7)
    servers = beyond(home.house.settings.installation, "cut-off")
    home.house.close()
    sources = Sources(data.folder, keys.folder, tmp_path / "old" / "second", settings=servers)

    def stop_after_objects(stage: str, _done: int, _all: int) -> None:
        if stage == "keys":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(sources, tmp_path / "new", clock=virtual_clock, progress=stop_after_objects)
    with pytest.raises(BadInput, match="database is not empty"):
        restore(sources, tmp_path / "elsewhere", clock=virtual_clock)
    restore(sources, tmp_path / "new", clock=virtual_clock)
    with open_house(tmp_path / "new", clock=virtual_clock) as house:
        assert AUDIO in Home(house, home.household).play(ada, kept)
    database = Database.open(servers.database_url)
    with database.read() as tx:
        assert tx.scalar(select(meta.c.value).where(meta.c.key == MARK)) is None
    database.close()
