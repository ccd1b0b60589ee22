"""The public log over HTTP: every name of the layout is served, and no other file."""

import asyncio
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.web.hub import Health, create_app
from earwitness.web.public_log import read_log_file

SERVED = [
    "checkpoint",
    "tile/0/000",
    "tile/0/000.p/1",
    "tile/0/x001/x234/067",
    "tile/63/000.p/255",
    "tile/entries/000",
    "tile/entries/x001/000.p/17",
    "tombstones/head",
    "tombstones/000.p/3",
]
NEVER = [
    "",
    ".lock",
    "sealed/000",
    "sealed/000.p/1",
    "tile",
    "tile/0",
    "tile/00/000",
    "tile/64/000",
    "tile/0/0",
    "tile/0/x000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/000.p",
    "tile/0/000/../000",
    "tile/0/000\n",
    "checkpoint\n",
    "checkpoint/",
    "/checkpoint",
    "../data.db",
    "tile/../../data.db",
    "tombstones/../../keys/log.key",
    "tile/0/" + "x000/" * 40 + "000",
]


class House:
    def __init__(self, data: Path) -> None:
        self.data = data

    def promise_results(self) -> list[object]:
        return []

    def health(self) -> Health:
        return Health(schema="0001", ledger_size=0, epoch=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log folder with every served name, the writer's own files, and a secret beside it."""
    for name in [*SERVED, "sealed/000", ".lock"]:
        path = tmp_path / "log" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "data.db").write_bytes(b"secret")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "log.key").write_bytes(b"secret")
    return tmp_path / "log"


@pytest.mark.parametrize("name", SERVED)
def test_names_of_the_layout_are_served(folder: Path, name: str) -> None:
    found = read_log_file(folder, name)
    assert found is not None
    assert found.data == name.encode()
    live = name in {"checkpoint", "tombstones/head"}
    assert found.media_type == ("text/plain; charset=utf-8" if live else "application/octet-stream")
    assert ("immutable" in found.cache_control) is not live


@pytest.mark.parametrize("name", NEVER)
def test_no_other_name_is_looked_up(folder: Path, name: str) -> None:
    assert read_log_file(folder, name) is None


@given(st.text(alphabet="./x0123456789tileadpsfork-%\\\n", max_size=40))
def test_no_spelling_leaves_the_folder(name: str) -> None:
    folder = Path("/nowhere/log")
    assert read_log_file(folder, name) is None


def test_a_missing_tile_is_absent(folder: Path) -> None:
    assert read_log_file(folder, "tile/0/001") is None
    assert read_log_file(folder, "tile/0/000/") is None


@pytest.mark.parametrize("spelled", ["/log/..%2fdata.db", "/log/%2e%2e/data.db", "/log/tile/0/..%2f..%2f..%2fdata.db"])
def test_encoded_dots_do_not_help(folder: Path, spelled: str) -> None:
    answer = fetch(folder, spelled)
    assert answer.status_code == 404
    assert b"secret" not in answer.content


def test_over_http_with_its_headers(folder: Path) -> None:
    checkpoint = fetch(folder, "/log/checkpoint")
    assert checkpoint.content == b"checkpoint"
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    assert checkpoint.headers["cache-control"] == "no-cache"
    tile = fetch(folder, "/log/tile/0/x001/x234/067")
    assert tile.headers["content-type"] == "application/octet-stream"
    assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"


def fetch(folder: Path, url: str) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(House(folder.parent)))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(url)

    return asyncio.run(once())
